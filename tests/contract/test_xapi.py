"""A status as xAPI statements: embedded, and on real daprd, Kafka and PostgreSQL."""

from typing import Any

from ralph.models.xapi.base.statements import BaseXapiStatement

from tests.support.backends import Backend, new_learner
from tests.support.xapi_rules import problems_of

XAPI = "application/xapi+json"


def statements(backend: Backend, user: str, **query: object) -> list[dict[str, Any]]:
    answer = backend.request("GET", "/status", params={"user_id": user} | query, headers={"Accept": XAPI})
    assert (answer.status_code, answer.headers["content-type"]) == (200, XAPI), answer.text
    assert answer.json()["more"] == ""
    found: list[dict[str, Any]] = answer.json()["statements"]
    return found


def test_what_a_learner_did_is_said_in_statements_that_a_store_takes(backend: Backend) -> None:
    user = new_learner()
    assert statements(backend, user) == []
    exercises = [
        {"kind": "exercise", "exercise_id": exercise["exercise_id"], "passed_tests": tests, "total_tests": tests}
        for exercise in backend.post("/generate-lesson", {"user_id": user, "topic": "for-loops"}).json()["exercises"]
        for tests in [len(exercise["test_cases"])]
    ]
    scores = [{"kind": kind, "score": 100} for kind in ("quiz", "quiz", "code_quality", "code_quality")]
    updates = [
        {"lesson_id": "elsewhere-1", "topic": "for-loops", "status": "completed", "evidence": [*exercises, *scores]},
        {"lesson_id": "elsewhere-2", "topic": "lists", "progress_percentage": 40},
    ]
    backend.post("/update-progress", {"user_id": user, "updates": updates}).raise_for_status()
    found = statements(backend, user)
    for statement in found:
        assert problems_of(statement) == []
        BaseXapiStatement.model_validate(statement)
    verbs = sorted((s["verb"]["display"]["en"], s["object"]["id"].rpartition(":")[2]) for s in found)
    assert verbs == [
        ("completed", "elsewhere-1"),
        ("passed", "for-loops"),
        ("progressed", "elsewhere-1"),
        ("progressed", "elsewhere-2"),
    ]
    assert [s["id"] for s in statements(backend, user)] == [s["id"] for s in found]
    assert [s["object"]["id"] for s in statements(backend, user, topic="lists")] == ["urn:learnflow:lesson:elsewhere-2"]
    assert len(statements(backend, user, lesson_id="elsewhere-1")) == 3


def test_statements_are_only_what_is_asked_for_in_their_name(backend: Backend) -> None:
    user = new_learner()
    backend.post("/update-progress", {"user_id": user, "lesson_id": "l", "status": "started"}).raise_for_status()
    answer = backend.request("GET", "/status", params={"user_id": user}, headers={"Accept": f"{XAPI};q=0.5, */*;q=0.9"})
    assert answer.headers["content-type"] == "application/json"
    refused = backend.request("GET", "/status", params={"user_id": user, "explain": "true"}, headers={"Accept": XAPI})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, "explain")
