"""The read model is made anew from the documents alone, while writes go on."""

from datetime import timedelta
from typing import Any

import pytest

from functions.learning.learner import Alert, Learner, LessonEntry
from functions.runtime.errors import Unavailable
from functions.runtime.ports import Sql, Write
from functions.usecases import rebuilding
from functions.usecases.learners import commit_learner
from functions.usecases.projection import alert_row
from functions.usecases.rebuilding import Rebuilt, rebuild
from functions.usecases.tables import KEYS, MIGRATIONS, write_rows
from tests.support.delivering import deliver
from tests.support.fakes import NOW, World, lesson_for, report

STUCK = {"kind": "message", "text": "I'm stuck"}


async def rebuilt(world: World) -> Rebuilt:
    return [done async for done in rebuild(world.ports)][-1]


async def tables(world: World) -> dict[str, list[Any]]:
    """Every table, without what says when a row was written, and of which version of the learner's document."""
    await world.read_model.migrate(MIGRATIONS)
    return {name: [row[: -1 if name == "lessons" else -2] for row in await world.rows(name)] for name in KEYS}


async def busy_school(world: World) -> None:
    """Lessons, progress, a struggle; everything that was told has arrived."""
    for number, user_id in enumerate(("maya", "james", "lin")):
        lesson = await lesson_for(world, user_id=user_id)
        await deliver(world)
        world.now += timedelta(minutes=1)
        quiz = {"kind": "quiz", "score": 40 + 20 * number}
        await report(world, user_id=user_id, lesson_id=lesson.lesson_id, evidence=[quiz, STUCK], progress_percentage=30)
        await report(world, user_id=user_id, lesson_id="elsewhere", progress_percentage=100)
        await deliver(world)


async def test_tables_that_were_lost_are_the_same_again(world: World) -> None:
    await busy_school(world)
    before = await tables(world)
    assert all(before.values())
    for name in KEYS:
        await world.read_model.inner.write(Sql(f"DELETE FROM {name}"))
    done = await rebuilt(world)
    assert await tables(world) == before
    assert (done.learners, done.written, done.removed) == (3, sum(map(len, before.values())), 0)


async def test_a_row_that_was_spoilt_is_mended_and_one_of_nobody_goes(world: World) -> None:
    await busy_school(world)
    before = await tables(world)
    await world.read_model.inner.write(Sql("UPDATE lesson_progress SET progress_percentage = 99"))
    await write_rows(world.read_model, [alert_row("nobody", Alert("a", "l", None, "stuck", "low", [], NOW), NOW)])
    world.now += timedelta(seconds=1)
    assert (await rebuilt(world)).removed == 1
    assert await tables(world) == before


async def test_a_row_that_an_event_brings_meanwhile_is_not_set_back(world: World) -> None:
    await busy_school(world)
    world.now += timedelta(seconds=1)
    steps = rebuild(world.ports)
    await anext(steps)
    await report(world, lesson_id="elsewhere-2", progress_percentage=70)
    await deliver(world)
    async for _ in steps:
        continue
    rows = {row[1]: row[4] for row in await world.rows("lesson_progress")}
    assert rows["elsewhere-2"] == 70


async def test_a_lesson_whose_event_is_still_on_its_way_stays_listed(world: World) -> None:
    lesson = await lesson_for(world)
    world.now += timedelta(seconds=1)
    await rebuilt(world)
    assert [row[0] for row in await world.rows("lessons")] == [lesson.lesson_id]


async def test_of_a_learner_who_was_forgotten_nothing_comes_back(world: World) -> None:
    await lesson_for(world)
    await commit_learner(world.ports, Learner("maya", version=9, forgotten_at=NOW), None)
    world.now += timedelta(seconds=1)
    await rebuilt(world)
    assert await tables(world) == {name: [] for name in KEYS}


async def test_what_a_document_has_sealed_is_shown_too(world: World) -> None:
    entries = {f"l{n:03}": LessonEntry(f"l{n:03}", "python", None) for n in range(100)}
    alerts = [Alert(f"a{n}", "l000", None, "stuck", "low", [], NOW, "resolved") for n in range(45)]
    await commit_learner(world.ports, Learner("maya", 1, lessons=entries, resolved_alerts=alerts), None)
    assert (await rebuilt(world)).written == 146
    assert (len(await world.rows("lesson_progress")), len(await world.rows("alerts"))) == (100, 45)


async def test_many_learners_are_read_page_by_page_each_once(world: World) -> None:
    names = [f"learner:{n}" for n in range(rebuilding.LEARNERS_AT_ONCE * 2)] + ["_", ":", "A"]
    for user_id in names:
        await report(world, user_id=user_id, progress_percentage=10)
    await world.documents.inner.commit(Write("learners", {"user_id": "not one"}))
    assert (await rebuilt(world)).learners == len(names)
    assert sorted(row[0] for row in await world.rows("learner_progress")) == sorted(names)


async def test_a_store_that_stays_away_is_said_and_what_was_written_stands(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "WAITS", (0, 0))
    await report(world, progress_percentage=10)
    steps = rebuild(world.ports)
    await anext(steps)
    world.read_model.down = True
    with pytest.raises(Unavailable):
        await anext(steps)
    world.read_model.down = False
    assert len(await world.rows("learner_progress")) == 1
