"""Hands what was published to the functions that take it, as a broker would, for tests in one process."""

from functions.embedded import apps
from functions.runtime.receive import Outcome, receive
from tests.support.fakes import World, structured


async def deliver(world: World) -> None:
    """Everything that waits, in order, to every function that takes it; nothing may fail."""
    takers = [app.state.function for app in apps().values() if app.state.function.takes]
    while world.publisher.published:
        topic, _, event = world.publisher.published.pop(0)
        for function in takers:
            if any(on.data.topic_name == topic for on in function.takes):
                outcome, why = await receive(world.ports, function.takes, *structured(event))
                assert outcome is Outcome.DONE, f"{function.name}: {why}"
