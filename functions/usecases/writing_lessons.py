"""Writing a lesson for a learner: what their document says they need, composed part by part in reading order.

Deciding what to write (`assign`) is quick and can be refused; writing may take as long as a language model takes, so
it is done once, outside of any decision that is made again when its commit loses a race.
"""

import platform
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.learning import next_step
from functions.learning.curriculum import Content, NoContent, Topic, UnknownTopic, content, course
from functions.learning.facts import VOID
from functions.learning.learner import Learner
from functions.learning.lessons.choosing import Plan, choose
from functions.learning.lessons.composing import assemble, verification
from functions.learning.lessons.storing import document
from functions.learning.lessons.types import Brief, Section
from functions.learning.lessons.writing import ORDER, part_of
from functions.learning.levels import LEARNING, difficulty_for
from functions.learning.mastery import mastery_by_topic
from functions.runtime.errors import NotFound
from functions.runtime.ports import Ports

if TYPE_CHECKING:
    from functions.model.drafting import Drafts

LATEST_WORDS = 3
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
    words: tuple[str, ...] = ()  # what the learner last said on the topic


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
    return Assignment(learner.user_id, topic, material, brief, _words(learner, topic_id))


async def write_lesson(ports: Ports, assignment: Assignment, now: datetime, tell: Tell | None = None) -> Written:
    """Writes the lesson; `tell` gets its sections in reading order while the rest is still being written.

    It may take as long as the settings let a language model take, if one is set; it never fails because of it.
    """
    started = time.perf_counter()
    topic, material, brief = assignment.topic, assignment.material, assignment.brief
    plan = choose(topic, material, brief)
    sections: list[Section] = []
    provenance: dict[str, Any] = {"generator": "curriculum", "cache": "none"}
    async with _drafts(ports, assignment, plan, now) as drafts:
        for part in ORDER[brief.lesson_type]:
            if drafts is not None:
                await drafts.settle(part)
            for section in part_of(part, topic, brief, plan):
                sections.append(section)
                if tell is not None:
                    await tell(section)
        provenance |= drafts.provenance() if drafts is not None else {}
    python = platform.python_version() if provenance["generator"] == "model" else None
    lesson = assemble(topic, brief, plan, sections, verification(plan, material.proof, python=python))
    duration = round((time.perf_counter() - started) * 1000, 2)
    return Written(document(lesson), provenance | {"curriculum_version": course().version, "duration_ms": duration})


@asynccontextmanager
async def _drafts(ports: Ports, assignment: Assignment, plan: Plan, now: datetime) -> AsyncIterator["Drafts | None"]:
    """A language model's drafts of the plan's parts, where one is set."""
    if ports.model is None:
        yield None
        return
    from functions.model.drafting import Commission, drafting  # only where there is one
    from functions.model.prompting import Reader

    one = assignment
    reader = Reader(one.brief, one.words)
    commission = Commission(one.user_id, one.topic, one.material, reader, plan, now)
    async with drafting(ports.model, ports.documents, commission) as drafts:
        yield drafts


def _words(learner: Learner, topic_id: str) -> tuple[str, ...]:
    """What the learner's latest messages on the topic say, oldest first; not what a teacher has taken back."""
    gone = {line["evidence_id"] for line in learner.ledger if line["kind"] == VOID}
    lines = [line for line in learner.ledger if line["kind"] == "message" and line["id"] not in gone]
    return tuple(line["text"] for line in lines if line.get("topic") == topic_id)[-LATEST_WORDS:]
