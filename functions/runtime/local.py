"""The ports over one SQLite file, for the embedded default: no sidecar, no broker, the same guarantees.

Publishing is a durable row for each subscriber (`broker.py` delivers them), as Kafka keeps a record for each consumer
group. SQLite in WAL mode loses nothing to a `kill -9` of this process.
"""

import asyncio
import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from pydantic_core import from_json, to_json  # a third of what `json` takes for a learner's document

from functions.runtime import event_log
from functions.runtime.apis import LocalApis
from functions.runtime.errors import Conflict, Unavailable
from functions.runtime.ports import Json, Migration, Model, Ports, Row, Sql, Stored, Write

T = TypeVar("T")
FILE = "learnflow.sqlite3"  # in the directory of the state
ALIVE = "(expires_at IS NULL OR expires_at > ?)"

SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, etag TEXT NOT NULL, expires_at REAL, created_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, subscriber TEXT NOT NULL, key TEXT NOT NULL, event TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS deliveries_by_subscriber ON deliveries (subscriber, id);
CREATE TABLE IF NOT EXISTS dead_letters (
    id INTEGER PRIMARY KEY AUTOINCREMENT, subscriber TEXT NOT NULL, reason TEXT NOT NULL, event TEXT NOT NULL,
    dead_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS dead_letter_replays (source TEXT NOT NULL, id TEXT NOT NULL, replayed_at REAL NOT NULL);
"""


class Database:
    """One connection, used by one thread, so that the event loop never waits for the disk."""

    def __init__(self, path: Path | str) -> None:
        self._thread = ThreadPoolExecutor(1, "sqlite")
        self._connection = self._thread.submit(self._open, str(path)).result()

    @staticmethod
    def _open(path: str) -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, timeout=5)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(SCHEMA + event_log.SCHEMA)
        return connection

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """`work` in one transaction. Raises Unavailable when SQLite cannot (a full disk, a locked file)."""

        def transaction() -> T:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                try:
                    result = work(self._connection)
                    self._connection.execute("COMMIT")
                    return result
                except BaseException:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise Unavailable(f"The database did not answer ({error}).") from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, transaction)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()


class LocalDocuments:
    """Documents as rows; an etag is as random as PostgreSQL's."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock

    async def load(self, *keys: str) -> dict[str, Stored]:
        marks = ",".join("?" * len(keys))
        sql = f"SELECT key, value, etag FROM documents WHERE key IN ({marks}) AND {ALIVE}"
        rows = await self._database.run(lambda c: c.execute(sql, [*keys, self._clock()]).fetchall())
        return {key: Stored(from_json(value), etag) for key, value, etag in rows}

    async def commit(self, *writes: Write) -> None:
        now = self._clock()

        def work(connection: sqlite3.Connection) -> None:
            for write in writes:
                _apply(connection, write, now)

        await self._database.run(work)

    async def scan(self, prefix: str, limit: int) -> dict[str, Json]:
        return await self._rows(prefix, "", "created_at, key", limit)

    async def page(self, prefix: str, after: str, limit: int) -> dict[str, Json]:
        return await self._rows(prefix, after, "key", limit)

    async def count(self, prefix: str) -> int:
        sql = f"SELECT count(*) FROM documents WHERE key > ? AND substr(key, 1, ?) = ? AND {ALIVE}"
        wanted = [prefix, len(prefix), prefix, self._clock()]
        found: int = await self._database.run(lambda c: c.execute(sql, wanted).fetchone()[0])
        return found

    async def _rows(self, prefix: str, after: str, order: str, limit: int) -> dict[str, Json]:
        chosen = f"key > ? AND substr(key, 1, ?) = ? AND {ALIVE}"
        sql = f"SELECT key, value FROM documents WHERE {chosen} ORDER BY {order} LIMIT ?"
        wanted = [max(prefix, after), len(prefix), prefix, self._clock(), limit]
        rows = await self._database.run(lambda c: c.execute(sql, wanted).fetchall())
        return {key: from_json(value) for key, value in rows}


def _apply(connection: sqlite3.Connection, write: Write, now: float) -> None:
    connection.execute("DELETE FROM documents WHERE key = ? AND expires_at <= ?", [write.key, now])
    if write.guard is not None:
        row = connection.execute("SELECT etag FROM documents WHERE key = ?", [write.key]).fetchone()
        if (row[0] if row else "") != write.guard:
            raise Conflict(write.key)
    if write.value is None:
        connection.execute("DELETE FROM documents WHERE key = ?", [write.key])
        return
    expires = now + write.ttl_seconds if write.ttl_seconds is not None else None
    connection.execute(
        "INSERT INTO documents VALUES (?, ?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET"
        " value = excluded.value, etag = excluded.etag, expires_at = excluded.expires_at",
        [write.key, to_json(write.value).decode(), uuid.uuid4().hex, expires, now],
    )


class LocalPublisher:
    """One durable row for each subscriber of the topic."""

    def __init__(self, database: Database, subscribers: Mapping[str, Sequence[str]], wake: Callable[[], None]) -> None:
        self._database, self._subscribers, self._wake = database, subscribers, wake

    async def publish(self, topic: str, key: str, event: Json) -> None:
        rows = [(name, key, json.dumps(event)) for name in self._subscribers.get(topic, ())]
        sql = "INSERT INTO deliveries (subscriber, key, event) VALUES (?, ?, ?)"

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(sql, rows)  # its cursor must not leave this thread: freed in another, it breaks
            event_log.published(connection, time.time(), topic, key, len(rows), event)

        await self._database.run(work)
        self._wake()

    async def forget(self, key: str) -> None:
        await self._database.run(lambda connection: event_log.forget(connection, key))


class LocalReadModel:
    """The same tables and statements as PostgreSQL's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def migrate(self, migrations: Sequence[Migration]) -> None:
        def work(connection: sqlite3.Connection) -> None:
            done = connection.execute("PRAGMA user_version").fetchone()[0]
            for migration in migrations[done:]:
                for statement in filter(str.strip, migration.shared.split(";")):
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {max(done, len(migrations))}")

        await self._database.run(work)

    async def query(self, sql: Sql) -> list[Row]:
        rows: list[Row] = await self._database.run(lambda c: c.execute(sql.text, _named(sql)).fetchall())
        return rows

    async def write(self, *statements: Sql) -> None:
        def work(connection: sqlite3.Connection) -> None:
            for sql in statements:
                connection.execute(sql.text, _named(sql))

        await self._database.run(work)

    async def count(self, sql: Sql, exact_up_to: int) -> tuple[int, bool]:  # noqa: ARG002  counting here is cheap
        [[found]] = await self.query(Sql(f"SELECT count(*) FROM ({sql.text})", sql.params))
        return found, False


def _named(sql: Sql) -> dict[str, Any]:
    return {str(number): value for number, value in enumerate(sql.params, start=1)}


def ports(
    database: Database, subscribers: Mapping[str, Sequence[str]], wake: Callable[[], None], model: Model | None = None
) -> Ports:
    """The ports over one database; `subscribers` and `wake` are the broker's."""
    return Ports(
        documents=LocalDocuments(database),
        publisher=LocalPublisher(database, subscribers, wake),
        read_model=LocalReadModel(database),
        now=lambda: datetime.now(UTC),
        not_ready=lambda: _not_ready(database),
        apis=LocalApis(),
        model=model,
    )


async def _not_ready(database: Database) -> str | None:
    try:
        await database.run(lambda connection: connection.execute("SELECT 1 FROM documents LIMIT 1").fetchall())
    except Unavailable as error:
        return error.detail
    return None
