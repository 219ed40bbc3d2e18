"""Events of the embedded run for a person to look at: each that was published, each time that one was handled.

Kafka keeps its records for a while after they were read; this is the same for SQLite, where a delivery goes when it was
handled. Bounded by number and age. Of a learner who is forgotten everything goes, and nothing comes after.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MOST = 10_000  # events; about 10 MB with what became of them
KEPT_SECONDS = 7 * 86_400
AT_ONCE = 20  # rows that are cleared with each new one: it grows back to the bound, and no write takes long

SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, topic TEXT NOT NULL, key TEXT NOT NULL,
    source TEXT NOT NULL, id TEXT NOT NULL, subscribers INTEGER NOT NULL, event TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS events_by_id ON events (id, source);
CREATE INDEX IF NOT EXISTS events_by_key ON events (key);
CREATE TABLE IF NOT EXISTS handled (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, event INTEGER NOT NULL, subscriber TEXT NOT NULL,
    outcome TEXT NOT NULL, why TEXT NOT NULL, duration_ms REAL NOT NULL);
CREATE INDEX IF NOT EXISTS handled_by_event ON handled (event);
"""


@dataclass(frozen=True)
class Handled:
    """One delivery, by the time of its end. `why` says why the outcome is not `done`."""

    at: float
    subscriber: str
    outcome: str
    why: str
    duration_ms: float


def published(
    connection: sqlite3.Connection, at: float, topic: str, key: str, subscribers: int, event: Mapping[str, Any]
) -> None:
    """Keeps an event; again for one that is published again, as Kafka does."""
    row = [at, topic, key, str(event["source"]), str(event["id"]), subscribers, json.dumps(event)]
    connection.execute("INSERT INTO events VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", row)
    newest = connection.execute("SELECT max(seq) FROM events").fetchone()[0]
    old = connection.execute(
        "SELECT seq FROM (SELECT seq, at FROM events ORDER BY seq LIMIT ?) WHERE seq <= ? OR at < ?",
        [AT_ONCE, newest - MOST, at - KEPT_SECONDS],
    ).fetchall()
    _remove(connection, old)


def handled(connection: sqlite3.Connection, event: str, what: Handled) -> None:
    """Nothing is kept of an event that is not kept itself: its learner may be forgotten meanwhile."""
    told = json.loads(event)
    about = [told.get("id"), told.get("source")]
    row = [what.at, what.subscriber, what.outcome, what.why, what.duration_ms, *about]
    connection.execute(
        "INSERT INTO handled (at, event, subscriber, outcome, why, duration_ms)"
        " SELECT ?, seq, ?, ?, ?, ? FROM events WHERE id = ? AND source = ? ORDER BY seq DESC LIMIT 1",
        row,
    )


def forget(connection: sqlite3.Connection, key: str) -> None:
    """Removes the events of this key, and those among the dead letters."""
    _remove(connection, connection.execute("SELECT seq FROM events WHERE key = ?", [key]).fetchall())
    whose = "json_extract(event, '$.partitionkey') = ?1 OR json_extract(event, '$.data.user_id') = ?1"
    connection.execute(f"DELETE FROM dead_letters WHERE {whose}", [key])


def _remove(connection: sqlite3.Connection, rows: list[tuple[int]]) -> None:
    connection.executemany("DELETE FROM handled WHERE event = ?", rows)
    connection.executemany("DELETE FROM events WHERE seq = ?", rows)
