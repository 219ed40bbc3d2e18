"""Reads the compiled course: the index once per process on first use, a topic's material once when asked for.

Standard library only, and nothing at import: a function that starts from zero pays for what it uses.
"""

import json
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any

from functions.learning.curriculum.errors import NoContent
from functions.learning.curriculum.types import (
    Case,
    Content,
    Course,
    Example,
    Exercise,
    ExerciseFacts,
    Misconception,
    Module,
    Option,
    Proof,
    Question,
    QuestionKey,
    Topic,
)


@cache
def course() -> Course:
    """The course as compiled into the package."""
    return course_from(_read("index"))


@cache
def content(topic_id: str) -> Content:
    """The material of a topic. Raises UnknownTopic, or NoContent when none has been written yet."""
    if not course().topic(topic_id).has_content:
        raise NoContent(topic_id)
    return content_from(_read(topic_id))


def course_from(data: dict[str, Any]) -> Course:
    """The course from the JSON of an index."""
    modules = tuple(
        Module(m["module_id"], m["title"], tuple(_topic(t, m) for t in m["topics"])) for m in data["modules"]
    )
    by_id = {topic.topic_id: topic for module in modules for topic in module.topics}
    return Course(data["course_id"], data["version"], modules, by_id)


def content_from(data: dict[str, Any]) -> Content:
    """A topic's material from its JSON."""
    return Content(
        topic_id=data["topic_id"],
        explanation=dict(data["explanation"]),
        recap=data["recap"],
        examples=tuple(Example(**_tuples(item, "revisits", "errors")) for item in data["examples"]),
        exercises=tuple(_exercise(item) for item in data["exercises"]),
        quiz=tuple(_question(item) for item in data["quiz"]),
        misconceptions=tuple(
            Misconception(item["belief"], item["correction"], tuple(item["errors"])) for item in data["misconceptions"]
        ),
        proof=Proof(**data["proof"]) if data["proof"] else None,
    )


def index_of(course_id: str, version: str, modules: list[Module], contents: dict[str, Content]) -> dict[str, Any]:
    """The JSON of an index: what course_from reads back."""
    listed = [
        {"module_id": m.module_id, "title": m.title, "topics": [_entry(t, contents.get(t.topic_id)) for t in m.topics]}
        for m in modules
    ]
    return {"course_id": course_id, "version": version, "modules": listed}


def _entry(topic: Topic, material: Content | None) -> dict[str, Any]:
    exercises = [ExerciseFacts(e.exercise_id, e.core, e.difficulty_level, len(e.tests)) for e in _exercises(material)]
    return {
        "topic_id": topic.topic_id,
        "title": topic.title,
        "objectives": list(topic.objectives),
        "prerequisites": list(topic.prerequisites),
        "minutes": topic.minutes,
        "has_content": material is not None,
        "exercises": [asdict(fact) for fact in exercises],
        "questions": [asdict(key_of(question)) for question in (material.quiz if material else ())],
    }


def _exercises(material: Content | None) -> tuple[Exercise, ...]:
    return material.exercises if material else ()


def key_of(question: Question) -> QuestionKey:
    """What grading needs of a question."""
    return QuestionKey(
        question_id=question.question_id,
        type=question.type,
        options={option.option_id: option.text for option in question.options},
        correct=next((option.option_id for option in question.options if option.correct), None),
        expected_output=question.expected_output if question.type == "code_output" else None,
        accepted=question.accepted,
    )


def _topic(data: dict[str, Any], module: dict[str, Any]) -> Topic:
    keys = (QuestionKey(**item | {"accepted": tuple(item["accepted"])}) for item in data["questions"])
    facts = (ExerciseFacts(**item) for item in data["exercises"])
    return Topic(
        topic_id=data["topic_id"],
        title=data["title"],
        module_id=module["module_id"],
        module=module["title"],
        objectives=tuple(data["objectives"]),
        prerequisites=tuple(data["prerequisites"]),
        minutes=data["minutes"],
        has_content=data["has_content"],
        exercises={fact.exercise_id: fact for fact in facts},
        questions={key.question_id: key for key in keys},
    )


def _exercise(data: dict[str, Any]) -> Exercise:
    tests = tuple(Case(**case) for case in data["tests"])
    return Exercise(**_tuples(data, "hints", "revisits") | {"tests": tests})


def _question(data: dict[str, Any]) -> Question:
    options = tuple(Option(**option) for option in data["options"])
    return Question(**data | {"options": options, "accepted": tuple(data["accepted"])})


def _tuples(data: dict[str, Any], *names: str) -> dict[str, Any]:
    return data | {name: tuple(data[name]) for name in names}


def _read(name: str) -> Any:
    return json.loads((files(__package__) / "compiled" / f"{name}.json").read_text("utf-8"))
