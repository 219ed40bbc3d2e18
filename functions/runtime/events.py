"""CloudEvents 1.0, strictly: nothing is invented on receipt, and what is sent is structured with an id made of facts.

Reading is done here rather than by `cloudevents` because version 2 fills in a missing id, time or specversion, and
percent-decodes headers that Knative's Kafka source never encoded. Its classes still check and write every event.
"""

import base64
import binascii
import json
import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from cloudevents.core.exceptions import BaseCloudEventException
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from pydantic import BaseModel, ConfigDict

from functions.runtime.errors import BadEvent
from functions.runtime.formats import is_time, is_uri, is_uri_reference
from functions.runtime.strict_json import parse

STRUCTURED = "application/cloudevents+json"
KAFKA_EVENT = "dev.knative.kafka.event"  # how the Kafka source wraps a record that is no CloudEvent
REQUIRED = ("specversion", "id", "source", "type")
DEEPEST = 128  # levels; others may write events that nobody here takes
TYPES: dict[str, Callable[[str], bool]] = {
    "specversion": bool,
    "id": bool,
    "type": bool,
    "subject": bool,
    "source": lambda text: bool(text) and is_uri_reference(text),
    "dataschema": is_uri,
    "datacontenttype": lambda text: all(text.partition(";")[0].partition("/")),  # RFC 2046: a type and a subtype
    "time": is_time,
}
NO_STRING = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")  # control characters, halves of a pair
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:learnflow")


class EventData(BaseModel):
    """The data of one event type. Unknown fields are ignored: an older reader outlives a newer writer."""

    model_config = ConfigDict(extra="ignore")
    topic_name: ClassVar[str]
    type_name: ClassVar[str]


def stable_id(*facts: object) -> str:
    """The same facts give the same id, so that a replay is recognised (uuid5)."""
    return str(uuid.uuid5(NAMESPACE, json.dumps([str(f) for f in facts])))


def new_event(
    data: EventData, *, source: str, subject: str, key: str, facts: tuple[object, ...], time: datetime, trace: str = ""
) -> dict[str, Any]:
    """A structured event. `key` keeps one learner's events in order; `facts` identify it; `trace` is a traceparent."""
    attributes = {
        "specversion": "1.0",
        "id": stable_id(data.type_name, *facts),
        "source": f"/functions/{source}",
        "type": data.type_name,
        "subject": subject,
        "time": time,
        "datacontenttype": "application/json",
        "dataschema": f"urn:learnflow:schema:{data.type_name}",
        "partitionkey": key,
        **({"traceparent": trace} if trace else {}),
    }
    event: dict[str, Any] = json.loads(JSONFormat().write(CloudEvent(attributes, data.model_dump(mode="json"))))
    return event


def decode(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    """Any delivery: structured or binary mode, and Dapr's envelope. Raises BadEvent, never anything else.

    `headers` have lower-case names. A `dev.knative.kafka.event` is unwrapped when its data is an event itself.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == STRUCTURED or (media_type == "application/json" and "ce-specversion" not in headers):
        event = _structured(body)
    elif "ce-specversion" in headers:
        event = _binary(headers, body)
    else:
        raise BadEvent(f"not a CloudEvent: content type {media_type or 'absent'} and no ce-specversion header")
    if event.get_type() == KAFKA_EVENT:
        inner = event.get_data()
        if not isinstance(inner, dict):
            raise BadEvent("a Kafka record that is not a CloudEvent")
        return _structured(json.dumps(inner).encode())
    return event


def _structured(body: bytes) -> CloudEvent:
    try:
        fields = parse(body, DEEPEST)
    except ValueError as error:
        raise BadEvent(f"not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise BadEvent("a structured CloudEvent is a JSON object")
    if "data" in fields and "data_base64" in fields:
        raise BadEvent("both data and data_base64")
    data = fields.pop("data", None)
    encoded = fields.pop("data_base64", None)
    attributes = {name: value for name, value in fields.items() if value is not None}
    if encoded is not None:
        try:
            data = _parsed(base64.b64decode(encoded, validate=True), attributes)
        except (binascii.Error, TypeError, ValueError) as error:
            raise BadEvent(f"data_base64: {error}") from error
    return _checked(attributes, data)


def _binary(headers: Mapping[str, str], body: bytes) -> CloudEvent:
    attributes: dict[str, Any] = {k[3:]: v for k, v in headers.items() if k.startswith("ce-")}
    if "content-type" in headers:
        attributes["datacontenttype"] = headers["content-type"]
    return _checked(attributes, _parsed(body, attributes))


def _parsed(body: bytes, attributes: Mapping[str, Any]) -> Any:
    """The data as JSON where its content type says so (or says nothing), else as it came."""
    kind = str(attributes.get("datacontenttype", "application/json")).partition(";")[0].strip().lower()
    if not body or not (kind.endswith("/json") or kind.endswith("+json")):
        return body or None
    try:
        return parse(body, DEEPEST)
    except ValueError as error:
        raise BadEvent(f"data is not JSON: {error}") from error


def _checked(attributes: dict[str, Any], data: Any) -> CloudEvent:
    missing = [name for name in REQUIRED if not attributes.get(name)]
    if missing:
        raise BadEvent(f"not a CloudEvent: no {', '.join(missing)}")
    if wrong := [name for name, value in attributes.items() if not _is_of_its_type(name, value)]:
        raise BadEvent(f"not a valid CloudEvent: {', '.join(wrong)[:100]}")
    try:
        timed = "time" in attributes
        if timed:
            attributes["time"] = datetime.fromisoformat(attributes["time"].upper())
        event = CloudEvent(attributes, data)
        if not timed:
            del attributes["time"]  # it wrote the time of receipt into our dictionary, which it keeps
        return event
    except (BaseCloudEventException, ValueError, TypeError) as error:
        raise BadEvent(f"not a valid CloudEvent: {getattr(error, 'errors', error)}") from error


def _is_of_its_type(name: str, value: Any) -> bool:
    """CloudEvents' type system (3.1), which the library looks at in part only: it takes any URI, and any extension."""
    if isinstance(value, str) and NO_STRING.search(value):
        return False
    if name in TYPES:
        return isinstance(value, str) and TYPES[name](value)
    if isinstance(value, int | float):  # `true`, or an integer of 32 bits, which JSON may write as 1.0
        return value == int(value) and -(2**31) <= value < 2**31
    return isinstance(value, str)
