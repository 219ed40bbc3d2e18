"""An effect, once: for an event that comes again, and for a request whose key was used."""

from typing import Any

import pytest

from functions.runtime.errors import Conflict, KeyReused, Unavailable
from functions.runtime.idempotency import REPLAYED
from functions.runtime.models import Answer
from functions.runtime.ports import ABSENT, Received, Reply, Write
from functions.usecases.events import ProgressUpdated
from functions.usecases.once import answer_once, handled_key, once
from functions.usecases.publishing import Outgoing, outgoing
from tests.support.fakes import LOST, NOW, World, lesson_event, received
from tests.support.samples import event_of

NAME = "cheer-learner"


class Cheered(Answer):
    user_id: str


@pytest.fixture
def event() -> Received[ProgressUpdated]:
    return received(ProgressUpdated, event_of(ProgressUpdated))


def told(fact: str = "x") -> Outgoing:
    return outgoing(lesson_event(), source=NAME, subject="l1", user_id="maya", facts=(fact,), now=NOW)


def effect(value: int = 1) -> Write:
    return Write("own:cheer-learner:maya", {"cheers": value})


async def answered(world: World, about: str = "", **call: Any) -> Reply:
    reply = Reply(Cheered(user_id="maya"))
    return await answer_once(world.ports, world.call(**call), NAME, "maya", reply, [told()], about)


async def test_an_event_has_its_effect_and_is_remembered_in_one_commit(world: World, event: Received[Any]) -> None:
    assert await once(world.ports, NAME, event, writes=[effect()], events=[told()])
    keys = [write.key for write in world.documents.commits[0]]
    assert keys == [handled_key(NAME, event.key), effect().key, f"outbox:{told().id}"]
    assert world.publisher.ids() == [told().id] and await world.outbox() == []


async def test_the_same_event_again_has_no_effect(world: World, event: Received[Any]) -> None:
    await once(world.ports, NAME, event, writes=[effect()], events=[told()])
    assert not await once(world.ports, NAME, event, writes=[effect(2)], events=[told("y")])
    assert await world.document(effect().key) == {"cheers": 1} and world.publisher.ids() == [told().id]


async def test_another_function_handles_the_same_event_too(world: World, event: Received[Any]) -> None:
    assert [await once(world.ports, name, event) for name in (NAME, "give-badge")] == [True, True]


async def test_an_effect_whose_own_guard_does_not_hold_is_decided_again(world: World, event: Received[Any]) -> None:
    await world.documents.commit(effect())
    taken = Write(effect().key, {"cheers": 2}, ABSENT)
    with pytest.raises(Conflict):
        await once(world.ports, NAME, event, writes=[taken])
    assert await world.document(handled_key(NAME, event.key)) is None


async def test_a_commit_of_which_nobody_knows_whether_it_was_made_is_found_made(
    world: World, event: Received[Any]
) -> None:
    world.documents.unknown_at = {1}
    with pytest.raises(Unavailable):
        await once(world.ports, NAME, event, writes=[effect()], events=[told()])
    assert not await once(world.ports, NAME, event, writes=[effect(2)], events=[told()])
    assert await world.document(effect().key) == {"cheers": 1} and await world.outbox() == [told().id]


async def test_the_same_key_is_answered_as_before_and_publishes_nothing(world: World) -> None:
    first, again = [await answered(world, idempotency_key="k") for _ in range(2)]
    assert (again.body, again.headers, first.headers) == (first.body, REPLAYED, {})
    assert world.publisher.ids() == [told().id]


@pytest.mark.parametrize("other", [{"fingerprint": "body-2"}, {"about": "another"}], ids=["body", "path"])
async def test_a_key_that_came_with_something_else_is_refused(world: World, other: dict[str, Any]) -> None:
    await answered(world, idempotency_key="k")
    with pytest.raises(KeyReused):
        await answered(world, idempotency_key="k", **other)


async def test_a_request_that_failed_used_up_no_key(world: World) -> None:
    world.documents.fail_at = {1: LOST}
    with pytest.raises(Unavailable):
        await answered(world, idempotency_key="k")
    assert (await answered(world, idempotency_key="k")).headers == {}


async def test_without_a_key_each_request_is_one_of_its_own(world: World) -> None:
    assert [(await answered(world)).headers for _ in range(2)] == [{}, {}]
