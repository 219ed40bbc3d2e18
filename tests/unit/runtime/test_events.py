"""CloudEvents: nothing is invented on receipt, only BadEvent is raised, and what is sent is the same each time."""

import base64
import json
import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.runtime.errors import BadEvent
from functions.runtime.events import KAFKA_EVENT, STRUCTURED, EventData, decode, new_event, stable_id

EVENT = {"specversion": "1.0", "id": "e1", "source": "/functions/tests", "type": "com.learnflow.tested.v1"}
BINARY = {f"ce-{name}": value for name, value in EVENT.items()}


class Probed(EventData):
    topic_name: ClassVar[str] = "tested"
    type_name: ClassVar[str] = "com.learnflow.tested.v1"

    name: str


def structured(content_type: str = STRUCTURED, /, **changes: Any) -> CloudEvent:
    """Changes are attributes; None leaves one out."""
    fields = {k: v for k, v in (EVENT | changes).items() if v is not None}
    return decode({"content-type": content_type}, json.dumps(fields).encode())


def binary(body: bytes = b'{"n": 1}', /, **headers: str) -> CloudEvent:
    given_headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return decode({"content-type": "application/json"} | BINARY | given_headers, body)


# Structured mode


@pytest.mark.parametrize(
    "content_type", [STRUCTURED, f"{STRUCTURED}; charset=utf-8", "Application/CloudEvents+JSON", "application/json"]
)
def test_a_structured_event_is_read_whatever_its_content_type_is_spelled_like(content_type: str) -> None:
    event = structured(content_type, data={"n": 1}, subject="s", time="2026-03-10T12:00:00Z")
    assert (event.get_id(), event.get_source(), event.get_type()) == ("e1", "/functions/tests", EVENT["type"])
    assert event.get_data() == {"n": 1}
    assert event.get_time() == datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_missing_attribute_is_not_invented(name: str, value: str | None) -> None:
    with pytest.raises(BadEvent, match=f"no {name}"):
        structured(**{name: value})


@pytest.mark.parametrize("version", ["0.3", "1.1", "2.0", 1.0, "1"])
def test_another_specversion_is_refused(version: object) -> None:
    with pytest.raises(BadEvent):
        structured(specversion=version)


@pytest.mark.parametrize("name", ["id", "source", "type", "subject", "dataschema", "time"])
@pytest.mark.parametrize("value", [5, True, ["a"], {"a": 1}])
def test_an_attribute_that_is_no_text_is_refused(name: str, value: object) -> None:
    with pytest.raises(BadEvent):
        structured(**{name: value})


@pytest.mark.parametrize(
    "body", [b"", b"not json", b"{", b'{"id": "e1"', b"\xff\xfe\x00", b"[]", b'"text"', b"null", b"1"]
)
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadEvent):
        decode({"content-type": STRUCTURED}, body)


def test_a_batch_is_refused() -> None:
    with pytest.raises(BadEvent):
        decode({"content-type": STRUCTURED}, json.dumps([EVENT]).encode())


def test_a_byte_order_mark_is_ignored() -> None:
    body = b"\xef\xbb\xbf" + json.dumps(EVENT).encode()
    assert decode({"content-type": STRUCTURED}, body).get_id() == "e1"


def test_data_and_data_base64_exclude_each_other() -> None:
    with pytest.raises(BadEvent, match="both data and data_base64"):
        structured(data={}, data_base64="e30=")


def test_data_base64_that_holds_json_is_read_as_json() -> None:
    assert structured(data_base64=base64.b64encode(b'{"n": 1}').decode()).get_data() == {"n": 1}


def test_data_base64_of_another_content_type_stays_bytes() -> None:
    encoded = base64.b64encode(b"\x00\x01").decode()
    assert structured(datacontenttype="image/png", data_base64=encoded).get_data() == b"\x00\x01"


@pytest.mark.parametrize("encoded", ["?", "a", 5, [], "e30=="[:-3], base64.b64encode(b"{").decode()])
def test_data_base64_that_cannot_be_read_is_refused(encoded: object) -> None:
    with pytest.raises(BadEvent):
        structured(data_base64=encoded)


@pytest.mark.parametrize("moment", ["", "yesterday", "2026-13-01T00:00:00Z", "2026-03-10T12:00:00"])
def test_a_time_that_is_not_rfc_3339_is_refused(moment: str) -> None:
    with pytest.raises(BadEvent):
        structured(time=moment)


@pytest.mark.parametrize("name", ["Bad", "with-dash", "with_underscore", "ümlaut", "with space"])
def test_an_extension_whose_name_is_not_lower_case_letters_and_digits_is_refused(name: str) -> None:
    with pytest.raises(BadEvent):
        structured(**{name: "x"})


def test_extensions_are_kept() -> None:
    event = structured(partitionkey="maya", traceparent="00-abc")
    assert (event.get_extension("partitionkey"), event.get_extension("traceparent")) == ("maya", "00-abc")


def test_null_is_the_same_as_absent() -> None:
    body = json.dumps(EVENT | {"subject": None, "data": None, "time": None}).encode()
    event = decode({"content-type": STRUCTURED}, body)
    assert (event.get_subject(), event.get_data(), event.get_time()) == (None, None, None)


@pytest.mark.parametrize("depth", [100, 400, 900, 990, 2_000, 100_000])
def test_nesting_without_end_is_read_or_refused_and_never_overflows(depth: int) -> None:
    body = json.dumps(EVENT)[:-1].encode() + b', "data": ' + b"[" * depth + b"]" * depth + b"}"
    for wrapped in (body, b'{"data": ' + body + b"," + json.dumps(EVENT | {"type": KAFKA_EVENT}).encode()[1:]):
        try:
            event = decode({"content-type": STRUCTURED}, wrapped)
        except BadEvent:
            assert depth > 100
        else:
            assert event.get_id() == "e1"


# Binary mode


def test_a_binary_event_is_read_from_its_headers() -> None:
    event = binary(ce_subject="maya", ce_time="2026-03-10T12:00:00+00:00", ce_partitionkey="maya")
    assert (event.get_id(), event.get_subject(), event.get_data()) == ("e1", "maya", {"n": 1})
    assert event.get_extension("partitionkey") == "maya"


@pytest.mark.parametrize("name", ["id", "source", "type"])
def test_a_binary_event_without_a_required_header_is_refused(name: str) -> None:
    headers = {k: v for k, v in BINARY.items() if k != f"ce-{name}"}
    with pytest.raises(BadEvent, match=f"no {name}"):
        decode(headers, b"{}")


def test_without_a_specversion_header_the_body_must_be_the_event() -> None:
    with pytest.raises(BadEvent):
        decode({"content-type": "application/json", "ce-id": "e1", "ce-type": "t", "ce-source": "s"}, b"{}")


def test_a_binary_event_of_specversion_0_3_is_refused() -> None:
    with pytest.raises(BadEvent):
        binary(ce_specversion="0.3")


def test_percent_signs_in_headers_are_not_decoded() -> None:
    assert binary(ce_subject="100%25 of %E4%BD%A0").get_subject() == "100%25 of %E4%BD%A0"


def test_what_the_kafka_source_adds_to_the_headers_is_an_extension() -> None:
    event = binary(ce_knativekafkapartition="3", ce_knativekafkaoffset="42")
    assert event.get_extension("knativekafkaoffset") == "42"


def test_binary_data_without_a_content_type_is_json() -> None:
    assert decode(BINARY, b'{"n": 1}').get_data() == {"n": 1}


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/problem+json", "text/json"])
def test_binary_data_of_any_json_type_is_json(content_type: str) -> None:
    assert decode(BINARY | {"content-type": content_type}, b'{"n": 1}').get_data() == {"n": 1}


def test_binary_data_of_another_type_stays_as_it_came() -> None:
    assert decode(BINARY | {"content-type": "text/plain"}, b"hello").get_data() == b"hello"


def test_a_binary_event_without_a_body_has_no_data() -> None:
    assert binary(b"").get_data() is None


@pytest.mark.parametrize("body", [b"{", b"\xff", b"no"])
def test_binary_data_that_is_not_the_json_it_says_is_refused(body: bytes) -> None:
    with pytest.raises(BadEvent, match="data is not JSON"):
        binary(body)


def test_a_request_without_any_sign_of_an_event_is_refused() -> None:
    with pytest.raises(BadEvent, match="content type text/plain and no ce-specversion"):
        decode({"content-type": "text/plain"}, b"hello")
    with pytest.raises(BadEvent, match="content type absent"):
        decode({}, b"")


# What wraps an event


def test_daprs_additions_to_the_event_are_extensions() -> None:
    event = structured(
        data={"n": 1},
        pubsubname="pubsub",
        topic="tested",
        traceid="00-abc",
        traceparent="00-abc",
        tracestate="",
        datacontenttype="application/json",
    )
    assert (event.get_data(), event.get_extension("pubsubname"), event.get_id()) == ({"n": 1}, "pubsub", "e1")


def test_an_event_within_a_kafka_record_is_unwrapped_in_both_modes() -> None:
    inner = EVENT | {"data": {"n": 1}}
    outer = {"id": "partition:0/offset:1", "source": "/apis/v1/kafka", "type": KAFKA_EVENT}
    assert structured(**outer, data=inner).get_id() == "e1"
    assert binary(json.dumps(inner).encode(), **{f"ce_{k}": v for k, v in outer.items()}).get_data() == {"n": 1}


@pytest.mark.parametrize("data", [None, "text", [EVENT], 5])
def test_a_kafka_record_that_holds_no_object_is_refused(data: object) -> None:
    with pytest.raises(BadEvent, match="a Kafka record that is not a CloudEvent"):
        structured(type=KAFKA_EVENT, data=data)


def test_a_kafka_record_that_holds_an_object_which_is_no_event_is_refused() -> None:
    with pytest.raises(BadEvent, match="no specversion, id, source, type"):
        structured(type=KAFKA_EVENT, data={"n": 1})


def test_a_kafka_record_with_another_content_type_is_refused() -> None:
    with pytest.raises(BadEvent):
        decode(BINARY | {"ce-type": KAFKA_EVENT, "content-type": "text/plain"}, json.dumps(EVENT).encode())


# Any bytes at all

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from([*EVENT, "time", "subject", "data", "data_base64", "datacontenttype", "traceparent", "ext"])
TYPES = st.sampled_from([STRUCTURED, "application/json", "text/plain", "application/octet-stream", "", "nonsense;"])
NEARLY_EVENTS = st.builds(
    lambda changes, removed: {k: v for k, v in (EVENT | changes).items() if k not in removed},
    st.dictionaries(
        NAMES, JSON_VALUES | st.sampled_from([EVENT, KAFKA_EVENT, "1.0", "2026-03-10T12:00:00Z"]), max_size=4
    ),
    st.sets(NAMES, max_size=1),
)
BODIES = st.one_of(
    st.binary(max_size=60),
    JSON_VALUES.map(lambda value: json.dumps(value).encode()),
    NEARLY_EVENTS.map(lambda value: json.dumps(value).encode()),
)
HEADERS = st.builds(
    lambda content_type, event, more: {"content-type": content_type} | event | more,
    TYPES,
    st.sampled_from([{}, BINARY, BINARY | {"ce-type": KAFKA_EVENT}]),
    st.dictionaries(st.one_of(NAMES.map("ce-{}".format), st.text(max_size=8)), st.text(max_size=12), max_size=3),
)


@settings(deadline=None, max_examples=600)
@given(HEADERS, BODIES)
def test_any_delivery_is_an_event_with_its_required_attributes_or_is_refused(
    headers: dict[str, str], body: bytes
) -> None:
    try:
        event = decode(headers, body)
    except BadEvent as error:
        assert str(error)
    else:
        required = (event.get_id(), event.get_source(), event.get_type())
        assert event.get_specversion() == "1.0" and all(isinstance(value, str) and value for value in required)


# Sending


def sent(**changes: Any) -> dict[str, Any]:
    chosen: dict[str, Any] = {
        "source": "tests",
        "subject": "maya",
        "key": "maya",
        "facts": ("maya", 1),
        "time": datetime(2026, 3, 10, 12, tzinfo=UTC),
    }
    return new_event(Probed(name="Grüße, 世界"), **(chosen | changes))


def test_the_same_facts_give_the_same_event_and_others_another_id() -> None:
    assert sent() == sent()
    assert sent()["id"] != sent(facts=("maya", 2))["id"] != sent(facts=("james", 2))["id"]
    assert uuid.UUID(sent()["id"]).version == 5


def test_facts_are_kept_apart() -> None:
    assert stable_id("a", "bc") != stable_id("ab", "c")
    assert stable_id("a", 1) == stable_id("a", "1")


def test_two_types_of_event_about_the_same_facts_have_two_ids() -> None:
    class Other(Probed):
        type_name: ClassVar[str] = "com.learnflow.other.v1"

    other = new_event(Other(name="x"), source="tests", subject="s", key="k", facts=("maya", 1), time=datetime.now(UTC))
    assert other["id"] != sent()["id"]


def test_an_event_says_where_it_is_from_what_it_is_and_how_it_is_ordered() -> None:
    assert sent() | {"id": "", "data": None} == {
        "specversion": "1.0",
        "id": "",
        "source": "/functions/tests",
        "type": "com.learnflow.tested.v1",
        "subject": "maya",
        "time": "2026-03-10T12:00:00Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:learnflow:schema:com.learnflow.tested.v1",
        "partitionkey": "maya",
        "data": None,
    }


def test_attributes_are_printable_ascii_and_data_need_not_be() -> None:
    event = sent(trace="00-" + "a" * 32 + "-" + "b" * 16 + "-01")
    assert event.pop("data") == {"name": "Grüße, 世界"}
    assert all(value.isascii() and value.isprintable() for value in event.values())


def test_the_trace_goes_with_the_event_only_when_there_is_one() -> None:
    trace = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    assert sent(trace=trace)["traceparent"] == trace
    assert "traceparent" not in sent()


def test_an_event_that_was_sent_is_read_back_as_it_was() -> None:
    event = decode({"content-type": STRUCTURED}, json.dumps(sent()).encode())
    assert (event.get_id(), event.get_data(), event.get_subject()) == (sent()["id"], sent()["data"], "maya")
