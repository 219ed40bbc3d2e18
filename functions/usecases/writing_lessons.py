"""Writing a lesson for a learner: what their document says they need, composed part by part in reading order.

Deciding what to write (`assign`) is quick and can be refused; writing may take as long as a language model takes, so
it is done once, outside of any decision that is made again when its commit loses a race.
"""

import hashlib
import json
import platform
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from functions.learning.curriculum import Content, NoContent, Topic, UnknownTopic, content, course
from functions.learning.facts import VOID
from functions.learning.learner import Learner
from functions.learning.lesson_choice import Choice, choose_lesson
from functions.learning.lessons.briefing import brief_for
from functions.learning.lessons.choosing import Plan, choose
from functions.learning.lessons.composing import assemble, verification
from functions.learning.lessons.storing import document
from functions.learning.lessons.types import Brief, Section
from functions.learning.lessons.writing import ORDER, part_of
from functions.runtime.errors import NotFound
from functions.runtime.ports import Ports

if TYPE_CHECKING:
    from functions.model.drafting import Drafts

LATEST_WORDS = 3
Tell = Callable[[Section], Awaitable[None]]  # takes each section as soon as it is ready


@dataclass(frozen=True)
class Wanted:
    """What was asked for; None is the Course Agent's to choose. `reason`: why this topic, if there is one to give."""

    topic: str | None = None
    lesson_type: str | None = None
    difficulty_level: str | None = None
    time_budget_minutes: int | None = None
    reason: str = ""


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


def assign(learner: Learner, wanted: Wanted, now: datetime) -> Assignment:
    """What this learner's lesson is to be. Raises NotFound for a topic that has no lessons."""
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
    return Assignment(learner.user_id, topic, material, brief, _words(learner, topic.topic_id))


async def write_lesson(ports: Ports, assignment: Assignment, tell: Tell | None = None) -> Written:
    """Writes the lesson; `tell` gets its sections in reading order while the rest is still being written.

    It may take as long as the settings let a language model take, if one is set; it never fails because of it.
    """
    started = time.perf_counter()
    topic, material, brief = assignment.topic, assignment.material, assignment.brief
    plan = choose(topic, material, brief)
    sections: list[Section] = []
    provenance: dict[str, Any] = {"generator": "curriculum", "cache": "none"}
    async with _drafts(ports, assignment, plan) as drafts:
        for part in ORDER[brief.lesson_type]:
            if drafts is not None:
                await drafts.settle(part)
            for section in part_of(part, topic, brief, plan):
                sections.append(section)
                if tell is not None:
                    await tell(section)
        provenance |= drafts.provenance() if drafts is not None else {}
    python = platform.python_version() if provenance["generator"] == "model" else None
    lesson = document(assemble(topic, brief, plan, sections, verification(plan, material.proof, python=python)))
    provenance |= {
        "curriculum_version": course().version,
        "content_hash": content_hash(lesson),
        "duration_ms": round((time.perf_counter() - started) * 1000, 2),
    }
    return Written(lesson, provenance)


def content_hash(lesson: dict[str, Any]) -> str:
    """The SHA-256 of all of a lesson: the same learner's document and curriculum give the same."""
    return hashlib.sha256(json.dumps(lesson, sort_keys=True).encode()).hexdigest()


@asynccontextmanager
async def _drafts(ports: Ports, assignment: Assignment, plan: Plan) -> AsyncIterator["Drafts | None"]:
    """A language model's drafts of the plan's parts, where one is set."""
    if ports.model is None:
        yield None
        return
    from functions.model.drafting import Commission, drafting  # only where there is one
    from functions.model.prompting import Reader

    reader = Reader(assignment.brief, assignment.words)
    # what is spent is of today, however old the cause of the lesson is
    commission = Commission(assignment.user_id, assignment.topic, assignment.material, reader, plan, ports.now())
    async with drafting(ports.model, ports.documents, commission) as drafts:
        yield drafts


def _words(learner: Learner, topic_id: str) -> tuple[str, ...]:
    """What the learner's latest messages on the topic say, oldest first; not what a teacher has taken back."""
    gone = {line["evidence_id"] for line in learner.ledger if line["kind"] == VOID}
    lines = [line for line in learner.ledger if line["kind"] == "message" and line["id"] not in gone]
    return tuple(line["text"] for line in lines if line.get("topic") == topic_id)[-LATEST_WORDS:]
