"""Ratings: one a lesson, once a key, of the learner's own lessons, and gone with the learner."""

from typing import Any

import pytest

from functions.manage_learner.erasing import erase
from functions.rate_lesson.handler import NAME, rate_lesson
from functions.rate_lesson.models import RateLesson
from functions.runtime.errors import Forbidden, KeyReused, NotFound, Unavailable
from functions.runtime.idempotency import REPLAYED
from functions.runtime.ports import Json, Reply
from functions.usecases.own_documents import own_key
from tests.support.fakes import LOST, MAYA, NOW, World, report

OWN = own_key(NAME, "maya")


async def rated(world: World, key: str | None = None, fingerprint: str = "body-1", **fields: Any) -> Reply:
    request = RateLesson.model_validate({"user_id": "maya", "lesson_id": "l1", "stars": 4} | fields)
    call = world.call(principal=MAYA, idempotency_key=key, fingerprint=fingerprint)
    return await rate_lesson(world.ports, call, request)


async def stars(world: World) -> Json:
    return {lesson_id: kept["stars"] for lesson_id, kept in (await world.document(OWN) or {}).items()}


async def test_a_rating_is_kept_and_a_later_one_replaces_it(world: World) -> None:
    await report(world, progress_percentage=10)
    await report(world, lesson_id="l2", progress_percentage=10)
    for lesson_id, given in (("l1", 4), ("l2", 5), ("l1", 2)):
        assert (await rated(world, lesson_id=lesson_id, stars=given)).status == 201
    assert await stars(world) == {"l1": 2, "l2": 5}


async def test_the_same_key_again_is_answered_as_before_and_changes_nothing(world: World) -> None:
    await report(world, progress_percentage=10)
    first = await rated(world, key="k")
    await rated(world, stars=1)
    world.now = NOW.replace(hour=13)
    again = await rated(world, key="k")
    assert (again.body, again.headers) == (first.body, REPLAYED)
    assert await stars(world) == {"l1": 1}


async def test_a_key_with_another_body_is_refused(world: World) -> None:
    await report(world, progress_percentage=10)
    await rated(world, key="k")
    with pytest.raises(KeyReused):
        await rated(world, key="k", fingerprint="body-2", stars=1)


async def test_a_lesson_that_the_learner_has_not_is_not_found_and_uses_no_key_up(world: World) -> None:
    with pytest.raises(NotFound):
        await rated(world, key="k")
    await report(world, progress_percentage=10)
    assert (await rated(world, key="k")).headers == {}


async def test_nobody_rates_for_another(world: World) -> None:
    with pytest.raises(Forbidden):
        await rated(world, user_id="james")


async def test_what_could_not_be_kept_is_not_answered(world: World) -> None:
    await report(world, progress_percentage=10)
    world.documents.fail_at[len(world.documents.commits) + 1] = LOST
    with pytest.raises(Unavailable):
        await rated(world, key="k")
    assert await stars(world) == {}
    assert (await rated(world, key="k")).headers == {}


async def test_a_rating_goes_with_its_learner_also_when_it_was_under_way(world: World) -> None:
    await report(world, progress_percentage=10)
    await rated(world)

    async def forget() -> None:
        await erase(world.ports, "maya")

    world.documents.before_commit = forget
    with pytest.raises(NotFound):
        await rated(world, stars=1)
    assert await world.document(OWN) is None
