"""The teacher's view in Chromium, over the real embedded run."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.backends import eventually, new_learner
from tests.support.browser import Visit, see

BUILT = all(find_spec(f"functions.{name}") for name in ("manage_alerts", "manage_classes", "raise_alert"))
pytestmark = [pytest.mark.browser, pytest.mark.skipif(not BUILT, reason="this tree has no alerts or no classes")]

MESSAGE = "I'm stuck, <b>really</b>"
PHRASE = "i'm stuck"  # what of it is kept as evidence


@pytest.fixture
def struggling(visit: Visit) -> str:
    """A learner who says that they are stuck, when their alert is in the list."""
    learner = new_learner("struggling")
    lesson = visit.backend.post("/generate-lesson", {"user_id": learner, "topic": "for-loops"}).json()
    said = {"kind": "message", "text": MESSAGE}
    update = {"user_id": learner, "lesson_id": lesson["lesson_id"], "evidence": [said]}
    assert visit.backend.post("/update-progress", update).json()["struggle"]
    eventually(lambda: visit.backend.get("/alerts", user_id=learner).json()["total"])
    return learner


def open_class(visit: Visit, *learners: str) -> str:
    class_id = new_learner("class")
    body = {"title": "Python, 7b", "user_ids": list(learners)}
    made = visit.backend.request("PUT", f"/classes/{class_id}", json=body)
    assert made.status_code == 201
    visit.open(f"#/teacher/{class_id}")
    return class_id


def test_a_teacher_makes_a_class_and_sees_who_to_help_first_and_why(visit: Visit, struggling: str) -> None:
    class_id, quiet = new_learner("class"), new_learner("quiet")
    visit.open("#/teacher")
    make = visit.form("Make a class")
    make.get_by_label("Class id").fill(class_id)
    make.get_by_label("Title").fill("Python <b>7b</b>")
    make.get_by_label("Learners").fill(f"{quiet}, {struggling}\n{quiet}")
    make.get_by_role("button").click()
    visit.shown("Python <b>7b</b>")
    assert visit.page.url.endswith(f"#/teacher/{class_id}")
    see(visit.page.get_by_role("heading", level=1)).to_be_focused()
    rows = visit.page.get_by_role("group", name="Learners, who to help first").get_by_role("row")
    see(rows).to_have_count(3)  # with the head; the learner who was named twice is there once
    see(rows.nth(1).get_by_role("rowheader")).to_have_text(struggling)
    see(rows.nth(1).get_by_role("listitem").first).not_to_be_empty()
    see(rows.nth(2)).to_contain_text("never started")
    rows.nth(1).get_by_role("link", name=struggling).click()
    visit.shown(f"How {struggling} is doing")
    see(visit.page.get_by_role("heading", name="Where you seem to be stuck")).to_be_visible()


def test_a_class_is_changed(visit: Visit) -> None:
    first, second = new_learner(), new_learner()
    class_id = open_class(visit, first)
    visit.page.get_by_text("Change this class").click()
    change = visit.form("Change this class")
    see(change.get_by_label("Learners")).to_have_value(first)
    change.get_by_label("Title").fill("Python, 8b")
    change.get_by_label("Learners").fill(f"{first}\n{second}")
    change.get_by_role("button").click()
    visit.shown("Python, 8b")
    see(visit.page.get_by_role("link", name=second)).to_be_visible()
    assert visit.backend.get(f"/classes/{class_id}").json()["user_ids"] == [first, second]


def test_a_class_that_is_not_there_can_be_made(visit: Visit) -> None:
    class_id = new_learner("class")
    visit.open("#/teacher")
    opening = visit.form("Open a class")
    opening.get_by_label("Class id").fill(class_id)
    opening.get_by_role("button").click()
    visit.shown(f"There is no class {class_id}")
    see(visit.form("Make a class").get_by_label("Class id")).to_have_value(class_id)
    assert visit.refused == ["404 GET"]
    visit.refused.clear()


def test_a_class_without_a_title_is_refused_in_words(visit: Visit) -> None:
    visit.open("#/teacher")
    make = visit.form("Make a class")
    make.get_by_label("Class id").fill(new_learner("class"))
    make.get_by_role("button").click()
    see(make.get_by_role("alert")).to_contain_text("title: String should have at least 1 character")
    see(make.get_by_label("Title")).to_be_focused()
    assert visit.refused == ["400 PUT"]
    visit.refused.clear()


def test_an_alert_with_its_evidence_is_acknowledged_and_then_resolved_with_a_note(
    visit: Visit, struggling: str
) -> None:
    open_class(visit, struggling)
    alert = visit.page.get_by_role("article")
    see(alert.get_by_role("heading")).to_have_text(f"{struggling}: says that they are stuck")
    see(alert).to_contain_text("severity")
    alert.get_by_text("1 piece of evidence").click()
    see(alert.get_by_role("listitem")).to_contain_text(PHRASE)
    alert.get_by_role("button", name="Acknowledge").click()
    see(alert.get_by_role("heading")).to_be_focused()
    see(alert).to_contain_text("Acknowledged by local")
    see(alert.get_by_role("button", name="Acknowledge")).to_have_count(0)
    alert.get_by_label("Note").fill("We went through <b>range</b> together.")
    alert.get_by_role("button", name="Resolve").click()
    see(alert).to_contain_text("Resolved by local")
    see(alert).to_contain_text("Note: We went through <b>range</b> together.")
    see(alert.get_by_role("button")).to_have_count(0)
    states = [found["state"] for found in visit.backend.get("/alerts", user_id=struggling).json()["alerts"]]
    assert states == ["resolved"]


def test_alerts_are_shown_by_their_state(visit: Visit, struggling: str) -> None:
    open_class(visit, struggling)
    alerts = visit.page.get_by_role("article")
    see(alerts).to_have_count(1)
    state = visit.page.get_by_label("Show")
    state.focus()
    state.select_option("Resolved")
    see(visit.page.get_by_text("None in this state.")).to_be_visible()
    see(state).to_be_focused()
    state.select_option("All")
    see(alerts).to_have_count(1)


def test_the_learners_of_a_class_are_downloaded_for_a_spreadsheet(visit: Visit, tmp_path: Path) -> None:
    learner = new_learner()
    class_id = open_class(visit, learner)
    with visit.page.expect_download() as download:
        visit.press("Download the learners as CSV")
    assert download.value.suggested_filename == f"{class_id}-learners.csv"
    download.value.save_as(tmp_path / "learners.csv")
    with (tmp_path / "learners.csv").open(newline="") as file:
        assert [row["user_id"] for row in csv.DictReader(file)] == [learner]


def test_a_lesson_and_how_far_learners_come_in_it_are_in_the_drop_off(visit: Visit, struggling: str) -> None:
    def listed() -> bool:
        rows = visit.backend.get("/status/class", user_ids=struggling, include="drop_off").json()["drop_off"]
        return bool(rows)

    eventually(listed)
    open_class(visit, struggling)
    table = visit.page.get_by_role("group", name="Lessons and how far")
    see(table.get_by_role("rowheader").first).to_have_text("For Loops")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_teachers_views_keep_the_rules_of_axe_and_fit_320_pixels(
    visit: Visit, struggling: str, scheme: str
) -> None:
    visit.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    visit.page.set_viewport_size({"width": 320, "height": 640})
    open_class(visit, struggling, new_learner())
    see(visit.page.get_by_role("article")).to_have_count(1)
    visit.check_accessibility()
    visit.check_width()
    visit.open("#/teacher")
    visit.check_accessibility()
    visit.check_width()
