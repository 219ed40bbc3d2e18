"""Whether a lesson is whole and right, found out without the code under test: programs are run, answers are graded."""

import re
import subprocess
import sys
from functools import cache
from html.parser import HTMLParser
from typing import Any

from functions.learning.curriculum import content, course
from tests.support.backends import Backend

READINGS = ("Explanation", "In short")
Json = dict[str, Any]


@cache
def printed(code: str, stdin: str = "") -> str:
    """What a program prints; it has to end well."""
    done = subprocess.run([sys.executable, "-I", "-c", code], input=stdin, capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check(backend: Backend, lesson: Json) -> None:
    """Every part is there, every output is real, every key is right, and nothing of it is anything but text."""
    topic = course().topic(lesson["curriculum_elements"]["topic_id"])
    kinds = [section["kind"] for section in lesson["sections"]]
    assert {"text", "code", "callout", "exercise", "quiz"} <= set(kinds) and lesson["state"] == "available"
    assert set(topic.core_exercises) <= {exercise["exercise_id"] for exercise in lesson["exercises"]}
    assert {e["exercise_id"] for e in lesson["exercises"] if e["core"]} == set(topic.core_exercises)
    for example in lesson["code_examples"]:
        assert printed(example["code"], example["stdin"]) == example["expected_stdout"]
    reading = next(section["body"] for section in lesson["sections"] if section["title"] in READINGS)
    for block in re.findall(r"^```python\n(.*?)^```$", reading, re.MULTILINE | re.DOTALL):
        printed(block)
    assert len(lesson["quiz"]) == len({question["question_id"] for question in lesson["quiz"]}) >= 3
    _answers_are_graded_right(backend, lesson)
    _is_only_text(backend, lesson)


def answers(lesson: Json, right: bool = True) -> Json:
    """To all its questions: from the curriculum, or by running what a question shows."""
    return {question["question_id"]: answer_to(lesson, question) if right else "no" for question in lesson["quiz"]}


def answer_to(lesson: Json, question: Json) -> str:
    topic = lesson["curriculum_elements"]["topic_id"]
    for known in content(topic).quiz:
        if known.question_id == question["question_id"]:
            correct = next((option.option_id for option in known.options if option.correct), None)
            return correct or (known.accepted[0] if known.accepted else str(known.expected_output))
    if question["type"] == "fill_blank":
        last = int(re.findall(r"from 1 to (\d+)", question["prompt"])[0])
        return next(str(n) for n in range(50) if printed(question["code"].replace("____", str(n))) == counted(last))
    output: str = printed(question["code"])
    if question["type"] == "code_output":
        return output
    return next(str(option["option_id"]) for option in question["options"] if option["text"] == output.strip())


def counted(last: int) -> str:
    return "".join(f"{number}\n" for number in range(1, last + 1))


def _answers_are_graded_right(backend: Backend, lesson: Json) -> None:
    def quiz(given: Json) -> float:
        evidence = [{"kind": "quiz", "quiz_id": lesson["quiz_id"], "answers": given}]
        body = {"user_id": lesson["user_id"], "lesson_id": lesson["lesson_id"], "evidence": evidence}
        answer = backend.post("/update-progress", body)
        assert answer.status_code == 200, answer.text
        score: float = answer.json()["mastery"]["components"]["quiz"]
        return score

    assert quiz(answers(lesson, right=False)) == 0
    assert quiz(answers(lesson)) == 100


def _is_only_text(backend: Backend, lesson: Json) -> None:
    path = f"/lessons/{lesson['lesson_id']}"
    page = Tags()
    page.feed(backend.get(path, format="html").text)
    assert not page.found & {"script", "img", "iframe", "a", "object", "form", "input", "svg", "base"}, page.found
    everything = str(lesson) + backend.get(path, format="markdown").text
    assert "://" not in everything and "<script" not in everything and "\u202e" not in everything


class Tags(HTMLParser):
    """The names of the tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        self.found.add(tag)
