"""The outbox: committed with the change, published at once in order, removed when it is out."""

from datetime import UTC, datetime

import pytest
from opentelemetry.trace import SpanKind

from functions.runtime.telemetry import entered
from functions.usecases.events import ProgressUpdated
from functions.usecases.publishing import Outgoing, outgoing, publish, unpublished
from tests.support.fakes import LOST, NOW, World


def event(number: int, user_id: str = "maya") -> Outgoing:
    data = ProgressUpdated(
        user_id=user_id,
        lesson_id="l1",
        topic=None,
        progress_percentage=number,
        status="in_progress",
        previous_status="not_started",
        mastery=None,
        level=None,
        streak_days=1,
        timestamp=NOW,
        version=number,
    )
    facts = (user_id, "l1", number)
    return outgoing(data, source="update-progress", subject=user_id, user_id=user_id, facts=facts, now=NOW)


async def kept(world: World, count: int) -> list[Outgoing]:
    events = [event(n) for n in range(1, count + 1)]
    await world.documents.inner.commit(*(e.row() for e in events))
    return events


def test_an_outgoing_event_goes_to_the_topic_of_its_type_under_its_learners_key() -> None:
    made = event(1)
    assert (made.topic, made.key, made.created_at) == ("progress-updated", "maya", "2026-03-10T12:00:00.000000Z")
    assert made.id == made.event["id"] == event(1).id != event(2).id


def test_the_row_of_an_event_holds_all_that_publishing_needs() -> None:
    row = event(1).row()
    assert row.key == f"outbox:{event(1).id}"
    assert row.value is not None and Outgoing(**row.value) == event(1)
    assert (row.guard, row.ttl_seconds) == (None, None)


def test_an_event_carries_the_trace_of_the_request_that_made_it() -> None:
    with entered("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "a request", SpanKind.SERVER, {}):
        assert event(1).event["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")


async def test_events_go_out_in_order_and_leave_the_outbox(world: World) -> None:
    events = await kept(world, 3)
    assert await publish(world.ports, events) == 3
    assert world.publisher.ids() == [e.id for e in events]
    assert await world.outbox() == []


async def test_the_first_failure_stops_what_comes_after_it(world: World) -> None:
    events = await kept(world, 3)
    world.publisher.fail_at = {2}
    assert await publish(world.ports, events) == 1
    assert world.publisher.ids() == [events[0].id]
    assert sorted(await world.outbox()) == sorted(e.id for e in events[1:])


async def test_a_row_that_cannot_be_removed_does_not_stop_the_next_event(world: World) -> None:
    events = await kept(world, 2)
    world.documents.fail_at = {1: LOST}
    assert await publish(world.ports, events) == 2
    assert await world.outbox() == [events[0].id]


async def test_publishing_never_fails_a_change_that_stands(world: World) -> None:
    events = await kept(world, 2)
    world.publisher.down = True
    assert await publish(world.ports, events) == 0
    world.documents.down = True
    world.publisher.down = False
    assert await publish(world.ports, events) == 2


async def test_what_waits_is_found_in_the_order_asked_for(world: World) -> None:
    events = await kept(world, 3)
    ids = [events[2].id, "gone", events[0].id]
    assert [e.id for e in await unpublished(world.documents, ids)] == [events[2].id, events[0].id]


async def test_nothing_pending_asks_the_store_nothing(world: World) -> None:
    world.documents.down = True
    assert await unpublished(world.documents, []) == []


@pytest.mark.parametrize("hour", [0, 23])
def test_the_age_of_an_event_is_kept_in_utc(hour: int) -> None:
    made = Outgoing("t", "k", {"id": "1"}, datetime(2026, 3, 10, hour, tzinfo=UTC).isoformat())
    assert datetime.fromisoformat(made.created_at).tzinfo is not None
