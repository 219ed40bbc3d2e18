"""Kafka for a person's commands: topics read to their end or followed, and written to as the functions do."""

import json
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from functions.kafka_access import access
from functions.runtime.errors import Unavailable
from functions.runtime.events import STRUCTURED
from functions.runtime.ports import Json

logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the error says it once, and where
MILLISECONDS = 1000
ANSWER_MS = 10_000  # a command says so rather than to wait 40 s


@asynccontextmanager
async def answering(bootstrap_servers: str, *topics: str) -> AsyncIterator[None]:
    """Raises Unavailable for all that Kafka may do, and for an address that is none."""
    try:
        yield
    except UnknownTopicOrPartitionError as error:
        raise Unavailable(f"There is no topic {' or '.join(topics)} at {bootstrap_servers}.") from error
    except (KafkaError, ValueError) as error:
        raise Unavailable(f"Kafka did not answer at {bootstrap_servers} ({error!r}).") from error


async def records(bootstrap_servers: str, topics: Sequence[str], last: int | None = None) -> list[Any]:
    """All that is in the topics now, or the last so many of each partition. Raises Unavailable."""
    async with answering(bootstrap_servers, *topics), _consumer(bootstrap_servers, topics, "earliest") as consumer:
        return [record async for record in _to_the_end(consumer, last)]


async def _to_the_end(consumer: Any, last: int | None) -> AsyncIterator[Any]:
    ends = await consumer.end_offsets(consumer.assignment())
    begins = await consumer.beginning_offsets(consumer.assignment())
    for partition, end in ends.items():
        if last is not None:
            consumer.seek(partition, max(begins[partition], end - last))
        while await consumer.position(partition) < end:
            for some in (await consumer.getmany(partition, timeout_ms=1000)).values():
                for record in some:
                    yield record


async def followed(bootstrap_servers: str, topics: Sequence[str]) -> AsyncIterator[Any]:
    """What comes from now on, until nobody asks any more. Raises Unavailable."""
    async with answering(bootstrap_servers, *topics), _consumer(bootstrap_servers, topics, "latest") as consumer:
        for partition in consumer.assignment():
            await consumer.position(partition)  # "now" is this moment, not that of the first record
        yield None
        async for record in consumer:
            yield record


@asynccontextmanager
async def _consumer(bootstrap_servers: str, topics: Sequence[str], begin: str) -> AsyncIterator[Any]:
    """In no group: nobody's place in a topic moves."""
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=bootstrap_servers, enable_auto_commit=False, auto_offset_reset=begin, **access()
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def send(bootstrap_servers: str, *messages: tuple[str, str, Json]) -> list[str]:
    """Topic, key and event of each, in order; where each is then (partition/offset). Raises Unavailable."""
    async with answering(bootstrap_servers, *(topic for topic, _, _ in messages)):
        producer = AIOKafkaProducer(
            bootstrap_servers=bootstrap_servers, enable_idempotence=True, request_timeout_ms=ANSWER_MS, **access()
        )
        try:
            await producer.start()
            return [await _sent(producer, *message) for message in messages]
        finally:
            await producer.stop()


async def _sent(producer: Any, topic: str, key: str, event: Json) -> str:
    value = json.dumps(event, separators=(",", ":")).encode()
    # the header is what lets Knative's Kafka source see a CloudEvent
    headers = [("content-type", STRUCTURED.encode())]
    told = await producer.send_and_wait(topic, value, key=key.encode() or None, headers=headers)
    return f"{told.partition}/{told.offset}"
