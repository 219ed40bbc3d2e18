"""An alert in the teachers' list: as the learner's document has it now, whatever comes in whatever order."""

import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.learning.learner import Learner
from functions.learning.sealing import ALERT_SEGMENT
from functions.manage_alerts.changes import acknowledge, resolve
from functions.raise_alert.handler import raise_alert
from functions.runtime.errors import Unavailable
from functions.runtime.ports import Json, Row, Sql
from functions.usecases.events import StruggleDetected
from functions.usecases.learners import commit_learner, load_learner
from functions.usecases.tables import MIGRATIONS
from tests.support.fakes import NOW, World, new_world, received, struggle

STATE = 6  # the column
TOPICS = ("for-loops", "while-loops", "conditionals")


async def taken(world: World, *events: Json) -> list[Row]:
    """The list once these events have come."""
    for event in events:
        await raise_alert(world.ports, received(StruggleDetected, event))
    await world.read_model.migrate(MIGRATIONS)
    return await world.rows("alerts")


async def change(world: World, alert_id: str, done: Any, user_id: str = "maya") -> None:
    learner, stored = await load_learner(world.documents, user_id)
    [alert] = [alert for alert in learner.alerts if alert.alert_id == alert_id]
    done(learner, alert, "teacher-1", None, world.now)
    learner.version += 1
    await commit_learner(world.ports, learner, stored)


async def test_an_alert_comes_into_the_list(world: World) -> None:
    event = await struggle(world)
    [row] = await taken(world, event)
    assert row[:7] == (event["data"]["alert_id"], "maya", "on-for-loops", "for-loops", "low_quiz", "high", "open")
    assert row[8:14] == ("2026-03-10T12:00:00.000000Z", None, None, None, None, None)


async def test_the_same_event_twice_is_one_row(world: World) -> None:
    event = await struggle(world)
    assert await taken(world, event, event) == await taken(world, event)


async def test_a_late_event_does_not_open_again_what_was_resolved(world: World) -> None:
    event = await struggle(world)
    await change(world, event["data"]["alert_id"], resolve)
    [row] = await taken(world, event)
    assert (row[STATE], row[12]) == ("resolved", "teacher-1")


async def test_an_alert_that_was_sealed_since_is_found(world: World) -> None:
    events = []
    for n in range(ALERT_SEGMENT + 1):
        world.now = NOW + timedelta(minutes=n)
        events.append(await struggle(world))
        await change(world, events[-1]["data"]["alert_id"], resolve)
    learner, _ = await load_learner(world.documents, "maya")
    assert (learner.alert_segments, len(learner.resolved_alerts)) == (1, 1)
    rows = await taken(world, *events)
    assert [row[STATE] for row in rows] == ["resolved"] * (ALERT_SEGMENT + 1)


async def test_segments_are_only_read_when_the_document_does_not_hold_the_alert(world: World) -> None:
    learner, _ = await load_learner(world.documents, "maya")
    learner.alert_segments = 1  # which is not there: reading it would fail
    await commit_learner(world.ports, learner, None)
    assert len(await taken(world, await struggle(world))) == 1


async def test_what_the_document_does_not_know_has_no_row(world: World) -> None:
    event = await struggle(world)
    other = {"data": event["data"] | {"alert_id": "made-up"}}
    stranger = {"data": event["data"] | {"user_id": "nobody"}}
    assert await taken(world, event | other, event | stranger) == []


async def test_a_learner_who_was_forgotten_has_no_row(world: World) -> None:
    event = await struggle(world)
    _, stored = await load_learner(world.documents, "maya")
    await commit_learner(world.ports, Learner("maya", version=2, forgotten_at=NOW), stored)
    assert await taken(world, event) == []


async def test_a_read_model_that_is_down_leaves_the_event_to_be_retried(world: World) -> None:
    event = await struggle(world)
    world.read_model.down = True
    with pytest.raises(Unavailable):
        await taken(world, event)
    world.read_model.down = False
    assert len(await taken(world, event)) == 1


async def test_a_store_that_is_down_leaves_the_event_to_be_retried(world: World) -> None:
    event = await struggle(world)
    world.documents.down = True
    with pytest.raises(Unavailable):
        await raise_alert(world.ports, received(StruggleDetected, event))
    world.documents.down = False
    assert len(await taken(world, event)) == 1


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000))
async def test_any_order_of_events_with_duplicates_ends_in_the_same_rows(seed: int) -> None:
    async with new_world() as world:
        opened, acknowledged, resolved = [await struggle(world, topic=topic) for topic in TOPICS]
        await change(world, acknowledged["data"]["alert_id"], acknowledge)
        await change(world, resolved["data"]["alert_id"], resolve)
        events, chosen = [opened, acknowledged, resolved], random.Random(seed)
        shuffled = events + chosen.choices(events, k=4)
        chosen.shuffle(shuffled)
        rows = await taken(world, *shuffled)
        assert sorted(row[STATE] for row in rows) == ["acknowledged", "open", "resolved"]
        await world.read_model.inner.write(Sql("DELETE FROM alerts"))
        assert await taken(world, *events) == rows
