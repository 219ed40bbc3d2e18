"""Composes a lesson from the curriculum for one learner: what to show, how much, in which order, and why.

Pure and deterministic: the same topic and brief give an equal lesson. What a learner must not see (solutions, hidden
tests' outputs, quiz keys) is in the lesson, because the server grades with it, and leaves in `redact`.
"""

from functions.learning.curriculum import Content, Proof, Topic
from functions.learning.lessons.choosing import Plan, choose
from functions.learning.lessons.types import (
    Brief,
    CurriculumElements,
    Lesson,
    Metadata,
    Personalisation,
    Verification,
)
from functions.learning.lessons.writing import arrange, markdown

TITLES = {
    "standard": "{}",
    "review": "Review: {}",
    "remedial": "{}, step by step",
    "challenge": "Challenge: {}",
}


def compose(topic: Topic, content: Content, brief: Brief) -> Lesson:
    """A lesson on the topic for this brief. A standard one has every core exercise, whatever the time budget."""
    plan = choose(topic, content, brief)
    sections = arrange(topic, brief, plan)
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
        verification=_verification(plan, content.proof),
    )


def _verification(plan: Plan, proof: Proof | None) -> Verification:
    if proof is None:
        return Verification(0, 0, 0, None)
    computed = sum(question.expected_output is not None for question in plan.quiz)
    return Verification(len(plan.examples), len(plan.exercises), computed, proof.python)
