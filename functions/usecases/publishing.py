"""The outbox: an event is committed with the change it tells of, published at once, and by a relay if that failed.

For one learner's ordered events whoever publishes sends the oldest pending one first and stops at the first failure,
so that a later event never overtakes an earlier one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.runtime.errors import Unavailable
from functions.runtime.events import EventData, new_event
from functions.runtime.models import rfc3339
from functions.runtime.ports import Documents, Ports, Write
from functions.runtime.telemetry import log, traceparent

PREFIX = "outbox:"


@dataclass(frozen=True)
class Outgoing:
    """An event on its way to a Kafka topic; `key` is the learner's id, and Kafka's key."""

    topic: str
    key: str
    event: dict[str, Any]
    created_at: str

    @property
    def id(self) -> str:
        return str(self.event["id"])

    def row(self) -> Write:
        """The outbox row, to be committed with the change."""
        value = {"topic": self.topic, "key": self.key, "event": self.event, "created_at": self.created_at}
        return Write(PREFIX + self.id, value)


def outgoing(
    data: EventData, *, source: str, subject: str, user_id: str, facts: tuple[object, ...], now: datetime
) -> Outgoing:
    """An event of ours; `facts` are what make it the same event when it is made again."""
    event = new_event(data, source=source, subject=subject, key=user_id, facts=facts, time=now, trace=traceparent())
    return Outgoing(data.topic_name, user_id, event, rfc3339(now))


async def unpublished(documents: Documents, ids: Iterable[str]) -> list[Outgoing]:
    """Those of the events, in the order given, whose outbox rows are still there."""
    keys = [PREFIX + event_id for event_id in ids]
    rows = await documents.load(*keys) if keys else {}
    return [Outgoing(**rows[key].value) for key in keys if key in rows]


async def publish(ports: Ports, events: Iterable[Outgoing]) -> int:
    """Publishes in order and clears each row; how many went out before the first failure. Raises nothing."""
    done = 0
    for event in events:
        try:
            await ports.publisher.publish(event.topic, event.key, event.event)
        except Unavailable as error:
            log.warning("an event waits in the outbox", extra={"event_id": event.id, "why": error.detail})
            break
        done += 1
        try:
            await ports.documents.commit(Write(PREFIX + event.id, None))
        except Unavailable:
            log.warning("an outbox row stays: its event will be published again", extra={"event_id": event.id})
    return done
