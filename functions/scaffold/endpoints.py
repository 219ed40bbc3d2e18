"""What a function may be called by: paths that mean one thing, wherever all functions have one address."""

import keyword
import re

from functions.refused import Refused
from functions.scaffold.spec import Endpoint

METHODS = ("GET", "POST", "PUT", "DELETE")
SEGMENT = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*|\{[a-z][a-z0-9_]*\}")
OF_ALL = ("health", "metrics", "docs", "redoc", "openapi.json", "functions")  # first parts of paths that every app has
NO_PARAMETER = {"ports", "call", "request", "http", "idempotency_key", "if_match", "if_none_match", "world", "reply"}


def endpoint_of(text: str) -> Endpoint:
    """`POST /path/{id}`. Raises Refused for what is none."""
    method, _, path = text.partition(" ")
    if method not in METHODS or not path.startswith("/") or path == "/":
        raise Refused(
            f"--http {text!r}: write a method ({', '.join(METHODS)}), a space and a path, like 'POST /cheers'"
        )
    for part in path[1:].split("/"):
        if not SEGMENT.fullmatch(part):
            raise Refused(f"{path}: {part!r} is no part of a path; write small words with - between, or {{parameter}}")
    found = Endpoint(method, path)
    for parameter in found.parameters:
        if keyword.iskeyword(parameter) or parameter in NO_PARAMETER or found.parameters.count(parameter) > 1:
            raise Refused(f"{path}: {{{parameter}}} cannot be a parameter's name here; call it something else")
    return found


def check_path(endpoint: Endpoint) -> None:
    """Raises Refused when a request could mean this endpoint and another one."""
    from functions.embedded import apps

    parts = endpoint.path.split("/")
    if parts[1] in OF_ALL:
        raise Refused(f"/{parts[1]} is a path of every function's own")
    if parts[1].startswith("{"):
        raise Refused(f"{endpoint.path}: the embedded run has all functions at one address; begin with a word")
    for name, app in apps().items():
        for path in () if app.state.function.takes else app.openapi()["paths"]:
            theirs = path.split("/")
            alike = len(theirs) == len(parts) and all(
                one == other or one.startswith("{") or other.startswith("{")
                for one, other in zip(theirs, parts, strict=True)
            )
            if alike and (path != endpoint.path or endpoint.method.lower() in app.openapi()["paths"][path]):
                raise Refused(f"{endpoint}: {name} serves {path}, and a request could mean either")
