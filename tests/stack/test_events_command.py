"""`learnflow events --bootstrap-servers`: the real topics, seen and written to."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from functions.cli import main
from tests.support import kafka
from tests.support.backends import environment, eventually, new_learner
from tests.support.dapr_run import StackBackend
from tests.support.fakes import lesson_event
from tests.support.presence import KAFKA
from tests.support.replaying import check_one_effect, entries

pytestmark = pytest.mark.stack


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main(["events", *arguments, "--bootstrap-servers", KAFKA]) == 0
    return capsys.readouterr().out


def lesson_of(backend: StackBackend, user: str) -> str:
    return str(backend.post("/generate-lesson", {"user_id": user, "topic": "for-loops"}).json()["lesson_id"])


def test_an_event_is_seen_listed_shown_and_replayed_without_a_second_effect(
    processes: StackBackend, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    watching = [str(Path(sys.executable).with_name("learnflow")), "events", "watch"]
    with (tmp_path / "watched").open("wb") as out:
        process = subprocess.Popen([*watching, "--bootstrap-servers", KAFKA], stdout=out, stderr=out, env=environment())
    made: list[tuple[str, str]] = []

    def seen() -> bool:
        made.append((user := new_learner(), lesson_of(processes, user)))
        return made[-1][1] in (tmp_path / "watched").read_text()

    try:
        eventually(seen)  # from when it watches
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
    user, _ = made[-1]
    [record] = kafka.records("lesson-generated", lambda r: r.key == user)
    number = record.value["id"]
    assert number[:8] in command(capsys, "list", "--topic", "lesson-generated", "--limit", "1000")
    assert json.loads(command(capsys, "show", number))["event"] == record.value

    eventually(lambda: entries(processes, user) == (1, 1))
    assert "it is in lesson-generated, " in command(capsys, "replay", number)
    again = kafka.records("lesson-generated", lambda r: r.key == user)
    assert [r.value for r in again] == [record.value] * 2
    assert [r.headers["content-type"] for r in again] == ["application/cloudevents+json"] * 2
    check_one_effect(processes, user, record)


def test_an_event_that_is_sent_is_handled_by_whoever_reads_its_topic(
    processes: StackBackend, capsys: pytest.CaptureFixture[str]
) -> None:
    user = new_learner()
    data = lesson_event(user_id=user, lesson_id=user).model_dump(mode="json")
    command(capsys, "send", "--type", "lesson-generated", "--json", json.dumps(data))
    eventually(lambda: entries(processes, user) == (1, 1))
    port = processes.processes.apps["track-lesson"]["appPort"]
    [record] = kafka.records("lesson-generated", lambda r: r.key == user)
    said = command(capsys, "replay", record.value["id"], "--to", f"http://127.0.0.1:{port}/")
    assert f"http://127.0.0.1:{port}/ answered 204" in said
    assert main(["events", "replay", record.value["id"], "--to", "track-lesson", "--bootstrap-servers", KAFKA]) == 1
    assert "Kafka brings it to every group" in capsys.readouterr().err
