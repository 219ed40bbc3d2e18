"""The page for everybody: by keyboard, by screen reader, in either colour scheme, on a narrow screen, on paper."""

from __future__ import annotations

import pytest

from tests.support.backends import new_learner
from tests.support.browser import Visit, see

pytestmark = pytest.mark.browser

VIEWS = ["start", "learner", "lesson", "result", "nothing", "problem"]


def open_view(visit: Visit, view: str) -> None:
    learner = new_learner()
    made = visit.backend.post("/generate-lesson", {"user_id": learner, "topic": "for-loops"}).json()
    lesson = f"#/learner/{learner}/lesson/{made['lesson_id']}"
    quiz = {"kind": "quiz", "answers": {"for-in-keyword": "in"}}
    update = {"user_id": learner, "lesson_id": made["lesson_id"], "evidence": [quiz]}
    assert visit.backend.post("/update-progress", update).status_code == 200
    addresses = {"start": "", "learner": f"#/learner/{learner}", "nothing": "#/nothing", "problem": "#/learner/a%20b"}
    visit.open(addresses.get(view, lesson))
    if view == "result":
        visit.press("Mark this lesson as completed")
        see(visit.page.get_by_role("heading", name="The lesson is completed.")).to_be_visible()
    visit.refused.clear()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_keeps_the_rules_of_axe(visit: Visit, view: str, scheme: str) -> None:
    visit.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    open_view(visit, view)
    visit.check_accessibility()


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_fits_320_pixels(visit: Visit, view: str) -> None:
    visit.page.set_viewport_size({"width": 320, "height": 640})
    open_view(visit, view)
    visit.check_width()


def test_a_lesson_is_asked_for_and_its_quiz_answered_by_the_keyboard_alone(visit: Visit) -> None:
    learner, page = new_learner(), visit.page
    visit.open()
    page.keyboard.press("Tab")
    see(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    see(page.get_by_role("main")).to_be_focused()
    visit.tab_to(page.get_by_label("Your id"))
    page.keyboard.type(learner)
    page.keyboard.press("Enter")
    see(page.get_by_role("heading", level=1, name=f"How {learner} is doing")).to_be_focused()
    visit.tab_to(visit.form("Ask for another lesson").get_by_label("Topic"))
    page.keyboard.type("For Loops")
    page.keyboard.press("Tab")
    visit.tab_to(page.get_by_role("button", name="Write this lesson"))
    page.keyboard.press("Enter")
    see(page.get_by_role("heading", level=1, name="For Loops")).to_be_focused()
    visit.tab_to(page.get_by_role("button", name="Show hint 1 of 3 for “The sum from 1 to n”"))
    page.keyboard.press("Space")
    see(page.locator(".hints li").first).to_be_focused()
    visit.tab_to(page.get_by_label("10 times"))
    page.keyboard.press("ArrowDown")
    see(page.get_by_label("9 times")).to_be_checked()
    visit.tab_to(page.get_by_role("button", name="Check my answers"))
    page.keyboard.press("Enter")
    see(page.get_by_role("heading", name="1 of 5 right")).to_be_focused()


def test_where_a_person_is_can_be_reloaded_and_left_by_the_back_button(visit: Visit) -> None:
    learner = new_learner()
    visit.open()
    visit.open(f"#/learner/{learner}")
    see(visit.page.get_by_role("link", name="Learner", exact=True)).to_have_attribute("aria-current", "true")
    visit.page.reload()
    visit.shown(f"How {learner} is doing")
    assert visit.page.title() == f"How {learner} is doing · LearnFlow"
    visit.page.go_back()
    visit.shown("Learn Python")
    see(visit.page.get_by_role("link", name=learner)).to_be_visible()


def test_an_error_and_the_focus_lead_to_what_is_missing(visit: Visit) -> None:
    visit.open()
    visit.press("Continue")
    see(visit.page.get_by_role("alert").filter(has_text="user id: write an id")).to_be_visible()
    see(visit.page.get_by_label("Your id")).to_be_focused()


def test_a_printed_lesson_has_its_text_and_no_buttons(visit: Visit) -> None:
    open_view(visit, "lesson")
    visit.page.emulate_media(media="print")
    see(visit.page.get_by_role("heading", name="Counting down")).to_be_visible()
    see(visit.page.get_by_role("navigation")).to_be_hidden()
    see(visit.page.get_by_text("Check my answers")).to_be_hidden()
