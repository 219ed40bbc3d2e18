"""An event function: decode, handle, say what became of it. The routes and the embedded broker both come here."""

import enum
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cloudevents.core.v1.event import CloudEvent
from pydantic import ValidationError

from functions.runtime.errors import BadEvent, Conflict, Unavailable
from functions.runtime.events import EventData, decode
from functions.runtime.ports import Ports, Received
from functions.runtime.telemetry import enter_trace, log

LONGEST = 1000  # characters of a field in a log: all of them are the sender's
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


async def receive(
    ports: Ports, handlers: Sequence[On[Any]], headers: Mapping[str, str], body: bytes
) -> tuple[Outcome, str]:
    """Handles one delivery; never raises. The text says why it was not DONE, for a log or a dead letter."""
    event = None
    try:
        event = decode(headers, body)
        enter_trace(event.get_extension("traceparent") or headers.get("traceparent"))
        on = next((on for on in handlers if on.data.type_name == event.get_type()), None)
        if on is None:
            raise BadEvent(f"this function does not take events of type {event.get_type()}")
        data = on.data.model_validate(event.get_data() if event.get_data() is not None else {})
        received = Received(*identity(event), data, ports.now(), event.get_time())
        await on.handler(ports, received)
        outcome, why = Outcome.DONE, ""
    except BadEvent as error:
        outcome, why = Outcome.BAD, str(error)
    except ValidationError as error:
        problems = [f"data.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
        outcome, why = Outcome.BAD, "; ".join(problems)
    except (Unavailable, Conflict) as error:
        outcome, why = Outcome.RETRY, getattr(error, "detail", "others kept changing the same record")
    except Exception as error:
        log.exception("a handler failed")
        outcome, why = Outcome.RETRY, f"unexpected {type(error).__name__}"
    known = dict(zip(("id", "source", "type"), identity(event), strict=True)) if event else {}
    told = {f"event_{k}": v[:LONGEST] for k, v in known.items()}
    log.info("event", extra=told | {"outcome": outcome.value, "why": why[:LONGEST]})
    return outcome, why
