"""A learner's document: all that is known about one learner, small however long the history grows.

Everything here is folded from facts so that their order of arrival makes no difference; the facts themselves are the
ledger, whose full segments are documents of their own.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

LEDGER_SEGMENT = 100  # facts in a full segment of the ledger
REMEMBERED_EVENTS = 200


@dataclass(slots=True)
class LessonEntry:
    """What a learner has done with one lesson. `topic` is None when the lesson is not known here."""

    lesson_id: str
    course_id: str
    topic: str | None
    progress_percentage: float = 0.0
    status: str = "not_started"
    completed_at: datetime | None = None
    last_activity: datetime | None = None
    achievement_metrics: dict[str, Any] = field(default_factory=dict)
    metrics_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """A score (0-100) and when it was earned; equal times are ordered by evidence id."""

    at: datetime
    evidence_id: str
    score: float


@dataclass(slots=True)
class TopicRecord:
    """The evidence of one topic, folded. `counts`: pieces of evidence by component."""

    passed: list[str] = field(default_factory=list)
    quizzes: dict[str, Scored] = field(default_factory=dict)
    code_quality: list[Scored] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    attempts: int = 0
    last_activity: datetime | None = None


@dataclass(slots=True)
class Learner:
    """The document `learner:<user_id>`. `version` grows by one with each change."""

    user_id: str
    version: int = 0
    updated_at: datetime | None = None
    lessons: dict[str, LessonEntry] = field(default_factory=dict)
    topics: dict[str, TopicRecord] = field(default_factory=dict)
    days: list[tuple[date, date]] = field(default_factory=list)
    timezone: str = "UTC"
    timezone_at: datetime | None = None
    time_on_task_seconds: float = 0.0
    alerts: list[dict[str, Any]] = field(default_factory=list)  # opened by struggle detection
    reviews: dict[str, dict[str, Any]] = field(default_factory=dict)  # FSRS cards by topic
    ledger: list[dict[str, Any]] = field(default_factory=list)  # the open segment
    ledger_segments: int = 0  # full ones: ledger:<user_id>:0 … n-1
    seen_events: list[str] = field(default_factory=list)  # the latest, oldest first
    pending: list[str] = field(default_factory=list)  # ids of events not known to be published, oldest first


def remember_event(learner: Learner, key: str) -> bool:
    """Marks an event as handled; False if it was before."""
    if key in learner.seen_events:
        return False
    learner.seen_events = [*learner.seen_events, key][-REMEMBERED_EVENTS:]
    return True


def seal_ledger(learner: Learner) -> list[tuple[int, list[dict[str, Any]]]]:
    """Takes full segments off the open one, to be stored by number in the same commit."""
    sealed = []
    while len(learner.ledger) >= LEDGER_SEGMENT:
        sealed.append((learner.ledger_segments, learner.ledger[:LEDGER_SEGMENT]))
        learner.ledger, learner.ledger_segments = learner.ledger[LEDGER_SEGMENT:], learner.ledger_segments + 1
    return sealed
