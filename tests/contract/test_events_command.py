"""`learnflow events` on the embedded run: seen, sent, replayed while requests go on, forgotten with the learner."""

import json
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from functions.cli import main
from functions.runtime.local import FILE
from tests.support.backends import Learnflow, environment, eventually, new_learner
from tests.support.fakes import NOW, lesson_event, logging_restored

Run = Callable[..., str]
LESSONS = ("--topic", "lesson-generated")
TYPE = "com.learnflow.lesson.generated.v1"
DATA = lesson_event().model_dump(mode="json")


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    with logging_restored():
        yield


@pytest.fixture
def events(learnflow: Learnflow, capsys: pytest.CaptureFixture[str]) -> Run:
    """What the command prints; its exit code has to be 0."""

    def run(*arguments: str) -> str:
        capsys.readouterr()
        code = main(["events", *arguments, "--data", str(learnflow.data)])
        out, err = capsys.readouterr()
        assert (code, err) == (0, "")
        return out

    return run


def lesson(server: Learnflow, user: str = "maya") -> str:
    body = {"user_id": user, "topic": "for-loops"}
    answer = httpx.post(f"http://127.0.0.1:{server.port}/generate-lesson", json=body)
    return str(answer.json()["lesson_id"])


def entries(server: Learnflow, user: str = "maya") -> tuple[int, int]:
    status = httpx.get(f"http://127.0.0.1:{server.port}/status", params={"user_id": user}).json()
    return status["counts"]["total"], status["version"]


def ids(listed: str) -> list[str]:
    return re.findall(r"  ([0-9a-f]{8})  →", listed)


def by_track_lesson(shown: dict[str, Any]) -> list[str]:
    """What it came to each time; another function may take the event too."""
    return [each["outcome"] for each in shown["handled"] if each["by"] == "track-lesson"]


def test_events_are_listed_with_what_became_of_them_and_shown_whole(learnflow: Learnflow, events: Run) -> None:
    number = lesson(learnflow)
    listed = eventually(lambda: found if "track-lesson done" in (found := events("list", *LESSONS)) else "")
    head = rf"[\d:.]{{12}}  lesson-generated +lesson\.generated\.v1 +{number}  \w{{8}}"
    assert re.fullmatch(rf"{head}  → .*track-lesson done [\d.]+ ms.*\n", listed)
    shown = json.loads(events("show", ids(listed)[0]))
    assert (shown["topic"], shown["event"]["subject"]) == ("lesson-generated", number)
    assert by_track_lesson(shown) == ["done"]
    assert events("list", "--topic", "progress-updated") == events("list", "--limit", "0") == ""


def test_a_replay_has_the_same_id_and_no_second_effect_unless_it_is_asked_for_as_another_event(
    learnflow: Learnflow, events: Run
) -> None:
    lesson(learnflow)
    eventually(lambda: "track-lesson done" in events("list"))
    [short], before = ids(events("list", *LESSONS)), entries(learnflow)
    said = events("replay", short)
    assert said.startswith("the same id: who handled it before takes it for a duplicate (--new-id: as another event)\n")
    assert "track-lesson done" in said and entries(learnflow) == before
    shown = json.loads(events("show", short))
    assert (len(shown["published"]), len(by_track_lesson(shown))) == (2, 2), "one event, twice"
    again = events("replay", short, "--new-id", "--to", "track-lesson")
    assert "the same id" not in again and "track-lesson done" in again
    new = json.loads(events("show", again.splitlines()[0]))["event"]
    assert new["data"] == shown["event"]["data"] and new["id"] != shown["event"]["id"]


def test_an_event_is_made_from_its_data_and_handled(learnflow: Learnflow, events: Run, tmp_path: Path) -> None:
    file = tmp_path / "data.json"
    file.write_text(json.dumps(DATA))
    said = events("send", str(file), "--type", "lesson-generated")
    assert "track-lesson done" in said and entries(learnflow)[0] == 1
    event = json.loads(events("show", said.splitlines()[0]))["event"]
    assert (event["type"], event["subject"], event["partitionkey"]) == (TYPE, "l1", "maya")
    assert event["data"] == DATA
    assert events("send", "--json", json.dumps(DATA), "--type", TYPE) != said, "each is another event"


def test_a_whole_cloudevent_goes_out_as_it_is_or_as_it_was_shown(learnflow: Learnflow, events: Run) -> None:
    event = {"specversion": "1.0", "id": "own", "source": "/me", "type": TYPE, "time": NOW.isoformat(), "data": DATA}
    assert "track-lesson done" in events("send", "--json", json.dumps(event))
    assert entries(learnflow)[0] == 1
    shown = events("show", "own")
    assert json.loads(shown)["event"] == event
    address = f"http://127.0.0.1:{learnflow.port}/functions/track-lesson/"
    assert events("send", "--json", shown, "--to", address) == f"own\n{address} answered 204\n"
    other = f"http://127.0.0.1:{learnflow.port}/functions/raise-alert/"
    assert "answered 400 {" in events("send", "--json", shown, "--to", other)


def test_without_a_server_it_waits_for_one_and_says_so(learnflow: Learnflow, events: Run) -> None:
    learnflow.stop()
    said = events("send", "--json", json.dumps(DATA), "--type", TYPE)
    assert re.search(r"it waits for .*track-lesson.*: does learnflow run\?\n$", said)
    assert "→ waits" in events("list")
    learnflow.start()
    eventually(lambda: "track-lesson done" in events("list"))
    assert entries(learnflow)[0] == 1


def test_watch_shows_what_happens_from_now_on(learnflow: Learnflow, events: Run) -> None:
    command = [str(Path(sys.executable).with_name("learnflow")), "events", "watch", "--data", str(learnflow.data)]
    with (learnflow.data / "watched").open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=environment())

    def watched() -> str:
        return (learnflow.data / "watched").read_text()

    try:
        eventually(
            lambda: bool(lesson(learnflow, new_learner())) and "track-lesson done" in watched()
        )  # from when it watches
        raw = {"specversion": "1.0", "id": "new", "source": "/me", "type": "com.example.new", "data": {}}
        assert "nobody takes it" in events("send", "--json", json.dumps(raw), "--topic", "something-new")
        eventually(lambda: "something-new" in watched() and "→ nobody takes it" in watched())
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 0
    finally:
        process.kill()


def test_of_a_forgotten_learner_no_event_is_left(learnflow: Learnflow, events: Run) -> None:
    lesson(learnflow), lesson(learnflow, "maya:x")
    eventually(lambda: len(ids(events("list", *LESSONS))) == 2 and "waits" not in events("list"))
    letter = json.dumps({"id": "dead", "source": "/me", "partitionkey": "maya"})
    with sqlite3.connect(learnflow.data / FILE) as connection:
        sql = "INSERT INTO dead_letters (subscriber, reason, event, dead_at) VALUES ('x', 'y', ?, 1)"
        connection.execute(sql, [letter])
    assert httpx.delete(f"http://127.0.0.1:{learnflow.port}/learners/maya").status_code == 204
    kept = connection.execute("SELECT key FROM events WHERE topic = 'lesson-generated'").fetchall()
    assert kept == [("maya:x",)]
    assert connection.execute("SELECT count(*) FROM handled WHERE subscriber = 'track-lesson'").fetchone() == (1,)
    assert connection.execute("SELECT count(*) FROM dead_letters").fetchone() == (0,)
    connection.close()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["show", "nothing"], "there is no event nothing"),
        (["replay", "nothing"], "there is no event nothing"),
        (["send", "--json", "{", "--type", TYPE], "--json is not JSON"),
        (["send", "/nowhere.json"], "/nowhere.json: No such file or directory"),
        (["send", "--json", "{}"], "not a CloudEvent: no specversion, id, source, type"),
        (["send", "--json", "[]"], "a structured CloudEvent is a JSON object"),
        (["send", "--json", "{}", "--type", "x"], f"there is no event type x; there are {TYPE}, "),
        (
            ["send", "--json", '{"user_id": "a b"}', "--type", TYPE],
            f"(docs/contracts/events/{TYPE}.json):\n  lesson_id: Field",
        ),
        (
            ["send", "--json", json.dumps(DATA), "--type", TYPE, "--to", "x"],
            "there is no function x; there are ",
        ),
        (["send", "--json", json.dumps(DATA), "--type", TYPE, "--to", "get-status"], "get-status takes no events, not"),
        (
            ["send", "--json", json.dumps(DATA), "--type", TYPE, "--to", "http://127.0.0.1:1"],
            "http://127.0.0.1:1 did not",
        ),
        (["list", "--data", "/nowhere"], "there is no state in /nowhere"),
        (["list", "--bootstrap-servers", "127.0.0.1:1"], "Kafka did not answer at 127.0.0.1:1"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_sent(
    arguments: list[str], said: str, one_place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["events", *arguments[:1], "--data", str(one_place), *arguments[1:]]) == 1
    err = capsys.readouterr().err
    assert said in err and "Traceback" not in err
    with sqlite3.connect(one_place / FILE) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)
    connection.close()


@pytest.fixture
def one_place(tmp_path: Path) -> Path:
    """State, and nothing that runs."""
    from functions.runtime.local import Database

    Database(tmp_path / FILE)._thread.shutdown()
    return tmp_path


def test_ids_that_begin_alike_are_named(one_place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    event: dict[str, Any] = {"specversion": "1.0", "source": "/me", "type": "com.example.new"}
    for number in ("same-1", "same-2"):
        body = json.dumps(event | {"id": number})
        assert main(["events", "send", "--data", str(one_place), "--json", body, "--topic", "new"]) == 0
    assert main(["events", "show", "same", "--data", str(one_place)]) == 1
    assert "2 events begin with 'same': same-1, same-2" in capsys.readouterr().err
