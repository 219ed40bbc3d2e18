"""`learnflow dead-letters` on the embedded run: given up with the reason, listed, replayed while requests go on."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.cli import main
from functions.runtime.local import FILE
from tests.support.backends import Learnflow, eventually
from tests.support.fakes import NOW, lesson_event


def event(number: str, data: dict[str, Any]) -> dict[str, Any]:
    kind = "com.learnflow.lesson.generated.v1"
    fixed = {"specversion": "1.0", "source": "/tests", "type": kind, "time": NOW.isoformat(), "partitionkey": "maya"}
    return fixed | {"id": number, "data": data}


def deliver(server: Learnflow, event: dict[str, Any], subscriber: str = "track-lesson") -> None:
    """As a release with a mistake would have published it."""
    with sqlite3.connect(server.data / FILE) as connection:
        sql = "INSERT INTO deliveries (subscriber, key, event) VALUES (?, ?, ?)"
        connection.execute(sql, [subscriber, "maya", json.dumps(event)])
    connection.close()


def give_up(server: Learnflow, event: dict[str, Any]) -> None:
    """As the broker does after the last retry."""
    with sqlite3.connect(server.data / FILE) as connection:
        sql = "INSERT INTO dead_letters (subscriber, reason, event, dead_at) VALUES ('track-lesson', ?, ?, 1)"
        connection.execute(sql, ["The read model did not answer.", json.dumps(event)])
    connection.close()


def command(server: Learnflow, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["dead-letters", *arguments, "--data", str(server.data)]) == 0
    return capsys.readouterr().out


def lessons_of_maya(server: Learnflow) -> int:
    status = httpx.get(f"http://127.0.0.1:{server.port}/status?user_id=maya").json()
    return int(status["counts"]["total"])


def test_a_poison_event_is_kept_with_the_reason_and_dies_again_when_it_is_replayed(
    learnflow: Learnflow, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(learnflow, capsys, "list") == "0 dead letters, 0 wait for a replay\n"
    deliver(learnflow, event("poison", {"user_id": "maya"}))
    eventually(lambda: command(learnflow, capsys, "list").count("\n") > 1)
    listed = command(learnflow, capsys, "list")
    assert "waits" in listed and "lesson-generated" in listed and "track-lesson" in listed
    assert "data.lesson_id: Field required" in listed and "1 dead letters, 1 wait" in listed
    shown = json.loads(command(learnflow, capsys, "show", "--id", "poison"))
    assert shown["event"]["data"] == {"user_id": "maya"} and shown["reasons"] and shown["replayed"] == []
    assert command(learnflow, capsys, "replay", "--all") == "poison is back in lesson-generated\n"

    def again() -> bool:
        found = json.loads(command(learnflow, capsys, "show", "--id", "poison"))
        return bool(found["waits"] and found["replayed"])

    eventually(again)


def test_what_was_given_up_is_handled_after_a_replay_once_however_often(
    learnflow: Learnflow, capsys: pytest.CaptureFixture[str]
) -> None:
    given_up = event("given-up", lesson_event().model_dump(mode="json"))
    give_up(learnflow, given_up)
    assert lessons_of_maya(learnflow) == 0
    assert command(learnflow, capsys, "replay", "--id", "given-up") == "given-up is back in lesson-generated\n"
    eventually(lambda: lessons_of_maya(learnflow) == 1)
    assert "replayed" in command(learnflow, capsys, "list")
    assert command(learnflow, capsys, "replay", "--all") == "there is nothing to replay\n"
    again = command(learnflow, capsys, "replay", "--id", "given-up")
    assert again.startswith("given-up is back in lesson-generated; it was replayed before, 20")
    deliver(learnflow, event("marker", {}))  # handled after it, in order
    eventually(lambda: "marker" in command(learnflow, capsys, "list"))
    status = httpx.get(f"http://127.0.0.1:{learnflow.port}/status?user_id=maya").json()
    assert (status["counts"]["total"], status["version"]) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["replay"], "replay needs --id or --all"),
        (["show"], "show needs --id"),
        (["replay", "--id", "x", "--all"], "--id or --all, not both"),
        (["show", "--id", "nobody"], "there is no dead letter nobody"),
        (["list", "--data", "/nowhere"], "there is no state in /nowhere"),
        (["list", "--bootstrap-servers", "127.0.0.1:1"], "Kafka did not answer at 127.0.0.1:1"),
        (["list", "--bootstrap-servers", "not an address"], "Kafka did not answer at not an address"),
    ],
)
def test_what_cannot_be_done_is_said(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / FILE).touch()
    assert main(["dead-letters", "--data", str(tmp_path), *arguments]) == 1
    assert said in capsys.readouterr().err


def test_what_an_event_holds_does_not_move_the_cursor(learnflow: Learnflow, capsys: pytest.CaptureFixture[str]) -> None:
    give_up(learnflow, event("red\x1b[31m\r\n", {"text": "\x9b2J"}))
    listed = command(learnflow, capsys, "list")
    assert "red\\x1b[31m\\r" in listed and "\x1b" not in listed and "\r" not in listed
    assert "\x9b" not in command(learnflow, capsys, "show", "--id", "red\x1b[31m\r\n")


def test_a_letter_without_a_known_topic_needs_one(learnflow: Learnflow, capsys: pytest.CaptureFixture[str]) -> None:
    give_up(learnflow, event("stray", {}) | {"type": "com.example.stray"})
    assert main(["dead-letters", "replay", "--id", "stray", "--data", str(learnflow.data)]) == 1
    assert "--topic says where it shall go" in capsys.readouterr().err
