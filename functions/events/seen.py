"""An event as a person sees it: one line, in colours where there is a terminal, or all of it."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TextIO

from functions.runtime.event_log import Handled
from functions.runtime.models import rfc3339
from functions.runtime.ports import Json
from functions.runtime.visible import visible

SHORT = 8  # characters of an id: enough to name it to `show`
WHY = 200
COLOURS = {"done": "32", "retry": "33", "bad": "31"}
DIM, TOPIC, SUBJECT = "2", "36", "1"


@dataclass(frozen=True)
class Seen:
    """`event` is empty, and `text` is what came, where it is no CloudEvent. `place`: Kafka's partition and offset."""

    at: datetime
    topic: str
    event: Json
    text: str = ""
    place: str = ""
    handled: Sequence[Handled] = field(default_factory=tuple)
    taken: bool = True  # by some function, as far as that is known

    @property
    def id(self) -> str:
        return str(self.event.get("id", ""))

    @property
    def of(self) -> tuple[str, str]:
        """What makes it that one event."""
        return str(self.event.get("source", "")), self.id


def coloured(stream: TextIO) -> bool:
    """https://no-color.org; and never into a file."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def line(seen: Seen, colours: bool) -> str:
    """Time, topic, type, subject, id; who handled it, to what end, in how many ms."""

    def paint(text: str, colour: str) -> str:
        # what an event holds is its sender's: it shall not move the cursor
        return f"\x1b[{colour}m{visible(text)}\x1b[0m" if colours else visible(text)

    if not seen.event:
        what = paint(f"no CloudEvent: {seen.text[:80]!r}", COLOURS["bad"])
        return f"{_clock(seen.at)}  {paint(seen.topic, TOPIC)}  {seen.place}  {what}"
    event = seen.event
    kind = str(event.get("type", "")).removeprefix("com.learnflow.")
    head = [
        _clock(seen.at),
        paint(f"{seen.topic:17}", TOPIC),
        paint(f"{kind:20}", DIM),
        paint(str(event.get("subject", "-")), SUBJECT),
        paint(seen.id[:SHORT], DIM),
    ]
    did = [
        f"{paint(each.subscriber, '0')} {paint(each.outcome, COLOURS.get(each.outcome, '0'))} {each.duration_ms:.1f} ms"
        + (f" ({paint(each.why[:WHY], COLOURS['bad'])})" if each.why else "")
        for each in seen.handled
    ]
    end = ", ".join(did) or (seen.place if seen.place else "waits" if seen.taken else "nobody takes it")
    return f"{'  '.join(head)}  → {end}"


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M:%S.%f")[:-3]


def whole(seen: Sequence[Seen]) -> str:
    """One event, however often it was published."""
    told = {
        "topic": seen[-1].topic,
        "published": [rfc3339(each.at) for each in seen],
        **({"places": [each.place for each in seen]} if seen[-1].place else {}),
        "handled": [
            {
                "by": each.subscriber,
                "outcome": each.outcome,
                **({"why": each.why} if each.why else {}),
                "duration_ms": each.duration_ms,
                "at": rfc3339(datetime.fromtimestamp(each.at, UTC)),
            }
            for one in seen
            for each in one.handled
        ],
        "event": seen[-1].event,
    }
    if seen[-1].place:
        del told["handled"]  # Kafka knows of no handlers
    return "\n".join(visible(part) for part in json.dumps(told, indent=2, ensure_ascii=False).split("\n"))
