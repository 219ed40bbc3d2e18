"""A learner of three years and 20,000 pieces of evidence beside a new one: what grows with a history, what does not.

Both are served by the same process in the same minute, one request at a time. A new learner has at most sixteen updates
behind them. Without `--stack` the whole backend is one process over SQLite; with it, `update-progress` and `get-status`
have their daprd and a database of their own in PostgreSQL, into which the same documents are copied.
"""

import argparse
import asyncio
import itertools
import json
import random
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.common import machine, table, write
from bench.history import EVIDENCE, LESSONS, lesson_id, topic_of, write_history
from bench.load import Target, block, get, post, side_by_side
from bench.stack import DATABASE, functions_and_daprds, require_stack
from bench.update_embedded import delivered
from functions.learning.curriculum import course
from functions.runtime.ports import Write
from functions.runtime.settings import Settings
from functions.runtime.sidecar import Sidecar
from functions.runtime.sidecar_storage import SidecarDocuments, SidecarReadModel
from functions.usecases.learners import learner_key
from tests.support.backends import Learnflow
from tests.support.postgres import own_database
from tests.support.topics import create_topics

NEW_FOR = 16  # updates, then the next new learner
AT_ONCE = 50  # documents copied in one transaction
SHOWN = 12  # fields of the document, the largest first
OLD = "bench-old"
FILE = "learnflow.sqlite3"  # as the embedded backend calls it
TOPIC = "for-loops"
EXERCISE = next(iter(course().topic(TOPIC).exercises.values()))


@dataclass(frozen=True)
class Served:
    """Where the two functions listen. `settle` waits for what updates set off."""

    update: int
    status: int
    settle: Callable[[], None] = lambda: None


def _evidence(number: int) -> dict[str, Any]:
    kinds: tuple[dict[str, Any], ...] = (
        {"kind": "code_quality", "score": round(random.uniform(0, 100), 2)},
        {"kind": "exercise", "exercise_id": EXERCISE.exercise_id, "passed_tests": 1, "total_tests": EXERCISE.tests},
        {"kind": "quiz", "score": round(random.uniform(60, 100), 2)},
        {"kind": "execution", "ok": True},
    )
    return kinds[number % len(kinds)]


def _updates(learners: Iterable[str], lesson: str, times: int) -> Iterator[bytes]:
    """One piece of evidence each, as it happens: now. `times`: for each of the learners."""
    for learner in learners:
        for number in range(times):
            update = {"user_id": learner, "lesson_id": lesson, "topic": TOPIC, "evidence": [_evidence(number)]}
            yield post("/update-progress", update)


def _measured(served: Served, blocks: int, count: int) -> list[list[str]]:
    """Rows for each request: of the old learner, of a new one, and the ratio."""
    name = f"bench-new-{random.randrange(1 << 32):x}"
    today = lesson_id(max(number for number in range(LESSONS) if topic_of(number).topic_id == TOPIC))
    new = f"{name}-lesson"
    block(Target(served.update, _updates([name], new, NEW_FOR), served.settle), NEW_FOR, 1)  # whose status is read
    learners = (f"{name}-{number}" for number in range(blocks * count))
    of_old, of_new = f"/status?user_id={OLD}", f"/status?user_id={name}"
    reads = {
        "GET /status": (of_old, of_new),
        "GET /status?lesson_id= of a recent lesson": (f"{of_old}&lesson_id={today}", f"{of_new}&lesson_id={new}"),
        "GET /status?lesson_id= of the oldest": (f"{of_old}&lesson_id={lesson_id(0)}", f"{of_new}&lesson_id={new}"),
    }
    sides = {
        "POST /update-progress": (served.update, _updates([OLD], today, 1 << 30), _updates(learners, new, NEW_FOR))
    }
    for what, (ours, peers) in reads.items():
        sides[what] = (served.status, itertools.repeat(get(ours)), itertools.repeat(get(peers)))
    return [
        [what, *row]
        for what, (port, ours, peers) in sides.items()
        for row in side_by_side(Target(port, ours, served.settle), Target(port, peers, served.settle), blocks, count, 1)
    ]


def _documents(file: Path) -> dict[str, Any]:
    with closing(sqlite3.connect(file)) as connection:
        return {key: json.loads(value) for key, value in connection.execute("SELECT key, value FROM documents")}


def _bytes(value: object) -> int:
    return len(json.dumps(value, separators=(",", ":")).encode())


def _sizes(documents: dict[str, Any]) -> list[list[str]]:
    """The learner's document by field, the largest first, and what is beside it."""
    document = documents[learner_key(OLD)]
    fields = sorted(((_bytes(value), name) for name, value in document.items()), reverse=True)
    segments = [_bytes(value) for key, value in documents.items() if key != learner_key(OLD)]
    rows = [["the document", _bytes(document)], *([f"… `{name}`", size] for size, name in fields[:SHOWN])]
    rows += [[f"{len(segments)} segments", sum(segments)], ["… the largest", max(segments)]]
    return [[str(name), f"{size:,}"] for name, size in rows]


@contextmanager
def _embedded(folder: Path) -> Iterator[Served]:
    backend = Learnflow(folder)
    backend.start()
    try:
        yield Served(backend.port, backend.port, lambda: delivered(folder / FILE))
    finally:
        backend.stop()


@contextmanager
def _behind_daprd(folder: Path, documents: dict[str, Any]) -> Iterator[Served]:
    with ExitStack() as stack:
        connection_string = stack.enter_context(own_database(DATABASE))
        found = stack.enter_context(functions_and_daprds(folder, connection_string, "update-progress", "get-status"))
        asyncio.run(_copy(documents, found["get-status"].dapr))
        yield Served(found["update-progress"].port, found["get-status"].port)


async def _copy(documents: dict[str, Any], port: int) -> None:
    sidecar = Sidecar(Settings(dapr_grpc_port=port, sidecar_timeout=60))
    store = SidecarDocuments(sidecar, SidecarReadModel(sidecar))
    writes = [Write(key, value) for key, value in documents.items()]
    for start in range(0, len(writes), AT_ONCE):
        await store.commit(*writes[start : start + AT_ONCE])
    await sidecar.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", action="store_true", help="behind daprd, with PostgreSQL and Kafka")
    parser.add_argument("--blocks", type=int, default=5, help="of each learner (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=256, help="in a block (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.stack:
        require_stack()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(write_history(folder / FILE, OLD))
        documents = _documents(folder / FILE)
        if arguments.stack:
            create_topics()
        with _behind_daprd(folder, documents) if arguments.stack else _embedded(folder) as served:
            rows = _measured(served, arguments.blocks, arguments.requests)
    write(machine())
    write(f"After {EVIDENCE:,} pieces of evidence in {LESSONS} lessons:\n\n")
    write(table(["what is stored", "bytes"], _sizes(documents)) + "\n")
    write(table(["request", "figure", "long history: min / median / max", "new learner", "ratio"], rows))


if __name__ == "__main__":
    main()
