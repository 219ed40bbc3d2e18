"""`GET /answers`, called as a front end calls it; what it finds is in the tests that have an API to ask."""

import pytest

from tests.support.backends import Backend


@pytest.mark.parametrize("wrong", [{"error": "x"}, {"error": "x" * 201}, {"limit": 0}, {"limit": 21}], ids=str)
def test_what_cannot_be_meant_is_a_problem_that_names_the_field(backend: Backend, wrong: dict[str, object]) -> None:
    answer = backend.get("/answers", **({"user_id": "maya", "error": "KeyError: 1"} | wrong))
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == list(wrong)
