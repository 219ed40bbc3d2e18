"""Badges: each once, whatever events come in whatever order, and published as surely as they are kept."""

import random
from datetime import timedelta

import pytest

from functions.award_badge.handler import NAME, award_badge
from functions.manage_learner.erasing import erase
from functions.runtime.errors import Unavailable
from functions.runtime.models import rfc3339
from functions.runtime.ports import Received
from functions.usecases.events import ProgressUpdated
from functions.usecases.own_documents import own_key
from tests.support.fakes import LOST, NOW, World, received, report
from tests.support.samples import event_of

OWN = own_key(NAME, "maya")


def after(days: int) -> Received[ProgressUpdated]:
    """An update on the last day of a streak."""
    facts = {"user_id": "maya", "streak_days": days, "version": days, "timestamp": rfc3339(NOW)}
    return received(ProgressUpdated, event_of(ProgressUpdated, **facts))


async def taken(world: World, *events: Received[ProgressUpdated]) -> list[int]:
    """The badges once these have come."""
    for event in events:
        await award_badge(world.ports, event)
    return list((await world.document(OWN) or {"days": []})["days"])


def published(world: World) -> list[int]:
    return [data["streak_days"] for data in world.publisher.data("badge-awarded")]


async def test_seven_days_in_a_row_earn_a_badge(world: World) -> None:
    assert await taken(world, after(6)) == []
    assert await taken(world, after(7)) == published(world) == [7]


async def test_a_badge_comes_once_however_long_the_streak_goes_on(world: World) -> None:
    assert await taken(world, after(7), after(8), after(1), after(7)) == published(world) == [7]


async def test_any_order_with_duplicates_ends_in_the_same_badges(world: World) -> None:
    events = [after(days) for days in (1, 6, 7, 8, 29, 30, 31, 99)] * 2
    random.Random(7).shuffle(events)
    assert await taken(world, *events) == [7, 30]
    assert sorted(published(world)) == [7, 30]


async def test_a_badge_that_could_not_be_published_waits_in_the_outbox(world: World) -> None:
    world.publisher.down = True
    assert await taken(world, after(7)) == [7]
    assert len(await world.outbox()) == 1


async def test_a_badge_that_could_not_be_kept_comes_when_the_event_comes_again(world: World) -> None:
    world.documents.fail_at[1] = LOST
    with pytest.raises(Unavailable):
        await taken(world, after(7))
    assert published(world) == []
    assert await taken(world, after(7)) == published(world) == [7]


async def test_who_was_forgotten_gets_none(world: World) -> None:
    await report(world, progress_percentage=10)
    world.now = NOW + timedelta(seconds=1)
    await erase(world.ports, "maya")
    assert await taken(world, after(7)) == published(world) == []
