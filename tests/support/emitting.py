"""A learner's story in which every event of the system is emitted, and what was emitted, as it left the function."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from functions.runtime.local import FILE
from functions.usecases.events import LessonGenerated, ProgressUpdated, StruggleDetected
from tests.support import kafka
from tests.support.backends import Backend, embedded, eventually, new_learner

COPY = """
CREATE TABLE emitted (event text);
CREATE TRIGGER emit AFTER INSERT ON deliveries BEGIN INSERT INTO emitted VALUES (NEW.event); END
"""
TRIGGERS = {"repeated_error", "stuck", "low_quiz", "says_stuck", "failed_runs", "wrong_answers"}
Event = dict[str, Any]


@contextmanager
def embedded_with_copies(folder: Path) -> Iterator[tuple[Backend, Callable[[str], list[Event]]]]:
    """The embedded run, and what was emitted in it about a learner: its broker keeps nothing that was handled."""
    with embedded(folder) as backend:
        with closing(sqlite3.connect(folder / FILE)) as database:
            database.executescript(COPY)

        def emitted(user_id: str) -> list[Event]:
            with closing(sqlite3.connect(folder / FILE)) as database:
                rows = database.execute("SELECT DISTINCT event FROM emitted").fetchall()
            return [event for event in (json.loads(row) for (row,) in rows) if event["partitionkey"] == user_id]

        yield backend, emitted


def on_kafka(user_id: str) -> list[Event]:
    topics = (event.topic_name for event in (LessonGenerated, ProgressUpdated, StruggleDetected))
    return [record.value for topic in topics for record in kafka.records(topic, lambda r: r.key == user_id)]


def tell(backend: Backend, emitted: Callable[[str], list[Event]]) -> list[Event]:
    """Lessons that were asked for, written anew and written ahead; progress with and without a topic; every trigger."""
    user = new_learner("conforming")
    lesson = backend.post("/generate-lesson", {"user_id": user, "topic": "for-loops"}).json()
    backend.post("/generate-lesson", {"user_id": user, "topic": "for-loops", "lesson_id": lesson["lesson_id"]})
    exercise = lesson["exercises"][0]["exercise_id"]
    failed = {"kind": "execution", "ok": False, "error_type": "NameError", "exercise_id": exercise}
    wrong = {question["question_id"]: "no such answer" for question in lesson["quiz"][:3]}
    for update in (
        {"lesson_id": "made-elsewhere", "progress_percentage": 12.5},
        {"lesson_id": lesson["lesson_id"], "evidence": [failed] * 5},
        {
            "lesson_id": lesson["lesson_id"],
            "evidence": [{"kind": "time_on_task", "seconds": 700, "exercise_id": exercise}],
        },
        {
            "lesson_id": lesson["lesson_id"],
            "evidence": [{"kind": "message", "text": "I am stuck \u202e\u00e9 \U0001f4a5"}],
        },
        {"lesson_id": lesson["lesson_id"], "evidence": [{"kind": "quiz", "answers": wrong}]},
        {"lesson_id": lesson["lesson_id"], "evidence": [{"kind": "quiz", "score": 20}], "status": "completed"},
    ):
        backend.post("/update-progress", {"user_id": user} | update).raise_for_status()
    eventually(lambda: {"progress", "alert"} <= {event["data"].get("requested_by") for event in emitted(user)})
    found = emitted(user)
    assert {event["data"].get("trigger") for event in found} >= TRIGGERS
    return found
