"""Who is calling: whoever the bearer token of the `Authorization` header names (RFC 6750), or nobody in particular.

A token is looked at by `tokens.py`, which is loaded when the first one comes: a function that takes events, and a
deployment without accounts, never pay for it.
"""

import asyncio
import hmac
import re
from importlib import import_module
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request

from functions.runtime.errors import Forbidden, InvalidRequest, Unauthorized, Unavailable
from functions.runtime.ports import Principal
from functions.runtime.settings import Settings

LOCAL = Principal("local", "teacher", known=False)
LONGEST = 8192  # characters of a token
_TOKEN68 = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


async def authenticate(request: Request) -> Principal:
    """The caller. Raises Unauthorized, Forbidden, InvalidRequest, or Unavailable while the issuer's keys are away."""
    settings: Settings = request.app.state.settings
    if settings.auth == "off":
        return LOCAL
    token = bearer_token(request.headers)
    found: Principal = await (await verifier(request.app.state)).principal(token)
    return found


async def verifier(state: Any) -> Any:
    """The app's own, made once. Raises Unavailable when the deployment does not say whose tokens to accept."""
    settings: Settings = state.settings
    if missing := settings.tokens.missing:
        raise Unavailable(f"Tokens cannot be checked: {', '.join(missing)} not set.", retry_after=60)
    found = getattr(state, "verifier", None)
    if found is None or found.settings is not settings.tokens:
        tokens = await asyncio.to_thread(import_module, "functions.runtime.tokens")
        found = state.verifier = tokens.Verifier(settings.tokens)
    return found


async def warm_up(state: Any) -> None:
    """Loads what the first token needs while the sidecar is still waited for; what fails is tried again then."""
    if not state.settings.tokens.missing:
        await (await verifier(state)).warm_up()


def bearer_token(headers: Headers) -> str:
    """The token as it came. Raises Unauthorized without one, InvalidRequest for what is none (RFC 6750, 3.1)."""
    given = headers.getlist("authorization")
    if not given:
        raise unauthorized()
    if len(given) > 1:
        raise _malformed("There is more than one Authorization header.")
    scheme, _, token = given[0].partition(" ")
    if scheme.lower() != "bearer":
        raise unauthorized()
    token = token.strip(" ")
    if len(token) > LONGEST:
        raise unauthorized(f"A token has at most {LONGEST} characters.")
    if not _TOKEN68.fullmatch(token):
        raise _malformed("After Bearer comes one token and nothing else.")
    return token


def check_sidecar(request: Request) -> None:
    """That an event which Dapr delivers comes from our own sidecar (`APP_API_TOKEN`). Raises Forbidden.

    Without such a token nothing is taken at all, but where callers need none either: on Knative no sidecar calls its
    application, so nobody has anything to deliver there.
    """
    settings: Settings = request.app.state.settings
    if not settings.app_api_token:
        if settings.auth == "off":
            return
        raise Forbidden("Events of a sidecar are not taken here: APP_API_TOKEN is not set.")
    given = request.headers.getlist("dapr-api-token")
    if len(given) != 1 or not hmac.compare_digest(given[0].encode(), settings.app_api_token.encode()):
        raise Forbidden("The sidecar's token is missing or wrong.")


def unauthorized(why: str = "") -> Unauthorized:
    """401; `why` a token was refused, in words of ours: it goes into a header."""
    detail = why or "A bearer token is required."
    return Unauthorized(detail, headers=_challenge("invalid_token", why))


def insufficient(why: str) -> Forbidden:
    """403: the token is genuine, and gives no right to anything."""
    return Forbidden(why, headers=_challenge("insufficient_scope", why))


def _malformed(why: str) -> InvalidRequest:
    return InvalidRequest(why, headers=_challenge("invalid_request", why))


def _challenge(error: str, why: str) -> dict[str, str]:
    """RFC 6750, 3: without a token no error is named."""
    told = f', error="{error}", error_description="{why}"' if why else ""
    return {"WWW-Authenticate": f'Bearer realm="learnflow"{told}'}
