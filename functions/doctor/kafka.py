"""Kafka: does it answer, are the topics there, in as many parts as the set-up makes."""

from functions.doctor.finding import Finding, missing, ok, warn
from functions.kafka_access import access
from functions.refused import Refused
from functions.runtime.refusing import DEAD_LETTERS
from functions.usecases.events import TOPICS

PARTITIONS = 6  # so many of a topic's events can be handled at once; the set-up makes them, nothing else does
ANSWER_MS = 5_000


async def look(servers: str) -> list[Finding]:
    """Of `servers`, host:port,…"""
    try:
        from aiokafka.admin import AIOKafkaAdminClient
        from aiokafka.errors import KafkaError

        import functions.kafka_records  # noqa: F401  its errors say it once
    except ImportError as error:
        return [warn("kafka", f"{error.name} is not installed: not looked at", "uv sync --extra kafka")]
    try:
        admin = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=ANSWER_MS, **access())
    except Refused as refused:
        return [missing("kafka", str(refused))]
    try:
        await admin.start()
        told = await admin.describe_topics()
    except (KafkaError, ValueError, OSError) as error:
        start = "docker run -d --name learnflow-kafka -p 127.0.0.1:9092:9092 apache/kafka:4.1.0"
        return [missing("kafka", f"no answer at {servers} ({error})", start)]
    finally:
        await admin.close()
    return [ok("kafka", f"answers at {servers}"), *_topics({each["topic"]: len(each["partitions"]) for each in told})]


def _topics(there: dict[str, int]) -> list[Finding]:
    wanted = [*TOPICS, DEAD_LETTERS]
    tool = "kafka-topics.sh --bootstrap-server $LEARNFLOW_KAFKA"
    found = []
    for topic in wanted:
        parts = there.get(topic)
        if parts is None:
            make = f"{tool} --create --topic {topic} --partitions {PARTITIONS}"
            found.append(missing("topics", f"there is no topic {topic}", make))
        elif parts < PARTITIONS:
            more = f"{tool} --alter --topic {topic} --partitions {PARTITIONS}"
            found.append(warn("topics", f"{topic} has {parts} partitions of {PARTITIONS}", more))
    return found or [ok("topics", f"{', '.join(wanted)}, each with at least {PARTITIONS} partitions")]
