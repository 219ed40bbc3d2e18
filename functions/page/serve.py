"""The page at `/` of the embedded run: files that are shipped with the package, served as they are, nothing built.

Only the embedded run has it: a deployed function serves one endpoint, and a front end on Kubernetes is its owner's.
"""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from importlib.resources import files

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

START = "index.html"
MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
# No inline script or style runs and no string becomes markup (trusted types), so nothing that a lesson or a name
# contains can act. Whatever the page shows comes from where the page came from.
POLICY = "; ".join(
    [
        "default-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",  # kept, and asked about by its ETag: an upgrade is seen at once
}


def add_page(router: APIRouter) -> None:
    """Adds `/` and `/page/…`. A path that is none of the page's files stays the 404 that it is without a page."""
    for name, content in _files().items():
        router.add_api_route(
            "/" if name == START else f"/page/{name}",
            _endpoint(content, MEDIA_TYPES[name.rpartition(".")[2]]),
            methods=["GET", "HEAD"],
            include_in_schema=False,
        )


def _files() -> dict[str, bytes]:
    """What is served, by name. From the package's resources: there may be no directory of the sources."""
    found = sorted(files("functions.page").iterdir(), key=lambda file: file.name)
    return {file.name: file.read_bytes() for file in found if file.name.rpartition(".")[2] in MEDIA_TYPES}


def _endpoint(content: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    headers = HEADERS | {"ETag": f'"{sha256(content).hexdigest()[:32]}"'}

    async def endpoint(request: Request) -> Response:
        known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
        if headers["ETag"] in known or known == ["*"]:
            return Response(status_code=304, headers=headers)
        return Response(content, headers=headers, media_type=media_type)

    return endpoint
