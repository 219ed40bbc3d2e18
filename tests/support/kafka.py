"""Reading and writing Kafka as a stranger would, to see what is really in it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from tests.support.presence import KAFKA


@dataclass(frozen=True)
class Record:
    topic: str
    key: str | None
    headers: dict[str, str]
    value: Any


def records(topic: str, wanted: Callable[[Record], bool] = lambda _: True, bootstrap: str = KAFKA) -> list[Record]:
    """Those records that are in the topic now, in each partition's order."""
    found: list[Record] = _apart(_records(topic, wanted, bootstrap))
    return found


def send(topic: str, value: bytes, key: str, headers: dict[str, str], bootstrap: str = KAFKA) -> None:
    send_all(topic, [(key, value)], headers, bootstrap)


def send_all(topic: str, records: Sequence[tuple[str, bytes]], headers: dict[str, str], bootstrap: str = KAFKA) -> None:
    """Records of key and value, in this order; all have these headers."""
    _apart(_send(topic, records, headers, bootstrap))


def not_consumed(groups: Mapping[str, Sequence[str]], bootstrap: str) -> dict[str, int]:
    """By consumer group, how many records of its topics it has not confirmed, where there are any."""
    found: dict[str, int] = _apart(_not_consumed(groups, bootstrap))
    return found


def ends(topics: Sequence[str], bootstrap: str) -> dict[TopicPartition, int]:
    """How many records each partition of the topics ever had."""
    found: dict[TopicPartition, int] = _apart(_ends(topics, bootstrap))
    return found


def _apart(work: Any) -> Any:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


@asynccontextmanager
async def _consumer(bootstrap: str, **options: Any) -> AsyncIterator[Any]:
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, **options)
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        yield consumer
    finally:
        await consumer.stop()


def _partitions(consumer: Any, topics: Sequence[str]) -> list[TopicPartition]:
    return [TopicPartition(topic, number) for topic in topics for number in consumer.partitions_for_topic(topic) or ()]


async def _ends(topics: Sequence[str], bootstrap: str) -> dict[TopicPartition, int]:
    async with _consumer(bootstrap) as consumer:
        found: dict[TopicPartition, int] = await consumer.end_offsets(_partitions(consumer, topics))
        return found


async def _not_consumed(groups: Mapping[str, Sequence[str]], bootstrap: str) -> dict[str, int]:
    ends = await _ends([topic for topics in groups.values() for topic in topics], bootstrap)
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        left = {}
        for group, topics in groups.items():
            confirmed = await admin.list_consumer_group_offsets(group)
            own = {partition: end for partition, end in ends.items() if partition.topic in topics}
            left[group] = sum(
                end - (max(0, confirmed[partition].offset) if partition in confirmed else 0)
                for partition, end in own.items()
            )
        return {group: number for group, number in left.items() if number}
    finally:
        await admin.close()


async def _records(topic: str, wanted: Callable[[Record], bool], bootstrap: str) -> list[Record]:
    async with _consumer(bootstrap, auto_offset_reset="earliest") as consumer:
        partitions = _partitions(consumer, [topic])
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found = []
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                batch = await consumer.getmany(partition, timeout_ms=1000, max_records=500)
                found += [_record(raw) for raw in batch.get(partition, ())]
        return [record for record in found if wanted(record)]


def _record(raw: Any) -> Record:
    try:
        value = json.loads(raw.value)
    except ValueError:
        value = raw.value
    headers = {name: text.decode() for name, text in raw.headers}
    return Record(raw.topic, raw.key.decode() if raw.key else None, headers, value)


async def _send(topic: str, records: Sequence[tuple[str, bytes]], headers: dict[str, str], bootstrap: str) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    try:
        encoded = [(name, text.encode()) for name, text in headers.items()]
        sent = [await producer.send(topic, value, key=key.encode(), headers=encoded) for key, value in records]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
