"""What is kept behind daprd: documents in its state store, and the read model by its SQL binding."""

import asyncio
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dapr.proto.common.v1 import common_pb2
from dapr.proto.runtime.v1 import binding_pb2, state_pb2
from pydantic_core import from_json, to_json  # a third of what `json` takes for a learner's document

from functions.runtime.errors import Unavailable
from functions.runtime.ports import ABSENT, Json, Migration, Row, Sql, Stored, Write
from functions.runtime.sql import as_one_statement, counted, migration_block

if TYPE_CHECKING:
    from functions.runtime.sidecar import Sidecar

FEW = 2  # keys that are read one by one, at the same time
INDEX = "learnflow_state_by_key"
LAST = "\U0010ffff"  # sorts behind every other character


class SidecarDocuments:
    """Documents in Dapr's state store. A commit is one state transaction, so all or nothing."""

    def __init__(self, sidecar: "Sidecar", tables: "SidecarReadModel") -> None:
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


class SidecarReadModel:
    """SQL over the binding: one statement a call and no session, so several writes become one statement of CTEs."""

    def __init__(self, sidecar: "Sidecar") -> None:
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
