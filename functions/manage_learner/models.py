"""What `GET /learners/{user_id}/export` answers (spec section 2)."""

from typing import Any

from pydantic import Field

from functions.runtime.models import Answer, Request, Time
from functions.usecases.alert_models import AlertAnswer
from functions.usecases.lesson_models import LessonAnswer


class NoQuery(Request):
    """A query that has no parameters."""


class TopicFigures(Answer):
    mastery: float
    level: str
    components: dict[str, float]
    coverage: float


class Figures(Answer):
    """What is computed of the learner's document when it is read."""

    overall_mastery: float | None
    level: str | None
    topics: dict[str, TopicFigures]
    lessons: dict[str, int] = Field(description="by status, and their total")
    longest_streak: int = Field(description="days")


class ListedIn(Answer):
    """A class that lists the learner; who else is in it is not theirs to know."""

    class_id: str
    title: str


class IdempotencyRecord(Answer):
    """What an idempotency key was answered; of the key itself only a hash is kept."""

    function: str
    key_hash: str
    result: Any


class Unpublished(Answer):
    """An event that is committed and not known to be published."""

    topic: str
    created_at: Time
    event: dict[str, Any]


class LearnerExport(Answer):
    """Everything held about one learner. `lessons` is last: its texts are put in one by one."""

    user_id: str
    exported_at: Time
    figures: Figures | None
    document: dict[str, Any] | None = Field(description="the other fields of the learner's document; null without one")
    lesson_entries: list[dict[str, Any]] = Field(description="what the learner did with each lesson, by lesson_id")
    facts: list[dict[str, Any]] = Field(description="the ledger, in the order of arrival")
    alerts: list[AlertAnswer] = Field(description="resolved ones too, in the order in which they were opened")
    classes: list[ListedIn]
    idempotency_records: list[IdempotencyRecord]
    own: dict[str, dict[str, Any]] = Field(description="what functions keep about the learner besides, by their names")
    model_tokens: dict[str, int] = Field(description="what a language model cost for the learner, by day, lately")
    drafts: list[dict[str, Any]] = Field(description="what it wrote after messages of the learner's, kept")
    unpublished_events: list[Unpublished] = Field(description="oldest first")
    lessons: list[LessonAnswer] = Field(description="as the learner may see them, by lesson_id")
