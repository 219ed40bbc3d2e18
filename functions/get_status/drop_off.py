"""Where the learners of a class stop: for each topic of the course, and for each lesson that was made elsewhere.

Every learner has lessons of their own, so those of one topic are looked at together.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from functions.get_status.class_models import DropOff
from functions.get_status.help_first import STALLED
from functions.learning.curriculum import course

LESSON_COLUMNS = ("user_id", "lesson_id", "topic", "progress_percentage", "status", "last_activity")
Key = tuple[str | None, str | None]


def drop_off(rows: Iterable[dict[str, Any]], now: datetime) -> list[DropOff]:
    """In the course's order; what is not of the course comes behind."""
    groups: dict[Key, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[(row["topic"], None) if row["topic"] else (None, row["lesson_id"])].append(row)
    order = {topic.topic_id: number for number, topic in enumerate(course().topics)}
    keys = sorted(groups, key=lambda key: (order.get(key[0] or "", len(order)), key[0] or "", key[1] or ""))
    return [_group(key, groups[key], now) for key in keys]


def _group(key: Key, rows: list[dict[str, Any]], now: datetime) -> DropOff:
    topic_id, lesson_id = key
    topic = course().by_id.get(topic_id or "")
    number = {status: sum(row["status"] == status for row in rows) for status in ("not_started", "in_progress")}
    stopped = sum(row["status"] == "in_progress" and _is_stalled(row["last_activity"], now) for row in rows)
    begun = len(rows) - number["not_started"]
    return DropOff(
        topic=topic_id,
        title=topic.title if topic else topic_id or str(lesson_id),
        lesson_id=lesson_id,
        learners=len({row["user_id"] for row in rows}),
        **number,
        completed=begun - number["in_progress"],
        stopped=stopped,
        drop_off=round(100 * stopped / begun, 2) if begun else 0.0,
        mean_percentage=round(sum(row["progress_percentage"] for row in rows) / len(rows), 2),
    )


def _is_stalled(last_activity: datetime | None, now: datetime) -> bool:
    return last_activity is not None and now - last_activity >= STALLED
