"""Writing a lesson for a learner: what their document says they need, composed part by part in reading order.

Deciding what to write (`assign`) is quick and can be refused; writing may take as long as a language model takes, so
it is done once, outside of any decision that is made again when its commit loses a race.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from functions.learning import next_step
from functions.learning.curriculum import Content, NoContent, Topic, UnknownTopic, content, course
from functions.learning.learner import Learner
from functions.learning.lessons.choosing import choose
from functions.learning.lessons.composing import assemble, verification
from functions.learning.lessons.storing import document
from functions.learning.lessons.types import Brief, Section
from functions.learning.lessons.writing import ORDER, part_of
from functions.learning.levels import LEARNING, difficulty_for
from functions.learning.mastery import mastery_by_topic
from functions.runtime.errors import NotFound

Tell = Callable[[Section], Awaitable[None]]  # takes each section as soon as it is ready


@dataclass(frozen=True)
class Wanted:
    """What was asked for; None is the Course Agent's to choose."""

    topic: str | None
    lesson_type: str
    difficulty_level: str | None
    time_budget_minutes: int | None


@dataclass(frozen=True)
class Assignment:
    """What is to be written, of which material, and for whom."""

    user_id: str
    topic: Topic
    material: Content
    brief: Brief


@dataclass(frozen=True)
class Written:
    """A lesson's content as it is kept, and where it came from."""

    lesson: dict[str, Any]
    provenance: dict[str, Any]


def assign(learner: Learner, wanted: Wanted) -> Assignment:
    """What this learner's lesson is to be. Raises NotFound for a topic that has no lessons."""
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
    return Assignment(learner.user_id, topic, material, brief)


async def write_lesson(assignment: Assignment, tell: Tell | None = None) -> Written:
    """Writes the lesson; `tell` gets its sections in reading order while the rest is still being written."""
    started = time.perf_counter()
    topic, material, brief = assignment.topic, assignment.material, assignment.brief
    plan = choose(topic, material, brief)
    sections: list[Section] = []
    for part in ORDER[brief.lesson_type]:
        for section in part_of(part, topic, brief, plan):
            sections.append(section)
            if tell is not None:
                await tell(section)
    lesson = assemble(topic, brief, plan, sections, verification(plan, material.proof))
    provenance = {
        "generator": "curriculum",
        "curriculum_version": course().version,
        "cache": "none",
        "duration_ms": round((time.perf_counter() - started) * 1000, 2),
    }
    return Written(document(lesson), provenance)
