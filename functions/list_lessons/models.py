"""What `GET /lessons` takes and answers (spec sections 2 and 10)."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError, model_validator

from functions.runtime.models import Answer, Id, Request, Slug, Storable, Time
from functions.usecases.difficulty import Difficulty

DAY_LENGTH = len("2026-01-31")


def _start(text: Any) -> Any:
    return f"{text}T00:00:00Z" if isinstance(text, str) and len(text) == DAY_LENGTH else text


def _end(text: Any) -> Any:
    """A bare date is the whole day in UTC."""
    if not isinstance(text, str) or len(text) != DAY_LENGTH:
        return text
    return datetime.combine(date.fromisoformat(text), time.max, UTC)


From = Annotated[Time, BeforeValidator(_start)]
To = Annotated[Time, BeforeValidator(_end)]


class DateRange(Request):
    """`a..b`, both inclusive; either may be left out."""

    created_from: From | None
    created_to: To | None


def _date_range(text: str) -> str:
    first, dots, last = text.partition("..")
    if not dots or not (first or last):
        raise ValueError("write it as 2026-01-01..2026-01-31; one end may be left out")
    try:
        DateRange(created_from=first or None, created_to=last or None)
    except ValidationError as error:
        raise ValueError("; ".join(problem["msg"] for problem in error.errors())) from error
    return text


class LessonFilters(Request):
    """The query of `GET /lessons`."""

    user_id: Id | None = None
    course_id: Id | None = None
    lesson_type: Literal["standard", "review", "remedial", "challenge"] | None = None
    module: str | None = Field(default=None, min_length=1, max_length=64, description="slug or title")
    topic: Slug | None = None
    difficulty_level: Difficulty | None = None
    created_from: From | None = None
    created_to: To | None = None
    date_range: Annotated[str, AfterValidator(_date_range)] | None = None
    q: Annotated[str, Field(min_length=1, max_length=200), Storable] | None = Field(
        default=None, description="in title, topic and objectives; of one or two letters: at the beginning of a word"
    )
    sort: Literal["created_at", "-created_at", "title"] = "-created_at"
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=1000)
    include: Literal["content", "progress"] | None = None

    @model_validator(mode="after")
    def _one_range(self) -> "LessonFilters":
        if self.date_range:
            if self.created_from or self.created_to:
                raise ValueError("date_range contradicts created_from and created_to; give one of the two")
            first, _, last = self.date_range.partition("..")
            ends = DateRange(created_from=first or None, created_to=last or None)
            self.created_from, self.created_to = ends.created_from, ends.created_to
        if self.created_from and self.created_to and self.created_from > self.created_to:
            raise ValueError("the range ends before it begins")
        return self


class RowProgress(Answer):
    progress_percentage: float
    status: str
    last_updated: Time | None


class LessonRow(Answer):
    """One lesson of a list; `content` and `progress` are there when asked for."""

    lesson_id: str
    title: str
    course_id: str
    user_id: str
    module: str
    topic: str
    lesson_type: str
    difficulty_level: str
    estimated_duration: int = Field(description="minutes")
    version: int
    requested_by: str
    created_at: Time
    updated_at: Time
    content: str | None = Field(default=None, exclude_if=lambda v: v is None)
    progress: RowProgress | None = Field(default=None, exclude_if=lambda v: v is None)


class LessonList(Answer):
    lessons: list[LessonRow]
    filters_applied: dict[str, Any]
    total: int
    total_estimated: bool = Field(default=False, exclude_if=lambda v: not v)
    next_cursor: str | None


class LessonQuery(Request):
    """The query of `GET /lessons/{lesson_id}`."""

    format: Literal["json", "markdown", "html"] | None = None
