"""Publishes what a crash, or a broker that was away, left in the outbox."""

import time
from collections import defaultdict
from datetime import datetime, timedelta
from itertools import takewhile

from functions.runtime import metrics
from functions.runtime.errors import Unavailable
from functions.runtime.ports import Ports, Received
from functions.runtime.telemetry import log
from functions.usecases.events import Ping
from functions.usecases.learners import learner_from, learner_key
from functions.usecases.publishing import PREFIX, Outgoing, publish, unpublished

BATCH = 500  # rows looked at in one step
GRACE = timedelta(seconds=5)  # a younger row is most likely being published by its writer at this moment
LONG_ENOUGH = 30.0  # seconds: a run ends well before Knative's timeout of 60, the schedule comes again


async def relay_events(ports: Ports, event: Received[Ping]) -> None:
    """Publishes all that waits, oldest first for each learner, with the ids it was committed with.

    Safe to run many times at once: a doubly published event has one id. A learner whose event cannot be published
    keeps their later ones back, and nobody else's. Raises Unavailable when some are left.
    """
    ends = time.monotonic() + LONG_ENOUGH
    tried: set[str] = set()  # ids of events: what stays in the outbox is not tried twice in a run
    published = failed = again = 0
    while time.monotonic() < ends:
        # those that stay must not hide the ones behind them
        rows = [Outgoing(**row) for row in (await ports.documents.scan(PREFIX, BATCH + again)).values()]
        stayed, again = again, sum(row.id in tried for row in rows)
        by_learner: dict[str, list[Outgoing]] = defaultdict(list)
        for outgoing in rows:
            if outgoing.id not in tried and _is_due(outgoing, event.now):
                by_learner[outgoing.key].append(outgoing)
        if not by_learner and again == stayed:
            break
        for user_id, found in by_learner.items():
            if time.monotonic() > ends:
                break
            waiting = await _in_order(ports, user_id, found, event.now)
            done = await publish(ports, waiting)
            published, failed = published + done, failed + len(waiting) - done
            tried.update(each.id for each in (*found, *waiting))
    left = await _look(ports)
    log.info("relay", extra={"published": published, "failed": failed, "outbox": left})
    if failed:
        raise Unavailable(f"{failed} events could not be published and stay in the outbox.")


def _is_due(outgoing: Outgoing, now: datetime) -> bool:
    """One of the future was written by a clock that is ahead: it must not wait until ours is there too."""
    return abs(now - datetime.fromisoformat(outgoing.created_at)) >= GRACE


async def _in_order(ports: Ports, user_id: str, found: list[Outgoing], now: datetime) -> list[Outgoing]:
    """All that the learner's document says is pending, in its order: what was found may end amid a commit's events.

    Events that it does not hold (a new lesson) come first, by their age.
    """
    key = learner_key(user_id)
    pending = learner_from((await ports.documents.load(key)).get(key), user_id).pending
    ordered = takewhile(lambda each: _is_due(each, now), await unpublished(ports.documents, pending))
    return [*(each for each in found if each.id not in pending), *ordered]


async def _look(ports: Ports) -> int:
    """What is left, for the metrics: how many events, and since when the oldest."""
    left = await ports.documents.count(PREFIX)
    now = ports.now()
    ages = [
        (now - datetime.fromisoformat(row["created_at"])).total_seconds()
        for row in (await ports.documents.scan(PREFIX, 1)).values()
    ]
    metrics.outbox_backlog.value = left
    metrics.outbox_age.value = max(0.0, *ages) if ages else 0.0
    metrics.relay_run.value = now.timestamp()
    return left
