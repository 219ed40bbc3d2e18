"""`POST /ratings`, called as a front end calls it: embedded, and behind daprd."""

from tests.support.backends import Backend, new_learner


def test_a_rating_is_answered_once_and_the_same_again(backend: Backend) -> None:
    user = new_learner()
    backend.post("/update-progress", {"user_id": user, "lesson_id": "l1", "progress_percentage": 10})
    rating = {"user_id": user, "lesson_id": "l1", "stars": 4, "comment": "Grüße"}
    first, again = [backend.post("/ratings", rating, idempotency_key="k") for _ in range(2)]
    assert (first.status_code, first.json() | rating) == (201, first.json())
    assert (again.json(), again.headers["idempotency-replayed"]) == (first.json(), "true")
    assert backend.post("/ratings", rating | {"stars": 1}, idempotency_key="k").status_code == 409
    assert backend.get(f"/learners/{user}/export").json()["own"] == {"rate-lesson": {"l1": first.json()}}


def test_what_cannot_be_meant_is_a_problem_that_names_the_field(backend: Backend) -> None:
    answer = backend.post("/ratings", {"user_id": "maya", "lesson_id": "l1", "stars": 6})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == ["stars"]
