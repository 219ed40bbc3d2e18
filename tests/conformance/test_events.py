"""Every event that the system emits, before foreign eyes: JSON Schema, CloudEvents' own SDKs for Python and JavaScript.

The JavaScript one is also a second writer. `npm ci` in `tests/conformance/node` installs it.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cloudevents.core.bindings import http
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from functions.contracts import EVENTS, FOLDER
from functions.runtime.events import STRUCTURED
from functions.runtime.models import rfc3339
from functions.usecases.events import ALL
from tests.support import kafka
from tests.support.backends import Backend, eventually, new_learner
from tests.support.dapr_run import StackBackend
from tests.support.emitting import Event, embedded_with_copies, on_kafka, tell
from tests.support.fakes import lesson_event
from tests.support.topics import create_topics

FORMATS = jsonschema.FormatChecker()
NODE = Path(__file__).with_name("node")
TEXT = {"type": "string", "minLength": 1}
# CloudEvents 1.0.2: 2.3 (names), 3 (attributes), and the JSON format's 2.2 (types) and 3.1 (data)
CLOUD_EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": TEXT,
        "source": TEXT | {"format": "uri-reference"},
        "type": TEXT,
        "subject": TEXT,
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": TEXT | {"pattern": "^[^/ ]+/[^/ ]+$"},
        "dataschema": TEXT | {"format": "uri"},
        "data": {},
    },
    "propertyNames": {"pattern": "^[a-z0-9]{1,20}$"},
    "additionalProperties": {"type": ["string", "boolean", "integer"], "minimum": -(2**31), "maximum": 2**31 - 1},
}


@dataclass(frozen=True)
class Told:
    backend: Backend
    events: list[Event]


@pytest.fixture(scope="module", params=["embedded", pytest.param("stack", marks=pytest.mark.stack)])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    if request.param == "stack":
        backend: Backend = request.getfixturevalue("processes")
        yield Told(backend, tell(backend, on_kafka))
        return
    with embedded_with_copies(tmp_path_factory.mktemp("emitting")) as (backend, emitted):
        yield Told(backend, tell(backend, emitted))


def test_the_formats_that_the_schemas_name_are_looked_at() -> None:
    assert {"date-time", "uri", "uri-reference"} <= FORMATS.checkers.keys()


def test_every_event_keeps_to_its_schema_and_to_cloud_events(told: Told) -> None:
    assert {event["type"] for event in told.events} == {event.type_name for event in ALL}
    for event in told.events:
        jsonschema.validate(event, CLOUD_EVENT, format_checker=FORMATS)
        schema = json.loads((FOLDER / "events" / f"{event['type']}.json").read_text())
        jsonschema.validate(event["data"], schema, format_checker=FORMATS)
        assert event["dataschema"] == schema["$id"]


def test_what_has_the_same_source_and_id_is_the_same_event(told: Told) -> None:
    """It may be on Kafka twice; sidecars tell of each time in attributes of tracing."""
    ids = {(event["source"], event["id"]) for event in told.events}
    told_of = {json.dumps([event["source"], event["type"], event["data"]], sort_keys=True) for event in told.events}
    assert len(ids) == len(told_of)


@pytest.mark.stack
def test_the_dead_letters_own_events_keep_to_their_schemas(processes: StackBackend) -> None:
    bad = {**lesson_cloud_event(new_learner()), "data": {"user_id": "no spaces"}}
    url = f"{processes.url('/functions/track-lesson/')}/dapr"
    processes.client.post(url, json=bad, headers={"content-type": STRUCTURED})
    notes = {event.type_name for event in EVENTS if event not in ALL}
    found = [r.value for r in kafka.records("learnflow-dead-letters") if isinstance(r.value, dict)]
    found = [event for event in found if event.get("type") in notes]
    assert found
    for event in found:
        jsonschema.validate(event, CLOUD_EVENT, format_checker=FORMATS)
        schema = json.loads((FOLDER / "events" / f"{event['type']}.json").read_text())
        jsonschema.validate(event["data"], schema, format_checker=FORMATS)


# Python's SDK, with Kafka between


def lesson_cloud_event(user_id: str) -> Event:
    """An event that `track-lesson` takes, written by somebody else."""
    lesson_id = f"l-{user_id}"
    data = lesson_event(user_id=user_id, lesson_id=lesson_id)
    return {
        "specversion": "1.0",
        "id": f"e-{user_id}",
        "source": "https://example.com/somebody-else",
        "type": data.type_name,
        "time": rfc3339(data.timestamp),
        "datacontenttype": "application/json",
        "partitionkey": user_id,
        "data": data.model_dump(mode="json"),
    }


def tracked(backend: Backend, user_id: str) -> bool:
    lessons = backend.get("/status", user_id=user_id).json()["all_lessons_progress"]
    return [lesson["lesson_id"] for lesson in lessons] == [f"l-{user_id}"]


def as_the_kafka_source_delivers(message: KafkaMessage) -> http.HTTPMessage:
    """Always in binary mode, whichever it is in on Kafka."""
    return http.to_binary_event(from_kafka_event(message))


@pytest.mark.stack
def test_pythons_sdk_reads_from_kafka_what_the_functions_published(processes: StackBackend) -> None:
    user = new_learner()
    lesson = processes.post("/generate-lesson", {"user_id": user, "topic": "for-loops"}).json()
    [record] = kafka.records("lesson-generated", lambda r: r.key == user)
    headers = {name: text.encode() for name, text in record.headers.items()}
    event = from_kafka_event(KafkaMessage(headers, (record.key or "").encode(), json.dumps(record.value).encode()))
    assert (event.get_source(), event.get_subject()) == ("/functions/generate-lesson", lesson["lesson_id"])
    assert event.get_extension("partitionkey") == user
    assert event.get_data() == record.value["data"]


@pytest.mark.stack
@pytest.mark.parametrize(
    ("write", "content_type"),
    [
        (to_binary_event, "application/json"),
        (to_structured_event, STRUCTURED),
        (to_structured_event, f"{STRUCTURED}; charset=utf-8"),
    ],
)
def test_what_pythons_sdk_wrote_to_kafka_is_handled(
    processes: StackBackend, write: Callable[[Any], KafkaMessage], content_type: str
) -> None:
    """The scenarios of `kafka-protocol-binding.feature`: to Kafka, back, and to a function as a source delivers."""
    user = new_learner()
    attributes = lesson_cloud_event(user)
    data = attributes.pop("data")
    attributes["time"] = lesson_event().timestamp
    message = write(CloudEvent(attributes, data))
    headers = {name: text.decode() for name, text in message.headers.items()} | {"content-type": content_type}
    create_topics(names=["conformance"])
    kafka.send("conformance", message.value or b"", user, headers)
    [record] = kafka.records("conformance", lambda r: r.key == user)
    stored = {name: text.encode() for name, text in record.headers.items()}
    back = KafkaMessage(stored, user.encode(), json.dumps(record.value).encode())
    event = from_kafka_event(back)
    assert (event.get_id(), event.get_type(), event.get_data()) == (attributes["id"], attributes["type"], data)
    delivered = as_the_kafka_source_delivers(back)
    url = processes.url("/functions/track-lesson/") + "/"
    assert processes.client.post(url, content=delivered.body, headers=delivered.headers).status_code == 204
    eventually(lambda: tracked(processes, user))


# JavaScript's SDK


def node(script: str, *arguments: str, given: object) -> Any:
    done = subprocess.run(
        ["node", str(NODE / script), *arguments], input=json.dumps(given), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.node
def test_javascripts_sdk_reads_every_type_of_event_in_both_modes(told: Told) -> None:
    for event in {event["type"]: event for event in told.events}.values():
        structured = node("read.js", given={"headers": {"content-type": STRUCTURED}, "body": json.dumps(event)})
        attributes = {name: value for name, value in event.items() if name != "data"}
        headers = {f"ce-{name}": value for name, value in attributes.items() if name != "datacontenttype"}
        headers["content-type"] = "application/json"
        binary = node("read.js", given={"headers": headers, "body": json.dumps(event["data"])})
        for read in (structured, binary):
            same = ("specversion", "id", "source", "type", "subject", "dataschema", "partitionkey", "data")
            assert {name: read[name] for name in same} == {name: event[name] for name in same}


@pytest.mark.node
@pytest.mark.parametrize("mode", ["binary", "structured"])
@pytest.mark.parametrize("path", ["", "dapr"])
def test_what_javascripts_sdk_sends_is_handled(told: Told, mode: str, path: str) -> None:
    user = new_learner()
    root = told.backend.url("/functions/track-lesson/")
    address = f"{root}/functions/track-lesson/{path}" if told.backend.name == "embedded" else f"{root}/{path}"
    assert node("send.js", address, mode, given=lesson_cloud_event(user)) == 204
    eventually(lambda: tracked(told.backend, user))
