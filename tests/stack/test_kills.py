"""`kill -9` of daprd and of a function: a declared 503 meanwhile, and afterwards nothing lost, nothing twice."""

import httpx
import pytest

from tests.support.backends import eventually, new_learner
from tests.support.dapr_run import StackBackend

pytestmark = pytest.mark.stack


def report(backend: StackBackend, user: str, number: int) -> httpx.Response:
    body = {
        "user_id": user,
        "lesson_id": "elsewhere",
        "topic": "for-loops",
        "request_id": f"report-{number}",
        "evidence": [{"kind": "time_on_task", "seconds": 1}],
    }
    return backend.post("/update-progress", body)


def test_without_its_daprd_a_function_lives_is_not_ready_and_says_503(processes: StackBackend) -> None:
    user = new_learner()
    assert report(processes, user, 1).status_code == 200
    processes.processes.kill("update-progress", "daprd")
    try:
        refused = report(processes, user, 2)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["title"] == "Service unavailable"
        address = processes.url("/update-progress")
        assert httpx.get(f"{address}/health/live").status_code == 200
        unready = httpx.get(f"{address}/health/ready")
        assert unready.status_code == 503 and "sidecar" in unready.json()["detail"]
    finally:
        processes.processes.start("update-progress", "daprd")
        processes.processes.wait("update-progress")
    eventually(lambda: report(processes, user, 2).status_code == 200)
    assert processes.get("/status", user_id=user).json()["time_on_task_seconds"] == 2


def test_a_function_killed_between_requests_goes_on_where_it_was(processes: StackBackend) -> None:
    user = new_learner()
    first = report(processes, user, 1)
    processes.processes.kill("update-progress", "app")
    processes.processes.start("update-progress", "app")
    processes.processes.wait("update-progress")
    again = report(processes, user, 1)
    assert again.headers["idempotency-replayed"] == "true" and again.json() == first.json()
    assert report(processes, user, 2).status_code == 200
    assert processes.get("/status", user_id=user).json()["time_on_task_seconds"] == 2
