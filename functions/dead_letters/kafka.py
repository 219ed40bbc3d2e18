"""The dead letters of a deployment: the topic `learnflow-dead-letters`, read to its end each time, and written to."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from functions.dead_letters.letters import Death, Identity, Letter, Replay, topic_of
from functions.kafka_records import MILLISECONDS, records, send
from functions.runtime.events import DEEPEST, KAFKA_EVENT
from functions.runtime.ports import Json
from functions.runtime.refusing import DEAD_LETTERS, EventRefused, EventReplayed, note_of
from functions.runtime.strict_json import parse

KNATIVES = ("knativeerrordest", "knativeerrorcode", "knativeerrordata", "knativekafkapartition", "knativekafkaoffset")
DETAIL = re.compile(r'"detail":\s*"((?:[^"\\]|\\.)*)')  # of a problem that may be cut off: Knative keeps 1,024 bytes


@dataclass(frozen=True)
class KafkaLetters:
    bootstrap_servers: str

    async def found(self) -> list[Death | Replay]:
        """All that is in the topic now. Raises Unavailable."""
        return [_read(record) for record in await records(self.bootstrap_servers, [DEAD_LETTERS])]

    async def replay(self, letter: Letter, topic: str, now: datetime) -> None:
        """Back into its topic, for every group that reads it, and then a note of that. Raises Unavailable."""
        note = note_of(EventReplayed(event_source=letter.of[0], event_id=letter.id), now)
        event = letter.event or {}
        await send(self.bootstrap_servers, (topic, letter.key, event), (DEAD_LETTERS, letter.id, note))


def _read(record: Any) -> Death | Replay:
    at = datetime.fromtimestamp(record.timestamp / MILLISECONDS, UTC)
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    key = record.key.decode(errors="replace") if record.key else ""
    topic, place = headers.get("__topic", ""), f"{headers.get('__partition')}/{headers.get('__offset')}"
    if not topic:
        topic, place = DEAD_LETTERS, f"{record.partition}/{record.offset}"
    return read(record.value or b"", headers, key, (topic, place), at)


def read(value: bytes, headers: Mapping[str, str], key: str, where: tuple[str, str], at: datetime) -> Death | Replay:
    """One record, whoever wrote it. `where`: the topic, and the partition and offset, at which it first was."""
    try:
        event = parse(value, DEEPEST)
    except ValueError:
        event = None
    if not isinstance(event, dict) or not event.get("id") or not event.get("source"):
        text = value.decode(errors="replace")
        return Death(_place(*where), at, text=text, topic=headers.get("__topic", ""), key=key)
    of = str(event["source"]), str(event["id"])
    match event.get("type"):
        case EventReplayed.type_name:
            data = EventReplayed.model_validate(event["data"])
            return Replay((data.event_source, data.event_id), at)
        case EventRefused.type_name:
            noted = EventRefused.model_validate(event["data"])
            return Death((noted.event_source, noted.event_id), at, handler=noted.function, reason=noted.reason)
        case kind if kind == KAFKA_EVENT:
            topic, key = of[0].rpartition("#")[2], str(event.get("key", ""))
            place = f"{event.get('knativekafkapartition')}/{event.get('knativekafkaoffset')}"
            return Death(_place(topic, place), at, None, _text(event), topic, key, _handler(event), _reason(event))
    original = {name: part for name, part in event.items() if name not in KNATIVES}
    topic = headers.get("__topic") or topic_of(original)
    key = str(event.get("partitionkey") or headers.get("__key") or key)
    return Death(of, at, original, "", topic, key, _handler(event), _reason(event))


def _place(topic: str, place: str) -> Identity:
    """What is no event has no id: it is known by where it was, to Knative's copy and to daprd's."""
    return "", f"{topic}/{place}"


def _text(event: Json) -> str:
    """Of a record that was no CloudEvent, and that Knative's source wrapped."""
    if "data_base64" in event:
        return base64.b64decode(event["data_base64"]).decode(errors="replace")
    return json.dumps(event.get("data"))


def _handler(event: Json) -> str:
    """The service of `http://track-lesson.learnflow.svc.cluster.local`."""
    return (urlsplit(str(event.get("knativeerrordest", ""))).hostname or "").partition(".")[0]


def _reason(event: Json) -> str:
    """What Knative's source was answered: a problem's detail, with the status where it was not a refusal."""
    code, data = str(event.get("knativeerrorcode", "")), str(event.get("knativeerrordata", ""))
    if not code and not data:
        return "no answer from the function" if "knativeerrordest" in event else ""
    try:
        text = base64.b64decode(data, validate=True).decode(errors="replace")
    except (binascii.Error, ValueError):
        text = data
    found = DETAIL.search(text)
    told = str(json.loads(f'"{found[1]}"')) if found else text
    return told if code == "400" else f"{code}: {told}"
