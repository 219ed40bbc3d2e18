"""What a learner should do next, and why: rules that a learner, a parent and a teacher can follow."""

from dataclasses import dataclass
from datetime import datetime

from functions.learning import reviews
from functions.learning.curriculum import Course, Topic
from functions.learning.learner import Learner, LessonEntry, counts
from functions.learning.levels import BEGINNER, LEARNING
from functions.learning.mastery import mastery_by_topic


@dataclass(frozen=True, slots=True)
class NextStep:
    """`action` is start, continue_lesson, review, practise or next_lesson."""

    action: str
    topic: str | None
    reason: str


def missing_prerequisites(topic: Topic, mastery: dict[str, float]) -> tuple[str, ...]:
    """Prerequisites without evidence, or still at Beginner."""
    return tuple(p for p in topic.prerequisites if mastery.get(p, 0.0) <= BEGINNER.up_to)


def best_topic(learner: Learner, course: Course) -> NextStep:
    """The topic to learn next, of those that have lessons: what is begun before what is new, in teaching order."""
    mastery = {topic_id: m.score for topic_id, m in mastery_by_topic(learner, course).items()}
    open_topics = [t for t in course.topics if t.has_content and mastery.get(t.topic_id, 0.0) <= LEARNING.up_to]
    if not open_topics:
        weakest = min((t for t in course.topics if t.has_content), key=lambda t: mastery[t.topic_id])
        score = mastery[weakest.topic_id]
        return NextStep("practise", weakest.topic_id, f"{weakest.title} is your weakest topic, at {score:g} %.")
    started = [t for t in open_topics if t.topic_id in mastery]
    if started:
        topic = min(started, key=lambda t: mastery[t.topic_id])
        why = f"{topic.title} is begun and at {mastery[topic.topic_id]:g} %; above {LEARNING.up_to} % is Proficient."
        return NextStep("practise", topic.topic_id, why)
    ready = [t for t in open_topics if not missing_prerequisites(t, mastery)]
    topic = (ready or open_topics)[0]
    why = "its prerequisites are met" if ready else "it is the first topic of the course that has lessons"
    return NextStep("next_lesson", topic.topic_id, f"{topic.title} comes next: {why}.")


def after(learner: Learner, course: Course, entry: LessonEntry | None, now: datetime) -> NextStep:
    """What to do after work on a lesson (None: no lesson in particular)."""
    if entry is not None and entry.status != "completed":
        return NextStep("continue_lesson", entry.topic, f"This lesson is at {entry.progress_percentage:g} %.")
    unfinished = [e for e in learner.lessons.values() if e.status == "in_progress"]
    if entry is None and unfinished:
        latest = max(unfinished, key=lambda e: (e.progress_percentage, e.lesson_id))
        return NextStep("continue_lesson", latest.topic, f"A lesson is begun and at {latest.progress_percentage:g} %.")
    if overdue := [t for t in reviews.due(learner.reviews, now) if t in course.by_id]:
        topic = course.topic(overdue[0])
        why = f"{topic.title} is due for review since {learner.reviews[overdue[0]].due:%Y-%m-%d}."
        return NextStep("review", topic.topic_id, why)
    step = best_topic(learner, course)
    if not counts(learner)["total"]:
        return NextStep("start", step.topic, step.reason)
    return step
