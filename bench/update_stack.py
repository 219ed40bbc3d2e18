"""`POST /update-progress` through daprd, PostgreSQL and Kafka, beside a FastAPI app that does the same by the drivers:
the same writes in one transaction by asyncpg, an event by aiokafka.

Only this function and its daprd are started, in a database of their own, which goes at the end, as the peer's topic
does. What stays are the function's events in `progress-updated`, of learners that are called `bench-…`.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import asyncpg
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.common import HOST, free_port, machine, running, table, write
from bench.load import Target, side_by_side
from tests.support import dapr_run
from tests.support.presence import KAFKA, POSTGRES, stack_is_missing
from tests.support.topics import create_topics

APP = "update-progress"
DATABASE = "learnflow_bench"
TOPIC = "learnflow-bench"
PLACE = dict(part.split("=", 1) for part in POSTGRES.split())


def address(database: str) -> str:
    return f"postgresql://{PLACE['user']}:{PLACE['password']}@{PLACE['host']}:{PLACE['port']}/{database}"


async def _administer(*statements: str) -> None:
    connection = await asyncpg.connect(address(PLACE["database"]))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def own_database() -> Iterator[str]:
    """An empty database; its connection string as daprd takes it."""
    drop = f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)"
    asyncio.run(_administer(drop, f"CREATE DATABASE {DATABASE}"))
    try:
        yield " ".join(f"{name}={value}" for name, value in (PLACE | {"database": DATABASE}).items())
    finally:
        asyncio.run(_administer(drop))


@contextmanager
def own_topic() -> Iterator[None]:
    """The peer's topic, with as many partitions as the real ones have."""
    asyncio.run(_topic(made=True))
    try:
        yield
    finally:
        asyncio.run(_topic(made=False))


async def _topic(made: bool) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=KAFKA)
    await admin.start()
    try:
        if TOPIC in await admin.list_topics():  # of a run that was killed, or made by the client that asked for it
            await admin.delete_topics([TOPIC])
        if made:
            await admin.create_topics([NewTopic(TOPIC, num_partitions=6, replication_factor=1)])
    finally:
        await admin.close()


@contextmanager
def function_and_daprd(folder: Path, connection_string: str) -> Iterator[int]:
    """The app's port. All ports are free ones, so that a `dapr run` on the same machine is not in the way."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(dapr_run, "POSTGRES", connection_string))
        processes = dapr_run.Processes(folder, stack)
        app = processes.apps[APP]
        app |= {name: free_port() for name in ("appPort", "daprHTTPPort", "daprGRPCPort")}
        port: int = app["appPort"]
        main = "functions.update_progress.main:app"
        app["command"] = [sys.executable, "-m", "uvicorn", main, "--host", HOST, "--port", str(port)]
        stack.callback(processes.stop)
        processes.start(APP, "app")
        processes.start(APP, "daprd")
        processes.wait(APP)
        yield port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=5, help="of each server (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=256, help="in a block (default: %(default)s)")
    arguments = parser.parse_args()
    if missing := stack_is_missing():
        raise SystemExit(f"This needs the real stack: {missing}.")
    create_topics()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(own_topic())
        connection_string = stack.enter_context(own_database())
        ours = stack.enter_context(function_and_daprd(folder, connection_string))
        peer = stack.enter_context(
            running(
                "bench.peers:postgres",
                "/health/live",
                log=folder / "peer.log",
                UVICORN_ACCESS_LOG="true",  # the function writes a line a request too
                BENCH_POSTGRES=address(DATABASE),
                BENCH_TOPIC=TOPIC,
                LEARNFLOW_KAFKA=KAFKA,
            )
        )
        rows = [
            row
            for concurrency in (1, 8)
            for row in side_by_side(Target(ours), Target(peer.port), arguments.blocks, arguments.requests, concurrency)
        ]
    write(machine())
    write(table(["at a time", "figure", "through daprd: min / median / max", "asyncpg + aiokafka", "ratio"], rows))


if __name__ == "__main__":
    main()
