"""Writes docs/images: the page with learners who have worked for some days.

`uv run python -m tests.browser.screenshots`. Everything that is seen was sent to the public endpoints, as a front end
would.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.support.backends import ROOT, Backend, embedded, eventually
from tests.support.browser import Visit, chromium, see, visiting

IMAGES = ROOT / "docs" / "images"
WIDTH = 1080  # CSS pixels, one image pixel each: sharp enough to read, and small files
COURSE = ("variables", "data-types", "input-output", "operators", "type-conversion", "conditionals")


@dataclass
class Past:
    """What learners did on earlier days."""

    backend: Backend
    now: datetime

    def did(self, user_id: str, topic: str, days_ago: int, *evidence: Mapping[str, Any], **fields: Any) -> str:
        """Evidence of a topic, in a lesson of it where the course has one already."""
        made = self.backend.post("/generate-lesson", {"user_id": user_id, "topic": topic})
        lesson: dict[str, Any] = made.json() if made.is_success else {"lesson_id": f"{user_id}-{topic}"}
        at = (self.now - timedelta(days=days_ago)).isoformat()
        update = {
            "user_id": user_id,
            "lesson_id": lesson["lesson_id"],
            "occurred_at": at,
            "evidence": evidence,
        } | fields
        update |= {} if made.is_success else {"topic": topic}
        answer = self.backend.post("/update-progress", update)
        assert answer.is_success, answer.text
        return str(lesson["lesson_id"])

    def passed(self, user_id: str, topic: str, days_ago: int, count: int, score: int, quality: int) -> None:
        """A lesson completed with the first `count` exercises of it, a quiz and a style check."""
        lesson_id = self.did(user_id, topic, days_ago, {"kind": "time_on_task", "seconds": 1500}, status="completed")
        answer = self.backend.get(f"/lessons/{lesson_id}")
        exercises = answer.json()["exercises"][:count] if answer.is_success else []
        evidence = [
            {"kind": "exercise", "exercise_id": one["exercise_id"]}
            | dict.fromkeys(("passed_tests", "total_tests"), len(one["test_cases"]))
            for one in exercises
        ]
        evidence += [{"kind": "quiz", "score": score}, {"kind": "code_quality", "score": quality}]
        evidence += [{"kind": "quiz", "score": score}, {"kind": "code_quality", "score": quality}]
        at = (self.now - timedelta(days=days_ago)).isoformat()
        body = {"user_id": user_id, "lesson_id": lesson_id, "topic": topic, "occurred_at": at, "evidence": evidence}
        answer = self.backend.post("/update-progress", body)
        assert answer.is_success, answer.text


def fill(past: Past) -> str:
    """Five learners, each in another place; the address of the lesson that Maya is in."""
    for days_ago, topic in zip((6, 5, 4, 3, 2, 1), COURSE, strict=True):
        past.passed("maya", topic, days_ago, count=4, score=96 - 3 * days_ago, quality=92 - 4 * days_ago)
    for days_ago, topic in zip((3, 2, 1), COURSE, strict=False):
        past.passed("lea", topic, days_ago, count=5, score=100, quality=95)
    past.passed("james", "conditionals", 1, count=2, score=55, quality=60)
    said = {"kind": "message", "text": "I don't understand what range does."}
    past.did("james", "for-loops", 0, {"kind": "quiz", "score": 40}, said, progress_percentage=30)
    past.did("ana", "conditionals", 12, {"kind": "quiz", "score": 60}, progress_percentage=45)
    maya = past.backend.post("/generate-lesson", {"user_id": "maya", "topic": "for-loops"}).json()
    tests = len(maya["exercises"][0]["test_cases"])
    passed = {"kind": "exercise", "exercise_id": maya["exercises"][0]["exercise_id"]}
    update = {"user_id": "maya", "lesson_id": maya["lesson_id"], "progress_percentage": 15}
    update |= {"evidence": [passed | {"passed_tests": tests, "total_tests": tests}]}
    assert past.backend.post("/update-progress", update).is_success
    return f"#/learner/maya/lesson/{maya['lesson_id']}"


def shoot(visit: Visit, name: str, height: int) -> None:
    visit.page.set_viewport_size({"width": WIDTH, "height": height})
    visit.page.evaluate("document.activeElement.blur()")
    visit.page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


def quiz(visit: Visit) -> None:
    """Answered, with what the answer did."""
    form = visit.form("Quiz")
    for field, text in zip(form.get_by_label("What it prints").all(), ("2 3 4", "6", "1"), strict=True):
        field.fill(text)
    form.get_by_label("9 times").check()
    form.get_by_label("What belongs in the blank").fill("of")
    form.get_by_role("button").click()
    place = visit.page.locator("section", has=form)
    see(place.get_by_role("heading", level=3)).to_be_visible()
    visit.page.set_viewport_size({"width": WIDTH, "height": 980})
    place.get_by_text("4. ").first.evaluate("element => element.closest('fieldset').scrollIntoView()")
    shoot(visit, "quiz", 980)


def teacher(visit: Visit) -> None:
    body = {"title": "Python, class 7b", "user_ids": ["ana", "james", "lea", "maya", "tom"]}
    made = visit.backend.request("PUT", "/classes/7b", json=body)
    assert made.is_success, made.text
    eventually(lambda: visit.backend.get("/alerts", user_id="james").json()["total"])
    visit.open("#/teacher/7b")
    see(visit.page.get_by_role("article").first).to_be_visible()
    shoot(visit, "teacher", 1250)


def main() -> int:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as data, embedded(Path(data)) as backend, chromium() as browser:
        lesson = fill(Past(backend, datetime.now(UTC)))
        with visiting(browser, backend) as visit:
            visit.open("#/learner/maya")
            shoot(visit, "learner", 1000)
            visit.open(lesson)
            shoot(visit, "lesson", 1000)
            quiz(visit)
            if "--no-teacher" not in sys.argv:
                teacher(visit)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
