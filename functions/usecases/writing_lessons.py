"""Writing a lesson for a learner: what their document says they need, composed from the curriculum."""

import hashlib
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.learning.curriculum import NoContent, UnknownTopic, content, course
from functions.learning.learner import Learner
from functions.learning.lesson_choice import Choice, choose_lesson
from functions.learning.lessons.briefing import brief_for
from functions.learning.lessons.composing import compose
from functions.learning.lessons.storing import document
from functions.runtime.errors import NotFound


@dataclass(frozen=True)
class Wanted:
    """What was asked for; None is the Course Agent's to choose. `reason`: why this topic, if there is one to give."""

    topic: str | None = None
    lesson_type: str | None = None
    difficulty_level: str | None = None
    time_budget_minutes: int | None = None
    reason: str = ""


def write_lesson(learner: Learner, wanted: Wanted, now: datetime) -> tuple[dict[str, Any], dict[str, Any]]:
    """A lesson for this learner, and where it came from. Raises NotFound for a topic that has no lessons."""
    started = time.perf_counter()
    if wanted.topic is None:
        choice = choose_lesson(learner, course(), wanted.lesson_type, now)
    else:
        choice = Choice(wanted.topic, wanted.lesson_type or "standard", wanted.reason)
    try:
        topic, material = course().topic(choice.topic), content(choice.topic)
    except UnknownTopic as error:
        raise NotFound(f"The course python has no topic {choice.topic}.") from error
    except NoContent as error:
        raise NotFound(f"The topic {choice.topic} is in the course, but its lessons are not written yet.") from error
    limits = wanted.difficulty_level, wanted.time_budget_minutes
    brief = brief_for(
        learner, course(), topic, material, choice.lesson_type, *limits, (choice.reason,) if choice.reason else ()
    )
    lesson = document(compose(topic, material, brief))
    provenance = {
        "generator": "curriculum",
        "curriculum_version": course().version,
        "content_hash": content_hash(lesson),
        "cache": "none",
        "duration_ms": round((time.perf_counter() - started) * 1000, 2),
    }
    return lesson, provenance


def content_hash(lesson: dict[str, Any]) -> str:
    """The SHA-256 of all of a lesson: the same learner's document and curriculum give the same."""
    return hashlib.sha256(json.dumps(lesson, sort_keys=True).encode()).hexdigest()
