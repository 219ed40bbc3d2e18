"""The learner's view in Chromium, over the real embedded run."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.backends import eventually, new_learner
from tests.support.browser import Visit, see

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Route

pytestmark = pytest.mark.browser

HOSTILE = '<img src="/x" onerror="document.title=1"> <b>bold</b> [a](javascript:alert(1)) <script>alert(1)</script>'


def lesson_of(visit: Visit, user_id: str, topic: str = "for-loops") -> str:
    """A lesson made through the endpoint, and its address in the page."""
    answer = visit.backend.post("/generate-lesson", {"user_id": user_id, "topic": topic})
    return f"#/learner/{user_id}/lesson/{answer.json()['lesson_id']}"


def exercise(visit: Visit, title: str) -> Locator:
    return visit.page.locator("section.exercise", has=visit.page.get_by_role("heading", level=2, name=title))


def answer_quiz(visit: Visit, first: str, choice: str) -> Locator:
    """Answers every question, the first and the choice as given and the others right; the quiz with its result."""
    quiz = visit.form("Quiz")
    for field, text in zip(quiz.get_by_label("What it prints").all(), (first, "6", "1"), strict=True):
        field.fill(text)
    quiz.get_by_label(choice).check()
    quiz.get_by_label("What belongs in the blank").fill("in")
    quiz.get_by_role("button").click()
    return visit.page.locator("section", has=quiz)


def test_a_new_learner_gets_the_next_lesson_and_opens_it(visit: Visit) -> None:
    learner = new_learner()
    visit.open()
    visit.page.get_by_label("Your id").fill(learner)
    visit.press("Continue")
    visit.shown(f"How {learner} is doing")
    see(visit.page.get_by_role("listitem").filter(has_text="Data Structures")).to_contain_text("no evidence yet")
    assert visit.page.locator(".module").count() == 8
    assert visit.page.locator(".topics li").count() == 31
    visit.page.get_by_role("button", name="Write me a lesson on").click()
    see(visit.page.locator("main > .progress")).to_contain_text("0 %, not started")
    assert f"#/learner/{learner}/lesson/" in visit.page.url
    assert visit.backend.get("/lessons", user_id=learner).json()["total"] == 1


def test_a_quiz_answered_wrong_and_then_right_moves_the_figures(visit: Visit) -> None:
    learner = new_learner()
    visit.open(lesson_of(visit, learner))
    quiz = answer_quiz(visit, "2 3 4 5", "10 times")
    see(quiz.get_by_role("heading", name="3 of 5 right.")).to_be_focused()
    see(quiz).to_contain_text("Mastery is 19 %, the first figure of this topic.")
    quiz = answer_quiz(visit, "2 3 4", "9 times")
    see(quiz.get_by_role("heading", name="5 of 5 right.")).to_be_focused()
    see(quiz).to_contain_text("Mastery went from 19 % to 31 %.")
    quiz.get_by_text("Where 31 % comes from").click()
    see(quiz.get_by_role("row", name="Quiz 100")).to_contain_text("latest attempt")
    row = quiz.get_by_role("row", name="Mastery of the topic")
    see(row.get_by_role("cell")).to_have_text(["19 %", "31 %", "new evidence: quiz"])
    see(visit.page.locator("main > .progress")).to_contain_text("18 %, in progress")
    visit.page.get_by_role("link", name="Back to").click()
    visit.shown(f"How {learner} is doing")
    module = visit.page.get_by_role("listitem").filter(has_text="1 of 4 topics begun")
    see(module.get_by_role("heading")).to_have_text("Control Flow")
    see(module).to_contain_text("Beginner")
    see(visit.page.locator(".figures")).to_contain_text("1 day")


def test_questions_without_an_answer_count_as_wrong_and_the_page_says_so(visit: Visit) -> None:
    visit.open(lesson_of(visit, new_learner()))
    quiz = visit.form("Quiz")
    quiz.get_by_role("button").click()
    see(quiz.get_by_role("alert")).to_contain_text("Answer at least one question.")
    quiz.get_by_label("9 times").check()
    quiz.get_by_role("button").click()
    see(visit.page.get_by_role("heading", name="1 of 5 right; 4 without an answer count as wrong.")).to_be_visible()
    see(quiz.get_by_role("alert")).to_be_empty()


def test_a_passed_exercise_is_reported_and_is_still_done_after_a_reload(visit: Visit) -> None:
    learner = new_learner()
    visit.open(lesson_of(visit, learner))
    place = exercise(visit, "The sum from 1 to n")
    see(place.get_by_text("and 2 more tests that you cannot see.")).to_be_visible()
    place.get_by_label("Tests passed").fill("4")
    place.get_by_label("Minutes spent").fill("7.5")
    place.get_by_role("button", name="Report").click()
    see(place.get_by_role("heading", name="Passed, and taken.")).to_be_focused()
    place.get_by_text("Where 14.33 % comes from").click()
    see(place.get_by_role("row", name="Exercises")).to_contain_text("1 of 3 core exercises passed")
    visit.page.reload()
    visit.shown()
    see(visit.page.locator("main > .progress")).to_contain_text("18 %, in progress")
    other = exercise(visit, "A staircase")
    other.get_by_label("Tests passed").fill(str(total_of(other)))
    other.get_by_role("button", name="Report").click()
    see(visit.page.locator("main > .progress")).to_contain_text("36 %, in progress")
    status = visit.backend.get("/status", user_id=learner).json()
    assert status["time_on_task_seconds"] == 450


def total_of(place: Locator) -> int:
    return int(str(place.get_by_label("Tests passed").get_attribute("max")))


def test_more_passed_tests_than_there_are_is_refused_in_words_beside_the_field(visit: Visit) -> None:
    visit.open(lesson_of(visit, new_learner()))
    place = exercise(visit, "The sum from 1 to n")
    field = place.get_by_label("Tests passed")
    field.fill("5")
    place.get_by_role("button", name="Report").click()
    see(place.get_by_role("alert")).to_contain_text("passed_tests is more than total_tests")
    field.fill("")
    place.get_by_role("button", name="Report").click()
    see(place.get_by_role("alert")).to_contain_text("passed tests: Input should be a valid integer")
    see(field).to_be_focused()
    see(field).to_have_attribute("aria-invalid", "true")
    assert visit.refused == ["400 POST", "400 POST"]
    visit.refused.clear()


def test_hints_are_shown_one_by_one(visit: Visit) -> None:
    visit.open(lesson_of(visit, new_learner()))
    place = exercise(visit, "The sum from 1 to n")
    hints = place.locator(".hints li")
    for number in (1, 2, 3):
        see(hints).to_have_count(number - 1)
        place.get_by_role("button", name=f"Show hint {number} of 3").click()
        see(hints.nth(number - 1)).to_be_focused()
    see(place.get_by_role("button", name="Show hint")).to_have_count(0)


def test_a_lesson_is_marked_as_completed_and_a_message_says_where_it_is_hard(visit: Visit) -> None:
    learner = new_learner()
    visit.open(lesson_of(visit, learner))
    visit.form("Say that you are stuck").get_by_role("button").click()
    see(visit.page.get_by_role("heading", name="Your message was taken.")).to_be_focused()
    visit.press("Mark this lesson as completed")
    see(visit.page.get_by_role("heading", name="The lesson is completed.")).to_be_focused()
    see(visit.page.locator("main > .progress")).to_contain_text("100 %, completed")
    assert visit.backend.get("/status", user_id=learner).json()["counts"]["completed"] == 1


def test_lessons_that_nobody_asked_for_are_among_the_others_and_say_why(visit: Visit) -> None:
    learner = new_learner()
    visit.open(lesson_of(visit, learner))
    visit.form("Say that you are stuck").get_by_role("button").click()
    see(visit.page.get_by_text("A lesson that goes step by step is being written for you")).to_be_visible()
    visit.press("Mark this lesson as completed")
    eventually(lambda: visit.backend.get("/lessons", user_id=learner).json()["total"] == 3)
    visit.open(f"#/learner/{learner}")
    lessons = visit.page.locator(".lessons > li")
    see(lessons.nth(0)).to_contain_text("because you completed one")
    see(lessons.nth(1)).to_contain_text("because it was hard")
    see(lessons.nth(2)).not_to_contain_text("because")
    visit.check_accessibility()
    lessons.nth(1).get_by_role("link").click()
    visit.shown("For Loops, step by step")


def test_what_was_noticed_is_said_to_the_learner_at_once_and_stays_in_their_view(visit: Visit) -> None:
    learner = new_learner()
    visit.open(lesson_of(visit, learner))
    visit.form("Say that you are stuck").get_by_role("button").click()
    see(visit.page.get_by_text("Says that they are stuck: your teacher is told.")).to_be_visible()
    visit.check_accessibility()
    visit.open(f"#/learner/{learner}")
    noticed = visit.page.locator("section", has=visit.page.get_by_role("heading", name="Where you seem to be stuck"))
    see(noticed.get_by_role("listitem")).to_contain_text("For Loops: says that they are stuck")


def test_how_a_learner_came_here_is_shown_day_by_day(visit: Visit) -> None:
    learner = new_learner()
    lesson = visit.backend.post("/generate-lesson", {"user_id": learner, "topic": "for-loops"}).json()
    for days_ago, score in ((3, 40), (1, 80)):
        at = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat()
        update = {"user_id": learner, "lesson_id": lesson["lesson_id"], "occurred_at": at}
        update |= {"evidence": [{"kind": "quiz", "score": score}]}
        assert visit.backend.post("/update-progress", update).is_success
    visit.open(f"#/learner/{learner}")
    visit.page.get_by_text("Day by day").click()
    days = visit.page.get_by_role("group", name="Mastery at the end of each day").get_by_role("row")
    see(days).to_have_count(3)  # with the head; the latest day is first
    see(days.nth(1)).to_contain_text("25 %")
    see(days.nth(2)).to_contain_text("13 %")
    visit.check_accessibility()


def test_a_review_that_is_due_is_offered_and_opened(visit: Visit) -> None:
    learner = new_learner("overdue")
    lesson = visit.backend.post("/generate-lesson", {"user_id": learner, "topic": "for-loops"}).json()
    update = {"user_id": learner, "lesson_id": lesson["lesson_id"], "status": "completed"}
    update |= {"occurred_at": (datetime.now(UTC) - timedelta(days=90)).isoformat()}
    update |= {"evidence": [{"kind": "quiz", "score": 60}]}
    assert visit.backend.post("/update-progress", update).is_success
    visit.open(f"#/learner/{learner}")
    due = visit.page.locator("section", has=visit.page.get_by_role("heading", name="To review"))
    see(due.get_by_role("listitem")).to_contain_text("For Loops, due for")
    due.get_by_role("button", name="Review For Loops").click()
    visit.shown("Review: For Loops")


def test_an_error_is_shown_in_words_with_its_field(visit: Visit) -> None:
    visit.open("#/learner/no%20such%20id")
    visit.shown("That did not work")
    see(visit.page.locator(".problem")).to_contain_text("user id: String should match pattern")
    visit.open(f"#/learner/{new_learner()}")
    ask = visit.form("Ask for another lesson")
    ask.get_by_label("Minutes").fill("3")
    ask.get_by_role("button").click()
    see(ask.get_by_role("alert")).to_contain_text("time budget minutes: Input should be greater than or equal to 5")
    visit.open(f"#/learner/{new_learner()}/lesson/nothing")
    see(visit.page.locator(".problem")).to_contain_text("There is no lesson nothing.")
    assert visit.refused == ["400 GET", "400 POST", "404 GET"]
    visit.refused.clear()


def test_a_request_whose_answer_was_lost_makes_one_lesson_when_it_is_repeated(visit: Visit) -> None:
    learner, lost = new_learner(), []

    def lose(route: Route) -> None:
        route.fetch()  # it arrives
        lost.append(route.request.headers["idempotency-key"])
        route.abort()

    visit.page.route("**/generate-lesson", lose, times=1)
    visit.open(f"#/learner/{learner}")
    visit.press("Write me a lesson on")
    see(visit.page.get_by_role("alert").filter(has_text="It is safe to try again.")).to_be_visible()
    with visit.page.expect_request("**/generate-lesson") as sent:
        visit.press("Write me a lesson on")
    see(visit.page.locator("main > .progress")).to_be_visible()
    assert sent.value.headers["idempotency-key"] == lost[0]
    assert visit.backend.get("/lessons", user_id=learner).json()["total"] == 1


def test_markup_in_the_text_of_a_lesson_stays_text(visit: Visit) -> None:
    def spoil(route: Route) -> None:
        answer = route.fetch()
        lesson = answer.json()
        lesson["title"] = lesson["quiz"][0]["prompt"] = lesson["exercises"][0]["hints"][0] = HOSTILE
        lesson["sections"][0] |= {"title": HOSTILE, "body": f"{HOSTILE}\n\n- {HOSTILE}\n\n```\n{HOSTILE}\n```"}
        route.fulfill(response=answer, body=json.dumps(lesson))

    visit.page.route("**/lessons/*", spoil)
    visit.open(lesson_of(visit, new_learner()))
    visit.shown(HOSTILE)
    visit.page.locator("section.exercise").first.get_by_role("button", name="Show hint 1").click()
    see(visit.page.get_by_role("group").filter(has_text="<script>alert(1)</script>")).to_have_count(1)
    assert visit.page.locator("main img, main b, main script, main a[href^=javascript]").count() == 0
    assert visit.page.title().startswith("<img")


def test_the_markdown_of_a_lesson_is_shown_as_what_it_means(visit: Visit) -> None:
    text = (
        "Use **`a * b`** and *this*,\nsee [the docs](https://docs.python.org/3/).\n\n3. three\n4. four\n\n"
        "```python\nif a < b:\n    **raw**\n```\n\n2 * 3 * 4 and a ** b stay"
    )

    def replace(route: Route) -> None:
        answer = route.fetch()
        lesson = answer.json()
        lesson["sections"] = [{"kind": "text", "title": "Text", "body": text}]
        route.fulfill(response=answer, body=json.dumps(lesson))

    visit.page.route("**/lessons/*", replace)
    visit.open(lesson_of(visit, new_learner()))
    prose = visit.page.locator("section.prose")
    see(prose.locator("strong > code")).to_have_text("a * b")
    see(prose.locator("em")).to_have_text("this")
    see(prose.get_by_role("link")).to_have_attribute("href", "https://docs.python.org/3/")
    see(prose.locator("ol[start='3'] > li")).to_have_text(["three", "four"])
    see(prose.locator("pre")).to_have_text("if a < b:\n    **raw**")
    see(prose.locator("p").last).to_have_text("2 * 3 * 4 and a ** b stay")
