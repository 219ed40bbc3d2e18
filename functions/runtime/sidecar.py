"""The ports over daprd's gRPC API: state transactions, publishing, and bindings for SQL and other people's APIs.

Dapr's generated stubs are used on one channel, without its client: `DaprClient` blocks in its constructor for up to
60 s, has no default deadline and takes 180 ms to import, which a function that starts from zero would pay.
"""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import grpc.aio
from dapr.proto.common.v1 import common_pb2
from dapr.proto.runtime.v1 import binding_pb2, dapr_pb2_grpc, pubsub_pb2, state_pb2
from pydantic_core import from_json, to_json  # a third of what `json` takes for a learner's document

from functions.runtime.apis import object_of
from functions.runtime.errors import Conflict, Unavailable
from functions.runtime.events import STRUCTURED
from functions.runtime.ports import ABSENT, Api, Json, Migration, Ports, Row, Sql, Stored, Write
from functions.runtime.settings import Settings
from functions.runtime.sql import as_one_statement, counted, migration_block
from functions.runtime.telemetry import log, traceparent

# daprd reports a lost race as INTERNAL; only the text tells it from a broken store (seen on 1.18).
LOST_RACE = ("possible etag mismatch", "no item was updated")
FEW = 2  # keys that are read one by one, at the same time
INDEX = "learnflow_state_by_key"
LAST = "\U0010ffff"  # sorts behind every other character
# After a restart of daprd the next call must find it: gRPC would wait up to two minutes before it tries again.
CHANNEL = [
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    # daprd answers a binding with its SQL in a header; gRPC's 16 KiB would make INTERNAL of a long statement.
    ("grpc.max_metadata_size", 1 << 20),
    ("grpc.absolute_max_metadata_size", 1 << 20),
]


class Sidecar:
    """One channel to daprd; the three ports below share it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._channel = grpc.aio.insecure_channel(f"{settings.dapr_host}:{settings.dapr_grpc_port}", options=CHANNEL)
        self.stub = dapr_pb2_grpc.DaprStub(self._channel)  # type: ignore[no-untyped-call]

    def metadata(self) -> list[tuple[str, str]]:
        """What goes with every call: who calls, and in which trace."""
        metadata = [("dapr-api-token", self.settings.dapr_api_token)] if self.settings.dapr_api_token else []
        if trace := traceparent():
            metadata.append(("traceparent", trace))
        return metadata

    async def call(self, method: Any, request: Any, what: str, seconds: float | None = None) -> Any:
        """One RPC with a deadline. Raises Conflict for a lost race, Unavailable for everything else."""
        try:
            return await method(request, timeout=seconds or self.settings.sidecar_timeout, metadata=self.metadata())
        except grpc.aio.AioRpcError as error:
            reason = error.details() or ""
            if any(text in reason for text in LOST_RACE):
                raise Conflict(reason) from error
            log.warning("the sidecar did not do it", extra={"what": what, "code": error.code().name, "reason": reason})
            raise Unavailable(f"The {what} did not answer ({error.code().name}).") from error

    async def not_ready(self) -> str | None:
        """Why daprd cannot serve yet, or None. Asks `outbound`: plain `/healthz` waits for this very application."""
        url = f"http://{self.settings.dapr_host}:{self.settings.dapr_http_port}/v1.0/healthz/outbound"
        try:
            await asyncio.to_thread(urllib.request.urlopen, url, timeout=1)
        except urllib.error.HTTPError as error:
            with error:
                told = error.read(500).decode(errors="replace")  # which component, in daprd's words
            return f"the Dapr sidecar is not ready: {told or error.reason}"
        except (urllib.error.URLError, OSError) as error:
            return f"the Dapr sidecar is not ready: {getattr(error, 'reason', None) or error}"
        return None

    async def close(self) -> None:
        await self._channel.close()


class SidecarDocuments:
    """Documents in Dapr's state store. A commit is one state transaction, so all or nothing."""

    def __init__(self, sidecar: Sidecar, tables: "SidecarReadModel") -> None:
        self._sidecar, self._tables = sidecar, tables
        self._store = sidecar.settings.state_store
        self._indexed = False

    async def load(self, *keys: str) -> dict[str, Stored]:
        # Of many keys at once daprd 1.18 says that they are absent when the database's answer was cut off (BulkGet of
        # state.postgresql does not ask `rows.Err()`). That a key is absent is believed only of a read of its own.
        found = await self._bulk(keys) if len(keys) > FEW else {}
        alone = [key for key in keys if key not in found]
        answers = await asyncio.gather(*(self._get(key) for key in alone))
        return found | {
            key: Stored(from_json(answer.data), answer.etag)
            for key, answer in zip(alone, answers, strict=True)
            if answer.data
        }

    async def _get(self, key: str) -> Any:
        request = state_pb2.GetStateRequest(store_name=self._store, key=key)
        return await self._sidecar.call(self._sidecar.stub.GetState, request, "state store")

    async def _bulk(self, keys: Sequence[str]) -> dict[str, Stored]:
        request = state_pb2.GetBulkStateRequest(store_name=self._store, keys=keys, parallelism=10)
        answer = await self._sidecar.call(self._sidecar.stub.GetBulkState, request, "state store")
        for item in answer.items:
            if item.error:
                raise Unavailable("The state store did not answer.")
        return {item.key: Stored(from_json(item.data), item.etag) for item in answer.items if item.data}

    async def commit(self, *writes: Write) -> None:
        operations = [_operation(write) for write in writes]
        request = state_pb2.ExecuteStateTransactionRequest(storeName=self._store, operations=operations)
        await self._sidecar.call(self._sidecar.stub.ExecuteStateTransaction, request, "state store")

    async def scan(self, prefix: str, limit: int) -> dict[str, Json]:
        return await self._rows(prefix, "", "created_at, key", limit)

    async def page(self, prefix: str, after: str, limit: int) -> dict[str, Json]:
        return await self._rows(prefix, after, "key USING ~<~", limit)

    async def count(self, prefix: str) -> int:
        [[found]] = await self._select("count(*)", "", prefix, prefix)
        return int(found)

    async def _rows(self, prefix: str, after: str, order: str, limit: int) -> dict[str, Json]:
        columns, rest = "key, convert_from(value, 'UTF8')", f" ORDER BY {order} LIMIT $3"
        rows = await self._select(columns, rest, prefix, max(prefix, after), limit)
        return {key.removeprefix(f"{self._store}||"): from_json(value) for key, value in rows}

    async def _select(self, columns: str, rest: str, prefix: str, after: str, *params: int) -> list[Row]:
        # The one place that knows Dapr's own table and how it builds keys (`keyPrefix: name`). Keys are compared byte
        # by byte, whatever the database's collation: that is what the index is made for.
        if not self._indexed:
            [[index]] = await self._tables.query(Sql(f"SELECT to_regclass('{INDEX}')::text"))
            if index is None:
                await self._tables.write(Sql(f"CREATE INDEX IF NOT EXISTS {INDEX} ON state (key text_pattern_ops)"))
            self._indexed = True
        start = f"{self._store}||"
        return await self._tables.query(
            Sql(
                f"SELECT {columns} FROM state WHERE key ~>~ $1 AND key ~<~ $2"
                f" AND (expires_at IS NULL OR expires_at > now()){rest}",
                [start + after, f"{start}{prefix}{LAST}", *params],
            )
        )


def _operation(write: Write) -> Any:
    item = common_pb2.StateItem(key=write.key)
    if write.guard == ABSENT:
        item.options.concurrency = common_pb2.StateOptions.CONCURRENCY_FIRST_WRITE
    elif write.guard is not None:
        item.etag.value = write.guard
        item.options.concurrency = common_pb2.StateOptions.CONCURRENCY_FIRST_WRITE
    if write.ttl_seconds is not None:
        item.metadata["ttlInSeconds"] = str(write.ttl_seconds)
    if write.value is not None:
        item.value = to_json(write.value)
    kind = "delete" if write.value is None else "upsert"
    return state_pb2.TransactionalStateOperation(operationType=kind, request=item)


class SidecarPublisher:
    """Kafka through Dapr, which passes our structured event on as it is."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar

    async def publish(self, topic: str, key: str, event: Json) -> None:
        request = pubsub_pb2.PublishEventRequest(
            pubsub_name=self._sidecar.settings.pubsub,
            topic=topic,
            data=json.dumps(event, separators=(",", ":")).encode(),
            data_content_type=STRUCTURED,
            # The header `content-type` is what lets Knative's Kafka source see a CloudEvent; its name and value are
            # case-sensitive there.
            metadata={"partitionKey": key, "content-type": STRUCTURED},
        )
        await self._sidecar.call(self._sidecar.stub.PublishEvent, request, "message broker")

    async def forget(self, key: str) -> None:
        """Nothing: Kafka deletes no single records, its topics' retention does."""


class SidecarReadModel:
    """SQL over the binding: one statement a call and no session, so several writes become one statement of CTEs."""

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar
        self._migrated = 0

    async def migrate(self, migrations: Sequence[Migration]) -> None:
        if self._migrated < len(migrations):
            await self._invoke("exec", Sql(migration_block(migrations)))
            self._migrated = len(migrations)

    async def query(self, sql: Sql) -> list[Row]:
        rows = await self._rows(Sql(counted(sql.text), sql.params))
        if not rows or rows[0][0] != len(rows):
            raise Unavailable("The read model did not answer.")
        return [row[2:] for row in rows if row[1]]

    async def _rows(self, sql: Sql) -> list[Row]:
        return json.loads(await self._invoke("query", sql) or b"null") or []

    async def write(self, *statements: Sql) -> None:
        await self._invoke("exec", as_one_statement(statements))

    async def count(self, sql: Sql, exact_up_to: int) -> tuple[int, bool]:
        [[found]] = await self.query(
            Sql(f"SELECT count(*) FROM (SELECT 1 FROM ({sql.text}) q LIMIT {exact_up_to + 1}) n", sql.params)
        )
        if found <= exact_up_to:
            return int(found), False
        rows = exact_up_to + 1
        for [plan] in await self._rows(Sql(f"EXPLAIN (FORMAT JSON) {sql.text}", sql.params)):
            rows = max(rows, int((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plan Rows"]))
        return rows, True

    async def _invoke(self, operation: str, sql: Sql) -> bytes:
        metadata = {"sql": sql.text}
        if sql.params:
            metadata["params"] = json.dumps(list(sql.params))
        request = binding_pb2.InvokeBindingRequest(
            name=self._sidecar.settings.read_model, operation=operation, metadata=metadata
        )
        answer = await self._sidecar.call(self._sidecar.stub.InvokeBinding, request, "read model")
        return bytes(answer.data)


class SidecarApis:
    """Other people's APIs by `bindings.http`: one circuit breaker an API, whichever path is asked for.

    Not by service invocation, whose breakers are one a path (daprd 1.18, `EndpointPolicy`), so that none would open for
    an API that is asked about many things.
    """

    def __init__(self, sidecar: Sidecar) -> None:
        self._sidecar = sidecar

    async def get(self, api: Api, path: str, query: Mapping[str, str]) -> Json:
        request = binding_pb2.InvokeBindingRequest(
            name=api.name, operation="get", metadata={"path": f"{path}?{urlencode(query)}" if query else path}
        )
        answer = await self._sidecar.call(self._sidecar.stub.InvokeBinding, request, f"API {api.name}", api.seconds)
        return object_of(api, answer.data)


@asynccontextmanager
async def ports(settings: Settings) -> AsyncIterator[Ports]:
    """The ports over one connection to daprd, which is closed at the end."""
    async with AsyncExitStack() as stack:
        connection = Sidecar(settings)
        stack.push_async_callback(connection.close)
        tables = SidecarReadModel(connection)
        documents = SidecarDocuments(connection, tables)
        model = None
        if settings.model.kind:
            from functions.model.connecting import connected  # only where there is one

            model = await stack.enter_async_context(connected(settings.model, connection))
        yield Ports(
            documents=documents,
            publisher=SidecarPublisher(connection),
            read_model=tables,
            now=lambda: datetime.now(UTC),
            not_ready=connection.not_ready,
            apis=SidecarApis(connection),
            model=model,
        )
