"""How many lessons may be asked for in a time: a learner's, over all replicas, and what is no new one not counted."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from functions.generate_lesson.handler import generate_lesson
from functions.generate_lesson.models import GenerateLesson
from functions.manage_learner.erasing import erase
from functions.runtime.errors import InvalidRequest, TooManyRequests, Unavailable
from functions.runtime.ports import Limit
from tests.support.fakes import LOST, World

THREE = Limit(3, 600)


async def ask(world: World, user_id: str = "maya", key: str | None = None, **fields: Any) -> int:
    request = GenerateLesson.model_validate({"user_id": user_id, "topic": "for-loops"} | fields)
    call = world.call(limit=THREE, idempotency_key=key)
    return (await generate_lesson(world.ports, call, request)).status


async def refused(world: World, user_id: str = "maya") -> int:
    """Seconds to wait."""
    with pytest.raises(TooManyRequests) as caught:
        await ask(world, user_id)
    assert caught.value.detail == "3 in 600 s is the most for one learner."
    return int(caught.value.headers["Retry-After"])


async def test_after_as_many_as_are_allowed_the_next_is_told_how_long_to_wait(world: World) -> None:
    for _ in range(3):
        assert await ask(world) == 201
        world.now += timedelta(seconds=100)
    assert await refused(world) == 300
    world.now += timedelta(seconds=299.5)
    assert await refused(world) == 1
    world.now += timedelta(seconds=0.5)
    assert await ask(world) == 201
    assert await refused(world) == 100, "the second of the first three is the next to count no more"
    world.now += timedelta(seconds=600)
    assert [await ask(world) for _ in range(3)] == [201] * 3
    assert await refused(world) == 600


async def test_each_learner_has_turns_of_their_own(world: World) -> None:
    for _ in range(3):
        await ask(world)
    await refused(world)
    assert await ask(world, "james") == 201


async def test_what_was_answered_before_takes_no_turn(world: World) -> None:
    for _ in range(5):
        assert await ask(world, key="k") == 201
    assert [await ask(world) for _ in range(2)] == [201, 201]
    await refused(world)
    assert await ask(world, key="k") == 201


async def test_a_request_that_failed_and_is_sent_again_takes_one_turn(world: World) -> None:
    world.documents.fail_at = {2: LOST, 3: LOST, 4: LOST}  # the first keeps the turn, the others do not keep the lesson
    for _ in range(3):
        with pytest.raises(Unavailable):
            await ask(world, key="k")
    assert [await ask(world, key=key) for key in ("k", "l", "m")] == [201] * 3
    await refused(world)


async def test_many_at_once_are_not_more_than_are_allowed(world: World) -> None:
    answers = await asyncio.gather(*(ask(world) for _ in range(10)), return_exceptions=True)
    assert answers.count(201) == 3
    assert sum(isinstance(answer, TooManyRequests) for answer in answers) == 7


async def test_a_replica_whose_clock_is_behind_counts_the_turns_that_lie_ahead_of_it(world: World) -> None:
    for _ in range(3):
        await ask(world)
    world.now -= timedelta(seconds=20)
    assert await refused(world) == 620


async def test_nothing_is_counted_for_somebody_else_or_where_there_is_no_limit(world: World) -> None:
    request = GenerateLesson(user_id="maya", topic="for-loops")
    for _ in range(5):
        await generate_lesson(world.ports, world.call(), request)
    assert await world.document("limit:generate-lesson:maya") is None


async def test_what_was_counted_is_forgotten_with_the_learner(world: World) -> None:
    await ask(world)
    assert await world.document("limit:generate-lesson:maya")
    await erase(world.ports, "maya")
    assert await world.document("limit:generate-lesson:maya") is None


async def test_a_key_that_differs_from_the_bodys_takes_no_turn(world: World) -> None:
    with pytest.raises(InvalidRequest):
        await ask(world, key="a", request_id="b")
    assert await world.document("limit:generate-lesson:maya") is None
