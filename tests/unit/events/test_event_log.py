"""The log of the embedded run's events stays small, whatever happens."""

import json
import sqlite3
from collections.abc import Iterator

import pytest

from functions.runtime import event_log
from functions.runtime.local import SCHEMA

NOW = 1_000_000_000.0


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    made = sqlite3.connect(":memory:")
    made.executescript(SCHEMA + event_log.SCHEMA)
    yield made
    made.close()


def publish(connection: sqlite3.Connection, number: int, at: float = NOW) -> None:
    event = {"id": f"e{number}", "source": "/x"}
    event_log.published(connection, at, "topic", "maya", 1, event)
    event_log.handled(connection, json.dumps(event), event_log.Handled(at, "handler", "done", "", 1.0))


def kept(connection: sqlite3.Connection) -> tuple[list[str], int]:
    found = [row[0] for row in connection.execute("SELECT id FROM events ORDER BY seq")]
    return found, connection.execute("SELECT count(*) FROM handled").fetchone()[0]


def test_the_oldest_go_when_there_are_too_many(connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_log, "MOST", 3)
    for number in range(10):
        publish(connection, number)
    assert kept(connection) == (["e7", "e8", "e9"], 3)


def test_what_is_older_than_a_week_goes_with_what_became_of_it(connection: sqlite3.Connection) -> None:
    publish(connection, 1)
    publish(connection, 2, NOW + event_log.KEPT_SECONDS - 1)
    publish(connection, 3, NOW + event_log.KEPT_SECONDS + 1)
    assert kept(connection) == (["e2", "e3"], 2)


def test_of_an_event_that_is_not_kept_nothing_is_kept(connection: sqlite3.Connection) -> None:
    event = {"id": "unknown", "source": "/x"}
    event_log.handled(connection, json.dumps(event), event_log.Handled(NOW, "handler", "done", "", 1.0))
    assert kept(connection) == ([], 0)
