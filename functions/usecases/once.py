"""An effect, once: with it is committed that it was done, for an event and for a request with an idempotency key."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from functions.runtime.errors import Conflict
from functions.runtime.events import stable_id
from functions.runtime.idempotency import REPLAYED, SEVEN_DAYS, record_key, remember, replay
from functions.runtime.models import rfc3339
from functions.runtime.ports import ABSENT, Call, Ports, Received, Reply, Write
from functions.usecases.learners import until_committed
from functions.usecases.publishing import Outgoing, publish


def handled_key(function: str, event_key: str) -> str:
    """The document that says that a function handled an event: made of its source and id, and of nobody's name."""
    return f"handled:{function}:{stable_id(event_key)}"


async def once(
    ports: Ports, function: str, event: Received[Any], *, writes: Sequence[Write] = (), events: Sequence[Outgoing] = ()
) -> bool:
    """Commits what an event comes to, and publishes; False if the function did so within the last seven days.

    Raises Conflict when a guard of `writes` does not hold: decide again.
    """
    key = handled_key(function, event.key)
    record = Write(key, {"handled_at": rfc3339(event.now)}, ABSENT, SEVEN_DAYS)
    try:
        await ports.documents.commit(record, *writes, *(each.row() for each in events))
    except Conflict:
        if key in await ports.documents.load(key):
            return False
        raise
    await publish(ports, events)
    return True


async def answer_once(
    ports: Ports, call: Call, function: str, user_id: str, reply: Reply, events: Sequence[Outgoing], about: str = ""
) -> Reply:
    """Commits the events of a request with its idempotency record, and publishes; the same key again: the same answer.

    `about`: the ids in the path, which are not in the body. Raises KeyReused when the key came with something else.
    """
    call = replace(call, fingerprint=f"{call.fingerprint} {about}")
    key = record_key(function, user_id, call.idempotency_key) if call.idempotency_key else None
    body: Any = reply.body

    async def decide() -> Reply:
        kept = replay((await ports.documents.load(key)).get(key), call) if key else None
        if kept is not None:
            return replace(reply, body=body and type(body).model_validate(kept), headers=REPLAYED)
        record = [remember(key, call, body.model_dump(mode="json") if body else {})] if key else []
        await ports.documents.commit(*record, *(event.row() for event in events))
        return reply

    answer = await until_committed(decide)
    if answer is reply:
        await publish(ports, events)
    return answer
