"""What `POST /update-progress` takes and answers (spec sections 2 and 10)."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from functions.learning.progress import contradiction
from functions.runtime.models import Answer, Id, Request, Slug, Time
from functions.update_progress.evidence_models import Evidence, Percentage

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is not an IANA time zone") from error
    return name


def _not_too_early(moment: datetime) -> datetime:
    # a day at the edge of the calendar has none before it, and would stop every streak that is counted over it
    if moment < EARLIEST:
        raise ValueError(f"lies before {EARLIEST:%Y-%m-%d}")
    return moment


METRICS_LIMIT = 4_096  # bytes as JSON: they are kept in the learner's document, which stays small


def _small(metrics: dict[str, Any]) -> dict[str, Any]:
    if len(json.dumps(metrics)) > METRICS_LIMIT:
        raise ValueError(f"more than {METRICS_LIMIT} bytes")
    return metrics


class ProgressData(Request):
    completion_percentage: Percentage | None = None
    achievement_metrics: Annotated[dict[str, Any], AfterValidator(_small)] = Field(default_factory=dict, max_length=50)


class Observed(Request):
    """What one update may tell of a lesson; at least one thing to record."""

    lesson_id: Id | None = None
    topic: Slug | None = None
    progress_percentage: Percentage | None = None
    status: Annotated[
        Literal["not_started", "in_progress", "started", "completed"] | None,
        AfterValidator(lambda s: "in_progress" if s == "started" else s),
    ] = None
    progress_data: ProgressData | None = None
    evidence: list[Evidence] = Field(default_factory=list, max_length=100)
    occurred_at: Annotated[Time, AfterValidator(_not_too_early)] | None = None
    timezone: Annotated[str, AfterValidator(_zone)] | None = None

    @property
    def percentage(self) -> float | None:
        if self.progress_percentage is None and self.progress_data:
            return self.progress_data.completion_percentage
        return self.progress_percentage

    @property
    def is_correction(self) -> bool:
        """Whether it takes evidence back, instead of telling what a learner did."""
        return any(item.kind == "void" for item in self.evidence)

    def check(self) -> None:
        beside = self.model_fields_set - {"user_id", "request_id", "lesson_id", "evidence", "occurred_at"}
        if self.is_correction and (beside or any(item.kind != "void" for item in self.evidence)):
            raise ValueError("an update with a void holds nothing but voids")
        inner = self.progress_data.completion_percentage if self.progress_data else None
        if inner is not None and self.progress_percentage not in (None, inner):
            raise ValueError("progress_percentage contradicts progress_data.completion_percentage")
        if why := contradiction(self.percentage, self.status):
            raise ValueError(why)
        if self.percentage is None and self.status is None and not self.evidence and not self.progress_data:
            raise ValueError("nothing to record: give progress_percentage, status, progress_data or evidence")


class LessonUpdate(Observed):
    """One lesson's update within a batch."""

    lesson_id: Id

    @model_validator(mode="after")
    def _consistent(self) -> "LessonUpdate":
        self.check()
        return self


EXAMPLES: list[Any] = [
    {"user_id": "maya", "lesson_id": "l1", "topic": "for-loops", "evidence": [{"kind": "quiz", "score": 80}]},
    {
        "user_id": "maya",
        "updates": [{"lesson_id": "l1", "status": "completed"}, {"lesson_id": "l2", "status": "started"}],
    },
]


class UpdateProgress(Observed):
    """One update, or a batch of them (`updates`) for one learner: all or nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": EXAMPLES})

    user_id: Id
    request_id: str | None = Field(default=None, min_length=1, max_length=255)
    updates: list[LessonUpdate] | None = Field(default=None, min_length=1, max_length=100)

    @model_validator(mode="after")
    def _one_or_many(self) -> "UpdateProgress":
        beside = self.model_fields_set - {"user_id", "request_id", "updates"}
        if self.updates is not None:
            if beside:
                raise ValueError(f"a batch has its fields in updates, not beside them: {', '.join(sorted(beside))}")
        elif self.lesson_id is None:
            raise ValueError("give lesson_id, or updates")
        else:
            self.check()
        return self

    def lessons(self) -> Sequence[tuple[str, Observed]]:
        """The updates by lesson id, one or many."""
        if self.updates is not None:
            return [(update.lesson_id, update) for update in self.updates]
        return [(str(self.lesson_id), self)]


class MasteryChange(Answer):
    before: float | None
    after: float | None
    level: str | None
    components: dict[str, float]
    coverage: float


class Change(Answer):
    field: str
    before: Any
    after: Any
    reason: str


class Streak(Answer):
    current: int
    longest: int


class Step(Answer):
    action: str
    topic: str | None
    reason: str


class RecordedEvidence(Answer):
    evidence_id: str
    kind: str


class Struggle(Answer):
    alert_id: str
    trigger: str
    severity: str
    topic: str | None
    new: bool


class LessonProgress(Answer):
    """The answer to one update."""

    success: Literal[True] = True
    user_id: str
    lesson_id: str
    lesson_known: bool
    progress_percentage: float
    status: str
    last_updated: Time
    version: int
    mastery: MasteryChange
    changes: list[Change]
    evidence: list[RecordedEvidence]
    struggle: list[Struggle]
    streak: Streak
    next_step: Step


class BatchProgress(Answer):
    """The answer to a batch."""

    success: Literal[True] = True
    user_id: str
    results: list[LessonProgress]
