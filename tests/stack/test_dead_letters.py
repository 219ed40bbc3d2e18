"""A poison event on real Kafka, through daprd: kept with the reason, listed, and after the repair handled, once."""

import json

import pytest

from functions.cli import main
from tests.support import kafka
from tests.support.backends import eventually, new_learner
from tests.support.dapr_run import StackBackend
from tests.support.presence import KAFKA
from tests.support.replaying import check_one_effect, entries

pytestmark = pytest.mark.stack
BEHIND = 120  # seconds, at most, for what others have put into a partition before


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["dead-letters", *arguments, "--bootstrap-servers", KAFKA]) == 0
    return capsys.readouterr().out


def released(backend: StackBackend, module: str = "") -> None:
    backend.processes.restart("track-lesson", "app", module)
    backend.processes.wait("track-lesson")


def test_what_a_release_with_a_mistake_refused_is_handled_by_the_next_one(
    processes: StackBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    user = new_learner()
    released(processes, "tests.support.too_strict")
    try:
        processes.post("/generate-lesson", {"user_id": user, "topic": "for-loops"})
        [record] = eventually(lambda: kafka.records("lesson-generated", lambda r: r.key == user))
        number = record.value["id"]
        eventually(lambda: number in command(capsys, "list"))
        eventually(lambda: json.loads(command(capsys, "show", "--id", number)).get("event"))
        letter = json.loads(command(capsys, "show", "--id", number))
        assert letter["reasons"] == ["data.title: String should have at most 3 characters"]
        assert (letter["handlers"], letter["topic"]) == (["track-lesson"], "lesson-generated")
        assert (letter["event"], letter["waits"]) == (record.value, True)
        assert letter["now"].startswith("the event is valid"), "to the release that this command is of"
        assert entries(processes, user) == (0, 0)
    finally:
        released(processes)

    assert command(capsys, "replay", "--id", number) == f"{number} is back in lesson-generated\n"
    eventually(lambda: entries(processes, user) == (1, 1))
    again = kafka.records("lesson-generated", lambda r: r.key == user)
    assert [r.value for r in again] == [record.value] * 2, "the same event, with the same id"
    assert [r.headers["content-type"] for r in again] == ["application/cloudevents+json"] * 2
    assert not json.loads(command(capsys, "show", "--id", number))["waits"]

    assert "; it was replayed before, 20" in command(capsys, "replay", "--id", number)
    check_one_effect(processes, user, record)


def test_what_is_no_cloudevent_is_listed_with_its_place_and_cannot_be_replayed(
    processes: StackBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    assert processes.name == "stack"
    junk = f"junk of {new_learner()}"
    kafka.send("progress-updated", junk.encode(), "somebody", {})
    listed = lambda: [line for line in command(capsys, "list").splitlines() if junk in line]  # noqa: E731
    [line] = eventually(listed, BEHIND)
    assert "not a CloudEvent" in line and "progress-updated" in line
    number = next(word for word in line.split() if "/" in word)
    assert main(["dead-letters", "replay", "--id", number, "--bootstrap-servers", KAFKA]) == 1
    assert f"{number} cannot be replayed: not a CloudEvent" in capsys.readouterr().err
