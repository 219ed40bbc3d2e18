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
from functions.runtime.errors import Forbidden, NotFound, invalid
from functions.runtime.models import rfc3339
from functions.runtime.paging import check_time, cursor_after, position
from functions.runtime.ports import Call, Ports, Reply, Row, Sql
from functions.usecases import tables
from functions.usecases.lesson_documents import load_bodies
from functions.usecases.lesson_models import public_lesson
from functions.usecases.lesson_rendering import rendered
from functions.usecases.projection import LESSON_COLUMNS

EXACT_UP_TO = 10_000
ORDER = {
    "created_at": ("created_at", "ASC", ">"),
    "-created_at": ("created_at", "DESC", "<"),
    "title": ("title", "ASC", ">"),
}
EQUAL = ("user_id", "course_id", "lesson_type", "module", "topic", "difficulty_level")
MEDIA_TYPES = {"json": "application/json", "markdown": "text/markdown", "html": "text/html"}


async def list_lessons(ports: Ports, call: Call, request: LessonFilters) -> Reply:
    """List lessons, filtered and paged"""
    filters = _filters(call, request)
    conditions, params = _conditions(filters)
    total, estimated = await tables.count(ports.read_model, _select(conditions, params), EXACT_UP_TO)
    rows = await tables.query(ports.read_model, _page(request, filters, conditions, params))
    lessons = [_row(row) for row in rows[: request.limit]]
    if request.include == "content":
        bodies = await load_bodies(ports.documents, [lesson.lesson_id for lesson in lessons])
        for lesson in lessons:
            lesson.content = bodies[lesson.lesson_id].lesson["content"] if lesson.lesson_id in bodies else None
    elif request.include == "progress":
        await _add_progress(ports, lessons)
    more = len(rows) > request.limit
    return Reply(
        LessonList(
            lessons=lessons,
            filters_applied=filters | {"sort": request.sort},
            total=total,
            total_estimated=estimated,
            next_cursor=_cursor(request, filters, lessons[-1]) if more else None,
        )
    )


async def read_lesson(ports: Ports, call: Call, request: LessonQuery, lesson_id: str) -> Reply:
    """Read one lesson, as JSON, Markdown or HTML"""
    stored = (await load_bodies(ports.documents, [lesson_id])).get(lesson_id)
    if stored is None or not call.principal.may_act_for(stored.user_id):
        raise NotFound(f"There is no lesson {lesson_id}.")
    kind = MEDIA_TYPES[request.format] if request.format else call.accept
    headers = {"ETag": f'"{stored.version}-{kind.partition("/")[2]}"', "Vary": "Accept"}
    if call.has(headers["ETag"]):
        return Reply(None, 304, headers)
    if kind == MEDIA_TYPES["json"]:
        return Reply(public_lesson(stored), headers=headers)
    return Reply(rendered(stored, kind), headers=headers, media_type=f"{kind}; charset=utf-8")


def _filters(call: Call, request: LessonFilters) -> dict[str, Any]:
    """The filters that hold, as they are shown: a learner's list is always their own."""
    if request.user_id and not call.principal.may_act_for(request.user_id):
        raise Forbidden("You may only list your own lessons.")
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


def _conditions(filters: dict[str, Any]) -> tuple[list[str], list[Any]]:
    conditions, params = ["1 = 1"], []
    for name, value in filters.items():
        params.append(value)
        mark = f"${len(params)}"
        if name == "q":
            params[-1] = f"%{_literal(value.lower())}%"
            conditions.append(f"searchable LIKE {mark} ESCAPE '!'")
        elif name in ("created_from", "created_to"):
            conditions.append(f"created_at {'>=' if name == 'created_from' else '<='} {mark}")
        else:
            conditions.append(f"{name} = {mark}")
    return conditions, params


def _literal(text: str) -> str:
    return text.replace("!", "!!").replace("%", "!%").replace("_", "!_")


def _select(conditions: list[str], params: list[Any], tail: str = "") -> Sql:
    columns = ", ".join(LESSON_COLUMNS)
    return Sql(f"SELECT {columns} FROM lessons WHERE {' AND '.join(conditions)}{tail}", params)


def _page(request: LessonFilters, filters: dict[str, Any], conditions: list[str], params: list[Any]) -> Sql:
    """Keyset paging: rows that come in while someone pages shift nothing. One more row tells of a next page."""
    column, direction, follows = ORDER[request.sort]
    conditions, params = list(conditions), list(params)
    if (after := position(request.cursor, filters | {"sort": request.sort}, 2)) is not None:
        if column == "created_at":
            check_time(after[0])
        params += after
        conditions.append(f"({column}, lesson_id) {follows} (${len(params) - 1}, ${len(params)})")
    tail = f" ORDER BY {column} {direction}, lesson_id {direction} LIMIT {request.limit + 1}"
    return _select(conditions, params, tail)


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
    sql = (
        "SELECT user_id, lesson_id, progress_percentage, status, last_activity FROM lesson_progress WHERE"
        f" {tables.among('user_id', users)} AND {tables.among('lesson_id', ids, 1 + len(users))}"
    )
    rows = await tables.query(ports.read_model, Sql(sql, [*users, *ids]))
    known = {(user_id, lesson_id): rest for user_id, lesson_id, *rest in rows}
    for lesson in lessons:
        percentage, status, updated = known.get((lesson.user_id, lesson.lesson_id), (0.0, "not_started", None))
        lesson.progress = RowProgress(progress_percentage=percentage, status=status, last_updated=updated)
