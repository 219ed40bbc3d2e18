"""What every function's request and answer models are made of."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    PlainSerializer,
)

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


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("a NUL is no text to PostgreSQL")
    return text


Id = Annotated[str, Field(pattern=ID_PATTERN)]
Storable = AfterValidator(_storable)  # free text that a table can hold; after the length, whose message it would spoil
Slug = Annotated[str, Field(pattern=SLUG_PATTERN, max_length=64)]
Time = Annotated[AwareDatetime, AfterValidator(_in_utc), PlainSerializer(rfc3339, return_type=str)]


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
