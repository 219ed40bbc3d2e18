"""A learner's document: all that is known about one learner, small however long the history grows.

Everything here but alerts is folded from facts so that their order of arrival makes no difference; the facts themselves
are the ledger. What fills up is sealed into segments, documents of their own (`sealing.py`).
"""

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

Key = tuple[datetime, str]  # when something happened and its id: the one order of facts, ties included
REMEMBERED_EVENTS = 200
EVENT_MARK = 16  # hexadecimal digits: a new event that shared one with a remembered event would be lost


def written(moment: datetime) -> str:
    """A moment in UTC as it is kept: RFC 3339, equally long, so that the order of texts is that of times."""
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


@dataclass(slots=True)
class LessonEntry:
    """What a learner has done with one lesson. `topic` is None when the lesson is not known here.

    `listed`: what a list shows of it, as its event told; None for a lesson that was made elsewhere.
    """

    lesson_id: str
    course_id: str
    topic: str | None
    progress_percentage: float = 0.0
    status: str = "not_started"
    completed_at: datetime | None = None
    last_activity: datetime | None = None
    achievement_metrics: dict[str, Any] = field(default_factory=dict)
    metrics_key: Key | None = None
    listed: dict[str, Any] | None = None

    @property
    def recency(self) -> str:
        """When it was worked on, or made; RFC 3339, to be sorted by. Empty when neither is known."""
        if self.last_activity is not None:
            return written(self.last_activity)
        return str(self.listed["created_at"]) if self.listed else ""


@dataclass(slots=True)
class SealedLessons:
    """A segment of lesson entries: `marks` find an id in it, `counts` are by status, `latest` its newest recency."""

    marks: str
    counts: dict[str, int]
    latest: str


@dataclass(frozen=True, slots=True)
class Scored:
    """A score (0-100) and when it was earned; equal times are ordered by evidence id."""

    at: datetime
    evidence_id: str
    score: float

    @property
    def key(self) -> Key:
        return self.at, self.evidence_id


@dataclass(slots=True)
class OlderQuizzes:
    """A topic's quizzes beyond the newest few: how many, the sum of their latest scores, marks to find them by."""

    count: int = 0
    total: str = "0"  # a decimal: it must not depend on the order of its parts
    marks: str = ""


@dataclass(slots=True)
class TopicRecord:
    """The evidence of one topic, folded. `counts`: pieces of evidence by component.

    `components` (0-100) and `assessed` (their weighted sum, 0-90, to 2 decimals) are stored; consistency is the
    learner's and is added on reading. `best` is the highest `assessed` there was. `sealed`: the first five fields are
    in a document of their own, which only new evidence and an explanation ask for.
    """

    passed: dict[str, Key] = field(default_factory=dict)  # by exercise: its earliest pass
    quizzes: dict[str, Scored] = field(default_factory=dict)  # the newest few, each by its latest attempt
    older_quizzes: OlderQuizzes = field(default_factory=OlderQuizzes)
    code_quality: list[Scored] = field(default_factory=list)
    latest: Key | None = None  # of the assessed evidence
    counts: dict[str, int] = field(default_factory=dict)
    attempts: int = 0
    last_activity: datetime | None = None
    components: dict[str, float] = field(default_factory=dict)
    assessed: float = 0.0
    best: float = 0.0
    sealed: bool = False


@dataclass(slots=True)
class Review:
    """A topic's FSRS card (spec section 4); `stability` is in days, `difficulty` 1-10."""

    stability: float
    difficulty: float
    due: datetime
    last_review: datetime


@dataclass(slots=True)
class Watch:
    """What struggle detection has seen of one topic and not forgotten: pieces of evidence by what they may lead to."""

    errors: list[dict[str, Any]] = field(default_factory=list)
    failed_runs: list[dict[str, Any]] = field(default_factory=list)
    wrong_answers: list[dict[str, Any]] = field(default_factory=list)
    time_on: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # by exercise, not yet passed


@dataclass(slots=True)
class Alert:
    """A learner needs help. `version` counts its states: 1 opened, one more with each change."""

    alert_id: str
    lesson_id: str
    topic: str | None
    trigger: str
    severity: str
    evidence: list[dict[str, Any]]
    opened_at: datetime
    state: str = "open"
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None
    note: str | None = None
    version: int = 1


@dataclass(slots=True)
class Learner:
    """The document `learner:<user_id>`. `version` grows by one with each change.

    `forgotten_at`: the learner was erased then; what happened before it is not taken up again.
    """

    user_id: str
    version: int = 0
    updated_at: datetime | None = None
    forgotten_at: datetime | None = None
    figures: str = ""  # the curriculum's version that the figures were folded with
    lessons: dict[str, LessonEntry] = field(default_factory=dict)  # the most recent; the rest is sealed
    sealed_lessons: list[SealedLessons] = field(default_factory=list)
    topics: dict[str, TopicRecord] = field(default_factory=dict)
    reviews: dict[str, Review] = field(default_factory=dict)
    days: list[tuple[date, date]] = field(default_factory=list)  # the latest runs of active days
    longest_before: int = 0  # the longest of the runs that are no longer in `days`
    timezone: str = "UTC"
    timezone_key: Key | None = None
    time_on_task_seconds: float = 0.0
    watch: dict[str, Watch] = field(default_factory=dict)
    alerts: list[Alert] = field(default_factory=list)  # those not resolved
    resolved_alerts: list[Alert] = field(default_factory=list)  # the open segment
    alert_segments: int = 0
    ledger: list[dict[str, Any]] = field(default_factory=list)  # the open segment
    ledger_segments: int = 0  # full ones: ledger:<user_id>:0 … n-1
    seen_events: list[str] = field(default_factory=list)  # marks of the latest, oldest first
    pending: list[str] = field(default_factory=list)  # ids of events not known to be published, oldest first


def remember_event(learner: Learner, key: str) -> bool:
    """Marks an event as handled; False if it was before."""
    mark = hashlib.sha256(key.encode()).hexdigest()[:EVENT_MARK]
    if mark in learner.seen_events:
        return False
    learner.seen_events = [*learner.seen_events, mark][-REMEMBERED_EVENTS:]
    return True


def counts(learner: Learner) -> dict[str, int]:
    """Lessons by status, sealed ones too, and their total."""
    found = {"not_started": 0, "in_progress": 0, "completed": 0}
    for entry in learner.lessons.values():
        found[entry.status] += 1
    for sealed in learner.sealed_lessons:
        for status, number in sealed.counts.items():
            found[status] += number
    return found | {"total": sum(found.values())}
