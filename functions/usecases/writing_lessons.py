"""Writing a lesson for a learner: what their document says they need, composed from the curriculum."""

import time
from dataclasses import dataclass
from typing import Any

from functions.learning import next_step
from functions.learning.curriculum import NoContent, UnknownTopic, content, course
from functions.learning.learner import Learner
from functions.learning.lessons.composing import compose
from functions.learning.lessons.storing import document
from functions.learning.lessons.types import Brief
from functions.learning.levels import LEARNING, difficulty_for
from functions.learning.mastery import mastery_by_topic
from functions.runtime.errors import NotFound


@dataclass(frozen=True)
class Wanted:
    """What was asked for; None is the Course Agent's to choose."""

    topic: str | None
    lesson_type: str
    difficulty_level: str | None
    time_budget_minutes: int | None


def write_lesson(learner: Learner, wanted: Wanted) -> tuple[dict[str, Any], dict[str, Any]]:
    """A lesson for this learner, and where it came from. Raises NotFound for a topic that has no lessons."""
    started = time.perf_counter()
    reasons: tuple[str, ...] = ()
    topic_id = wanted.topic
    if topic_id is None:
        step = next_step.best_topic(learner, course())
        topic_id, reasons = str(step.topic), (step.reason,)
    try:
        topic, material = course().topic(topic_id), content(topic_id)
    except UnknownTopic as error:
        raise NotFound(f"The course python has no topic {topic_id}.") from error
    except NoContent as error:
        raise NotFound(f"The topic {topic_id} is in the course, but its lessons are not written yet.") from error
    mastery = {topic_id: m.score for topic_id, m in mastery_by_topic(learner, course()).items()}
    brief = Brief(
        level=wanted.difficulty_level or difficulty_for(mastery.get(topic_id)),
        lesson_type=wanted.lesson_type,
        mastery=mastery.get(topic_id),
        weak_topics=tuple(sorted(t for t, score in mastery.items() if score <= LEARNING.up_to)),
        missing_prerequisites=next_step.missing_prerequisites(topic, mastery),
        time_budget_minutes=wanted.time_budget_minutes,
        reasons=reasons,
    )
    lesson = document(compose(topic, material, brief))
    provenance = {
        "generator": "curriculum",
        "curriculum_version": course().version,
        "cache": "none",
        "duration_ms": round((time.perf_counter() - started) * 1000, 2),
    }
    return lesson, provenance
