"""What `prepare_lesson` makes of events, and nothing else takes."""

from functions.prepare_lesson.handler import prepare_next, prepare_remedial
from functions.runtime.ports import Json
from functions.usecases.events import ProgressUpdated, StruggleDetected
from tests.support.fakes import World, received


async def prepared(world: World, *events: Json) -> list[Json]:
    """The lessons that were written ahead by now, these events taken; nothing else takes any."""
    for event in events:
        if event["type"] == ProgressUpdated.type_name:
            await prepare_next(world.ports, received(ProgressUpdated, event, world.now))
        elif event["type"] == StruggleDetected.type_name:
            await prepare_remedial(world.ports, received(StruggleDetected, event, world.now))
    return await ahead(world)


async def ahead(world: World) -> list[Json]:
    found = (await world.documents.inner.page("lesson:", "", 1000)).values()
    return [lesson for lesson in found if lesson["requested_by"] in ("progress", "alert")]
