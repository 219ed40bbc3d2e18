"""Hands what was published to the functions that take it, as a broker would, for tests in one process."""

from functions.embedded import apps
from functions.runtime.ports import Json
from functions.runtime.receive import Outcome, receive
from tests.support.fakes import World, structured


async def hand_out(world: World, event: Json) -> None:
    """One event, to every function that takes its type; nothing may fail."""
    for app in apps().values():
        function = app.state.function
        if any(on.data.type_name == event["type"] for on in function.takes):
            outcome, why = await receive(world.ports, function.takes, *structured(event))
            assert outcome is Outcome.DONE, f"{function.name}: {why}"


async def deliver(world: World) -> None:
    """Everything that waits, in order."""
    while world.publisher.published:
        await hand_out(world, world.publisher.published.pop(0)[2])
