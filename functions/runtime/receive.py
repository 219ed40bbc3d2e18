"""An event function: decode, handle, say what became of it. The routes and the embedded broker both come here."""

import enum
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cloudevents.core.v1.event import CloudEvent
from opentelemetry.trace import SpanKind, StatusCode
from pydantic import ValidationError

from functions.runtime import metrics
from functions.runtime.errors import BadEvent, Conflict, Unavailable
from functions.runtime.events import EventData, decode
from functions.runtime.models import unstorable
from functions.runtime.ports import Ports, Received
from functions.runtime.telemetry import entered, log

LONGEST = 1000  # characters of a field in a log or a span: all of them are the sender's
D = TypeVar("D", bound=EventData)


@dataclass(frozen=True)
class On(Generic[D]):
    """One event type that a function takes, and the handler it goes to."""

    data: type[D]
    handler: Callable[[Ports, Received[D]], Awaitable[None]]


class Outcome(enum.Enum):
    DONE = "done"  # handled, now or before
    BAD = "bad"  # can never be handled: a dead letter
    RETRY = "retry"  # could not be handled now


def identity(event: CloudEvent) -> tuple[str, str, str]:
    """Its id, source and type."""
    return event.get_id(), event.get_source(), event.get_type()


def checked(model: type[D], event: CloudEvent) -> D:
    """The event's data. Raises BadEvent, which says what is wrong and not what was sent: that may be about a person."""
    if unstorable(event.get_data()):
        raise BadEvent("data: a text with a NUL, or half of a surrogate pair, is none to PostgreSQL")
    try:
        return model.model_validate(event.get_data() if event.get_data() is not None else {})
    except ValidationError as error:
        problems = [f"data.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        raise BadEvent("; ".join(problems)) from error


async def receive(
    ports: Ports, handlers: Sequence[On[Any]], headers: Mapping[str, str], body: bytes
) -> tuple[Outcome, str]:
    """Handles one delivery; never raises. The text says why it was not DONE, for a log or a dead letter."""
    event, why = _decoded(headers, body)
    on = next((on for on in handlers if event and on.data.type_name == event.get_type()), None)
    kind = on.data.type_name if on else metrics.OTHER
    incoming = (event and event.get_extension("traceparent")) or headers.get("traceparent")
    known = {k: v[:LONGEST] for k, v in zip(("id", "source", "type"), identity(event), strict=True)} if event else {}
    about = {f"cloudevents.event_{k}": v for k, v in known.items()}
    with entered(incoming, f"process {kind}", SpanKind.CONSUMER, about) as span:
        outcome = Outcome.BAD
        if event:
            outcome, why = await _handled(ports, on, event)
        span.set_attribute("learnflow.outcome", outcome.value)
        if outcome is not Outcome.DONE:
            span.set_status(StatusCode.ERROR)
        told = {f"event_{k}": v for k, v in known.items()}
        log.info("event", extra=told | {"outcome": outcome.value, "why": why[:LONGEST]})
    metrics.events.add(kind, outcome.value)
    if outcome is Outcome.BAD:
        metrics.dead_letters.add(kind, outcome.value)
    return outcome, why


def _decoded(headers: Mapping[str, str], body: bytes) -> tuple[CloudEvent | None, str]:
    try:
        return decode(headers, body), ""
    except BadEvent as error:
        return None, str(error)


async def _handled(ports: Ports, on: On[Any] | None, event: CloudEvent) -> tuple[Outcome, str]:
    try:
        if on is None:
            raise BadEvent(f"this function does not take events of type {event.get_type()}")
        data = checked(on.data, event)
        now, happened = ports.now(), event.get_time()
        await on.handler(ports, Received(*identity(event), data, now, happened))
        if happened:
            metrics.event_lag.add(max(0.0, (ports.now() - happened).total_seconds()), on.data.type_name)
        return Outcome.DONE, ""
    except BadEvent as error:
        return Outcome.BAD, str(error)
    except (Unavailable, Conflict) as error:
        return Outcome.RETRY, getattr(error, "detail", "others kept changing the same record")
    except Exception as error:
        log.exception("a handler failed")
        return Outcome.RETRY, f"unexpected {type(error).__name__}"
