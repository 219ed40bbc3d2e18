"""A learner has what is held about them, and has it forgotten: embedded, and on real daprd, Kafka and PostgreSQL."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx

from tests.support.backends import Backend, eventually, new_learner

Json = dict[str, Any]
STRUCTURED = "application/cloudevents+json"


def lesson_of(backend: Backend, user: str, **more: object) -> str:
    answer = backend.post("/generate-lesson", {"user_id": user, "topic": "for-loops"} | more)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["lesson_id"])


def entries(backend: Backend, user: str) -> list[str]:
    status = backend.get("/status", user_id=user).json()
    return [row["lesson_id"] for row in status["all_lessons_progress"]]


def busy(backend: Backend, user: str) -> tuple[str, str]:
    """A lesson that was worked on and shown in every list, and the remedial one that was prepared for it."""
    lesson_id = lesson_of(backend, user, request_id="a key")
    eventually(lambda: entries(backend, user))
    body = {"user_id": user, "lesson_id": lesson_id, "progress_percentage": 60, "request_id": "a key"}
    told = {"evidence": [{"kind": "quiz", "score": 20}, {"kind": "message", "text": "I give up, it is me, Maya"}]}
    assert backend.post("/update-progress", body | told).status_code == 200

    def shown() -> list[Any]:
        rows = backend.get("/lessons", user_id=user, include="progress", sort="created_at").json()["lessons"]
        done = [row["progress"]["progress_percentage"] for row in rows]
        return rows if done == [60, 0] and len(entries(backend, user)) == 2 else []

    _, remedial = eventually(shown)
    return lesson_id, remedial["lesson_id"]


def deliver(backend: Backend, function: str, event: Json) -> httpx.Response:
    """As a Kafka source does."""
    path = f"/functions/{function}/"
    url = backend.url(path) + (path if backend.name == "embedded" else "/")
    return backend.client.post(url, content=json.dumps(event), headers={"content-type": STRUCTURED})


def event_of(type_name: str, subject: str, at: str, data: Json) -> Json:
    own = {"specversion": "1.0", "id": f"late-{subject}", "source": "/tests", "type": type_name, "subject": subject}
    return own | {"time": at, "data": data | {"timestamp": at}}


def late_events(user: str, lesson_id: str, at: str) -> list[tuple[str, Json]]:
    lesson = {
        "lesson_id": lesson_id, "user_id": user, "course_id": "python", "module": "control-flow", "topic": "for-loops",
        "lesson_type": "standard", "difficulty_level": "beginner", "title": "For Loops", "objectives": [],
        "estimated_duration": 20, "requested_by": "learner", "version": 2, "created_at": at, "updated_at": at,
    }  # fmt: skip
    progress = {
        "user_id": user, "lesson_id": lesson_id, "topic": "for-loops", "progress_percentage": 60, "version": 9,
        "status": "in_progress", "previous_status": "in_progress", "mastery": 7, "level": "Beginner", "streak_days": 1,
    }  # fmt: skip
    return [
        ("track-lesson", event_of("com.learnflow.lesson.generated.v1", lesson_id, at, lesson)),
        ("project-progress", event_of("com.learnflow.progress.updated.v1", user, at, progress)),
    ]


def now() -> str:
    return datetime.now(UTC).isoformat()


def test_an_export_is_one_file_with_all_that_was_told(backend: Backend) -> None:
    user = new_learner()
    lesson_ids = sorted(busy(backend, user))
    answer = backend.get(f"/learners/{user}/export")
    assert answer.status_code == 200 and answer.headers["content-disposition"].startswith("attachment; filename=")
    found = answer.json()
    assert {fact["kind"] for fact in found["facts"]} == {"progress", "quiz", "message"}
    assert [lesson["lesson_id"] for lesson in found["lessons"]] == lesson_ids
    assert sorted(entry["progress_percentage"] for entry in found["lesson_entries"]) == [0, 60]
    assert [record["function"] for record in found["idempotency_records"]] == ["generate-lesson", "update-progress"]
    assert "low_quiz" in [alert["trigger"] for alert in found["alerts"]]
    assert '"solution"' not in answer.text
    again = backend.get(f"/learners/{user}/export").json()
    assert again | {"exported_at": None} == found | {"exported_at": None}


def test_a_forgotten_learner_is_unknown_everywhere_and_stays_so(backend: Backend) -> None:
    user, before = new_learner("maya"), now()
    namesake = f"{user}:x"
    (lesson_id, remedial_id), others = busy(backend, user), busy(backend, namesake)
    on_its_way = lesson_of(backend, user)
    gone = backend.request("DELETE", f"/learners/{user}")
    assert (gone.status_code, gone.content) == (204, b"")

    def nothing_is_known() -> None:
        export = backend.get(f"/learners/{user}/export")
        assert export.status_code == 404 and "was forgotten" in export.json()["detail"]
        status = backend.get("/status", user_id=user).json()
        assert (status["status"], status["all_lessons_progress"], status["alerts"]) == ("not_started", [], [])
        assert backend.get("/lessons", user_id=user).json()["total"] == 0
        assert {backend.get(f"/lessons/{one}").status_code for one in (lesson_id, remedial_id)} == {404}

    nothing_is_known()
    for function, event in late_events(user, lesson_id, before):
        assert deliver(backend, function, event).status_code == 204
    nothing_is_known()
    assert backend.get(f"/lessons/{on_its_way}").status_code == 404
    assert backend.request("DELETE", f"/learners/{user}").status_code == 204
    exported = backend.get(f"/learners/{namesake}/export").json()["lessons"]
    assert [lesson["lesson_id"] for lesson in exported] == sorted(others)


def test_who_comes_back_starts_anew_and_what_was_on_its_way_stays_away(backend: Backend) -> None:
    user = new_learner()
    old = [lesson_of(backend, user, request_id=f"key {number}") for number in range(3)]
    assert backend.request("DELETE", f"/learners/{user}").status_code == 204
    new = lesson_of(backend, user, request_id="key 1")
    assert new not in old  # the key went with the learner
    # a learner's events are handled in order: after this one all of before have been
    assert eventually(lambda: entries(backend, user)) == [new]
    assert [row["lesson_id"] for row in backend.get("/lessons", user_id=user).json()["lessons"]] == [new]
    assert [lesson["lesson_id"] for lesson in backend.get(f"/learners/{user}/export").json()["lessons"]] == [new]
    assert {backend.get(f"/lessons/{lesson_id}").status_code for lesson_id in old} == {404}
    backend.post("/update-progress", {"user_id": user, "lesson_id": new, "progress_percentage": 10}).raise_for_status()
    assert backend.get("/status", user_id=user).json()["version"] > 2


def test_nobody_is_forgotten_without_an_error_and_nothing_is_exported_of_them(backend: Backend) -> None:
    user = new_learner()
    assert backend.get(f"/learners/{user}/export").status_code == 404
    assert backend.request("DELETE", f"/learners/{user}").status_code == 204
    assert backend.get(f"/learners/{user}/export").status_code == 404
