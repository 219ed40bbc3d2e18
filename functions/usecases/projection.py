"""What the read model shows of a learner and of a lesson: rows made of the documents, by events and by a rebuild alike.

An event only says what may have changed. The rows are those of the document as it is now, so a late or repeated event
writes what is true, and one of a learner who was forgotten writes nothing.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from functions.learning.curriculum import course
from functions.learning.learner import Alert, Learner, LessonEntry, TopicRecord, counts
from functions.learning.mastery import ASSESSED, mastery_by_topic, mean_score
from functions.learning.streak import at_last_activity
from functions.runtime.models import rfc3339
from functions.runtime.ports import Ports, ReadModel, Sql
from functions.usecases.events import LessonGenerated
from functions.usecases.learners import forgotten_at
from functions.usecases.tables import KEYS, TableRow, write, write_rows

LISTED = (
    "title", "module", "lesson_type", "difficulty_level", "estimated_duration", "version", "requested_by",
    "created_at", "updated_at",
)  # fmt: skip
LESSON_COLUMNS = ("lesson_id", "user_id", "course_id", "topic", *LISTED)
ALERT_COLUMNS = (
    "alert_id", "user_id", "lesson_id", "topic", "trigger", "severity", "state", "evidence", "opened_at",
    "acknowledged_at", "acknowledged_by", "resolved_at", "resolved_by", "note",
)  # fmt: skip


def listed_of(event: LessonGenerated) -> dict[str, Any]:
    """What a learner's document keeps of a lesson, so that lists can be made of it."""
    return {name: value for name, value in event.model_dump(mode="json").items() if name in LISTED}


async def put_lesson(read_model: ReadModel, event: LessonGenerated, now: datetime) -> None:
    """The lesson's row, unless a newer version of the lesson is there."""
    entry = LessonEntry(event.lesson_id, event.course_id, event.topic, listed=listed_of(event))
    await write_rows(read_model, [listed_row(entry, event.user_id, now)])


def listed_row(entry: LessonEntry, user_id: str, now: datetime) -> TableRow:
    """The row by which lists show a lesson that was written here."""
    listed, topic = entry.listed or {}, course().by_id.get(entry.topic or "")
    own = {"lesson_id": entry.lesson_id, "user_id": user_id, "course_id": entry.course_id, "topic": entry.topic}
    searchable = " ".join([listed["title"], str(entry.topic), *(topic.objectives if topic else ())]).lower()
    stamp = {"searchable": searchable, "written_at": rfc3339(now)}
    return TableRow("lessons", own | listed | stamp)


def progress_row(learner: Learner, entry: LessonEntry, now: datetime) -> TableRow:
    """Learner x lesson."""
    return TableRow(
        "lesson_progress",
        {
            "user_id": learner.user_id,
            "lesson_id": entry.lesson_id,
            "course_id": entry.course_id,
            "topic": entry.topic,
            "progress_percentage": entry.progress_percentage,
            "status": entry.status,
            "last_activity": _time(entry.last_activity),
        }
        | _stamp(learner, now),
    )


def topic_row(learner: Learner, topic_id: str, record: TopicRecord, now: datetime) -> TableRow:
    """Learner x topic: the assessed components; consistency is the learner's."""
    review = learner.reviews.get(topic_id)
    values = {
        **{name: record.components.get(name, 0.0) for name in ASSESSED},
        "assessed": record.assessed,
        "best": record.best,
        "attempts": record.attempts,
        "last_activity": _time(record.last_activity),
        "review_due": _time(review.due if review else None),
    }
    own = {"user_id": learner.user_id, "topic": topic_id}
    return TableRow("topic_progress", own | values | _stamp(learner, now))


def learner_row(learner: Learner, now: datetime) -> TableRow:
    """What a class shows of a learner. `last_active` is the newest activity of any lesson."""
    mastery = mastery_by_topic(learner, course())
    number = counts(learner)
    active = [entry.last_activity for entry in learner.lessons.values() if entry.last_activity]
    values = {
        "user_id": learner.user_id,
        "overall_mastery": mean_score(m.score for m in mastery.values()),
        "topics_started": len(mastery),
        **{status: number[status] for status in ("not_started", "in_progress", "completed")},
        "streak_days": at_last_activity(learner.days),
        "last_active": _time(max(active, default=None)),
    }
    return TableRow("learner_progress", values | _stamp(learner, now))


def alert_row(user_id: str, alert: Alert, now: datetime) -> TableRow:
    """A row of the teachers' list."""
    values = asdict(alert) | {
        "user_id": user_id,
        "evidence": json.dumps(alert.evidence),
        **{name: _time(getattr(alert, name)) for name in ("opened_at", "acknowledged_at", "resolved_at")},
    }
    return TableRow("alerts", values | {"written_at": rfc3339(now)})


def rows_of(learner: Learner, entries: Iterable[LessonEntry], alerts: Iterable[Alert], now: datetime) -> list[TableRow]:
    """All rows of a learner; none of one who was forgotten and is not back. `entries`, `alerts`: all there are."""
    rows = [alert_row(learner.user_id, alert, now) for alert in alerts]
    for entry in entries:
        rows += [listed_row(entry, learner.user_id, now)] if entry.listed else []
        rows.append(progress_row(learner, entry, now))
    rows += [topic_row(learner, topic_id, record, now) for topic_id, record in learner.topics.items()]
    return [learner_row(learner, now), *rows] if rows else []


async def show(ports: Ports, learner: Learner, rows: list[TableRow]) -> None:
    """Writes rows of a learner, and takes them away again if the learner was forgotten in the meantime."""
    await write_rows(ports.read_model, rows)
    if await forgotten_at(ports.documents, learner.user_id) != learner.forgotten_at:
        await forget_rows(ports.read_model, learner.user_id)


async def unlist(read_model: ReadModel, lesson_id: str) -> None:
    """Takes a lesson out of the lists."""
    await write(read_model, [Sql("DELETE FROM lessons WHERE lesson_id = $1", [lesson_id])])


async def forget_rows(read_model: ReadModel, user_id: str) -> None:
    """Every row of a learner."""
    await write(read_model, [Sql(f"DELETE FROM {table} WHERE user_id = $1", [user_id]) for table in KEYS])


def is_forgotten(learner: Learner, happened_at: datetime) -> bool:
    """Whether something that happened then is of before the learner was erased."""
    return learner.forgotten_at is not None and happened_at <= learner.forgotten_at


def _stamp(learner: Learner, now: datetime) -> dict[str, Any]:
    return {"version": learner.version, "written_at": rfc3339(now)}


def _time(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None
