"""A learner's lessons, from the read model; one lesson whole, from its document."""

from typing import Any

from functions.learning.curriculum import UnknownModule, course
from functions.list_lessons.models import (
    LessonFilters,
    LessonList,
    LessonQuery,
    LessonRow,
    RowProgress,
)
from functions.runtime.errors import NotFound, invalid
from functions.runtime.models import rfc3339
from functions.runtime.paging import cursor_after, position
from functions.runtime.ports import Call, Ports, Reply, Row
from functions.usecases import tables
from functions.usecases.access import check_learner, may_act_for
from functions.usecases.lesson_documents import load_bodies
from functions.usecases.lesson_models import public_lesson
from functions.usecases.lesson_rendering import rendered
from functions.usecases.listing import Order, Selection, page_of
from functions.usecases.narrowing import narrow
from functions.usecases.projection import LESSON_COLUMNS

ORDER = {
    "created_at": Order("created_at", "lesson_id"),
    "-created_at": Order("created_at", "lesson_id", descending=True),
    "title": Order("title", "lesson_id"),
}
EQUAL = ("user_id", "course_id", "lesson_type", "module", "topic", "difficulty_level")
PROGRESS_COLUMNS = ("user_id", "lesson_id", "progress_percentage", "status", "last_activity")
TRIGRAM = 3  # letters that an index of texts needs
MEDIA_TYPES = {"json": "application/json", "markdown": "text/markdown", "html": "text/html"}


async def list_lessons(ports: Ports, call: Call, request: LessonFilters) -> Reply:
    """List lessons, filtered and paged"""
    filters = await _filters(ports, call, request)
    after = position(request.cursor, filters | {"sort": request.sort}, 2)
    selection = _selection(filters)
    if "user_id" not in filters:
        await narrow(ports.documents, call.principal, selection)
    page = await page_of(ports.read_model, selection, ORDER[request.sort], after, request.limit)
    lessons = [_row(row) for row in page.rows]
    if request.include == "content":
        bodies = await load_bodies(ports.documents, [lesson.lesson_id for lesson in lessons])
        for lesson in lessons:
            lesson.content = bodies[lesson.lesson_id].lesson["content"] if lesson.lesson_id in bodies else None
    elif request.include == "progress":
        await _add_progress(ports, lessons)
    return Reply(
        LessonList(
            lessons=lessons,
            filters_applied=filters | {"sort": request.sort},
            total=page.total,
            total_estimated=page.estimated,
            next_cursor=_cursor(request, filters, lessons[-1]) if page.more else None,
        )
    )


async def read_lesson(ports: Ports, call: Call, request: LessonQuery, lesson_id: str) -> Reply:
    """Read one lesson, as JSON, Markdown or HTML"""
    stored = (await load_bodies(ports.documents, [lesson_id])).get(lesson_id)
    if stored is None or not await may_act_for(ports.documents, call.principal, stored.user_id):
        raise NotFound(f"There is no lesson {lesson_id}.")
    kind = MEDIA_TYPES[request.format] if request.format else call.accept
    headers = {"ETag": f'"{stored.version}-{kind.partition("/")[2]}"', "Vary": "Accept"}
    if call.has(headers["ETag"]):
        return Reply(None, 304, headers)
    if kind == MEDIA_TYPES["json"]:
        return Reply(public_lesson(stored), headers=headers)
    return Reply(rendered(stored, kind), headers=headers, media_type=f"{kind}; charset=utf-8")


async def _filters(ports: Ports, call: Call, request: LessonFilters) -> dict[str, Any]:
    """The filters that hold, as they are shown: a learner's list is always their own."""
    if request.user_id:
        await check_learner(ports.documents, call.principal, request.user_id)
    filters = {name: getattr(request, name) for name in (*EQUAL, "q") if getattr(request, name) is not None}
    if call.principal.role == "learner":
        filters["user_id"] = call.principal.user_id
    if request.module:
        try:
            filters["module"] = course().find_module(request.module).module_id
        except UnknownModule as error:
            raise invalid("module", f"the course has no module {request.module}") from error
    for name in ("created_from", "created_to"):
        if (moment := getattr(request, name)) is not None:
            filters[name] = rfc3339(moment)
    return filters


def _selection(filters: dict[str, Any]) -> Selection:
    found = Selection("lessons", LESSON_COLUMNS)
    for name, value in filters.items():
        if name == "q":
            _search(found, value.lower())
        elif name in ("created_from", "created_to"):
            found.where(f"created_at {'>=' if name == 'created_from' else '<='} {{}}", value)
        else:
            found.where(f"{name} = {{}}", value)
    return found


def _search(found: Selection, text: str) -> None:
    """A text anywhere; one or two letters only where a word begins, since no index finds so few within a word."""
    if len(text) < TRIGRAM and text.isalnum():
        found.where("(searchable LIKE {} OR searchable LIKE {})", f"{text}%", f"% {text}%")
    else:
        found.where("searchable LIKE {} ESCAPE '!'", f"%{_literal(text)}%")


def _literal(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _cursor(request: LessonFilters, filters: dict[str, Any], last: LessonRow) -> str:
    value = last.title if request.sort == "title" else rfc3339(last.created_at)
    return cursor_after([value, last.lesson_id], filters | {"sort": request.sort})


def _row(row: Row) -> LessonRow:
    return LessonRow.model_validate(dict(zip(LESSON_COLUMNS, row, strict=True)))


async def _add_progress(ports: Ports, lessons: list[LessonRow]) -> None:
    """From the read model too: brought up to date by `project_progress`."""
    if not lessons:
        return
    users, ids = sorted({lesson.user_id for lesson in lessons}), [lesson.lesson_id for lesson in lessons]
    selection = Selection("lesson_progress", PROGRESS_COLUMNS)
    selection.among("user_id", users)
    selection.among("lesson_id", ids)
    rows = await tables.query(ports.read_model, selection.sql())
    known = {(user_id, lesson_id): rest for user_id, lesson_id, *rest in rows}
    for lesson in lessons:
        percentage, status, updated = known.get((lesson.user_id, lesson.lesson_id), (0.0, "not_started", None))
        lesson.progress = RowProgress(progress_percentage=percentage, status=status, last_updated=updated)
