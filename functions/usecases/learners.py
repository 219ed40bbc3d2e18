"""Loading and changing a learner's document: one commit with its events, decided again when the race for it is lost."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from pydantic import TypeAdapter

from functions.learning.learner import Learner, seal_ledger
from functions.runtime.errors import Conflict
from functions.runtime.ports import ABSENT, Ports, Stored, Write
from functions.usecases.publishing import Outgoing, unpublished

T = TypeVar("T")
ATTEMPTS = 12
_LEARNER = TypeAdapter(Learner)


def learner_key(user_id: str) -> str:
    return f"learner:{user_id}"


def learner_from(stored: Stored | None, user_id: str) -> Learner:
    """The learner as stored, or one that nothing is known of."""
    return _LEARNER.validate_python(stored.value) if stored else Learner(user_id)


async def until_committed(decide: Callable[[], Awaitable[T]]) -> T:
    """Runs read-decide-commit until no one else came first; raises Conflict after twelve lost races."""
    for attempt in range(ATTEMPTS):
        try:
            return await decide()
        except Conflict:
            await asyncio.sleep(random.uniform(0, 0.004 * 2 ** min(attempt, 6)))
    raise Conflict("lost every race for the document")


async def commit_learner(
    ports: Ports, learner: Learner, stored: Stored | None, events: Sequence[Outgoing] = (), also: Sequence[Write] = ()
) -> list[Outgoing]:
    """Saves the learner and its events as one. Returns what is to be published now, the oldest pending first.

    Raises Conflict when the document changed since `stored` was read.
    """
    waiting = await unpublished(ports.documents, learner.pending)
    learner.pending = [event.id for event in (*waiting, *events)]
    segments = [
        Write(f"ledger:{learner.user_id}:{number}", {"entries": entries}) for number, entries in seal_ledger(learner)
    ]
    document = Write(
        learner_key(learner.user_id),
        _LEARNER.dump_python(learner, mode="json"),
        stored.etag if stored else ABSENT,
    )
    await ports.documents.commit(document, *segments, *(event.row() for event in events), *also)
    return [*waiting, *events]
