"""A lesson that a language model wrote parts of, worked through in Chromium like any other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support import right
from tests.support.backends import Backend, new_learner
from tests.support.browser import Visit, see, visiting
from tests.support.model_server import model_server
from tests.support.modelled import embedded_with

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Backend]:
    with model_server() as server, embedded_with(server, tmp_path_factory.mktemp("modelled")) as made:
        yield made.backend


@pytest.fixture
def visit(browser: Browser, asking: Backend) -> Iterator[Visit]:
    with visiting(browser, asking) as made:
        yield made


def test_a_quiz_that_a_model_wrote_is_answered_and_graded_in_the_page(visit: Visit) -> None:
    user = new_learner()
    lesson = visit.backend.post("/generate-lesson", {"user_id": user, "topic": "for-loops"}).json()
    assert set(lesson["provenance"]["parts"].values()) == {"model"}
    visit.open(f"#/learner/{user}/lesson/{lesson['lesson_id']}")
    quiz = visit.form("Quiz")
    for question, answer in zip(lesson["quiz"], right.answers(lesson).values(), strict=True):
        field = quiz.locator(f"[name='{question['question_id']}']")
        if question["type"] == "multiple_choice":
            quiz.locator(f"[name='{question['question_id']}'][value='{answer}']").check()
        else:
            field.fill(answer.strip())
    quiz.get_by_role("button").click()
    see(visit.page.locator("section", has=quiz)).to_contain_text("5 of 5 right.")
    assert visit.page.locator("main a[href^=http], main img, main script").count() == 0
