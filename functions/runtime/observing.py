"""The ports, observed: a span for each call, and what went wrong counted. Around either adapter, unseen by handlers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from opentelemetry.trace import SpanKind

from functions.runtime import metrics
from functions.runtime.errors import Conflict, Unavailable
from functions.runtime.ports import (
    Api,
    Apis,
    Documents,
    Json,
    LanguageModel,
    Message,
    Meter,
    Migration,
    Ports,
    Publisher,
    ReadModel,
    Row,
    Sql,
    Stored,
    Write,
)
from functions.runtime.telemetry import span


def observed(ports: Ports, database: str) -> Ports:
    """`database`: postgresql or sqlite."""
    model = ports.model and replace(
        ports.model, language=ObservedModel(ports.model.language, ports.model.settings.name)
    )
    return replace(
        ports,
        model=model,
        documents=ObservedDocuments(ports.documents),
        publisher=ObservedPublisher(ports.publisher),
        read_model=ObservedReadModel(ports.read_model, database),
        apis=ObservedApis(ports.apis),
    )


@dataclass(frozen=True)
class ObservedDocuments:
    """Keys are not told: they hold ids of people."""

    inner: Documents

    async def load(self, *keys: str) -> dict[str, Stored]:
        with span("state load", SpanKind.CLIENT, {"learnflow.keys": len(keys)}):
            return await self.inner.load(*keys)

    async def commit(self, *writes: Write) -> None:
        with span("state commit", SpanKind.CLIENT, {"learnflow.writes": len(writes)}):
            try:
                await self.inner.commit(*writes)
            except Conflict:
                metrics.conflicts.add()
                raise

    async def scan(self, prefix: str, limit: int) -> dict[str, Json]:
        with span("state scan", SpanKind.CLIENT, {}):
            return await self.inner.scan(prefix, limit)

    async def page(self, prefix: str, after: str, limit: int) -> dict[str, Json]:
        with span("state page", SpanKind.CLIENT, {}):
            return await self.inner.page(prefix, after, limit)

    async def count(self, prefix: str) -> int:
        with span("state count", SpanKind.CLIENT, {}):
            return await self.inner.count(prefix)


@dataclass(frozen=True)
class ObservedPublisher:
    inner: Publisher

    async def publish(self, topic: str, key: str, event: Json) -> None:
        about: dict[str, str | int] = {
            "messaging.system": "kafka",
            "messaging.operation.name": "publish",
            "messaging.destination.name": topic,
            "cloudevents.event_id": str(event.get("id", "")),
            "cloudevents.event_type": str(event.get("type", "")),
        }
        # of another trace when the relay publishes what a request of long ago committed
        with span(f"publish {topic}", SpanKind.PRODUCER, about, told_of=event.get("traceparent")):
            try:
                await self.inner.publish(topic, key, event)
            except Unavailable:
                metrics.unpublished.add()
                raise

    async def forget(self, key: str) -> None:
        await self.inner.forget(key)


@dataclass(frozen=True)
class ObservedReadModel:
    """A statement's text is told, its parameters are not: those hold ids of people."""

    inner: ReadModel
    database: str

    async def migrate(self, migrations: Sequence[Migration]) -> None:
        with span("sql migrate", SpanKind.CLIENT, self._told()):
            await self.inner.migrate(migrations)

    async def query(self, sql: Sql) -> list[Row]:
        with span("sql query", SpanKind.CLIENT, self._told(sql)):
            return await self.inner.query(sql)

    async def write(self, *statements: Sql) -> None:
        with span("sql write", SpanKind.CLIENT, self._told(*statements)):
            await self.inner.write(*statements)

    async def count(self, sql: Sql, exact_up_to: int) -> tuple[int, bool]:
        with span("sql count", SpanKind.CLIENT, self._told(sql)):
            return await self.inner.count(sql, exact_up_to)

    def _told(self, *statements: Sql) -> dict[str, str | int]:
        told: dict[str, str | int] = {"db.system.name": self.database}
        if statements:
            told["db.query.text"] = "; ".join(" ".join(sql.text.split())[:200] for sql in statements)
        return told


@dataclass(frozen=True)
class ObservedApis:
    """Which API, not what it is asked."""

    inner: Apis

    async def get(self, api: Api, path: str, query: Mapping[str, str]) -> Json:
        with span(f"GET {api.name}", SpanKind.CLIENT, {"http.request.method": "GET"}):
            return await self.inner.get(api, path, query)


@dataclass(frozen=True)
class ObservedModel:
    """What is asked and answered is not told."""

    inner: LanguageModel
    name: str

    async def ask(self, messages: Sequence[Message], schema: Json, max_tokens: int, meter: Meter) -> str:
        about: dict[str, str | int] = {"gen_ai.operation.name": "chat", "gen_ai.request.model": self.name}
        with span("model chat", SpanKind.CLIENT, about):
            return await self.inner.ask(messages, schema, max_tokens, meter)
