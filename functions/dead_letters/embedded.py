"""The dead letters of the embedded run: a table of its SQLite file, which may be in use meanwhile."""

import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from functions.dead_letters.letters import Death, Letter, Replay, topic_of
from functions.runtime.local import FILE, Database


@dataclass(frozen=True)
class EmbeddedLetters:
    data: Path  # directory of the state

    async def found(self) -> list[Death | Replay]:
        """Raises Unavailable."""
        async with self._database() as database:
            return await database.run(_all)

    async def replay(self, letter: Letter, topic: str, now: datetime) -> None:  # noqa: ARG002  its handlers are known
        """Back to those that gave it up, and a note of that, in one transaction. Raises Unavailable."""
        rows = [(name, letter.key, json.dumps(letter.event)) for name in letter.handlers]

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany("INSERT INTO deliveries (subscriber, key, event) VALUES (?, ?, ?)", rows)
            sql = "INSERT INTO dead_letter_replays (source, id, replayed_at) VALUES (?, ?, ?)"
            connection.execute(sql, [*letter.of, now.timestamp()])

        async with self._database() as database:
            await database.run(work)

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[Database]:
        database = Database(self.data / FILE)
        try:
            yield database
        finally:
            await database.close()


def _all(connection: sqlite3.Connection) -> list[Death | Replay]:
    deaths = connection.execute("SELECT subscriber, reason, event, dead_at FROM dead_letters").fetchall()
    replays = connection.execute("SELECT source, id, replayed_at FROM dead_letter_replays").fetchall()
    return [
        *(_death(name, reason, json.loads(event), at) for name, reason, event, at in deaths),
        *(Replay((source, number), datetime.fromtimestamp(at, UTC)) for source, number, at in replays),
    ]


def _death(handler: str, reason: str, event: dict[str, object], at: float) -> Death:
    of = str(event["source"]), str(event["id"])
    key = str(event.get("partitionkey", ""))
    return Death(of, datetime.fromtimestamp(at, UTC), event, "", topic_of(event), key, handler, reason)
