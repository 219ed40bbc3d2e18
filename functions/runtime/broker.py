"""The embedded stand-in for Kafka and its source: delivers each subscriber's rows in order, through the same decoding.

A row leaves only after its event was handled, so a kill at any point loses nothing; what can never be handled moves to
the dead letters with the reason.
"""

import asyncio
import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import suppress

from functions.runtime import event_log, metrics
from functions.runtime.app import Function
from functions.runtime.errors import Unavailable
from functions.runtime.event_log import Handled
from functions.runtime.events import STRUCTURED
from functions.runtime.local import Database
from functions.runtime.ports import Ports
from functions.runtime.receive import Outcome, receive
from functions.runtime.telemetry import log

RETRY_SECONDS = (0.1, 0.5, 1, 2, 5)
ELSEWHERE_SECONDS = 1  # until a row is seen that another process wrote: a replay by `learnflow events`
RETRIES = 10  # as the Kafka sources of the manifests have it
HEADERS = {"content-type": STRUCTURED}


class Broker:
    """One task for each subscriber."""

    def __init__(self, database: Database, functions: Mapping[str, Function]) -> None:
        self._database = database
        self._functions = functions
        self._awake = {name: asyncio.Event() for name in functions}

    def subscribers(self) -> dict[str, list[str]]:
        """Function names by Kafka topic."""
        found: dict[str, list[str]] = {}
        for name, function in self._functions.items():
            for on in function.takes:
                if on.data.topic_name:
                    found.setdefault(on.data.topic_name, []).append(name)
        return found

    def wake(self) -> None:
        for event in self._awake.values():
            event.set()

    async def run(self, ports: Ports) -> None:
        """Delivers until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name in self._functions:
                group.create_task(self._serve(name, ports))

    async def _serve(self, name: str, ports: Ports) -> None:
        attempts = 0
        while True:
            try:
                attempts = await self._next(name, ports, attempts)
            except Unavailable as error:  # a full disk; the event is still there, and whoever takes it knows it again
                log.warning("events wait", extra={"subscriber": name, "why": error.detail})
                await asyncio.sleep(1)

    async def _next(self, name: str, ports: Ports, attempts: int) -> int:
        """Delivers the oldest event, or waits for one; how often it was tried in vain. Raises Unavailable."""
        self._awake[name].clear()
        row = await self._database.run(lambda c: _oldest(c, name))
        if row is None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._awake[name].wait(), timeout=ELSEWHERE_SECONDS)
            return 0
        number, event = row
        told = await self._delivered(name, event, ports)
        if told.outcome == Outcome.RETRY.value and attempts < RETRIES:
            await self._database.run(lambda c: event_log.handled(c, event, told))
            await asyncio.sleep(RETRY_SECONDS[min(attempts, len(RETRY_SECONDS) - 1)])
            return attempts + 1
        if told.outcome == Outcome.RETRY.value:
            metrics.dead_letters.add(json.loads(event)["type"], told.outcome)
        await self._database.run(lambda c: _finish(c, number, event, told))
        return 0

    async def _delivered(self, name: str, event: str, ports: Ports) -> Handled:
        begun = time.perf_counter()
        outcome, why = await receive(ports, self._functions[name].takes, HEADERS, event.encode())
        took = (time.perf_counter() - begun) * 1000
        return Handled(time.time(), name, outcome.value, "" if outcome is Outcome.DONE else why, round(took, 1))


def _oldest(connection: sqlite3.Connection, subscriber: str) -> tuple[int, str] | None:
    sql = "SELECT id, event FROM deliveries WHERE subscriber = ? ORDER BY id LIMIT 1"
    row: tuple[int, str] | None = connection.execute(sql, [subscriber]).fetchone()
    return row


def _finish(connection: sqlite3.Connection, number: int, event: str, told: Handled) -> None:
    connection.execute("DELETE FROM deliveries WHERE id = ?", [number])
    event_log.handled(connection, event, told)
    if told.outcome != Outcome.DONE.value:
        about = {"subscriber": told.subscriber, "event_id": json.loads(event)["id"], "why": told.why}
        log.error("dead letter", extra=about)
        sql = "INSERT INTO dead_letters (subscriber, reason, event, dead_at) VALUES (?, ?, ?, ?)"
        connection.execute(sql, [told.subscriber, told.why, event, told.at])
