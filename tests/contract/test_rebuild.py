"""`learnflow rebuild` makes the tables anew from the documents, while requests go on: embedded and on the stack."""

import os
import subprocess
import sys
from pathlib import Path
from threading import Event, Thread

from tests.support.backends import ROOT, Backend, environment, eventually, new_learner

LEARNFLOW = str(Path(sys.executable).with_name("learnflow"))


def rebuild(backend: Backend) -> str:
    """Its last line."""
    arguments, changes = backend.maintenance("project-progress")
    done = subprocess.run(
        [LEARNFLOW, "rebuild", *arguments], cwd=ROOT, env=environment(**changes), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()[-1]


def test_a_rebuilt_list_is_the_same_and_requests_are_answered_meanwhile(backend: Backend) -> None:
    user = new_learner()
    lesson = backend.post("/generate-lesson", {"user_id": user, "topic": "for-loops"}).json()
    report = {"user_id": user, "lesson_id": lesson["lesson_id"], "progress_percentage": 40}
    assert backend.post("/update-progress", report).status_code == 200

    def shown() -> tuple[object, object]:
        listed = backend.get("/lessons", user_id=user, include="progress").json()["lessons"]
        [row] = backend.get("/status/class", user_ids=user).json()["learners"]
        return listed, {name: value for name, value in row.items() if name != "as_of"}

    def arrived() -> bool:
        listed, row = shown()
        return bool(listed[0]["progress"]["progress_percentage"] == 40 and row["lessons"]["in_progress"])  # type: ignore[index]

    eventually(arrived)
    before, statuses, over = shown(), list[int](), Event()

    def ask() -> None:
        while not over.is_set():
            statuses.append(backend.get("/lessons", user_id=user).status_code)

    asking = Thread(target=ask)
    asking.start()
    try:
        assert rebuild(backend).startswith("rebuilt: ")
    finally:
        over.set()
        asking.join()
    assert statuses and set(statuses) == {200}
    assert shown() == before


def test_where_there_is_no_state_there_is_nothing_to_rebuild(tmp_path: Path) -> None:
    command = [LEARNFLOW, "--data", str(tmp_path), "rebuild"]
    done = subprocess.run(command, cwd=ROOT, env=dict(os.environ), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"learnflow: there is no state in {tmp_path}\n")
