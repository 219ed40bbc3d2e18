"""The events of the embedded run: its SQLite file, which may be in use meanwhile."""

import asyncio
import json
import math
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from functions.events.seen import Seen
from functions.refused import Refused
from functions.runtime.event_log import Handled
from functions.runtime.local import FILE, Database, LocalPublisher
from functions.runtime.ports import Json

POLL_SECONDS = 0.1
OUTCOME_SECONDS = 4  # that a command waits to see what becomes of what it sent
Work = Callable[[sqlite3.Connection], list[tuple[int, Seen]]]
HANDLED = "h.at, h.subscriber, h.outcome, h.why, h.duration_ms"


@dataclass(frozen=True)
class EmbeddedEvents:
    data: Path  # directory of the state
    since: float = math.inf  # a time of the past, in seconds of Unix, from which `watch` begins rather than from now

    async def last(self, topics: Sequence[str], limit: int) -> list[Seen]:
        where, params = _of(topics)
        sql = f"SELECT * FROM (SELECT * FROM events WHERE {where} ORDER BY seq DESC LIMIT ?) ORDER BY seq"
        return await self._seen(sql, [*params, limit])

    async def called(self, beginning: str) -> list[Seen]:
        sql = "SELECT * FROM events WHERE substr(id, 1, ?) = ? ORDER BY seq"
        return await self._seen(sql, [len(beginning), beginning])

    async def watch(self, topics: Sequence[str]) -> AsyncIterator[Seen | None]:
        """What is handled from then on, and what is published that nobody takes. None: from now on it is seen."""
        where, params = _of(topics)
        async with self.database() as database:
            done, new = await database.run(lambda connection: _newest(connection, self.since))
            yield None
            while True:
                ended = await database.run(_ended(done, where, params))
                untaken = await database.run(_untaken(new, where, params))
                for number, seen in sorted(ended + untaken, key=lambda each: each[1].at):
                    if seen.handled:
                        done = max(done, number)
                    else:
                        new = max(new, number)
                    yield seen
                await asyncio.sleep(POLL_SECONDS)

    async def put(self, topic: str, key: str, event: Json, to: str | None) -> AsyncIterator[str | Seen]:
        """Publishes it to whoever takes it, or to one function, and tells what became of it. Raises Refused."""
        takers = subscribers(topic, str(event["type"]), to)
        async with self.database() as database:
            done, _ = await database.run(_newest)
            await LocalPublisher(database, {topic: takers}, lambda: None).publish(topic, key, event)
            if not takers:
                yield "nobody takes it"
                return
            missing, end = set(takers), time.monotonic() + OUTCOME_SECONDS
            while missing and time.monotonic() < end:
                for number, seen in await database.run(_ended(done, "e.id = ?", [str(event["id"])])):
                    done = max(done, number)
                    missing -= {each.subscriber for each in seen.handled}
                    yield seen
                await asyncio.sleep(POLL_SECONDS)
            if missing:
                yield f"it waits for {' and '.join(sorted(missing))}: does learnflow run?"

    async def _seen(self, sql: str, params: Sequence[Any]) -> list[Seen]:
        of = f"SELECT {HANDLED} FROM handled h WHERE h.event = ? ORDER BY h.seq"

        def work(connection: sqlite3.Connection) -> list[Seen]:
            rows = connection.execute(sql, params).fetchall()
            return [_read(row, [Handled(*h) for h in connection.execute(of, [row[0]])]) for row in rows]

        async with self.database() as database:
            return await database.run(work)

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Database]:
        """Raises Refused where there is none."""
        if not (self.data / FILE).exists():
            raise Refused(f"there is no state in {self.data}; --bootstrap-servers says where a deployment's Kafka is")
        database = Database(self.data / FILE)
        try:
            yield database
        finally:
            await database.close()


def _of(topics: Sequence[str]) -> tuple[str, list[str]]:
    return (f"topic IN ({','.join('?' * len(topics))})", [*topics]) if topics else ("TRUE", [])


def _newest(connection: sqlite3.Connection, before: float = math.inf) -> tuple[int, int]:
    newest = "coalesce((SELECT max(seq) FROM {} WHERE at < ?), 0)"
    sql = f"SELECT {newest.format('handled')}, {newest.format('events')}"
    found: tuple[int, int] = connection.execute(sql, [before, before]).fetchone()
    return found


def _ended(after: int, where: str, params: Sequence[Any]) -> Work:
    """What was handled after that row of `handled`, with the row's number."""
    sql = f"SELECT h.seq, {HANDLED}, e.* FROM handled h JOIN events e ON e.seq = h.event WHERE h.seq > ? AND {where}"

    def work(connection: sqlite3.Connection) -> list[tuple[int, Seen]]:
        rows = connection.execute(f"{sql} ORDER BY h.seq", [after, *params]).fetchall()
        return [(row[0], _read(row[6:], [Handled(*row[1:6])], at=row[1])) for row in rows]

    return work


def _untaken(after: int, where: str, params: Sequence[Any]) -> Work:
    sql = f"SELECT * FROM events WHERE seq > ? AND subscribers = 0 AND {where} ORDER BY seq"

    def work(connection: sqlite3.Connection) -> list[tuple[int, Seen]]:
        return [(row[0], _read(row, ())) for row in connection.execute(sql, [after, *params]).fetchall()]

    return work


def _read(row: Sequence[Any], handled: Sequence[Handled], at: float | None = None) -> Seen:
    _, published, topic, _, _, _, takers, event = row
    when = datetime.fromtimestamp(at or published, UTC)
    return Seen(when, topic, json.loads(event), handled=handled, taken=bool(takers))


def subscribers(topic: str, kind: str, to: str | None) -> list[str]:
    """Who takes it. Raises Refused for a function that does not."""
    from functions.embedded import apps  # every function

    takes = {name: app.state.function.takes for name, app in apps().items()}
    if to is None:
        return [name for name, those in takes.items() if topic and any(on.data.topic_name == topic for on in those)]
    if to not in takes:
        raise Refused(f"there is no function {to}; there are {', '.join(takes)}")
    if kind not in (kinds := [on.data.type_name for on in takes[to]]):
        raise Refused(f"{to} takes {' and '.join(kinds) or 'no events'}, not {kind}")
    return [to]
