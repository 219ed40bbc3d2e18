"""What a learner should do next, and why: rules that a learner, a parent and a teacher can follow."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from functions.learning import reviews
from functions.learning.curriculum import Course, Topic
from functions.learning.learner import Learner, LessonEntry, counts
from functions.learning.levels import BEGINNER, LEARNING
from functions.learning.mastery import scores_by_topic


@dataclass(frozen=True, slots=True)
class NextStep:
    """`action` is start, continue_lesson, review, practise or next_lesson."""

    action: str
    topic: str | None
    reason: str


def missing_prerequisites(topic: Topic, mastery: dict[str, float]) -> tuple[str, ...]:
    """Prerequisites without evidence, or still at Beginner."""
    return tuple(p for p in topic.prerequisites if mastery.get(p, 0.0) <= BEGINNER.up_to)


def best_topic(
    learner: Learner, course: Course, just_seen: str | None = None, waiting: Collection[str] = ()
) -> NextStep:
    """The topic to learn next, of those that have lessons.

    First what is begun and still Beginner, the weakest of it first; then what is new and has its prerequisites, in
    teaching order; then what is below Proficient. Topics that are `waiting` come only when no other has its turn, and
    `just_seen` only when nothing else is left.
    """
    mastery = scores_by_topic(learner, course)
    taught = [topic for topic in course.topics if topic.has_content]
    others = [topic for topic in taught if topic.topic_id != just_seen]
    implied = _implied(learner, course, mastery)
    preferred = [topic for topic in others if topic.topic_id not in waiting], others, taught
    for among in preferred:
        if step := _best_of(among, mastery, implied):
            return step
    for among in preferred:
        if new := [topic for topic in among if topic.topic_id not in mastery]:
            first = new[0]
            return NextStep("next_lesson", first.topic_id, f"{first.title} comes next: of what is new it is the first.")
    weakest = min(taught, key=lambda t: mastery[t.topic_id])
    score = mastery[weakest.topic_id]
    return NextStep("practise", weakest.topic_id, f"{weakest.title} is your weakest topic, at {score:g} %.")


def _best_of(among: list[Topic], mastery: dict[str, float], implied: set[str]) -> NextStep | None:
    begun = [topic for topic in among if mastery.get(topic.topic_id, LEARNING.up_to + 1) <= LEARNING.up_to]
    weakest = min(begun, key=lambda t: mastery[t.topic_id], default=None)
    if weakest and mastery[weakest.topic_id] <= BEGINNER.up_to:
        why = f"is begun and at {mastery[weakest.topic_id]:g} %; above {BEGINNER.up_to:g} % others can build on it"
        return NextStep("practise", weakest.topic_id, f"{weakest.title} {why}.")
    for topic in among:
        if topic.topic_id not in mastery and topic.topic_id not in implied:
            if not set(missing_prerequisites(topic, mastery)) - implied:
                why = "its prerequisites are met" if topic.prerequisites else "it needs nothing before it"
                return NextStep("next_lesson", topic.topic_id, f"{topic.title} comes next: {why}.")
    if weakest:
        why = f"is at {mastery[weakest.topic_id]:g} %; above {LEARNING.up_to:g} % is Proficient"
        return NextStep("practise", weakest.topic_id, f"{weakest.title} {why}.")
    return None


def _implied(learner: Learner, course: Course, mastery: dict[str, float]) -> set[str]:
    """Topics without evidence that need not be begun: a lesson of it was completed, or one builds on it that was, or
    that is beyond Beginner."""
    completed = {entry.topic for entry in learner.lessons.values() if entry.topic and entry.status == "completed"}
    done = completed & course.by_id.keys() - mastery.keys()
    beyond = {topic_id for topic_id, score in mastery.items() if score > BEGINNER.up_to}
    return (done | course.before(done | beyond)) - mastery.keys()


def overdue(learner: Learner, course: Course, now: datetime) -> Iterator[tuple[str, str]]:
    """The course's topics that are due for review, the most overdue first, and why."""
    for topic_id in reviews.due(learner.reviews, now):
        if topic_id in course.by_id:
            since = learner.reviews[topic_id].due
            yield topic_id, f"{course.topic(topic_id).title} is due for review since {since:%Y-%m-%d}."


def after(learner: Learner, course: Course, entry: LessonEntry | None, now: datetime) -> NextStep:
    """What to do after work on a lesson (None: no lesson in particular)."""
    if entry is not None and entry.status != "completed":
        return NextStep("continue_lesson", entry.topic, f"This lesson is at {entry.progress_percentage:g} %.")
    unfinished = [e for e in learner.lessons.values() if e.status == "in_progress"]
    if entry is None and unfinished:
        latest = max(unfinished, key=lambda e: (e.progress_percentage, e.lesson_id))
        return NextStep("continue_lesson", latest.topic, f"A lesson is begun and at {latest.progress_percentage:g} %.")
    if late := next(overdue(learner, course, now), None):
        return NextStep("review", *late)
    step = best_topic(learner, course)
    if not counts(learner)["total"]:
        return NextStep("start", step.topic, step.reason)
    return step
