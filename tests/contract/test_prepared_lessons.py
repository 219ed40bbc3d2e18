"""Lessons that nobody asked for, written ahead by events: embedded, on the stack, on Kubernetes."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.support.backends import Backend, eventually, new_learner

Json = dict[str, Any]


def lesson_of(backend: Backend, user: str, **wanted: object) -> str:
    answer = backend.post("/generate-lesson", {"user_id": user, "topic": "for-loops"} | wanted)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["lesson_id"])


def report(backend: Backend, user: str, lesson_id: str, **fields: object) -> Json:
    answer = backend.post("/update-progress", {"user_id": user, "lesson_id": lesson_id} | fields)
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


def listed(backend: Backend, user: str, number: int) -> list[Json]:
    """The learner's lessons, newest first, once there are so many."""

    def rows() -> list[Json]:
        found: list[Json] = backend.get("/lessons", user_id=user).json()["lessons"]
        return found if len(found) >= number else []

    return eventually(rows, 120)


def deliver(backend: Backend, kind: str, data: Json) -> None:
    """As a Kafka source does; taken by the function that prepares lessons."""
    at = datetime.now(UTC).isoformat()
    own = {"specversion": "1.0", "id": f"again-{at}", "source": "/tests", "type": f"com.learnflow.{kind}.v1"}
    event = own | {"time": at, "data": data | {"timestamp": at}}
    path = "/functions/prepare-lesson/"
    url = backend.url(path) + (path if backend.name == "embedded" else "/")
    headers = {"content-type": "application/cloudevents+json"}
    answer = backend.client.post(url, content=json.dumps(event), headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")


def test_a_completed_lesson_makes_the_next_one_appear_without_a_call(everywhere: Backend) -> None:
    maya = new_learner("maya")
    first = lesson_of(everywhere, maya)
    report(everywhere, maya, first, status="completed")
    second, asked = listed(everywhere, maya, 2)
    assert (asked["lesson_id"], second["requested_by"]) == (first, "progress")
    assert second["topic"] != "for-loops" and second["version"] == 1

    whole = everywhere.get(f"/lessons/{second['lesson_id']}").json()
    assert whole["exercises"] and whole["content"].startswith(f"# {second['title']}")

    def tracked() -> bool:
        status = everywhere.get("/status", user_id=maya, lesson_id=second["lesson_id"]).json()
        return bool(status["progress_data"])

    eventually(tracked, 120)
    # the prepared one is a lesson like any other: it is completed, and the next appears, on another topic again
    report(everywhere, maya, second["lesson_id"], progress_percentage=100)
    third, *others = listed(everywhere, maya, 3)
    assert (third["requested_by"], [row["lesson_id"] for row in others]) == ("progress", [second["lesson_id"], first])
    assert third["topic"] != second["topic"]


def test_a_struggle_makes_a_remedial_lesson_appear_without_a_call(everywhere: Backend) -> None:
    james = new_learner("james")
    lesson = lesson_of(everywhere, james)
    [struggle] = report(everywhere, james, lesson, evidence=[{"kind": "message", "text": "I'm stuck"}])["struggle"]
    remedial, _ = listed(everywhere, james, 2)
    assert (remedial["topic"], remedial["lesson_type"], remedial["requested_by"]) == ("for-loops", "remedial", "alert")
    assert struggle["new"] is True


def test_events_that_come_again_make_nothing_new(backend: Backend) -> None:
    user = new_learner()
    lesson = lesson_of(backend, user)
    quiz = [{"kind": "quiz", "score": 40}]
    [struggle] = report(backend, user, lesson, status="completed", evidence=quiz)["struggle"]
    before = listed(backend, user, 3)
    assert sorted(row["requested_by"] for row in before) == ["alert", "progress", "teacher"]
    about = {"user_id": user, "lesson_id": lesson, "topic": "for-loops"}
    completed = {
        "progress_percentage": 100, "status": "completed", "previous_status": "in_progress", "mastery": 12.0,
        "level": "Beginner", "streak_days": 1, "version": 2,
    }  # fmt: skip
    alert = {"alert_id": struggle["alert_id"], "trigger": "low_quiz", "severity": "medium", "evidence": []}
    for _ in range(3):
        deliver(backend, "struggle.detected", about | alert)
        deliver(backend, "progress.updated", about | completed)
    assert listed(backend, user, 3) == before


def test_a_learner_who_was_forgotten_gets_no_lesson_from_an_event_that_is_late(backend: Backend) -> None:
    user = new_learner()
    report(backend, user, "elsewhere", status="completed")
    listed(backend, user, 1)
    assert backend.request("DELETE", f"/learners/{user}").status_code == 204
    completed = {
        "user_id": user, "lesson_id": "elsewhere", "topic": None, "progress_percentage": 100, "status": "completed",
        "previous_status": "not_started", "mastery": None, "level": None, "streak_days": 1, "version": 1,
    }  # fmt: skip
    deliver(backend, "progress.updated", completed)
    assert backend.get("/lessons", user_id=user).json()["total"] == 0
