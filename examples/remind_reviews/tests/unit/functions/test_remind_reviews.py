"""Reminders: everybody who has something to review, once a day where they are, whatever happens to a run."""

from datetime import timedelta

import pytest

from functions.manage_learner.erasing import erase
from functions.remind_reviews import handler
from functions.remind_reviews.handler import remind_reviews
from functions.runtime.errors import Unavailable
from functions.usecases.events import Ping
from tests.support.fakes import LOST, NOW, World, received, report
from tests.support.samples import event_of

QUIZ = [{"kind": "quiz", "score": 80}]
WEEKS = timedelta(weeks=8)


async def learnt(world: World, *user_ids: str, topic: str = "for-loops") -> None:
    """Long ago, so that it is to be reviewed."""
    world.now = NOW - WEEKS
    for user_id in user_ids:
        await report(world, user_id=user_id, lesson_id=topic, topic=topic, evidence=QUIZ)
    world.now = NOW


async def run(world: World) -> list[tuple[str, list[str]]]:
    """Who has been reminded of what, so far."""
    await remind_reviews(world.ports, received(Ping, event_of(Ping), world.now))
    return [(data["user_id"], data["topics"]) for data in world.publisher.data("reviews-due")]


async def test_who_has_something_to_review_is_reminded_and_nobody_else(world: World) -> None:
    await learnt(world, "maya", "james")
    await learnt(world, "maya", topic="lists")
    await report(world, user_id="new", lesson_id="lists", topic="lists", evidence=QUIZ)
    assert await run(world) == [("james", ["for-loops"]), ("maya", ["for-loops", "lists"])]


async def test_once_a_day_where_the_learner_is(world: World) -> None:
    await learnt(world, "maya")
    await report(world, timezone="Pacific/Auckland", progress_percentage=1)  # where it is 01:00 of the next day
    assert len(await run(world)) == len(await run(world)) == 1
    world.now += timedelta(hours=22)
    assert len(await run(world)) == 1
    world.now += timedelta(hours=1)
    assert len(await run(world)) == 2
    assert len(set(world.publisher.ids()[-2:])) == 2


async def test_everybody_is_looked_at_however_many_there_are(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "AT_ONCE", 2)
    await learnt(world, *(f"learner-{n}" for n in range(5)))
    assert len(await run(world)) == 5


async def test_a_run_that_was_cut_short_is_finished_by_the_next(world: World) -> None:
    await learnt(world, "james", "maya")
    world.documents.fail_at[len(world.documents.commits) + 3] = LOST  # james's commit, his outbox row, and then
    with pytest.raises(Unavailable):
        await run(world)
    assert [user_id for user_id, _ in await run(world)] == ["james", "maya"]


async def test_a_run_that_takes_too_long_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handler, "LONG_ENOUGH", -1.0)
    await learnt(world, "maya")
    with pytest.raises(Unavailable, match="comes again"):
        await run(world)


async def test_who_was_forgotten_is_not_reminded(world: World) -> None:
    await learnt(world, "maya")
    await erase(world.ports, "maya")
    assert await run(world) == []
