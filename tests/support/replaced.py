"""A function as it is, but for its way to the world: a crash at a named point, another clock, or one guard less.

Started in the function's place (`LEARNFLOW_TEST_APP`), because a point in the middle of a commit cannot be hit from
outside, and no product should have a switch for it.
"""

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from importlib import import_module

from functions.runtime import sidecar
from functions.runtime.ports import Documents, Json, Ports, Publisher, Stored, Write
from functions.runtime.settings import Settings

POINTS: tuple[str, ...] = ("before the state write", "after the state write", "after the publish")
POINTS += ("before the outbox row goes", "before the answer")
CRASH, _, TIMES = os.environ.get("LEARNFLOW_TEST_CRASH", "").partition(":")  # a point, and at which time
CLOCK = [float(hours) for hours in os.environ.get("LEARNFLOW_TEST_CLOCK", "0").split(",")]  # offsets, taken in turn
WITHOUT = os.environ.get("LEARNFLOW_TEST_WITHOUT", "")  # the guard: etag, idempotency or outbox
real_ports = sidecar.ports


class Points:
    """Counts how often the point was passed."""

    def __init__(self) -> None:
        self.left = int(TIMES or 0)

    def pass_by(self, point: str) -> None:
        if point == CRASH:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class CrashingDocuments:
    """Only what keeps something is a state write here; a turn of the rate limit is not."""

    def __init__(self, inner: Documents, points: Points) -> None:
        self.inner, self.points = inner, points
        self.scan, self.page, self.count = inner.scan, inner.page, inner.count

    async def load(self, *keys: str) -> dict[str, Stored]:
        hidden = "request:" if WITHOUT == "idempotency" else None
        return await self.inner.load(*(key for key in keys if not (hidden and key.startswith(hidden))))

    async def commit(self, *writes: Write) -> None:
        row = all(write.key.startswith("outbox:") and write.value is None for write in writes)
        kept = any(write.key.startswith(("learner:", "lesson:")) for write in writes)
        if row or kept:
            self.points.pass_by("before the outbox row goes" if row else "before the state write")
        await self.inner.commit(*map(_unguarded, filter(_is_written, writes)))
        if row or kept:
            self.points.pass_by("before the answer" if row else "after the state write")


def _is_written(write: Write) -> bool:
    left_out = {"outbox": "outbox:", "idempotency": "request:"}.get(WITHOUT)
    return not (left_out and write.key.startswith(left_out))


def _unguarded(write: Write) -> Write:
    return replace(write, guard=None) if WITHOUT == "etag" else write


class CrashingPublisher:
    def __init__(self, inner: Publisher, points: Points) -> None:
        self.inner, self.points = inner, points

    async def publish(self, topic: str, key: str, event: Json) -> None:
        await self.inner.publish(topic, key, event)
        self.points.pass_by("after the publish")

    async def forget(self, key: str) -> None:
        await self.inner.forget(key)


def replaced(ports: Ports) -> Ports:
    points, asked = Points(), 0

    def now() -> datetime:
        nonlocal asked
        asked += 1
        return ports.now() + timedelta(hours=CLOCK[asked % len(CLOCK)])

    documents, publisher = CrashingDocuments(ports.documents, points), CrashingPublisher(ports.publisher, points)
    return replace(ports, documents=documents, publisher=publisher, now=now)


@asynccontextmanager
async def replaced_ports(settings: Settings) -> AsyncIterator[Ports]:
    async with real_ports(settings) as ports:
        yield replaced(ports)


if "LEARNFLOW_TEST_APP" in os.environ:
    sidecar.ports = replaced_ports
    app = import_module(os.environ["LEARNFLOW_TEST_APP"]).app
