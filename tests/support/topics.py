"""The Kafka topics, made as the set-up scripts make them."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError

from tests.support.presence import KAFKA

TOPICS = ("lesson-generated", "progress-updated", "struggle-detected", "learnflow-dead-letters")


def create_topics(bootstrap: str = KAFKA, names: Sequence[str] = TOPICS) -> None:
    with ThreadPoolExecutor(1) as thread:  # the caller may already be in an event loop
        thread.submit(lambda: asyncio.run(_create(bootstrap, names))).result()


async def _create(bootstrap: str, names: Sequence[str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        for name in names:
            try:
                await admin.create_topics([NewTopic(name, 6, 1)])
            except TopicAlreadyExistsError:
                continue
    finally:
        await admin.close()
