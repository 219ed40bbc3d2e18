"""Where a learner stands, read from their document: always what was last acknowledged."""

from typing import Any

from functions.get_status.explaining import explained
from functions.get_status.figures import topic_status
from functions.get_status.lesson_rows import all_of, page_of
from functions.get_status.models import LearnerStatus, LessonStatus, ProgressData, StatusQuery
from functions.get_status.overview import overview, step
from functions.learning.curriculum import UnknownModule, course
from functions.learning.history import by_day
from functions.learning.learner import Learner, LessonEntry
from functions.learning.mastery import Mastery, mastery_by_topic
from functions.runtime.errors import invalid
from functions.runtime.models import Answer
from functions.runtime.paging import digest
from functions.runtime.ports import Call, Ports, Reply
from functions.usecases.access import check_learner
from functions.usecases.learners import bring_up_to_date, load_learner, load_ledger, reopen_lessons, reopen_topics

XAPI = "application/xapi+json"
NARROWS = ("course_id", "module", "topic", "status", "level", "struggling", "updated_since")


async def get_status(ports: Ports, call: Call, request: StatusQuery) -> Reply:
    """Where a learner stands, and why"""
    await check_learner(ports.documents, call.principal, request.user_id)
    filters = _filters(request)
    as_xapi = call.accept == XAPI
    if as_xapi and (beside := [name for name in ("cursor", "explain", "include") if getattr(request, name)]):
        raise invalid(beside[0], f"does not go with {XAPI}, which has all that matches and nothing else")
    learner, _ = await load_learner(ports.documents, request.user_id)
    # weak: the streak and the next step also depend on the day
    asked = request.model_dump(mode="json") | ({"accept": XAPI} if as_xapi else {})
    etag = f'W/"{learner.version}-{call.now:%Y-%m-%d}-{digest(asked)}"'
    headers = {"ETag": etag, "Vary": "Accept"}
    if call.has(etag):
        return Reply(None, 304, headers)
    await bring_up_to_date(ports.documents, learner)
    mastery = mastery_by_topic(learner, course())
    if request.explain:
        await reopen_topics(ports.documents, learner, mastery)
    if request.lesson_id:
        await reopen_lessons(ports.documents, learner, [request.lesson_id])  # only to be looked at
    if as_xapi:
        return Reply(await _xapi(ports, learner, mastery, request, filters, call), headers=headers, media_type=XAPI)
    if request.lesson_id:
        return Reply(_lesson(learner, mastery, request, call), headers=headers)
    return Reply(await _learner(ports, learner, mastery, request, filters, call), headers=headers)


def _filters(request: StatusQuery) -> dict[str, Any]:
    """The filters, checked, with the module as its slug."""
    filters = request.model_dump(mode="json", include=set(NARROWS), exclude_none=True)
    if request.module:
        try:
            filters["module"] = course().find_module(request.module).module_id
        except UnknownModule as error:
            raise invalid("module", f"the course has no module {request.module}") from error
    beside = [*filters, *(name for name in ("cursor", "include") if getattr(request, name))]
    if request.lesson_id and beside:
        raise invalid("lesson_id", f"names one lesson; it does not go with {', '.join(beside)}")
    return filters


async def _xapi(
    ports: Ports,
    learner: Learner,
    mastery: dict[str, Mastery],
    request: StatusQuery,
    filters: dict[str, Any],
    call: Call,
) -> Answer:
    from functions.get_status.xapi import statements_of  # other answers do not pay for it

    if request.lesson_id:
        entries = [entry for entry in learner.lessons.values() if entry.lesson_id == request.lesson_id]
    else:
        entries = await all_of(ports.documents, learner, filters, mastery)
    narrowed = bool(request.lesson_id or filters)
    return statements_of(learner, entries, mastery, narrowed, call.public_url)


async def _learner(
    ports: Ports,
    learner: Learner,
    mastery: dict[str, Mastery],
    request: StatusQuery,
    filters: dict[str, Any],
    call: Call,
) -> LearnerStatus:
    page = await page_of(ports.documents, learner, request, filters, mastery)
    history = None
    if request.include == "history":
        history = by_day(await load_ledger(ports.documents, learner), learner.timezone, course())
    return overview(learner, mastery, page, call.now, explain=request.explain, history=history)


def _lesson(learner: Learner, mastery: dict[str, Mastery], request: StatusQuery, call: Call) -> LessonStatus:
    entry = learner.lessons.get(str(request.lesson_id))
    topic = course().by_id.get(entry.topic or "") if entry else None
    return LessonStatus(
        user_id=learner.user_id,
        lesson_id=str(request.lesson_id),
        topic=entry.topic if entry else None,
        status=entry.status if entry else "not_started",
        progress_percentage=entry.progress_percentage if entry else 0.0,
        progress_data=_progress_data(entry) if entry else None,
        topic_status=topic_status(topic, learner, mastery.get(topic.topic_id), None) if topic else None,
        next_step=step(learner, entry, call.now),
        as_of=call.now,
        version=learner.version,
        explain=explained(learner, mastery, [topic.topic_id] if topic else []) if request.explain else None,
    )


def _progress_data(entry: LessonEntry) -> ProgressData:
    return ProgressData(
        status=entry.status,
        completion_percentage=entry.progress_percentage,
        achievement_metrics=entry.achievement_metrics,
        completed_at=entry.completed_at,
        last_activity=entry.last_activity,
    )
