"""`GET /calendar/{user_id}`, called as a calendar program calls it: embedded, and behind daprd."""

from icalendar import Calendar

from tests.support.backends import Backend, new_learner


def test_a_calendar_program_can_read_it(backend: Backend) -> None:
    user = new_learner()
    quiz = {"lesson_id": "l1", "topic": "lists", "evidence": [{"kind": "quiz", "score": 80}]}
    assert backend.post("/update-progress", {"user_id": user} | quiz).status_code == 200
    answer = backend.get(f"/calendar/{user}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
    [event] = Calendar.from_ical(answer.text).walk("VEVENT")
    assert str(event["SUMMARY"]) == "Review: Lists"


def test_what_it_does_not_know_is_a_problem_that_names_it(backend: Backend) -> None:
    answer = backend.get("/calendar/maya", year=2026)
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert [error["field"] for error in answer.json()["errors"]] == ["year"]
