"""What every function's request and answer models are made of."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    Strict,
    WithJsonSchema,
)

from functions.runtime.formats import is_time

ID_PATTERN = r"^[A-Za-z0-9._:@-]{1,128}$"
SLUG_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"


def rfc3339(moment: datetime) -> str:
    """In UTC, microseconds always written: equally long, so that their order as text is their order in time."""
    # `isoformat`, for it takes a third of the time of `strftime`, and a status writes a hundred
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("lies outside the calendar") from error


def _written_as_rfc_3339(moment: Any) -> Any:
    """pydantic alone takes a number too, and a date, and a time that does not say where."""
    if not isinstance(moment, datetime) and not (isinstance(moment, str) and is_time(moment)):
        raise ValueError("is not a time with its zone, like 2026-01-31T12:00:00Z")
    return moment


_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")


def _number(value: Any) -> Any:
    """In JSON: pydantic alone takes `true` for 1, and a text that reads like a number."""
    if isinstance(value, bool | str):
        raise ValueError("is not a number")
    return value


def unstorable(value: Any) -> bool:
    """Whether a text in this JSON value is none to PostgreSQL: NUL, or half of a surrogate pair, which has no UTF-8."""
    match value:
        case str():
            return _UNSTORABLE.search(value) is not None
        case dict():
            return any(unstorable(name) or unstorable(inner) for name, inner in value.items())
        case list():
            return any(map(unstorable, value))
    return False


def _storable(value: Any) -> Any:
    if unstorable(value):
        raise ValueError("a NUL is no text to PostgreSQL")
    return value


Id = Annotated[str, Field(pattern=ID_PATTERN)]
Storable = AfterValidator(_storable)  # free text that a table can hold; after the length, whose message it would spoil
LARGEST = 2**53 - 1  # what every reader of JSON keeps exactly (RFC 7493, 2.2); a table's integers end a little later
# Of a body; a query is text, and its numbers are plain `int`.
IsNumber = BeforeValidator(_number)  # last: the schema of a bound that comes after it is not JSON Schema
Int = Annotated[int, Field(le=LARGEST), IsNumber]
Float = Annotated[float, IsNumber]
Bool = Annotated[bool, Strict()]
Slug = Annotated[str, Field(pattern=SLUG_PATTERN, max_length=64)]
Time = Annotated[
    AwareDatetime,
    BeforeValidator(_written_as_rfc_3339),
    AfterValidator(_in_utc),
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]


class Request(BaseModel):
    """A request's body or query: a field it does not know is an error, never ignored."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Answer(BaseModel):
    """An answer's body."""


class ProblemField(BaseModel):
    field: str
    message: str


class ProblemDocument(BaseModel):
    """An error as RFC 9457 has it."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[ProblemField]
