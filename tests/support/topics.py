"""The Kafka topics, made as the set-up scripts make them."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from functions.kafka_access import access
from tests.support.catalogue import topics
from tests.support.presence import KAFKA


def create_topics(bootstrap: str = KAFKA, names: Sequence[str] = ()) -> None:
    """Those of these names; of the system, if none is said."""
    with ThreadPoolExecutor(1) as thread:  # the caller may already be in an event loop
        thread.submit(lambda: asyncio.run(_create(bootstrap, names or topics()))).result()


async def _create(bootstrap: str, names: Sequence[str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, **access())
    await admin.start()
    try:
        for name in names:
            try:
                await admin.create_topics([NewTopic(name, 6, 1)])
            except TopicAlreadyExistsError:
                continue
    finally:
        await admin.close()
