"""HTTP as an attacker writes it: every byte of a request is the test's own, and nothing is corrected on the way."""

import http.client
import socket
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Raw:
    """A request; `headers` go besides Host, Connection and Content-Length (if there is a body)."""

    method: str
    path: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    framed: bool = True  # whether Content-Length says how long the body is
    host: str | None = None


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def sent(origin: str, request: Raw) -> Answer:
    """What a server at `origin` answers. Raises OSError or HTTPException when it answers nothing."""
    at = urlsplit(origin)
    lines = [f"{request.method} {request.path} HTTP/1.1", f"Host: {request.host or at.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if request.body and request.framed:
        lines.append(f"Content-Length: {len(request.body)}")
    with socket.create_connection((str(at.hostname), at.port or 80), timeout=20) as connection:
        try:
            connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + request.body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it answers before it has read all
        answer = http.client.HTTPResponse(connection, method=request.method)
        answer.begin()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        try:
            return Answer(answer.status, headers, answer.read())
        except ConnectionResetError:  # it wants to hear no more of this
            return Answer(answer.status, headers, b"")
