"""A lesson as JSON values: whole, as the server keeps it, and with what is secret taken out."""

from dataclasses import asdict
from typing import Any

from functions.learning.lessons.showing import redact
from functions.learning.lessons.types import LANGUAGE, Lesson


def document(lesson: Lesson) -> dict[str, Any]:
    """The whole lesson as JSON values, with solutions and keys: what is stored, and never sent as it is."""
    whole: dict[str, Any] = _plain(asdict(lesson))
    whole["sections"] = [
        {name: value for name, value in section.items() if value is not None} for section in whole["sections"]
    ]
    for item in (*whole["code_examples"], *whole["exercises"], *whole["quiz"]):
        del item["needs"]  # the prover's alone
    for exercise in whole["exercises"]:
        exercise["test_cases"] = exercise.pop("tests")
        exercise["language"] = LANGUAGE
    for question in whole["quiz"]:
        question["key"] = {name: question.pop(name) for name in ("accepted", "expected_output", "explanation")}
        question["key"]["correct"] = next((o["option_id"] for o in question["options"] if o["correct"]), None)
        question["key"]["reasons"] = {option["option_id"]: option["reason"] for option in question["options"]}
        question["options"] = [{"option_id": o["option_id"], "text": o["text"]} for o in question["options"]]
    return whole


def public(lesson: Lesson) -> dict[str, Any]:
    """The lesson as a learner may see it, as JSON values."""
    return redact(document(lesson))


def _plain(value: Any) -> Any:
    """Tuples as lists, all the way down: equal to what comes back from JSON."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
