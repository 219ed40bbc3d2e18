"""Composes a lesson from the curriculum for one learner: what to show, how much, in which order, and why.

Pure and deterministic: the same topic and brief give an equal lesson. What a learner must not see (solutions, hidden
tests' outputs, quiz keys) is in the lesson, because the server grades with it, and leaves in `redact`.
"""

from collections.abc import Sequence

from functions.learning.curriculum import Content, Proof, Topic
from functions.learning.lessons.choosing import Plan, choose
from functions.learning.lessons.types import (
    Brief,
    CurriculumElements,
    Lesson,
    Metadata,
    Personalisation,
    Section,
    Verification,
)
from functions.learning.lessons.writing import ORDER, markdown, part_of

TITLES = {
    "standard": "{}",
    "review": "Review: {}",
    "remedial": "{}, step by step",
    "challenge": "Challenge: {}",
}


def compose(topic: Topic, content: Content, brief: Brief) -> Lesson:
    """A lesson on the topic for this brief. A standard one has every core exercise, whatever the time budget."""
    plan = choose(topic, content, brief)
    sections = [section for part in ORDER[brief.lesson_type] for section in part_of(part, topic, brief, plan)]
    return assemble(topic, brief, plan, sections, verification(plan, content.proof))


def assemble(topic: Topic, brief: Brief, plan: Plan, sections: Sequence[Section], proved: Verification) -> Lesson:
    """The whole lesson, of its sections and of what they were written from."""
    title = TITLES[brief.lesson_type].format(topic.title)
    where = CurriculumElements(topic.module_id, topic.module, topic.topic_id, topic.title, topic.objectives)
    return Lesson(
        title=title,
        content=markdown(title, topic, sections, plan),
        difficulty_level=brief.level,
        lesson_type=brief.lesson_type,
        curriculum_elements=where,
        metadata=Metadata(plan.minutes(), brief.level, topic.prerequisites),
        sections=tuple(sections),
        code_examples=tuple(plan.examples),
        exercises=tuple(plan.exercises),
        quiz=tuple(plan.quiz),
        personalisation=Personalisation(
            brief.level, brief.mastery, brief.weak_topics, brief.missing_prerequisites, tuple(plan.reasons)
        ),
        verification=proved,
    )


def verification(plan: Plan, proof: Proof | None, *, python: str | None = None) -> Verification:
    """What was run of this lesson when it was proved: nothing without a proof. `python` has run some of it just now."""
    if proof is None:
        return Verification(0, 0, 0, None)
    computed = sum(question.expected_output is not None for question in plan.quiz)
    versions = dict.fromkeys(filter(None, (proof.python, python)))
    return Verification(len(plan.examples), len(plan.exercises), computed, ", ".join(versions))
