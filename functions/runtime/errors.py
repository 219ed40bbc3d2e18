"""Every way a request can fail, as a class with one line: what a handler raises and RFC 9457 shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with one field of a request; `field` is a dotted path, empty for the whole."""

    field: str
    message: str


@dataclass
class Problem(Exception):
    """An error answer: `application/problem+json` with this class's status and title."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"
    detail: str = "The server failed to answer; nothing is known to be wrong with the request."
    errors: Sequence[FieldError] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self, instance: str) -> dict[str, Any]:
        slug = type(self).title.lower().replace(" ", "-")
        return {
            "type": f"urn:learnflow:problem:{slug}",
            "title": type(self).title,
            "status": type(self).status,
            "detail": self.detail,
            "instance": instance,
            "errors": [{"field": e.field, "message": e.message} for e in self.errors],
        }


def invalid(field: str, message: str) -> "InvalidRequest":
    """The usual 400: one field, one message."""
    return InvalidRequest(f"{field}: {message}" if field else message, [FieldError(field, message)])


class InvalidRequest(Problem):
    """The request is malformed or contradicts itself."""

    status, title = 400, "Invalid request"


class Unauthorized(Problem):
    """No acceptable credentials came with the request."""

    status, title = 401, "Unauthorized"


class Forbidden(Problem):
    """The caller is known, and may not do this."""

    status, title = 403, "Forbidden"


class NotFound(Problem):
    """There is no such thing, or none that the caller may know of."""

    status, title = 404, "Not found"


class MethodNotAllowed(Problem):
    """The path exists; this method on it does not."""

    status, title = 405, "Method not allowed"


class NotAcceptable(Problem):
    """None of the media types that the caller accepts can be made."""

    status, title = 406, "Not acceptable"


class KeyReused(Problem):
    """An idempotency key came again with another body."""

    status, title = 409, "Idempotency key reused"


class WrongState(Problem):
    """The thing has come to a state in which this can no longer be done to it."""

    status, title = 409, "Wrong state"


class PreconditionFailed(Problem):
    """`If-Match` names a version that is not the current one, or `If-None-Match` one that is."""

    status, title = 412, "Precondition failed"


class BodyTooLarge(Problem):
    """The request's body is over 1 MiB."""

    status, title = 413, "Content too large"


class UnsupportedMediaType(Problem):
    """The request's body is of a media type that this endpoint does not read."""

    status, title = 415, "Unsupported media type"


class TooManyRequests(Problem):
    """The caller asked for too much of something in too short a time."""

    status, title = 429, "Too many requests"

    def __init__(self, detail: str, retry_after: int) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class Unavailable(Problem):
    """The sidecar or a store did not answer in time; nothing was acknowledged. Safe to try again."""

    status, title = 503, "Service unavailable"

    def __init__(self, detail: str, retry_after: int = 1) -> None:
        super().__init__(detail, headers={"Retry-After": str(retry_after)})


class Conflict(Exception):
    """A guarded write lost its race: somebody wrote the document first. Never shown; re-read and decide again."""


class BadEvent(Exception):
    """What came is no CloudEvent, or not one this function can ever handle: a dead letter, never retried."""


class NoAnswer(Exception):
    """A language model gave no answer that could be looked at; the text is a code of `functions/model/reasons.py`."""
