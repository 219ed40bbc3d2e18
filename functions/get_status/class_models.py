"""What `GET /status/class` takes and answers (spec section 2)."""

import re
from typing import Annotated, Literal

from pydantic import Field, model_validator

from functions.get_status.models import LevelName
from functions.runtime.models import ID_PATTERN, Answer, Id, Request, Time

AT_MOST = 200  # learners in a query
IDS_PATTERN = f"{ID_PATTERN[:-1]}(,{ID_PATTERN[1:-1]})*$"
State = Literal["never_started", "active", "stalled", "completed"]
STATES: tuple[State, ...] = ("never_started", "active", "stalled", "completed")


class ClassQuery(Request):
    """Some learners by name, or those of a roster."""

    user_ids: Annotated[str, Field(max_length=AT_MOST * 129, json_schema_extra={"pattern": IDS_PATTERN})] | None = (
        Field(default=None, description="comma-separated, at most 200")
    )
    class_id: Id | None = None
    include: Literal["drop_off"] | None = None

    @model_validator(mode="after")
    def _one_of(self) -> "ClassQuery":
        if (self.user_ids is None) == (self.class_id is None):
            raise ValueError("give either user_ids or class_id")
        ids = self.learners()
        wrong = [user_id for user_id in ids if not re.fullmatch(ID_PATTERN, user_id)]
        if wrong:
            raise ValueError(f"user_ids: {wrong[0]!r} is not an id")
        if len(ids) > AT_MOST:
            raise ValueError(f"user_ids: more than {AT_MOST}")
        return self

    def learners(self) -> list[str]:
        """The ids that were given, each once."""
        return list(dict.fromkeys(self.user_ids.split(","))) if self.user_ids is not None else []


class LessonCounts(Answer):
    not_started: int
    in_progress: int
    completed: int
    total: int


class ClassLearner(Answer):
    """One learner of a class; `as_of`: when what is shown was written, null for one that nothing is known of."""

    user_id: str
    state: State
    overall_mastery: float
    level: LevelName
    colour: str
    topics_started: int
    lessons: LessonCounts
    streak_days: int = Field(description="as on their last active day")
    last_active: Time | None
    days_inactive: int | None
    open_alerts: int
    worst_severity: Literal["low", "medium", "high"] | None
    falling_topics: list[str]
    reasons: list[str] = Field(description="why to help this one")
    as_of: Time | None


class DropOff(Answer):
    """What became of the lessons of one topic, or of one lesson that was made elsewhere, in this class."""

    topic: str | None
    title: str
    lesson_id: str | None
    learners: int
    not_started: int
    in_progress: int
    completed: int
    stopped: int = Field(description="begun, not completed, and 7 days without activity")
    drop_off: float = Field(description="percent of those begun that were stopped")
    mean_percentage: float


class ClassStatus(Answer):
    """A class, who to help first is first."""

    class_id: str | None
    title: str | None
    learners: list[ClassLearner]
    counts: dict[State, int]
    drop_off: list[DropOff] | None = Field(default=None, exclude_if=lambda v: v is None)
    as_of: Time | None = Field(description="when the newest of what is shown was written")
