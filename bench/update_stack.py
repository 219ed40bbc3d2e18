"""`POST /update-progress` through daprd, PostgreSQL and Kafka, beside a FastAPI app that does the same by the drivers:
the same writes in one transaction by asyncpg, an event by aiokafka.

Only this function and its daprd are started, in a database of their own, which goes at the end, as the peer's topic
does. What stays are the function's events in `progress-updated`, of learners that are called `bench-…`.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.common import machine, running, table, write
from bench.load import Target, side_by_side, updates
from bench.stack import DATABASE, address, functions_and_daprds, require_stack
from tests.support.postgres import own_database
from tests.support.presence import KAFKA
from tests.support.topics import create_topics

APP = "update-progress"
TOPIC = "learnflow-bench"


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=5, help="of each server (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=256, help="in a block (default: %(default)s)")
    arguments = parser.parse_args()
    require_stack()
    create_topics()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(own_topic())
        connection_string = stack.enter_context(own_database(DATABASE))
        places = stack.enter_context(functions_and_daprds(folder, connection_string, APP))
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
        sides = Target(places[APP].port, updates()), Target(peer.port, updates())
        rows = [
            [str(concurrency), *row]
            for concurrency in (1, 8)
            for row in side_by_side(*sides, arguments.blocks, arguments.requests, concurrency)
        ]
    write(machine())
    write(table(["at a time", "figure", "through daprd: min / median / max", "asyncpg + aiokafka", "ratio"], rows))


if __name__ == "__main__":
    main()
