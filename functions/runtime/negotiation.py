"""Content negotiation (RFC 9110, 12.5.1): which of the media types on offer the caller likes best."""

from collections.abc import Sequence

from starlette.requests import Request

from functions.runtime.errors import NotAcceptable


def negotiated(request: Request, offered: Sequence[str]) -> str:
    """The best of the offered types, the first of equals. Raises NotAcceptable when none will do."""
    # several Accept headers are one list (RFC 9110, 5.3); none at all accepts anything
    accept = ",".join(request.headers.getlist("accept")) or "*/*"
    ranges = [_media_range(part) for part in accept.split(",") if part.strip()]
    best, chosen = 0.0, None
    for kind in offered:
        fitting = [(len(r.replace("*", "")), q) for r, q in ranges if r in (kind, f"{kind.split('/')[0]}/*", "*/*")]
        quality = max(fitting)[1] if fitting else 0.0
        if quality > best:
            best, chosen = quality, kind
    if chosen is None:
        raise NotAcceptable(f"This endpoint answers {' or '.join(offered)}.")
    return chosen


def _media_range(text: str) -> tuple[str, float]:
    kind, *parameters = [part.strip().lower() for part in text.split(";")]
    quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
    try:
        return kind, float(quality)
    except ValueError:
        return kind, 0.0
