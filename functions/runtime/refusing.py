"""The dead letter topic, and what this system writes there besides the events themselves.

An event that was given up is copied there by whoever brought it: Knative's source with the reason, daprd without. So a
function notes its reason beside daprd's copy. A replay is noted too. `functions/dead_letters` reads all of them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from functions.runtime.errors import BadEvent, Unavailable
from functions.runtime.events import EventData, decode, new_event
from functions.runtime.ports import Json, Ports
from functions.runtime.receive import LONGEST
from functions.runtime.telemetry import log, traceparent

DEAD_LETTERS = "learnflow-dead-letters"


class EventRefused(EventData):
    """Why a function can never handle an event: beside the copy that daprd makes of it."""

    topic_name: ClassVar[str] = DEAD_LETTERS
    type_name: ClassVar[str] = "com.learnflow.event.refused.v1"

    event_source: str
    event_id: str
    function: str
    reason: str


class EventReplayed(EventData):
    """Somebody put a dead event back for its handlers."""

    topic_name: ClassVar[str] = DEAD_LETTERS
    type_name: ClassVar[str] = "com.learnflow.event.replayed.v1"

    event_source: str
    event_id: str


def note_of(data: EventRefused | EventReplayed, now: datetime) -> Json:
    """The record; another each time, since an event may be given up, and replayed, more than once."""
    facts = (data.event_source, data.event_id, now)
    source, key = "dead-letters", data.event_id
    return new_event(data, source=source, subject=key, key=key, facts=facts, time=now, trace=traceparent())


async def note_refusal(ports: Ports, function: str, headers: Mapping[str, str], body: bytes, reason: str) -> None:
    """What is no CloudEvent needs no note: the reason can be seen from it at any time. Raises nothing."""
    try:
        event = decode(headers, body)
    except BadEvent:
        return
    source, event_id = event.get_source(), event.get_id()
    data = EventRefused(event_source=source, event_id=event_id, function=function, reason=reason[:LONGEST])
    try:
        await ports.publisher.publish(DEAD_LETTERS, data.event_id, note_of(data, ports.now()))
    except Unavailable as error:
        log.warning("the reason of a dead letter is not kept", extra={"event_id": data.event_id, "why": error.detail})
