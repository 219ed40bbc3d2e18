"""Faults on the cluster: what clients call there, what is kept, and a request that is held in flight."""

import json
import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event
from typing import Any

import httpx
import yaml

from tests.support.backends import ROOT, eventually
from tests.support.cluster import DATABASE, ClusterBackend, kubectl
from tests.support.front_ends import PATIENCE, REPORT, SHARES, Send, Told
from tests.support.kept import Kept, outbox, read
from tests.support.presence import KAFKA
from tests.support.quiet import SECONDS, until_quiet

PLACE = {"database": DATABASE}
RELAY = "ping-relay-events"
ON_ITS_WAY = 10.0  # seconds from a commit to its publication, at most, if nobody was killed between
REST = {kind: share for kind, share in SHARES.items() if kind != "lesson"}  # of which a learner may ask for few there
LOAD: dict[str, Any] = {"learners": 6, "clients": 6, "pace": 0.1, "warm": 30, "shares": REST}


class Cluster:
    """Through its ingress."""

    def __init__(self, backend: ClusterBackend) -> None:
        self.send, self.random = backend.request, random.Random()

    def quiet(self) -> None:
        relay()
        until_quiet(groups(), PLACE, KAFKA)

    def kept(self, users: Sequence[str]) -> dict[str, Kept]:
        return read(users, PLACE, KAFKA)


def groups() -> dict[str, list[str]]:
    """The topics of each consumer group of a Kafka source."""
    sources = [yaml.safe_load(path.read_text()) for path in (ROOT / "knative/base/sources").glob("*.yaml")]
    return {s["spec"]["consumerGroup"]: s["spec"]["topics"] for s in sources if s["kind"] == "KafkaSource"}


def relay() -> None:
    """What a kill left in the outbox is published: by the relay, whose next time is brought near."""
    with suppress(AssertionError):  # the rest is on its way
        eventually(lambda: not outbox(PLACE), ON_ITS_WAY)
        return
    schedule = kubectl("get", "pingsource", RELAY, "-o", "jsonpath={.spec.schedule}")

    def every(when: str) -> None:
        kubectl("patch", "pingsource", RELAY, "--type=merge", "-p", json.dumps({"spec": {"schedule": when}}))

    every("* * * * *")
    try:
        eventually(lambda: not outbox(PLACE), SECONDS)
    finally:
        every(schedule)


@dataclass
class Held:
    """A request whose body is not all sent yet: in flight for as long as a test wants. `trace`: its id in logs."""

    trace: str
    answer: Future[httpx.Response]
    let_go: Callable[[], None]


@contextmanager
def held(send: Send, told: Told) -> Iterator[Held]:
    """A report whose last byte is sent by `let_go`."""
    text, trace, begun, going = json.dumps(told.body).encode(), secrets.token_hex(16), Event(), Event()
    headers = {
        "content-type": "application/json",
        "idempotency-key": told.key,
        "traceparent": f"00-{trace}-00f067aa0ba902b7-01",
    }

    def content() -> Iterator[bytes]:
        yield text[:-1]
        begun.set()
        going.wait(PATIENCE)
        yield text[-1:]

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(lambda: send("POST", REPORT, content=content(), headers=headers, timeout=PATIENCE))
        try:
            assert begun.wait(PATIENCE)
            yield Held(trace, answer, going.set)
        finally:
            going.set()
