"""Publishes what a crash, or a broker that was away, left in the outbox."""

from collections import defaultdict
from datetime import datetime, timedelta

from functions.runtime.errors import Unavailable
from functions.runtime.ports import Ports, Received
from functions.runtime.telemetry import log
from functions.usecases.events import Ping
from functions.usecases.learners import learner_from, learner_key
from functions.usecases.publishing import PREFIX, Outgoing, publish

BATCH = 500  # rows looked at in one run
GRACE = timedelta(seconds=5)  # a younger row is most likely being published by its writer at this moment


async def relay_events(ports: Ports, event: Received[Ping]) -> None:
    """Publishes all that waits, oldest first for each learner, with the ids it was committed with.

    Safe to run many times at once: a doubly published event has one id. Raises Unavailable when some are left.
    """
    rows = await ports.documents.scan(PREFIX, BATCH)
    waiting = [Outgoing(**row) for row in rows.values()]
    by_learner: dict[str, list[Outgoing]] = defaultdict(list)
    for outgoing in waiting:
        if event.now - datetime.fromisoformat(outgoing.created_at) >= GRACE:
            by_learner[outgoing.key].append(outgoing)
    done = 0
    for user_id, events in by_learner.items():
        done += await publish(ports, await _in_order(ports, user_id, events))
    due = sum(map(len, by_learner.values()))
    log.info("relay", extra={"outbox": len(waiting), "due": due, "published": done})
    if done < due:
        raise Unavailable(f"{due - done} events could not be published and stay in the outbox.")


async def _in_order(ports: Ports, user_id: str, events: list[Outgoing]) -> list[Outgoing]:
    """In the order of the learner's document; events it does not order (a new lesson) by their age."""
    key = learner_key(user_id)
    pending = learner_from((await ports.documents.load(key)).get(key), user_id).pending
    place = {event_id: number for number, event_id in enumerate(pending)}
    return sorted(events, key=lambda e: (place.get(e.id, -1), e.created_at))
