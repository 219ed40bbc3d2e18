"""What was given up, put together: the copies that Knative or daprd made of an event, its reasons, its replays."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from functions.runtime.errors import BadEvent
from functions.runtime.events import STRUCTURED, decode
from functions.runtime.middleware import BODY_LIMIT
from functions.runtime.ports import Json
from functions.runtime.receive import checked
from functions.usecases.events import ALL

Identity = tuple[str, str]  # source and id of an event; what is no event is known by where it was


@dataclass(frozen=True)
class Death:
    """One time that an event was given up. `event` is None for what is no CloudEvent, or only noted."""

    of: Identity
    at: datetime
    event: Json | None = None
    text: str = ""  # what came, where it is no CloudEvent
    topic: str = ""
    key: str = ""
    handler: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Replay:
    of: Identity
    at: datetime


@dataclass
class Letter:
    """An event that was given up, however often and by however many handlers."""

    of: Identity
    first: datetime
    last: datetime
    event: Json | None = None
    text: str = ""
    topic: str = ""
    key: str = ""
    handlers: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    replays: list[datetime] = field(default_factory=list)

    @property
    def id(self) -> str:
        return self.of[1]

    @property
    def waits(self) -> bool:
        """Not replayed since it was last given up."""
        return not self.replays or self.last > max(self.replays)

    @property
    def reason(self) -> str:
        return "; ".join(self.reasons) or self.verdict

    @property
    def verdict(self) -> str:
        """What this version of the functions says to it: the way to see whether a replay can help."""
        if self.event is None:
            return f"not a CloudEvent: {self.text[:80]!r}" if self.text else "only the reason is kept, not the event"
        return verdict(self.event)


def verdict(event: Json) -> str:
    """Why no function can take the event, or that one can."""
    body = _structured(event)
    if len(body) > BODY_LIMIT:
        return f"it has more than {BODY_LIMIT} bytes"
    try:
        decoded = decode({"content-type": STRUCTURED}, body)
        model = next((model for model in ALL if model.type_name == decoded.get_type()), None)
        if model is None:
            return f"no function takes events of type {decoded.get_type()}"
        checked(model, decoded)
    except BadEvent as error:
        return str(error)
    return "the event is valid: it was given up after its retries, see the function's log"


def topic_of(event: Json) -> str:
    """By its type, where the record does not say where it came from."""
    return next((model.topic_name for model in ALL if model.type_name == event.get("type")), "")


def _structured(event: Json) -> bytes:
    return json.dumps(event, separators=(",", ":")).encode()


def put_together(found: Iterable[Death | Replay]) -> list[Letter]:
    """One letter for each event, the one given up last at the end."""
    letters: dict[Identity, Letter] = {}
    for one in sorted(found, key=lambda each: each.at):
        if isinstance(one, Replay):
            if one.of in letters:  # else what it was a replay of is no longer kept
                letters[one.of].replays.append(one.at)
            continue
        letter = letters.setdefault(one.of, Letter(one.of, one.at, one.at))
        letter.last = one.at
        letter.event = one.event or letter.event
        letter.text, letter.topic = one.text or letter.text, one.topic or letter.topic
        letter.key = one.key or letter.key
        for known, new in ((letter.handlers, one.handler), (letter.reasons, one.reason)):
            if new and new not in known:
                known.append(new)
    return sorted(letters.values(), key=lambda each: each.last)
