"""A lesson as it is kept: whole, with the solutions and keys that stay on the server."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from functions.runtime.errors import invalid
from functions.runtime.ports import Documents, Json, Stored

OWN = "model-"  # what the ids of a lesson's own questions and exercises begin with


@dataclass(frozen=True)
class LessonDocument:
    """The document `lesson:<lesson_id>`; times are RFC 3339, `lesson` is what the curriculum composed."""

    lesson_id: str
    user_id: str
    course_id: str
    requested_by: str
    version: int
    created_at: str
    updated_at: str
    provenance: dict[str, Any]
    lesson: dict[str, Any]

    def value(self) -> Json:
        return asdict(self)


def lesson_key(lesson_id: str) -> str:
    return f"lesson:{lesson_id}"


def lesson_from(stored: Stored) -> LessonDocument:
    return LessonDocument(**stored.value)


async def load_bodies(documents: Documents, lesson_ids: Iterable[str]) -> dict[str, LessonDocument]:
    """Those of the lessons that exist, by id."""
    keys = {lesson_key(lesson_id): lesson_id for lesson_id in lesson_ids}
    stored = await documents.load(*keys) if keys else {}
    return {keys[key]: lesson_from(found) for key, found in stored.items()}


async def load_lessons(documents: Documents, lesson_ids: Iterable[str], owner: str) -> dict[str, Json]:
    """Topic, course and quiz questions of the lessons that are known here, and what only the lesson itself can grade.

    Raises InvalidRequest for a lesson that was written for somebody else.
    """
    bodies = await load_bodies(documents, lesson_ids)
    for body in bodies.values():
        if body.user_id != owner:
            raise invalid("lesson_id", f"the lesson {body.lesson_id} was written for another learner")
    return {
        body.lesson_id: {
            "topic": body.lesson["curriculum_elements"]["topic_id"],
            "course_id": body.course_id,
            "questions": [question["question_id"] for question in body.lesson["quiz"]],
            "own_questions": [question for question in body.lesson["quiz"] if is_own(question["question_id"])],
            "own_tests": {
                exercise["exercise_id"]: len(exercise["test_cases"])
                for exercise in body.lesson["exercises"]
                if is_own(exercise["exercise_id"])
            },
        }
        for body in bodies.values()
    }


def is_own(item_id: str) -> bool:
    """Whether a question or an exercise is a lesson's own, written for it by a language model: no index knows it."""
    return item_id.startswith(OWN)
