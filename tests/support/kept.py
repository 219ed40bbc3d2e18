"""All that is kept of some learners, read past the functions: documents, tables, what waits, what is in Kafka."""

import asyncio
import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from functions.learning.facts import Fact
from functions.learning.learner import Alert, Learner, LessonEntry
from functions.runtime.local import FILE
from functions.runtime.models import rfc3339
from functions.runtime.ports import Json, Stored, Write
from functions.runtime.refusing import DEAD_LETTERS
from functions.usecases.events import TOPICS
from functions.usecases.learners import load_alerts, load_entries, load_learner, load_ledger, reopen_topics
from functions.usecases.tables import KEYS
from tests.support import kafka, postgres

PREFIX = "statestore||"


@dataclass
class Documents:
    """A state that stands still, for the functions' own ways of reading it."""

    values: dict[str, Json]

    async def load(self, *keys: str) -> dict[str, Stored]:
        return {key: Stored(self.values[key], "") for key in keys if key in self.values}

    async def commit(self, *writes: Write) -> None:
        raise NotImplementedError(writes)

    async def scan(self, prefix: str, limit: int) -> dict[str, Json]:  # noqa: ARG002  in no order
        return {key: value for key, value in self.values.items() if key.startswith(prefix)}

    async def page(self, prefix: str, after: str, limit: int) -> dict[str, Json]:
        raise NotImplementedError(prefix, after, limit)

    async def count(self, prefix: str) -> int:
        return len(await self.scan(prefix, 0))


@dataclass
class Kept:
    """Of one learner. `rows`: what tables show of them. `events`: all of theirs in Kafka, each topic in its order.

    `broker`: whether there is a Kafka that keeps them; the embedded run delivers each event once, and forgets it.
    """

    learner: Learner
    ledger: list[Fact]
    entries: list[LessonEntry]
    alerts: list[Alert]
    lessons: dict[str, Json] = field(default_factory=dict)
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    events: dict[str, list[Json]] = field(default_factory=dict)
    dead: list[Json] = field(default_factory=list)
    broker: bool = False


def read(users: Sequence[str], place: dict[str, str], bootstrap: str) -> dict[str, Kept]:
    """What is kept of each of these learners now."""
    sql = "SELECT key, convert_from(value, 'UTF8') AS value FROM state WHERE NOT starts_with(key, $1)"
    found = {row["key"].removeprefix(PREFIX): row["value"] for row in postgres.rows(sql, f"{PREFIX}request:", **place)}
    kept = documented(found, users)
    for table in KEYS:
        for row in postgres.rows(f"SELECT * FROM {table} WHERE user_id = ANY($1)", users, **place):
            kept[row["user_id"]].rows.setdefault(table, []).append({name: _plain(v) for name, v in row.items()})
    for its in kept.values():
        its.broker = True
    for topic in TOPICS:
        for record in kafka.records(topic, lambda r: r.key in kept and _is_of_functions(r), bootstrap):
            kept[str(record.key)].events.setdefault(topic, []).append(record.value)
    for record in kafka.records(DEAD_LETTERS, bootstrap=bootstrap):
        user = record.value.get("partitionkey") if isinstance(record.value, dict) else None
        if user in kept:
            kept[user].dead.append(record.value)
    return kept


def read_embedded(users: Sequence[str], data: Path) -> dict[str, Kept]:
    """The same of the embedded run whose state is in the folder."""
    with closing(sqlite3.connect(data / FILE)) as database:
        database.row_factory = sqlite3.Row
        kept = documented(dict(map(tuple, database.execute("SELECT key, value FROM documents"))), users)
        for table in KEYS:
            for row in database.execute(f"SELECT * FROM {table}"):
                if row["user_id"] in kept:
                    kept[row["user_id"]].rows.setdefault(table, []).append(dict(row))
        for [event] in database.execute("SELECT event FROM dead_letters"):
            kept[json.loads(event)["partitionkey"]].dead.append(json.loads(event))
    return kept


def _is_of_functions(record: kafka.Record) -> bool:
    return isinstance(record.value, dict) and str(record.value.get("source")).startswith("/functions/")


def outbox(place: dict[str, str]) -> int:
    """How many events wait."""
    sql = "SELECT count(*) AS number FROM state WHERE starts_with(key, $1)"
    return int(postgres.rows(sql, f"{PREFIX}outbox:", **place)[0]["number"])


def waiting_embedded(data: Path) -> int:
    """How many events wait, in the outbox or to be handled."""
    sql = "SELECT (SELECT count(*) FROM documents WHERE key LIKE 'outbox:%') + (SELECT count(*) FROM deliveries)"
    with closing(sqlite3.connect(data / FILE)) as database:
        return int(database.execute(sql).fetchone()[0])


def documented(found: Mapping[str, str], users: Sequence[str]) -> dict[str, Kept]:
    """Those of the learners, of all documents as JSON."""
    return asyncio.run(_documented(Documents({key: json.loads(value) for key, value in found.items()}), users))


async def _documented(documents: Documents, users: Sequence[str]) -> dict[str, Kept]:
    kept = {user: await _kept(documents, user) for user in users}
    for key, value in documents.values.items():
        if key.startswith("lesson:") and value["user_id"] in kept:
            kept[value["user_id"]].lessons[value["lesson_id"]] = value
    return kept


async def _kept(documents: Documents, user: str) -> Kept:
    learner, _ = await load_learner(documents, user)
    ledger, alerts = await load_ledger(documents, learner), await load_alerts(documents, learner)
    entries = await load_entries(documents, learner)
    await reopen_topics(documents, learner, learner.topics)
    return Kept(learner, ledger, entries, alerts)


def _plain(value: Any) -> Any:
    return rfc3339(value) if isinstance(value, datetime) else value
