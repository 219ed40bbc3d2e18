"""The records of the dead letter topic, as Knative's sink, daprd and the functions write them, put together."""

import base64
import json
from datetime import timedelta
from typing import Any

from functions.dead_letters.kafka import read
from functions.dead_letters.letters import Death, Letter, put_together, topic_of, verdict
from functions.runtime.refusing import DEAD_LETTERS, EventRefused, EventReplayed, note_of, note_refusal
from functions.usecases.events import ALL
from tests.support.fakes import NOW, World, structured

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/functions/update-progress",
    "type": "com.learnflow.progress.updated.v1",
    "partitionkey": "maya",
    "data": {"user_id": "no spaces allowed"},
}
WHERE = (DEAD_LETTERS, "0/7")
PROBLEM = {"type": "urn:learnflow:problem:invalid-request", "status": 400, "detail": 'data."x": \\ wrong', "errors": []}


def knatives(event: dict[str, Any] = EVENT, code: str = "400", body: bytes = json.dumps(PROBLEM).encode()) -> Death:
    """As the KafkaSink writes it, with the source's extensions."""
    more = {
        "knativeerrordest": "http://project-progress.learnflow.svc.cluster.local",
        "knativeerrorcode": code,
        "knativeerrordata": base64.b64encode(body).decode(),
        "knativekafkapartition": "0",
        "knativekafkaoffset": "6",
    }
    return _death(read(json.dumps(event | more).encode(), {"content-type": "…"}, "", WHERE, NOW))


def daprds(value: bytes = json.dumps(EVENT).encode(), minutes: int = 0) -> Death:
    headers = {"__topic": "progress-updated", "__partition": "0", "__offset": "6", "__key": "maya"}
    return _death(read(value, headers, "maya", ("progress-updated", "0/6"), NOW + timedelta(minutes=minutes)))


def _death(found: object) -> Death:
    assert isinstance(found, Death)
    return found


def the_only(*found: Any) -> Letter:
    [letter] = put_together(found)
    return letter


def test_knatives_copy_tells_who_refused_it_why_and_what_the_event_was() -> None:
    letter = the_only(knatives())
    assert (letter.id, letter.handlers, letter.topic, letter.key) == (
        "e1",
        ["project-progress"],
        "progress-updated",
        "maya",
    )
    assert letter.reason == 'data."x": \\ wrong'
    assert letter.event == EVENT, "without what the source added"


def test_a_reason_that_knative_cut_off_is_read_as_far_as_it_goes() -> None:
    assert knatives(body=json.dumps(PROBLEM).encode()[:-15]).reason == 'data."x": \\ wrong'
    assert knatives(body=b'{"detail": "data.user_id: St').reason == "data.user_id: St"
    assert knatives(body=b"<h1>Bad gateway</h1>", code="502").reason == "502: <h1>Bad gateway</h1>"


def test_an_event_that_was_given_up_after_its_retries_shows_the_last_answer() -> None:
    body = json.dumps({"detail": "The state store did not answer."}).encode()
    assert the_only(knatives(code="503", body=body)).reason == "503: The state store did not answer."


def test_daprds_copy_has_no_reason_so_the_events_own_fault_is_told() -> None:
    letter = the_only(daprds())
    assert (letter.topic, letter.key, letter.handlers, letter.event) == ("progress-updated", "maya", [], EVENT)
    assert letter.reason.startswith("data.user_id: String should match pattern")


async def test_beside_daprds_copy_is_the_functions_own_reason(world: World) -> None:
    await note_refusal(world.ports, "project-progress", *structured(EVENT), "data.user_id: too short")
    [(topic, _, note)] = world.publisher.published
    assert topic == DEAD_LETTERS and "spaces" not in json.dumps(note), "ids and reason only"
    noted = read(json.dumps(note).encode(), {}, "e1", WHERE, NOW)
    for order in ((noted, daprds()), (daprds(), noted)):
        letter = the_only(*order)
        assert (letter.handlers, letter.reason, letter.event) == (
            ["project-progress"],
            "data.user_id: too short",
            EVENT,
        )


async def test_a_reason_that_cannot_be_noted_stops_nothing(world: World) -> None:
    world.publisher.down = True
    await note_refusal(world.ports, "project-progress", *structured(EVENT), "why")
    await note_refusal(world.ports, "project-progress", {"content-type": "text/plain"}, b"junk", "why")
    assert world.publisher.attempts == 1


def test_the_same_event_given_up_by_two_and_delivered_twice_is_one_letter() -> None:
    letter = the_only(knatives(), daprds(minutes=1), daprds(minutes=2), knatives())
    assert (letter.first, letter.last) == (NOW, NOW + timedelta(minutes=2))
    assert letter.handlers == ["project-progress"]


def test_a_replayed_letter_waits_no_longer_until_it_is_given_up_again() -> None:
    note = note_of(EventReplayed(event_source=EVENT["source"], event_id="e1"), NOW)
    replayed = read(json.dumps(note).encode(), {}, "e1", WHERE, NOW + timedelta(minutes=5))
    assert the_only(daprds()).waits
    assert not the_only(daprds(), replayed).waits
    again = the_only(daprds(), replayed, daprds(minutes=6))
    assert again.waits and again.replays == [NOW + timedelta(minutes=5)]


def test_a_replay_of_what_is_no_longer_kept_is_no_letter() -> None:
    note = note_of(EventReplayed(event_source="/x", event_id="gone"), NOW)
    assert put_together([read(json.dumps(note).encode(), {}, "gone", WHERE, NOW)]) == []


def test_what_is_no_cloudevent_is_kept_as_it_came_and_known_by_its_place() -> None:
    letter = the_only(daprds(b"this is no CloudEvent"))
    assert (letter.id, letter.event, letter.text) == ("progress-updated/0/6", None, "this is no CloudEvent")
    assert letter.reason == "not a CloudEvent: 'this is no CloudEvent'"


def test_what_knative_wrapped_because_it_is_no_cloudevent_is_shown_unwrapped() -> None:
    wrapped = {
        "specversion": "1.0",
        "id": "partition:0/offset:0",
        "source": "/apis/v1/namespaces/learnflow/kafkasources/x#progress-updated",
        "type": "dev.knative.kafka.event",
        "key": "maya",
        "data_base64": base64.b64encode(b"this is no CloudEvent").decode(),
    }
    letter = the_only(knatives(wrapped), daprds(b"this is no CloudEvent"))
    assert (letter.topic, letter.key, letter.text) == ("progress-updated", "maya", "this is no CloudEvent")
    assert letter.event is None


def test_the_verdict_is_that_of_the_functions_as_they_are_now() -> None:
    valid = {
        **{"user_id": "maya", "lesson_id": "l1", "topic": None, "progress_percentage": 10, "status": "in_progress"},
        **{"previous_status": "not_started", "mastery": None, "level": None, "streak_days": 1, "version": 1},
        "timestamp": "2026-03-10T12:00:00Z",
    }
    assert verdict(EVENT | {"data": valid}).startswith("the event is valid")
    assert verdict(EVENT | {"type": "com.example"}) == "no function takes events of type com.example"
    assert verdict(EVENT | {"specversion": "0.3"}).startswith("not a valid CloudEvent")
    assert verdict(EVENT | {"data": valid, "more": "x" * (1 << 20)}) == "it has more than 1048576 bytes"


def test_every_event_of_this_system_has_a_topic_to_go_back_to() -> None:
    assert {topic_of({"type": model.type_name}) for model in ALL} == {model.topic_name for model in ALL}
    assert topic_of({"type": "com.example"}) == ""


def test_a_note_is_another_record_each_time() -> None:
    data = EventRefused(event_source="/x", event_id="1", function="f", reason="r")
    ids = {note_of(data, NOW + timedelta(seconds=n))["id"] for n in range(3)}
    assert len(ids) == 3
