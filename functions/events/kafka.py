"""The events of a deployment: its topics, as far back as they are kept."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from functions.events.seen import Seen
from functions.kafka_records import MILLISECONDS, followed, records, send
from functions.refused import Refused
from functions.runtime.events import DEEPEST
from functions.runtime.ports import Json
from functions.runtime.strict_json import parse
from functions.usecases.events import TOPICS


@dataclass(frozen=True)
class KafkaEvents:
    bootstrap_servers: str

    async def last(self, topics: Sequence[str], limit: int) -> list[Seen]:
        found = [_read(record) for record in await records(self.bootstrap_servers, topics or TOPICS, limit)]
        return sorted(found, key=lambda seen: seen.at)[-limit:] if limit else []

    async def called(self, beginning: str) -> list[Seen]:
        found = [_read(record) for record in await records(self.bootstrap_servers, TOPICS)]
        return sorted((seen for seen in found if seen.id.startswith(beginning)), key=lambda seen: seen.at)

    async def watch(self, topics: Sequence[str]) -> AsyncIterator[Seen | None]:
        async for record in followed(self.bootstrap_servers, topics or TOPICS):
            yield record and _read(record)

    async def put(self, topic: str, key: str, event: Json, to: str | None) -> AsyncIterator[str | Seen]:
        if to is not None:
            raise Refused(f"Kafka brings it to every group; to {to} alone by its address: --to http://…")
        [place] = await send(self.bootstrap_servers, (topic, key, event))
        yield f"it is in {topic}, {place}, for every group that reads it"


def _read(record: Any) -> Seen:
    try:
        event = parse(record.value or b"", DEEPEST)
    except ValueError:
        event = None
    known = isinstance(event, dict) and event.get("id") and event.get("source") and event.get("type")
    text = "" if known else (record.value or b"").decode(errors="replace")
    at = datetime.fromtimestamp(record.timestamp / MILLISECONDS, UTC)
    return Seen(at, record.topic, event if known else {}, text, f"{record.partition}/{record.offset}")
