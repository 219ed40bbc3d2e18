"""Reading and writing Kafka as a stranger would, to see what is really in it."""

import asyncio
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from tests.support.presence import KAFKA


@dataclass(frozen=True)
class Record:
    topic: str
    key: str | None
    headers: dict[str, str]
    value: Any


def records(topic: str, wanted: Callable[[Record], bool] = lambda _: True) -> list[Record]:
    """Those records that are in the topic now, in each partition's order."""
    found: list[Record] = _apart(_records(topic, wanted))
    return found


def send(topic: str, value: bytes, key: str, headers: dict[str, str]) -> None:
    send_all(topic, [(key, value)], headers)


def send_all(topic: str, records: Sequence[tuple[str, bytes]], headers: dict[str, str]) -> None:
    """Records of key and value, in this order; all have these headers."""
    _apart(_send(topic, records, headers))


def _apart(work: Any) -> Any:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _records(topic: str, wanted: Callable[[Record], bool]) -> list[Record]:
    consumer = AIOKafkaConsumer(bootstrap_servers=KAFKA, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found = []
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                batch = await consumer.getmany(partition, timeout_ms=1000, max_records=500)
                found += [_record(raw) for raw in batch.get(partition, ())]
        return [record for record in found if wanted(record)]
    finally:
        await consumer.stop()


def _record(raw: Any) -> Record:
    try:
        value = json.loads(raw.value)
    except ValueError:
        value = raw.value
    headers = {name: text.decode() for name, text in raw.headers}
    return Record(raw.topic, raw.key.decode() if raw.key else None, headers, value)


async def _send(topic: str, records: Sequence[tuple[str, bytes]], headers: dict[str, str]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=KAFKA)
    await producer.start()
    try:
        encoded = [(name, text.encode()) for name, text in headers.items()]
        sent = [await producer.send(topic, value, key=key.encode(), headers=encoded) for key, value in records]
        await asyncio.gather(*sent)
    finally:
        await producer.stop()
