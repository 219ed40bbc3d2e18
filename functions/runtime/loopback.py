"""A server without accounts answers nobody but this machine: not a web site that has its own name point here.

A browser lets a page of `evil.example` talk to `evil.example`, and whoever owns that name can have it mean 127.0.0.1
from one moment to the next (DNS rebinding). Only the Host header tells.
"""

from typing import Any

from starlette.requests import Request

from functions.runtime.errors import Forbidden
from functions.runtime.middleware import problem_response


class OwnHosts:
    """Pure ASGI: lets through what was sent to a name that only means this machine."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and not is_own(Request(scope).headers.get("host", "")):
            refusal = Forbidden("Without accounts this server answers to localhost, 127.0.0.1 and [::1] only.")
            await problem_response(Request(scope), refusal)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def is_own(host: str) -> bool:
    """Whether a Host header, with or without a port, names this machine whatever a name server says."""
    name, colon, port = host.rpartition(":")
    if not colon or not port.isdigit():
        name = host
    return name in ("localhost", "[::1]") or (name.startswith("127.") and name.replace(".", "").isdigit())
