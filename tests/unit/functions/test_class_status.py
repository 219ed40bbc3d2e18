"""A class: who to help first and why, where its lessons are left, and the same as a table."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.get_status.class_models import ClassLearner, ClassQuery, ClassStatus
from functions.get_status.class_status import class_status
from functions.runtime.errors import Forbidden, Unavailable
from functions.runtime.ports import Reply
from tests.support.delivering import deliver
from tests.support.fakes import MAYA, NOW, World, lesson_for, report

STUCK = {"kind": "message", "text": "I'm stuck"}


async def ask(world: World, call: Any = None, /, **query: Any) -> Reply:
    return await class_status(world.ports, call or world.call(), ClassQuery.model_validate(query))


async def class_of(world: World, *user_ids: str, **query: Any) -> ClassStatus:
    body = (await ask(world, user_ids=",".join(user_ids), **query)).body
    assert isinstance(body, ClassStatus)
    return body


async def learner_of(world: World, user_id: str) -> ClassLearner:
    [found] = (await class_of(world, user_id)).learners
    return found


async def worked(world: World, user_id: str, days_ago: int = 0, **fields: Any) -> None:
    told = {"lesson_id": f"{user_id}-1", "topic": "for-loops", "progress_percentage": 50} | fields
    await report(world, user_id=user_id, occurred_at=NOW - timedelta(days=days_ago), **told)
    await deliver(world)


async def test_a_learner_of_whom_nothing_is_known_has_not_started(world: World) -> None:
    found = await learner_of(world, "nobody")
    assert (found.state, found.overall_mastery, found.level, found.last_active) == (
        "never_started",
        0,
        "Beginner",
        None,
    )
    assert (found.lessons.total, found.reasons, found.as_of) == (0, ["Has not started yet."], None)


async def test_a_lesson_that_was_only_made_is_no_start(world: World) -> None:
    await lesson_for(world)
    await deliver(world)
    found = await learner_of(world, "maya")
    assert (found.state, found.lessons.not_started) == ("never_started", 1)


@pytest.mark.parametrize(("days", "state"), [(0, "active"), (6, "active"), (7, "stalled"), (400, "stalled")])
async def test_a_week_without_activity_is_stalled(world: World, days: int, state: str) -> None:
    await worked(world, "maya", days)
    found = await learner_of(world, "maya")
    assert (found.state, found.days_inactive) == (state, days)
    assert found.reasons == ([f"Nothing for {days} days."] if state == "stalled" else [])


async def test_whoever_completed_everything_is_done_however_long_ago(world: World) -> None:
    await worked(world, "maya", 30, progress_percentage=100)
    found = await learner_of(world, "maya")
    assert (found.state, found.lessons.completed, found.lessons.not_started) == ("completed", 1, 1)


async def test_whoever_has_not_done_a_lesson_that_was_asked_for_is_not_done(world: World) -> None:
    await lesson_for(world, user_id="maya")
    await worked(world, "maya", 30, progress_percentage=100)
    assert (await learner_of(world, "maya")).state == "stalled"


async def test_a_lesson_that_was_written_ahead_counts_once_it_is_begun(world: World) -> None:
    await worked(world, "maya", 9, progress_percentage=100)
    [ahead] = [row[0] for row in await world.rows("lessons")]
    await worked(world, "maya", 8, topic=None, lesson_id=ahead, progress_percentage=10)
    assert (await learner_of(world, "maya")).state == "stalled"


async def test_the_figures_are_those_of_the_learners_own_status(world: World) -> None:
    await worked(world, "maya", evidence=[{"kind": "quiz", "score": 90}, {"kind": "code_quality", "score": 80}])
    found = await learner_of(world, "maya")
    assert (found.overall_mastery, found.level, found.colour, found.topics_started) == (44.0, "Learning", "yellow", 1)
    assert (found.streak_days, found.last_active, found.as_of) == (1, NOW, NOW)


async def test_who_needs_help_most_comes_first_and_each_says_why(world: World) -> None:
    await worked(world, "fine", evidence=[{"kind": "quiz", "score": 95}])
    await worked(world, "done", progress_percentage=100)
    await worked(world, "gone", 20)
    await worked(world, "away", 8)
    await worked(world, "says", evidence=[STUCK])
    await worked(world, "lost", evidence=[{"kind": "quiz", "score": 10}])
    await worked(world, "less", 1, evidence=[{"kind": "quiz", "score": 90, "quiz_id": "Q"}])
    await worked(world, "less", evidence=[{"kind": "quiz", "score": 60, "quiz_id": "Q"}])
    names = ["new", "fine", "done", "gone", "away", "says", "lost", "less"]
    found = await class_of(world, *names)
    assert [learner.user_id for learner in found.learners] == [
        "lost", "says", "gone", "away", "new", "less", "fine", "done",
    ]  # fmt: skip
    assert found.counts == {"never_started": 1, "active": 4, "stalled": 2, "completed": 1}
    by_name = {learner.user_id: learner for learner in found.learners}
    assert by_name["lost"].reasons == ["For Loops: a quiz below 50 %."]
    assert (by_name["lost"].open_alerts, by_name["lost"].worst_severity) == (1, "high")
    assert by_name["less"].falling_topics == ["for-loops"]
    assert by_name["less"].reasons == ["For Loops: mastery has fallen."]
    assert by_name["fine"].reasons == by_name["done"].reasons == []


async def test_lessons_are_left_where_they_are_left_topic_by_topic(world: World) -> None:
    await lesson_for(world, user_id="new", topic="conditionals")
    for user_id, days, percentage in (("a", 10, 40), ("b", 0, 60), ("c", 9, 100), ("d", 8, 20)):
        await worked(world, user_id, days, progress_percentage=percentage)
    await worked(world, "a", topic=None, lesson_id="elsewhere", progress_percentage=10)
    await deliver(world)
    found = (await class_of(world, "new", "a", "b", "c", "d", include="drop_off")).drop_off
    assert found is not None
    assert [(d.topic, d.title, d.lesson_id) for d in found] == [
        ("conditionals", "Conditionals", None),
        ("for-loops", "For Loops", None),
        (None, "elsewhere", "elsewhere"),
    ]
    loops = found[1]
    assert (loops.learners, loops.not_started, loops.in_progress, loops.completed, loops.stopped) == (4, 0, 3, 1, 2)
    assert (loops.drop_off, loops.mean_percentage) == (50.0, 55.0)
    assert (found[0].not_started, found[0].drop_off) == (1, 0.0)


async def test_the_rows_are_a_table_that_a_spreadsheet_reads_and_does_not_compute(world: World) -> None:
    await worked(world, "@sum", evidence=[STUCK, {"kind": "quiz", "score": 10}])
    reply = await ask(world, world.call(accept="text/csv"), user_ids="maya,@sum")
    assert reply.media_type == "text/csv; charset=utf-8" and isinstance(reply.body, str)
    first, second = csv.DictReader(io.StringIO(reply.body))
    # with the remedial lesson that was written for it
    assert (first["user_id"], first["lessons_total"], first["open_alerts"]) == ("'@sum", "2", "2")
    assert first["reasons"] == "For Loops: a quiz below 50 %.; For Loops: says that they are stuck."
    assert (second["user_id"], second["state"], second["last_active"]) == ("maya", "never_started", "")


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"user_ids": "a", "class_id": "c"},
        {"user_ids": ""},
        {"user_ids": "a,,b"},
        {"user_ids": "a b"},
        {"user_ids": ",".join(f"u{n}" for n in range(201))},
        {"class_id": "a/b"},
        {"user_ids": "a", "include": "everything"},
    ],
)
def test_a_query_that_names_nobody_or_too_many_is_none(query: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ClassQuery.model_validate(query)


async def test_two_hundred_are_not_too_many_and_a_name_twice_is_one(world: World) -> None:
    names = [f"u{n}" for n in range(200)]
    assert len((await class_of(world, *names)).learners) == 200
    assert len((await class_of(world, "maya", "maya")).learners) == 1


async def test_a_learner_sees_no_class(world: World) -> None:
    with pytest.raises(Forbidden):
        await ask(world, world.call(principal=MAYA), user_ids="maya")


async def test_a_read_model_that_is_down_is_not_an_empty_class(world: World) -> None:
    world.read_model.down = True
    with pytest.raises(Unavailable):
        await ask(world, user_ids="maya")
