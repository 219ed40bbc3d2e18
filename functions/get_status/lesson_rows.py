"""A learner's lessons as `GET /status` lists them: the most recently active first, filtered and paged."""

from typing import Any

from functions.get_status.models import LessonProgressRow, StatusQuery
from functions.learning.curriculum import course
from functions.learning.learner import Learner, LessonEntry
from functions.learning.mastery import Mastery
from functions.runtime.models import rfc3339
from functions.runtime.paging import cursor_after, position
from functions.runtime.ports import Documents
from functions.usecases.learners import load_entries

Page = tuple[list[LessonProgressRow], str | None]


async def page_of(
    documents: Documents, learner: Learner, request: StatusQuery, filters: dict[str, Any], mastery: dict[str, Mastery]
) -> Page:
    """The page and the cursor of the next. Sealed lessons are only read for a page that reaches them."""
    after = position(request.cursor, filters, 2)
    found = _following(list(learner.lessons.values()), after, filters, mastery, learner)
    sealed = max((segment.latest for segment in learner.sealed_lessons), default=None)
    if sealed is not None and (len(found) <= request.limit or found[request.limit].recency <= sealed):
        found = _following(await load_entries(documents, learner), after, filters, mastery, learner)
    page = found[: request.limit]
    more = len(found) > len(page)
    rows = [_row(entry) for entry in page]
    return rows, cursor_after([page[-1].recency, page[-1].lesson_id], filters) if more else None


async def all_of(
    documents: Documents, learner: Learner, filters: dict[str, Any], mastery: dict[str, Mastery]
) -> list[LessonEntry]:
    """Every lesson that matches, the most recently active first."""
    return _following(await load_entries(documents, learner), None, filters, mastery, learner)


def _following(
    entries: list[LessonEntry],
    after: list[Any] | None,
    filters: dict[str, Any],
    mastery: dict[str, Mastery],
    learner: Learner,
) -> list[LessonEntry]:
    levels = {topic_id: found.level.name for topic_id, found in mastery.items()}
    struggling = {alert.topic for alert in learner.alerts}
    matching = [e for e in entries if _matches(e, filters, levels, struggling)]
    rest = [e for e in matching if after is None or [e.recency, e.lesson_id] < after]
    return sorted(rest, key=lambda e: (e.recency, e.lesson_id), reverse=True)


def _matches(entry: LessonEntry, filters: dict[str, Any], levels: dict[str, str], struggling: set[str | None]) -> bool:
    topic = course().by_id.get(entry.topic or "")
    seen = {
        "level": levels.get(entry.topic or ""),
        "struggling": entry.topic in struggling,
        "module": topic.module_id if topic else None,
        **{name: getattr(entry, name) for name in ("course_id", "topic", "status")},
    }
    since = filters.get("updated_since")
    recent = since is None or (entry.last_activity is not None and rfc3339(entry.last_activity) >= since)
    return recent and all(seen[name] == value for name, value in filters.items() if name in seen)


def _row(entry: LessonEntry) -> LessonProgressRow:
    topic = course().by_id.get(entry.topic or "")
    return LessonProgressRow(
        lesson_id=entry.lesson_id,
        course_id=entry.course_id,
        module=topic.module_id if topic else None,
        topic=entry.topic,
        status=entry.status,
        progress_percentage=entry.progress_percentage,
        completed_at=entry.completed_at,
        last_activity=entry.last_activity,
    )
