"""Folding facts into a learner: completion, evidence, streak. Any order of the same facts gives the same learner."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from functions.learning import streak
from functions.learning.learner import Learner, LessonEntry, Scored, TopicRecord

STATUSES = ("not_started", "in_progress", "completed")
COMPONENT = {"exercise": "exercises", "quiz": "quiz", "code_quality": "code_quality"}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observed fact, already graded: `score` for quiz and code quality, `passed` for an exercise."""

    evidence_id: str
    kind: str
    topic: str
    facts: dict[str, Any]  # as the ledger keeps them
    score: float | None = None
    quiz_id: str | None = None
    exercise_id: str | None = None
    passed: bool = False
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Update:
    """One accepted update of one lesson."""

    update_id: str
    lesson_id: str
    course_id: str
    topic: str | None
    occurred_at: datetime
    progress_percentage: float | None = None
    status: str | None = None
    achievement_metrics: dict[str, Any] | None = None
    timezone: str | None = None
    evidence: list[Evidence] = field(default_factory=list)


def contradiction(progress_percentage: float | None, status: str | None) -> str | None:
    """Why the two cannot both be true, or None."""
    if progress_percentage is None or status is None:
        return None
    fitting = {"not_started": progress_percentage == 0, "completed": progress_percentage == 100}
    if fitting.get(status, progress_percentage < 100):
        return None
    return f"{status} contradicts a progress of {progress_percentage:g} %"


def entry_for(learner: Learner, lesson_id: str, course_id: str, topic: str | None) -> LessonEntry:
    """The lesson's entry, made if absent; a topic learnt later is filled in."""
    entry = learner.lessons.setdefault(lesson_id, LessonEntry(lesson_id, course_id, topic))
    if entry.topic is None:
        entry.topic = topic
    return entry


def apply(learner: Learner, update: Update) -> None:
    """Folds one update into the learner; `version` is the caller's to raise."""
    entry = entry_for(learner, update.lesson_id, update.course_id, update.topic)
    _complete(entry, update)
    for evidence in update.evidence:
        _fold(learner, learner.topics.setdefault(evidence.topic, TopicRecord()), evidence, update.occurred_at)
    if update.timezone and (learner.timezone_at is None or update.occurred_at >= learner.timezone_at):
        learner.timezone, learner.timezone_at = update.timezone, update.occurred_at
    learner.days = streak.add_day(learner.days, streak.day_of(update.occurred_at, update.timezone or learner.timezone))
    learner.ledger += ledger_lines(update)


def ledger_lines(update: Update) -> list[dict[str, Any]]:
    """What the ledger keeps for ever: one line for the update itself, one for each piece of evidence."""
    at = update.occurred_at.isoformat()
    common = {"at": at, "lesson_id": update.lesson_id}
    first = common | {
        "id": update.update_id,
        "kind": "progress",
        "progress_percentage": update.progress_percentage,
        "status": update.status,
        "timezone": update.timezone,
    }
    return [
        {name: value for name, value in first.items() if value is not None},
        *(common | {"id": e.evidence_id, "topic": e.topic} | e.facts for e in update.evidence),
    ]


def _complete(entry: LessonEntry, update: Update) -> None:
    """Completion never falls; it is dated by its earliest report, in whatever order reports arrive."""
    completed = update.status == "completed" or update.progress_percentage == 100
    reached = 100.0 if completed else update.progress_percentage or 0.0
    entry.progress_percentage = max(entry.progress_percentage, reached)
    if completed:
        entry.completed_at = min(filter(None, (entry.completed_at, update.occurred_at)))
    started = update.status == "in_progress" or entry.progress_percentage > 0 or bool(update.evidence)
    status = "completed" if entry.completed_at else "in_progress" if started else "not_started"
    entry.status = max(entry.status, status, key=STATUSES.index)
    entry.last_activity = max(filter(None, (entry.last_activity, update.occurred_at)))
    if update.achievement_metrics and (entry.metrics_at is None or update.occurred_at >= entry.metrics_at):
        entry.achievement_metrics, entry.metrics_at = update.achievement_metrics, update.occurred_at


def _fold(learner: Learner, record: TopicRecord, evidence: Evidence, at: datetime) -> None:
    record.attempts += 1
    record.last_activity = max(filter(None, (record.last_activity, at)))
    component = COMPONENT.get(evidence.kind)
    if component:
        record.counts[component] = record.counts.get(component, 0) + 1
    if evidence.passed and evidence.exercise_id and evidence.exercise_id not in record.passed:
        record.passed = sorted([*record.passed, evidence.exercise_id])
    # in whole milliseconds: a sum of binary fractions would depend on the order of its parts
    learner.time_on_task_seconds = round(learner.time_on_task_seconds + round(evidence.seconds, 3), 3)
    if evidence.score is None:
        return
    scored = Scored(at, evidence.evidence_id, evidence.score)
    if evidence.kind == "code_quality":
        record.code_quality = sorted([*record.code_quality, scored], key=_order)[-5:]
    elif evidence.quiz_id:
        latest = record.quizzes.get(evidence.quiz_id)
        record.quizzes[evidence.quiz_id] = max(filter(None, (latest, scored)), key=_order)


def _order(scored: Scored) -> tuple[datetime, str]:
    return scored.at, scored.evidence_id
