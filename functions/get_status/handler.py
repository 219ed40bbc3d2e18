"""Where a learner stands, read from their document: always what was last acknowledged."""

from typing import Any

from functions.get_status.figures import module_status, topic_status
from functions.get_status.models import (
    LearnerStatus,
    LessonProgressRow,
    LessonStatus,
    ProgressData,
    Status,
    StatusQuery,
    Step,
    Streak,
)
from functions.learning import next_step, streak
from functions.learning.curriculum import UnknownModule, course
from functions.learning.learner import Learner, LessonEntry
from functions.learning.levels import level_of
from functions.learning.mastery import mean_score
from functions.runtime.errors import Forbidden, invalid
from functions.runtime.models import rfc3339
from functions.runtime.paging import cursor_after, digest, position
from functions.runtime.ports import Call, Ports, Reply
from functions.usecases.learners import learner_from, learner_key


async def get_status(ports: Ports, call: Call, request: StatusQuery) -> Reply:
    """Where a learner stands, and why"""
    if not call.principal.may_act_for(request.user_id):
        raise Forbidden("You may only read your own status.")
    filters = _filters(request)
    key = learner_key(request.user_id)
    learner = learner_from((await ports.documents.load(key)).get(key), request.user_id)
    # weak: the streak and the next step also depend on the day
    etag = f'W/"{learner.version}-{call.now:%Y-%m-%d}-{digest(request.model_dump(mode="json"))}"'
    headers = {"ETag": etag, "Vary": "Accept"}
    if call.has(etag):
        return Reply(None, 304, headers)
    if request.lesson_id:
        return Reply(_lesson(learner, request.lesson_id, call), headers=headers)
    return Reply(_learner(learner, request, filters, call), headers=headers)


def _filters(request: StatusQuery) -> dict[str, Any]:
    """The filters, checked, with the module as its slug."""
    filters = request.model_dump(mode="json", exclude={"user_id", "lesson_id", "limit", "cursor"}, exclude_none=True)
    if request.module:
        try:
            filters["module"] = course().find_module(request.module).module_id
        except UnknownModule as error:
            raise invalid("module", f"the course has no module {request.module}") from error
    if request.lesson_id and (filters or request.cursor):
        raise invalid("lesson_id", f"names one lesson; it does not go with {', '.join(filters) or 'cursor'}")
    return filters


def _lesson(learner: Learner, lesson_id: str, call: Call) -> LessonStatus:
    entry = learner.lessons.get(lesson_id)
    topic = course().topic(entry.topic) if entry and entry.topic else None
    mastery = next_step.levels(learner, course())
    return LessonStatus(
        user_id=learner.user_id,
        lesson_id=lesson_id,
        topic=entry.topic if entry else None,
        status=entry.status if entry else "not_started",
        progress_percentage=entry.progress_percentage if entry else 0.0,
        progress_data=_progress_data(entry) if entry else None,
        topic_status=topic_status(topic, learner, mastery.get(topic.topic_id)) if topic else None,
        next_step=_step(learner, entry),
        as_of=call.now,
        version=learner.version,
    )


def _learner(learner: Learner, request: StatusQuery, filters: dict[str, Any], call: Call) -> LearnerStatus:
    mastery = next_step.levels(learner, course())
    modules = [module_status(module, learner, mastery) for module in course().modules]
    topics = [topic for module in modules for topic in module.topics]
    overall = mean_score(t.mastery for t in topics if t.mastery is not None) or 0.0
    rows = [_row(entry) for entry in learner.lessons.values()]
    levels = {topic.topic_id: topic.level for topic in topics}
    matching = [row for row in rows if _matches(row, filters, levels, learner)]
    page, cursor = _page(matching, request, filters)
    counts = {name: sum(row.status == name for row in rows) for name in ("not_started", "in_progress", "completed")}
    today = streak.day_of(call.now, learner.timezone)
    return LearnerStatus(
        user_id=learner.user_id,
        status=_overall({row.status for row in rows}),
        overall_mastery=overall,
        level=level_of(overall).name,
        colour=level_of(overall).colour,
        topics_started=sum(module.topics_started for module in modules),
        topics_total=sum(module.topics_total for module in modules),
        modules=modules,
        all_lessons_progress=page,
        next_cursor=cursor,
        counts=counts | {"total": len(rows)},
        streak=Streak(
            current=streak.current(learner.days, today),
            longest=streak.longest(learner.days),
            timezone=learner.timezone,
        ),
        time_on_task_seconds=learner.time_on_task_seconds,
        due_reviews=[],
        alerts=learner.alerts,
        next_step=_step(learner, None),
        as_of=call.now,
        version=learner.version,
    )


def _overall(statuses: set[Status]) -> Status:
    if statuses == {"completed"}:
        return "completed"
    return "in_progress" if statuses - {"not_started"} else "not_started"


def _row(entry: LessonEntry) -> LessonProgressRow:
    return LessonProgressRow(
        lesson_id=entry.lesson_id,
        course_id=entry.course_id,
        module=course().topic(entry.topic).module_id if entry.topic else None,
        topic=entry.topic,
        status=entry.status,
        progress_percentage=entry.progress_percentage,
        completed_at=entry.completed_at,
        last_activity=entry.last_activity,
    )


def _matches(row: LessonProgressRow, filters: dict[str, Any], levels: dict[str, Any], learner: Learner) -> bool:
    struggling = {alert["topic"] for alert in learner.alerts if alert["state"] != "resolved"}
    seen = {
        "level": levels.get(row.topic or ""),
        "struggling": row.topic in struggling,
        **{name: getattr(row, name) for name in ("course_id", "module", "topic", "status")},
    }
    since = filters.get("updated_since")
    recent = since is None or (row.last_activity is not None and rfc3339(row.last_activity) >= since)
    return recent and all(seen[name] == value for name, value in filters.items() if name != "updated_since")


def _page(
    rows: list[LessonProgressRow], request: StatusQuery, filters: dict[str, Any]
) -> tuple[list[LessonProgressRow], str | None]:
    """By lesson id, so that a page stays where it was while the learner works."""
    after = position(request.cursor, filters, 1)
    rest = sorted((r for r in rows if after is None or r.lesson_id > after[0]), key=lambda r: r.lesson_id)
    page = rest[: request.limit]
    return page, cursor_after([page[-1].lesson_id], filters) if len(rest) > len(page) else None


def _progress_data(entry: LessonEntry) -> ProgressData:
    return ProgressData(
        status=entry.status,
        completion_percentage=entry.progress_percentage,
        achievement_metrics=entry.achievement_metrics,
        completed_at=entry.completed_at,
        last_activity=entry.last_activity,
    )


def _step(learner: Learner, entry: LessonEntry | None) -> Step:
    step = next_step.after(learner, course(), entry)
    return Step(action=step.action, topic=step.topic, reason=step.reason)
