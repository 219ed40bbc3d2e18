"""Clients that work through a fault: each says the same again, with its key, until it is told that it was done.

What they were told is kept, to be compared with what is stored (tests/support/cluster_audit.py).
"""

import json
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from threading import Event
from typing import Any

import httpx

from tests.support.backends import Backend, eventually, new_learner

DONE, DECLARED = "done", "declared 503"
CLIENTS, SOME = 6, 30  # that work at once; requests
PAUSE = 0.1  # seconds that a client thinks between two requests, or waits where nobody told it for how long
PATIENCE = 120.0  # seconds after which a client gives up

Json = dict[str, Any]


def kind_of(answer: httpx.Response) -> str:
    """`done`, `declared 503`, or who else answered what."""
    if answer.is_success:
        return DONE
    declared = answer.headers.get("content-type") == "application/problem+json"
    if declared and answer.status_code == 503 and "retry-after" in answer.headers:
        return DECLARED
    return f"{answer.status_code} {' '.join(answer.text.split())[:120]}"


@dataclass
class Said:
    """One update of one learner. `heard`: what each try of it was told, in order; `seconds` until it was done."""

    user: str
    body: Json
    heard: list[str] = field(default_factory=list)
    seconds: float = 0.0
    answer: Json | None = None


def report(user: str, number: int) -> Json:
    """The number-th update of a learner: a second more on a lesson, and a tenth of a percent."""
    return {
        "user_id": user,
        "lesson_id": "elsewhere",
        "topic": "for-loops",
        "request_id": f"report-{number}",
        "progress_percentage": number / 10,
        "evidence": [{"kind": "time_on_task", "seconds": 1}],
    }


def say(backend: Backend, body: Json, *before: httpx.Response) -> Said:
    """An update, again and again until it is done; a 4xx never will be. `before`: what was answered to it already."""
    said, begun = Said(body["user_id"], body), time.monotonic()
    for answer in before:
        _hear(said, answer)
    while said.answer is None:
        wait = PAUSE
        try:
            answer = backend.post("/update-progress", body)
        except httpx.TransportError as error:
            said.heard.append(f"cut {type(error).__name__}")
        else:
            _hear(said, answer)
            wait = float(answer.headers.get("retry-after", PAUSE))
        said.seconds = time.monotonic() - begun
        assert said.answer or said.seconds < PATIENCE, f"given up: {said}"
        if said.answer is None:
            time.sleep(wait)  # a client does what Retry-After says
    return said


def _hear(said: Said, answer: httpx.Response) -> None:
    said.heard.append(kind_of(answer))
    assert not answer.is_client_error, f"{said}: {answer.text}"
    if answer.is_success:
        said.answer = answer.json()


@dataclass
class Told:
    """Everything that the clients of one fault said and heard."""

    said: list[Said] = field(default_factory=list)

    @property
    def users(self) -> list[str]:
        return sorted({said.user for said in self.said})

    def of(self, user: str) -> list[Said]:
        return [said for said in self.said if said.user == user]

    @property
    def failures(self) -> Counter[str]:
        """Whatever a client heard that was neither its answer nor a declared 503."""
        return Counter(heard for said in self.said for heard in said.heard if heard not in (DONE, DECLARED))

    @property
    def declared(self) -> int:
        return sum(said.heard.count(DECLARED) for said in self.said)

    @property
    def longest_wait(self) -> float:
        """Seconds from a client's first try to its answer."""
        return max(said.seconds for said in self.said)


@contextmanager
def working(backend: Backend) -> Iterator[Told]:
    """Clients, each with a learner of its own, that report all the time, and have been answered for a while already.

    At the end each still gets its last request done.
    """
    told, stop = Told(), Event()

    def client(user: str) -> None:
        for number in count(1):
            told.said.append(say(backend, report(user, number)))
            if stop.wait(PAUSE):
                return

    with ThreadPoolExecutor(CLIENTS) as pool:
        clients = [pool.submit(client, new_learner()) for _ in range(CLIENTS)]
        try:
            go_on(told)
            yield told
        finally:
            stop.set()
        for ended in clients:
            ended.result()


def go_on(told: Told, requests: int = SOME) -> None:
    """Until the clients were told so much more."""
    enough = len(told.said) + requests
    eventually(lambda: len(told.said) >= enough, PATIENCE)


@dataclass
class Held:
    """A request whose body is not all sent yet: in flight for as long as a test wants. `trace`: its id in logs."""

    trace: str
    answer: Future[httpx.Response]
    let_go: Callable[[], None]


@contextmanager
def held(backend: Backend, path: str, body: Json) -> Iterator[Held]:
    """One request whose last byte is sent by `let_go`."""
    text, trace, begun, going = json.dumps(body).encode(), secrets.token_hex(16), Event(), Event()
    headers = {"content-type": "application/json", "traceparent": f"00-{trace}-00f067aa0ba902b7-01"}

    def content() -> Iterator[bytes]:
        yield text[:-1]
        begun.set()
        going.wait(PATIENCE)
        yield text[-1:]

    def send() -> httpx.Response:
        return backend.request("POST", path, content=content(), headers=headers, timeout=PATIENCE)

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(send)
        try:
            assert begun.wait(PATIENCE)
            yield Held(trace, answer, going.set)
        finally:
            going.set()
