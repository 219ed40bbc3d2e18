"""A learner's lessons: filtered, paged so that nothing shifts, and one of them whole in three formats."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.list_lessons.handler import list_lessons, read_lesson
from functions.list_lessons.models import LessonFilters, LessonList, LessonQuery
from functions.project_progress.handler import project_progress
from functions.runtime.errors import Forbidden, InvalidRequest, NotFound, Unavailable
from functions.runtime.paging import cursor_after
from functions.runtime.ports import Call, Reply
from functions.usecases.events import ProgressUpdated
from functions.usecases.lesson_models import LessonAnswer
from functions.usecases.projection import put_lesson
from tests.support.fakes import MAYA, NOW, World, lesson_event, lesson_for, received, report


async def put(world: World, lesson_id: str, created: datetime = NOW, **fields: Any) -> None:
    """A row of the list, without its document."""
    event = lesson_event(created, **{"lesson_id": lesson_id, "title": f"Title {lesson_id}"} | fields)
    await put_lesson(world.read_model, event, created)


async def find(world: World, call: Call | None = None, /, **query: Any) -> LessonList:
    reply = await list_lessons(world.ports, call or world.call(), LessonFilters.model_validate(query))
    assert isinstance(reply.body, LessonList)
    return reply.body


def ids(found: LessonList) -> list[str]:
    return [lesson.lesson_id for lesson in found.lessons]


async def shelf(world: World) -> None:
    """Five lessons on five days, the last of them James's."""
    await put(world, "l1", NOW - timedelta(days=4), title="Loops 100% explained")
    await put(world, "l2", NOW - timedelta(days=3), topic="while-loops", lesson_type="review", title="while_true")
    await put(world, "l3", NOW - timedelta(days=2), module="data-structures", topic="lists", title="Ordered Things")
    await put(world, "l4", NOW - timedelta(days=1), difficulty_level="advanced", title="Nest LOOPS!")
    await put(world, "l5", NOW, user_id="james", title="A")


# Filters


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["l5", "l4", "l3", "l2", "l1"]),
        ({"user_id": "maya"}, ["l4", "l3", "l2", "l1"]),
        ({"user_id": "nobody"}, []),
        ({"course_id": "python", "user_id": "james"}, ["l5"]),
        ({"lesson_type": "review"}, ["l2"]),
        ({"module": "data-structures"}, ["l3"]),
        ({"module": "Data Structures"}, ["l3"]),
        ({"topic": "while-loops"}, ["l2"]),
        ({"difficulty_level": "advanced"}, ["l4"]),
        ({"difficulty_level": "hard"}, ["l4"]),
        ({"q": "ordered"}, ["l3"]),
        ({"q": "ORDERED THINGS"}, ["l3"]),
        ({"q": "nest loops!"}, ["l4"]),
        ({"q": "with an ACCUMULATOR"}, ["l5", "l4", "l1"]),  # an objective of the topic
        ({"q": "while-loops"}, ["l2"]),
        ({"q": "%"}, ["l1"]),
        ({"q": "100% exp"}, ["l1"]),
        ({"q": "e_t"}, ["l2"]),
        ({"q": "_"}, ["l2"]),
        ({"q": "NE"}, ["l4"]),  # so few letters are found where a word begins
        ({"q": "es"}, []),
        ({"q": "s!"}, ["l4"]),
        ({"q": "' OR 1=1 --"}, []),
        ({"created_from": NOW - timedelta(days=2)}, ["l5", "l4", "l3"]),
        ({"created_to": NOW - timedelta(days=2)}, ["l3", "l2", "l1"]),
        ({"created_from": "2026-03-07", "created_to": "2026-03-07"}, ["l2"]),
        ({"date_range": "2026-03-07..2026-03-08"}, ["l3", "l2"]),
        ({"date_range": "2026-03-09.."}, ["l5", "l4"]),
        ({"date_range": "..2026-03-06"}, ["l1"]),
        ({"date_range": "2026-03-06T12:00:00Z..2026-03-07T14:00:00+02:00"}, ["l2", "l1"]),
        ({"q": "loops", "lesson_type": "standard", "user_id": "maya"}, ["l4", "l1"]),
        ({"sort": "created_at"}, ["l1", "l2", "l3", "l4", "l5"]),
        ({"sort": "title"}, ["l5", "l1", "l4", "l3", "l2"]),
    ],
)
async def test_the_filters_that_are_given_all_hold(world: World, query: dict[str, Any], expected: list[str]) -> None:
    await shelf(world)
    found = await find(world, **query)
    assert (ids(found), found.total) == (expected, len(expected))


async def test_the_answer_says_which_filters_were_applied(world: World) -> None:
    found = await find(world, module="Control Flow", difficulty_level="easy", date_range="2026-03-07..", q="X")
    assert found.filters_applied == {
        "module": "control-flow",
        "difficulty_level": "beginner",
        "created_from": "2026-03-07T00:00:00.000000Z",
        "q": "X",
        "sort": "-created_at",
    }


async def test_a_bare_date_is_the_whole_day_in_utc(world: World) -> None:
    day = datetime(2026, 3, 7, tzinfo=UTC)
    last = timedelta(days=1) - timedelta(microseconds=1)
    for name, moment in [
        ("a", day),
        ("b", day + last),
        ("c", day + timedelta(days=1)),
        ("d", day - timedelta(seconds=1)),
    ]:
        await put(world, name, moment)
    assert ids(await find(world, date_range="2026-03-07..2026-03-07")) == ["b", "a"]


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 101},
        {"sort": "-title"},
        {"include": "everything"},
        {"date_range": "2026-03-07"},
        {"date_range": ".."},
        {"date_range": "soon..later"},
        {"date_range": "2026-03-08..2026-03-07"},
        {"date_range": "2026-03-07..2026-03-08", "created_from": "2026-03-07"},
        {"created_from": "2026-03-08", "created_to": "2026-03-07"},
        {"created_from": "2026-02-30"},
        {"created_to": "2026-02-30"},
        {"created_from": "2026-03-07T12:00:00"},
        {"q": ""},
        {"q": "\0"},
        {"difficulty_level": "impossible"},
        {"colour": "red"},
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused(query: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        LessonFilters.model_validate(query)


async def test_a_module_that_the_course_does_not_have_is_refused(world: World) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await find(world, module="cooking")
    assert [error.field for error in caught.value.errors] == ["module"]


async def test_a_learners_list_is_always_their_own(world: World) -> None:
    await shelf(world)
    mine = world.call(principal=MAYA)
    found = await find(world, mine)
    assert (ids(found), found.filters_applied["user_id"]) == (["l4", "l3", "l2", "l1"], "maya")
    with pytest.raises(Forbidden):
        await find(world, mine, user_id="james")


# Pages


async def pages(world: World, **query: Any) -> list[list[str]]:
    found = [await find(world, **query)]
    while found[-1].next_cursor:
        found.append(await find(world, cursor=found[-1].next_cursor, **query))
        assert len(found) < 20
    return [ids(page) for page in found]


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "title"])
@pytest.mark.parametrize("limit", [1, 2, 4, 5, 100])
async def test_pages_together_are_the_whole_list(world: World, sort: str, limit: int) -> None:
    await shelf(world)
    split = await pages(world, sort=sort, limit=limit)
    assert [lesson_id for page in split for lesson_id in page] == ids(await find(world, sort=sort))
    assert all(len(page) == limit for page in split[:-1]) and split[-1]


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "title"])
async def test_lessons_of_one_moment_and_title_are_all_shown_once(world: World, sort: str) -> None:
    for n in range(7):
        await put(world, f"l{n}", title="Same")
    split = await pages(world, sort=sort, limit=2)
    assert sorted(lesson_id for page in split for lesson_id in page) == [f"l{n}" for n in range(7)]


async def test_a_lesson_that_comes_in_while_someone_pages_shifts_nothing(world: World) -> None:
    await shelf(world)
    first = await find(world, limit=2)
    await put(world, "new", NOW + timedelta(hours=1))
    second = await find(world, limit=2, cursor=first.next_cursor)
    assert (ids(first), ids(second)) == (["l5", "l4"], ["l3", "l2"])


@pytest.mark.parametrize("other", [{"user_id": "maya"}, {"sort": "title"}, {"sort": "created_at"}, {"q": "loops"}])
async def test_a_cursor_of_other_filters_or_order_is_refused(world: World, other: dict[str, str]) -> None:
    await shelf(world)
    cursor = (await find(world, limit=1)).next_cursor
    with pytest.raises(InvalidRequest, match="other filters or another order"):
        await find(world, limit=1, cursor=cursor, **other)


@pytest.mark.parametrize("last", [["yesterday", "l1"], ["", "l1"], ["2026-03-10", "l1"], ["1' OR 1=1", "l1"]])
async def test_a_forged_cursor_is_refused(world: World, last: list[str]) -> None:
    await shelf(world)
    with pytest.raises(InvalidRequest):
        await find(world, cursor=cursor_after(last, {"sort": "-created_at"}))


async def test_a_page_may_have_another_size_than_the_one_before(world: World) -> None:
    await shelf(world)
    cursor = (await find(world, limit=1)).next_cursor
    assert ids(await find(world, limit=100, cursor=cursor)) == ["l4", "l3", "l2", "l1"]


# What a row may have besides


async def test_content_is_there_when_asked_for(world: World) -> None:
    lesson = await lesson_for(world)
    await put(world, "without-a-body", NOW - timedelta(days=1))
    found = await find(world, include="content")
    assert [row.content for row in found.lessons] == [lesson.content, None]
    assert "content" not in (await find(world)).lessons[0].model_dump()


async def test_progress_is_there_when_asked_for(world: World) -> None:
    for name in ("l1", "l2"):
        await put(world, name)
    await report(world, lesson_id="l1", topic="for-loops", progress_percentage=40)
    await project_progress(world.ports, received(ProgressUpdated, world.publisher.published[-1][2]))
    found = await find(world, include="progress", sort="created_at")
    progress = [row.progress for row in found.lessons]
    assert [(p.progress_percentage, p.status, p.last_updated) for p in progress if p] == [
        (40, "in_progress", NOW),
        (0, "not_started", None),
    ]


async def test_the_progress_of_a_lesson_is_its_owners(world: World) -> None:
    await put(world, "l1")
    await report(world, user_id="james", lesson_id="l1", progress_percentage=40)
    await project_progress(world.ports, received(ProgressUpdated, world.publisher.published[-1][2]))
    [row] = (await find(world, include="progress")).lessons
    assert row.progress is not None and row.progress.progress_percentage == 0


async def test_progress_of_an_empty_list_is_an_empty_list(world: World) -> None:
    assert (await find(world, include="progress")).lessons == []


async def test_a_lesson_is_in_its_learners_list_as_soon_as_it_was_answered(world: World) -> None:
    lesson = await lesson_for(world)
    assert ids(await find(world, user_id="maya")) == [lesson.lesson_id]


async def test_a_read_model_that_is_down_is_not_an_empty_list(world: World) -> None:
    world.read_model.down = True
    with pytest.raises(Unavailable):
        await find(world)


# One lesson


async def read(world: World, lesson_id: str, call: Call | None = None, **query: Any) -> Reply:
    return await read_lesson(world.ports, call or world.call(), LessonQuery.model_validate(query), lesson_id)


async def test_one_lesson_is_read_whole_as_it_was_answered(world: World) -> None:
    lesson = await lesson_for(world)
    reply = await read(world, lesson.lesson_id)
    assert isinstance(reply.body, LessonAnswer)
    assert reply.body == lesson.model_copy(update={"listed": None})
    assert "listed" not in reply.body.model_dump()


@pytest.mark.parametrize("kind", ["markdown", "html"])
async def test_one_lesson_is_read_as_text_by_format_or_by_accept(world: World, kind: str) -> None:
    lesson = await lesson_for(world)
    by_format = await read(world, lesson.lesson_id, format=kind)
    by_accept = await read(world, lesson.lesson_id, world.call(accept=f"text/{kind}"))
    assert by_format == by_accept
    assert by_format.media_type == f"text/{kind}; charset=utf-8"
    assert isinstance(by_format.body, str) and lesson.title in by_format.body
    assert ("<h1>" in by_format.body) == (kind == "html")


async def test_the_format_in_the_address_outweighs_the_accept_header(world: World) -> None:
    lesson = await lesson_for(world)
    reply = await read(world, lesson.lesson_id, world.call(accept="text/html"), format="json")
    assert isinstance(reply.body, LessonAnswer)


async def test_a_version_that_the_caller_holds_is_not_sent_again(world: World) -> None:
    lesson = await lesson_for(world)
    etag = (await read(world, lesson.lesson_id)).headers["ETag"]
    held = world.call(if_none_match=etag)
    reply = await read(world, lesson.lesson_id, held)
    assert (reply.status, reply.body, reply.headers["ETag"]) == (304, None, etag)
    assert (await read(world, lesson.lesson_id, held, format="html")).status == 200
    await lesson_for(world, lesson_id=lesson.lesson_id)
    assert (await read(world, lesson.lesson_id, held)).status == 200


async def test_a_lesson_that_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="There is no lesson l9"):
        await read(world, "l9")


async def test_somebody_elses_lesson_is_not_found_by_a_learner(world: World) -> None:
    lesson = await lesson_for(world, user_id="james")
    with pytest.raises(NotFound, match=f"There is no lesson {lesson.lesson_id}"):
        await read(world, lesson.lesson_id, world.call(principal=MAYA))
