"""`POST /generate-lesson`: the first of a process, the first on a topic, any later one; lessons a second; memory.

Beside the same peers as `update_embedded` and `update_stack`, which write one row, or one document and one event. All
31 topics take turns. With `--stack` the function stands alone behind its daprd, and memory is that of its process.
"""

import argparse
import itertools
import random
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench.common import Spread, machine, running, table, write
from bench.load import LEARNERS, Target, block, post, side_by_side, updates
from bench.stack import DATABASE, address, functions_and_daprds, require_stack
from bench.update_embedded import delivered
from bench.update_stack import TOPIC, own_topic
from functions.learning.curriculum import course
from tests.support.backends import Learnflow
from tests.support.postgres import own_database
from tests.support.presence import KAFKA
from tests.support.topics import create_topics

APP = "generate-lesson"
TOPICS = [topic.topic_id for topic in course().topics if topic.has_content]
RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB", re.MULTILINE)


def lessons() -> Iterator[bytes]:
    """Endless requests for lessons, by learners who are new to the backend, on every topic in turn."""
    name = f"bench-{random.randrange(1 << 32):x}"
    for number, topic in enumerate(itertools.cycle(TOPICS)):
        yield post("/generate-lesson", {"user_id": f"{name}-{number % (LEARNERS * 31)}", "topic": topic})


@contextmanager
def embedded(folder: Path) -> Iterator[Target]:
    backend = Learnflow(folder)
    backend.start()
    try:
        yield Target(backend.port, lessons(), lambda: delivered(folder / "learnflow.sqlite3"))
    finally:
        backend.stop()


@contextmanager
def behind_daprd(folder: Path, connection_string: str) -> Iterator[Target]:
    with functions_and_daprds(folder, connection_string, APP) as places:
        yield Target(places[APP].port, lessons())


def first_ones(target: Target) -> list[float]:
    """Milliseconds of a process's first lesson, of the first on each other topic (median), of the second on each."""
    seconds = [block(target, 1, 1).p50 for _ in range(2 * len(TOPICS))]
    middle = len(TOPICS)
    return [seconds[0], Spread.of(seconds[1:middle]).middle, Spread.of(seconds[middle:]).middle]


def resident(port: int) -> float:
    """MiB of the process that listens there."""
    for status in Path("/proc").glob("[0-9]*/status"):
        command = (status.parent / "cmdline").read_bytes().split(b"\0")
        if b"uvicorn" in command and str(port).encode() in command:
            return int(RESIDENT.findall(status.read_text())[0]) / 1024
    raise RuntimeError(f"no function listens on {port}")


def first_rows(starts: list[list[float]]) -> list[list[str]]:
    names = ("a process's first lesson", "the first on a topic", "any later one")
    return [[name, Spread.of(values).text(2)] for name, values in zip(names, zip(*starts, strict=True), strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", action="store_true", help="behind daprd, with PostgreSQL and Kafka")
    parser.add_argument("--starts", type=int, default=5, help="of the backend (default: %(default)s)")
    parser.add_argument("--blocks", type=int, default=5, help="of each server (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=248, help="in a block (default: %(default)s)")
    arguments = parser.parse_args()
    if arguments.stack:
        require_stack()
        create_topics()
    with ExitStack() as stack:
        if arguments.stack:
            stack.enter_context(own_topic())
            connection_string = stack.enter_context(own_database(DATABASE))
        starts, memory, rows = [], [], []
        for number in range(arguments.starts):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            last = number == arguments.starts - 1
            with behind_daprd(folder, connection_string) if arguments.stack else embedded(folder) as ours:
                idle = resident(ours.port) if arguments.stack else 0.0
                starts.append(first_ones(ours))
                if arguments.stack:
                    memory.append((idle, resident(ours.port)))
                if last:
                    rows = compared_with_peer(ours, arguments, folder)
    write(machine())
    write(table(["milliseconds of", "min / median / max"], first_rows(starts)) + "\n")
    if memory:
        cells = [Spread.of(values).text(1) for values in zip(*memory, strict=True)]
        write(table(["MiB, idle", "MiB, after a lesson on each topic"], [cells]) + "\n")
    write(table(["at a time", "figure", "lessons: min / median / max", "the peer", "ratio"], rows))


def compared_with_peer(ours: Target, arguments: argparse.Namespace, folder: Path) -> list[list[str]]:
    name, env = "sqlite", {"BENCH_SQLITE": str(folder / "peer.sqlite3")}
    if arguments.stack:
        name, env = "postgres", {"BENCH_POSTGRES": address(DATABASE), "BENCH_TOPIC": TOPIC, "LEARNFLOW_KAFKA": KAFKA}
    log = folder / "peer.log"
    with running(f"bench.peers:{name}", "/health/live", log=log, UVICORN_ACCESS_LOG="true", **env) as plain:
        time.sleep(1)
        peer = Target(plain.port, updates())
        return [
            [str(concurrency), *row]
            for concurrency in (1, 8)
            for row in side_by_side(ours, peer, arguments.blocks, arguments.requests, concurrency)
        ]


if __name__ == "__main__":
    main()
