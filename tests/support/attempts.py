"""What an attacker tries: requests by name, in the order of the table in docs/security.md (tokens, then the rest)."""

import json
from collections.abc import Callable

from tests.support.issuer import Issuer
from tests.support.raw import Raw

MINE, OTHERS = "/status?user_id=maya", "/status?user_id=james"
Attempt = Callable[[Issuer], Raw]
ATTEMPTS: dict[str, Attempt] = {}


def attempt(name: str, make: Attempt) -> None:
    assert name not in ATTEMPTS
    ATTEMPTS[name] = make


def with_token(make: Callable[[Issuer], str], path: str = MINE) -> Attempt:
    return lambda i: Raw("GET", path, [("Authorization", f"Bearer {make(i)}")])


def post(path: str, body: bytes | object, sub: str = "maya", role: str = "learner", **headers: str) -> Attempt:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    others = [(name.replace("_", "-"), value) for name, value in headers.items()]

    def make(i: Issuer) -> Raw:
        own = [*i.bearer(sub, role).items(), ("Content-Type", "application/json")]
        return Raw("POST", path, own + others, content)

    return make


def get(path: str, *headers: tuple[str, str], sub: str = "maya", role: str = "learner", method: str = "GET") -> Attempt:
    return lambda i: Raw(method, path, [*i.bearer(sub, role).items(), *headers])


def progress(more: bytes) -> bytes:
    return b'{"user_id": "maya", "lesson_id": "l1", "progress_data": {"achievement_metrics": {"x": %s}}}' % more
