"""Where a learner stands: read from their document, so always what was last acknowledged."""

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.get_status.handler import get_status
from functions.get_status.models import LearnerStatus, LessonStatus, StatusQuery
from functions.learning.curriculum import course
from functions.runtime.errors import Forbidden, InvalidRequest, Unavailable
from functions.runtime.ports import Call, Reply, Write
from functions.update_progress.handler import update_progress
from functions.update_progress.models import UpdateProgress
from tests.support.fakes import MAYA, NOW, World, report


async def ask(world: World, call: Call | None = None, /, **query: Any) -> Reply:
    request = StatusQuery.model_validate({"user_id": "maya"} | query)
    return await get_status(world.ports, call or world.call(), request)


async def status(world: World, /, **query: Any) -> LearnerStatus:
    body = (await ask(world, **query)).body
    assert isinstance(body, LearnerStatus)
    return body


async def lesson_status(world: World, lesson_id: str) -> LessonStatus:
    body = (await ask(world, lesson_id=lesson_id)).body
    assert isinstance(body, LessonStatus)
    return body


def shown(found: LearnerStatus) -> list[str]:
    return [row.lesson_id for row in found.all_lessons_progress]


async def busy(world: World) -> None:
    """Four lessons on four days: l1 completed, l2 begun, l3 of an unknown topic, l4 of another module."""
    reports: list[dict[str, Any]] = [
        {"lesson_id": "l1", "topic": "for-loops", "status": "completed", "evidence": [{"kind": "quiz", "score": 90}]},
        {"lesson_id": "l2", "topic": "while-loops", "progress_percentage": 40},
        {"lesson_id": "l3", "progress_percentage": 10},
        {"lesson_id": "l4", "topic": "lists", "status": "in_progress", "evidence": [{"kind": "quiz", "score": 50}]},
    ]
    for days, fields in zip((3, 2, 1, 0), reports, strict=True):
        await report(world, occurred_at=NOW - timedelta(days=days), **fields)


# A learner of whom nothing is known


async def test_an_unknown_learner_has_every_figure_and_all_are_empty(world: World) -> None:
    found = await status(world)
    assert found.model_dump(mode="json") | {"modules": None, "next_step": None} == {
        "user_id": "maya",
        "status": "not_started",
        "progress_data": None,
        "overall_mastery": 0.0,
        "level": "Beginner",
        "colour": "red",
        "topics_started": 0,
        "topics_total": 31,
        "modules": None,
        "all_lessons_progress": [],
        "next_cursor": None,
        "counts": {"not_started": 0, "in_progress": 0, "completed": 0, "total": 0},
        "streak": {"current": 0, "longest": 0, "timezone": "UTC"},
        "time_on_task_seconds": 0.0,
        "due_reviews": [],
        "alerts": [],
        "next_step": None,
        "as_of": "2026-03-10T12:00:00.000000Z",
        "version": 0,
    }
    assert [module.module for module in found.modules] == [module.title for module in course().modules]
    assert {topic.mastery for module in found.modules for topic in module.topics} == {None}
    assert found.next_step.action == "start"


async def test_an_unknown_lesson_is_not_started_and_has_no_record(world: World) -> None:
    await report(world, progress_percentage=50)
    found = await lesson_status(world, "l9")
    assert (found.status, found.progress_percentage, found.progress_data, found.topic_status) == (
        "not_started",
        0,
        None,
        None,
    )


async def test_asking_makes_no_record(world: World) -> None:
    await status(world)
    assert world.documents.commits == []


# Figures


async def test_the_status_shows_what_was_last_acknowledged(world: World) -> None:
    await busy(world)
    found = await status(world)
    assert (found.status, found.version) == ("in_progress", 4)
    assert found.counts == {"not_started": 0, "in_progress": 3, "completed": 1, "total": 4}
    assert (found.streak.current, found.streak.longest) == (4, 4)
    assert (found.topics_started, found.topics_total) == (2, 31)


async def test_overall_mastery_is_the_mean_over_topics_with_evidence(world: World) -> None:
    await busy(world)
    found = await status(world)
    assert found.overall_mastery == 25.0  # for-loops 27 + 4, lists 15 + 4
    assert (found.level, found.colour) == ("Beginner", "red")


async def test_a_modules_mastery_is_the_mean_over_its_topics_with_evidence(world: World) -> None:
    await busy(world)
    modules = {m.module_id: m for m in (await status(world)).modules}
    assert (modules["control-flow"].mastery, modules["control-flow"].topics_started) == (31.0, 1)
    assert modules["control-flow"].topics_total == 4
    assert (modules["basics"].mastery, modules["basics"].level, modules["basics"].colour) == (None, None, None)
    topics = {t.topic_id: t for t in modules["control-flow"].topics}
    assert (topics["for-loops"].attempts, topics["for-loops"].coverage) == (1, 0.4)
    assert (topics["while-loops"].mastery, topics["while-loops"].level) == (None, None)


async def test_one_lesson_has_its_record_and_its_topics_mastery(world: World) -> None:
    await busy(world)
    found = await lesson_status(world, "l1")
    assert (found.status, found.topic, found.progress_percentage) == ("completed", "for-loops", 100)
    assert found.progress_data is not None and found.topic_status is not None
    assert found.progress_data.completed_at == NOW - timedelta(days=3)
    assert found.topic_status.mastery == 31.0


async def test_no_figure_of_mastery_moves_because_days_go_by(world: World) -> None:
    await busy(world)
    before = await status(world)
    world.now += timedelta(days=30)
    after = await status(world)
    assert (after.overall_mastery, after.streak.current, after.streak.longest) == (before.overall_mastery, 0, 4)


@pytest.mark.parametrize(("hours", "current"), [(20, 4), (35, 4), (36, 0)])
async def test_the_streak_runs_until_a_whole_day_was_missed(world: World, hours: int, current: int) -> None:
    await busy(world)  # the last of it on the 10th at noon
    world.now += timedelta(hours=hours)
    assert (await status(world)).streak.current == current


async def test_the_streak_is_counted_where_the_learner_is(world: World) -> None:
    await report(world, status="in_progress", timezone="Pacific/Auckland")  # the 11th, 01:00 there
    world.now += timedelta(hours=34)  # still the 12th there, 11:00
    found = await status(world)
    assert (found.streak.current, found.streak.timezone) == (1, "Pacific/Auckland")
    world.now += timedelta(hours=14)
    assert (await status(world)).streak.current == 0


async def test_all_lessons_completed_is_completed(world: World) -> None:
    await report(world, status="completed")
    assert (await status(world)).status == "completed"


async def test_figures_of_an_older_curriculum_are_shown_as_they_are_in_this_one(world: World) -> None:
    await busy(world)
    stored = (await world.documents.load("learner:maya"))["learner:maya"]
    record = stored.value["topics"]["for-loops"]
    record["components"], record["assessed"], stored.value["figures"] = {}, 1.0, "an older one"
    await world.documents.inner.commit(Write("learner:maya", stored.value))
    found = await status(world)
    assert found.overall_mastery == 25.0
    assert found.modules[1].topics[1].components["quiz"] == 90


# Filters and pages


@pytest.mark.parametrize(
    ("query", "lessons"),
    [
        ({}, ["l4", "l3", "l2", "l1"]),
        ({"status": "completed"}, ["l1"]),
        ({"topic": "for-loops"}, ["l1"]),
        ({"module": "control-flow"}, ["l2", "l1"]),
        ({"module": "Control Flow"}, ["l2", "l1"]),
        ({"module": "control flow", "status": "in_progress"}, ["l2"]),
        ({"level": "Beginner"}, ["l4", "l1"]),
        ({"level": "Mastered"}, []),
        ({"course_id": "python"}, ["l4", "l3", "l2", "l1"]),
        ({"course_id": "rust"}, []),
        ({"struggling": "true"}, []),
        ({"struggling": "false"}, ["l4", "l3", "l2", "l1"]),
        ({"updated_since": NOW - timedelta(days=1)}, ["l4", "l3"]),
        ({"updated_since": "2026-03-09T17:30:00+05:30"}, ["l4", "l3"]),
        ({"updated_since": NOW + timedelta(microseconds=1)}, []),
    ],
)
async def test_the_filters_choose_lessons_and_leave_the_figures(
    world: World, query: dict[str, Any], lessons: list[str]
) -> None:
    await busy(world)
    found = await status(world, **query)
    assert shown(found) == lessons
    assert (found.counts["total"], found.overall_mastery) == (4, 25.0)


async def test_a_module_that_the_course_does_not_have_is_refused(world: World) -> None:
    with pytest.raises(InvalidRequest, match="the course has no module cooking"):
        await ask(world, module="cooking")


@pytest.mark.parametrize("beside", [{"status": "completed"}, {"topic": "lists"}, {"cursor": "x"}])
async def test_one_lesson_does_not_go_with_filters(world: World, beside: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest):
        await ask(world, lesson_id="l1", **beside)


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"level": "Expert"}, {"status": "done"}, {"x": 1}])
def test_a_query_out_of_bounds_is_none(query: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        StatusQuery.model_validate({"user_id": "maya"} | query)


async def test_pages_together_are_the_whole_list_even_while_the_learner_works(world: World) -> None:
    await busy(world)
    seen, cursor = [], None
    for _ in range(4):
        found = await status(world, limit=1, cursor=cursor)
        seen += shown(found)
        cursor = found.next_cursor
        world.now += timedelta(seconds=1)
        await report(world, lesson_id="new", progress_percentage=len(seen))  # the most recent from now on
    assert (seen, cursor) == (["l4", "l3", "l2", "l1"], None)


async def test_a_learner_with_many_lessons_sees_all_of_them_sealed_or_not(world: World) -> None:
    ids = [f"l{n:03}" for n in range(90)]
    for n, lesson_id in enumerate(ids):
        world.now = NOW + timedelta(minutes=n)
        await report(world, lesson_id=lesson_id, progress_percentage=100 if n % 2 else 10)
    world.now += timedelta(minutes=1)
    await report(world, lesson_id="l000", progress_percentage=20)  # long sealed, and begun again
    seen, cursor = [], None
    while True:
        found = await status(world, limit=25, cursor=cursor)
        seen += shown(found)
        if (cursor := found.next_cursor) is None:
            break
    assert seen == ["l000", *ids[:0:-1]]
    assert found.counts == {"not_started": 0, "in_progress": 45, "completed": 45, "total": 90}
    assert shown(await status(world, status="completed", updated_since=NOW, limit=100)) == ids[:0:-2]
    assert (await lesson_status(world, "l001")).progress_percentage == 100


async def test_a_page_of_recent_lessons_reads_no_sealed_ones(world: World) -> None:
    for n in range(90):
        world.now = NOW + timedelta(minutes=n)
        await report(world, lesson_id=f"l{n:03}", progress_percentage=10)
    for number in range(4):
        await world.documents.inner.commit(Write(f"lessons:maya:{number}", None))
    assert len(shown(await status(world))) == 20
    with pytest.raises(Unavailable):
        await status(world, limit=100)


async def test_a_cursor_of_other_filters_is_refused(world: World) -> None:
    await busy(world)
    cursor = (await status(world, limit=1)).next_cursor
    with pytest.raises(InvalidRequest, match="other filters"):
        await ask(world, limit=1, cursor=cursor, status="in_progress")


# Conditional requests and permissions


async def test_the_etag_is_weak_and_names_the_version(world: World) -> None:
    await report(world, progress_percentage=10)
    etag = (await ask(world)).headers["ETag"]
    assert etag.startswith('W/"1-2026-03-10-')


async def test_what_the_caller_holds_already_is_not_sent_again(world: World) -> None:
    await report(world, progress_percentage=10)
    etag = (await ask(world)).headers["ETag"]
    for held in (etag, f'"other", {etag}', etag.removeprefix("W/"), "*"):
        reply = await ask(world, world.call(if_none_match=held))
        assert (reply.status, reply.body, reply.headers["ETag"]) == (304, None, etag)


async def test_a_change_another_day_or_another_query_makes_another_etag(world: World) -> None:
    await report(world, progress_percentage=10)
    held = (await ask(world)).headers["ETag"]
    call = world.call(if_none_match=held)
    assert (await ask(world, call, status="completed")).status == 200
    await report(world, progress_percentage=20)
    assert (await ask(world, call)).status == 200
    tomorrow = world.call(if_none_match=(await ask(world)).headers["ETag"], now=NOW + timedelta(days=1))
    assert (await ask(world, tomorrow)).status == 200


async def test_the_etag_of_a_status_is_what_if_match_takes(world: World) -> None:
    await report(world, progress_percentage=10)
    call = world.call(if_match=(await ask(world)).headers["ETag"])
    request = UpdateProgress(user_id="maya", lesson_id="l1", progress_percentage=20)
    assert (await update_progress(world.ports, call, request)).status == 200


async def test_a_learner_sees_only_their_own(world: World) -> None:
    with pytest.raises(Forbidden):
        await ask(world, world.call(principal=MAYA), user_id="james")
    assert (await ask(world, world.call(principal=MAYA))).status == 200


async def test_a_store_that_is_down_is_not_an_empty_status(world: World) -> None:
    world.documents.down = True
    with pytest.raises(Unavailable):
        await ask(world)


async def test_the_read_model_is_not_needed(world: World) -> None:
    world.read_model.down = True
    assert json.loads((await status(world)).model_dump_json())["user_id"] == "maya"


async def test_a_topic_that_was_left_alone_is_explained_as_any_other(world: World) -> None:
    await report(world, topic="for-loops", evidence=[{"kind": "quiz", "quiz_id": "q1", "score": 90}])
    for number, topic in enumerate(("lists", "tuples", "sets"), start=1):
        quiz = [{"kind": "quiz", "score": 80}]
        await report(world, lesson_id=topic, topic=topic, occurred_at=NOW + timedelta(seconds=number), evidence=quiz)
    found = (await status(world, explain=True)).explain
    assert found
    assert [seen["quiz_id"] for seen in found.topics["for-loops"].components["quiz"].evidence] == ["q1"]
