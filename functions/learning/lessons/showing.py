"""Takes out of a stored lesson what a learner must not see.

Imports nothing of the package, for those functions that show a lesson and never compose one.
"""

from collections.abc import Iterable, Mapping
from typing import Any

PUBLIC_EXAMPLE = ("title", "code", "stdin", "expected_stdout")
PUBLIC_EXERCISE = (
    "exercise_id", "title", "instructions", "starter_code", "hints", "language", "difficulty_level", "core",
)  # fmt: skip
PUBLIC_QUESTION = ("question_id", "type", "prompt", "code")
PUBLIC_OPTION = ("option_id", "text")


def redact(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What a learner may see of a stored lesson; what the caller added to it stays.

    Names what passes of an example, an exercise and a question, so that a new secret does not by default.
    """
    shown = dict(stored)
    shown["code_examples"] = [_only(example, PUBLIC_EXAMPLE) for example in stored["code_examples"]]
    shown["exercises"] = [
        _only(exercise, PUBLIC_EXERCISE) | {"test_cases": [_case(case) for case in exercise["test_cases"]]}
        for exercise in stored["exercises"]
    ]
    shown["quiz"] = [_question(question) for question in stored["quiz"]]
    return shown


def _question(question: Mapping[str, Any]) -> dict[str, Any]:
    """Without `code` or `options` where the question has none."""
    options = [_only(option, PUBLIC_OPTION) for option in question["options"]]
    shown = _only(question, PUBLIC_QUESTION) | {"options": options}
    return {name: value for name, value in shown.items() if value}


def _case(case: Mapping[str, Any]) -> dict[str, Any]:
    hidden = bool(case["hidden"])
    return {"input": case["input"], "expected_output": None if hidden else case["expected_output"], "hidden": hidden}


def _only(item: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: item[name] for name in names}
