"""Makes the read model anew from the documents, while requests and events go on.

Every row is written in place, guarded by its version like any other write, so a row that an event brings meanwhile is
never set back. What was not written since the start belongs to nothing that is kept, and goes. It reads the rows that
learners' documents keep of their lessons, not the lessons.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ParamSpec, TypeVar

from functions.learning.learner import Learner
from functions.runtime.errors import Unavailable
from functions.runtime.models import rfc3339
from functions.runtime.ports import Ports, Sql, Stored
from functions.usecases.learners import learner_from, learner_key, load_alerts, load_entries, load_learner
from functions.usecases.lesson_documents import load_bodies
from functions.usecases.projection import forget_rows, is_forgotten, rows_of
from functions.usecases.tables import KEYS, TableRow, among, query, write, write_rows

P = ParamSpec("P")
T = TypeVar("T")
LEARNERS_AT_ONCE = 20  # documents in a page: together well below gRPC's 4 MiB
ROWS_AT_ONCE = 500
WAITS = (0.5, 1, 2, 5, 10)  # seconds between tries while something does not answer


@dataclass
class Rebuilt:
    """What a rebuild did so far."""

    learners: int = 0
    written: int = 0
    removed: int = 0


async def rebuild(ports: Ports) -> AsyncIterator[Rebuilt]:
    """Says after each step how far it is. Raises Unavailable when something stays away; what was written stands."""
    started, done = ports.now(), Rebuilt()
    async for learners in _pages(ports):
        rows = [row for learner in learners for row in await _persistently(_rows, ports, learner)]
        for start in range(0, len(rows), ROWS_AT_ONCE):
            await _persistently(write_rows, ports.read_model, rows[start : start + ROWS_AT_ONCE])
        await _persistently(_forget_again, ports, learners)
        done.learners, done.written = done.learners + len(learners), done.written + len(rows)
        yield done
    for table in KEYS:
        done.removed += await _persistently(_remove_old, ports, table, started)
        yield done


async def _pages(ports: Ports) -> AsyncIterator[list[Learner]]:
    prefix = last = learner_key("")
    while page := await _persistently(ports.documents.page, prefix, last, LEARNERS_AT_ONCE):
        last = max(page)
        yield [learner_from(Stored(value, ""), value["user_id"]) for value in page.values()]


async def _rows(ports: Ports, learner: Learner) -> list[TableRow]:
    if learner.sealed_lessons or learner.alert_segments:  # read anew with them: an erasure takes its segments away
        learner, _ = await load_learner(ports.documents, learner.user_id)
    entries = await load_entries(ports.documents, learner)
    return rows_of(learner, entries, await load_alerts(ports.documents, learner), ports.now())


async def _forget_again(ports: Ports, learners: Sequence[Learner]) -> None:
    """Takes away what was written of learners who were forgotten since their document was read."""
    stored = await ports.documents.load(*(learner_key(learner.user_id) for learner in learners))
    for learner in learners:
        current = learner_from(stored.get(learner_key(learner.user_id)), learner.user_id)
        if current.forgotten_at != learner.forgotten_at:
            await forget_rows(ports.read_model, learner.user_id)


async def _remove_old(ports: Ports, table: str, started: datetime) -> int:
    """Removes the rows that were not written since `started`; how many."""
    old = Sql(f"SELECT count(*) FROM {table} WHERE written_at < $1", [rfc3339(started)])
    if table == "lessons":
        await _keep_new_lessons(ports, started)
    [[number]] = await query(ports.read_model, old)
    await write(ports.read_model, [Sql(f"DELETE FROM {table} WHERE written_at < $1", old.params)])
    return int(number)


async def _keep_new_lessons(ports: Ports, started: datetime) -> None:
    """Keeps the rows of lessons whose event has not reached their learner's document yet."""
    sql, last = "SELECT lesson_id, user_id FROM lessons WHERE written_at < $1 AND lesson_id > $2", ""
    while rows := await query(ports.read_model, Sql(f"{sql} ORDER BY lesson_id LIMIT 100", [rfc3339(started), last])):
        last = rows[-1][0]
        bodies = await load_bodies(ports.documents, [lesson_id for lesson_id, _ in rows])
        learners = await ports.documents.load(*{learner_key(body.user_id) for body in bodies.values()})
        kept = [
            body.lesson_id
            for body in bodies.values()
            if not is_forgotten(
                learner_from(learners.get(learner_key(body.user_id)), body.user_id),
                datetime.fromisoformat(body.updated_at),
            )
        ]
        touch = f"UPDATE lessons SET written_at = $1 WHERE {among('lesson_id', kept, 2)}"
        await write(ports.read_model, [Sql(touch, [rfc3339(ports.now()), *kept])])


async def _persistently(work: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    for seconds in WAITS:
        try:
            return await work(*args, **kwargs)
        except Unavailable:
            await asyncio.sleep(seconds)
    return await work(*args, **kwargs)
