"""What `GET /status` takes and answers (spec sections 2 and 10)."""

from datetime import date as Day
from typing import Any, Literal

from pydantic import Field

from functions.runtime.models import Answer, Id, Request, Slug, Time
from functions.usecases.alert_models import AlertAnswer

LevelName = Literal["Beginner", "Learning", "Proficient", "Mastered"]
Status = Literal["not_started", "in_progress", "completed"]


def _absent(value: Any) -> bool:
    return value is None


class StatusQuery(Request):
    """The query of `GET /status`: everything about a learner, or one lesson of theirs."""

    user_id: Id
    lesson_id: Id | None = None
    course_id: Id | None = None
    module: str | None = Field(default=None, min_length=1, max_length=64, description="slug or title")
    topic: Slug | None = None
    status: Status | None = None
    level: LevelName | None = None
    struggling: bool | None = None
    updated_since: Time | None = None
    limit: int = Field(default=20, ge=1, le=100)
    cursor: str | None = Field(default=None, max_length=1000)
    explain: bool = Field(default=False, description="adds, per figure, the evidence it came from")
    include: Literal["history"] | None = Field(
        default=None, description="a point per day, and mastery after forgetting"
    )


class ProgressData(Answer):
    """A lesson's record; absent (null) when there is none."""

    status: Status
    completion_percentage: float
    achievement_metrics: dict[str, Any]
    completed_at: Time | None
    last_activity: Time | None


class TopicStatus(Answer):
    topic_id: str
    topic: str
    mastery: float | None
    level: LevelName | None
    colour: str | None
    components: dict[str, float]
    coverage: float
    attempts: int
    last_activity: Time | None
    mastery_now: float | None = Field(default=None, exclude_if=_absent, description="after forgetting")


class ModuleStatus(Answer):
    module_id: str
    module: str
    mastery: float | None
    level: LevelName | None
    colour: str | None
    topics_started: int
    topics_total: int
    topics: list[TopicStatus]


class LessonProgressRow(Answer):
    lesson_id: str
    course_id: str
    module: str | None
    topic: str | None
    status: Status
    progress_percentage: float
    completed_at: Time | None
    last_activity: Time | None


class Streak(Answer):
    current: int
    longest: int
    timezone: str


class Step(Answer):
    action: str
    topic: str | None
    reason: str


class DueReview(Answer):
    topic_id: str
    topic: str
    due: Time
    overdue_days: int


class HistoryPoint(Answer):
    """A day on which the learner worked, in their own time zone, and the figures at its end."""

    date: Day
    overall_mastery: float
    level: LevelName


class ExplainedComponent(Answer):
    """`points` = `value` x `weight`: what it adds to the score."""

    value: float
    weight: float
    points: float
    reason: str
    evidence: list[dict[str, Any]]


class ExplainedTopic(Answer):
    formula: str
    components: dict[str, ExplainedComponent]
    level_reason: str


class Explanation(Answer):
    overall: str
    streak: str
    topics: dict[str, ExplainedTopic]


class LessonStatus(Answer):
    """One lesson of a learner."""

    user_id: str
    lesson_id: str
    topic: str | None
    status: Status
    progress_percentage: float
    progress_data: ProgressData | None
    topic_status: TopicStatus | None
    next_step: Step
    as_of: Time
    version: int
    explain: Explanation | None = Field(default=None, exclude_if=_absent)


class LearnerStatus(Answer):
    """Where a learner stands, over all modules."""

    user_id: str
    status: Status
    progress_data: None = None
    overall_mastery: float
    level: LevelName
    colour: str
    topics_started: int
    topics_total: int
    modules: list[ModuleStatus]
    all_lessons_progress: list[LessonProgressRow]
    next_cursor: str | None
    counts: dict[str, int]
    streak: Streak
    time_on_task_seconds: float
    due_reviews: list[DueReview]
    alerts: list[AlertAnswer]
    next_step: Step
    as_of: Time
    version: int
    explain: Explanation | None = Field(default=None, exclude_if=_absent)
    history: list[HistoryPoint] | None = Field(default=None, exclude_if=_absent)
    mastery_now: float | None = Field(default=None, exclude_if=_absent, description="overall, after forgetting")
