"""Which lesson a learner gets who did not ask for a topic, and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from functions.learning.curriculum import Course
from functions.learning.learner import Learner, LessonEntry
from functions.learning.mastery import scores_by_topic
from functions.learning.next_step import best_topic, overdue


@dataclass(frozen=True, slots=True)
class Choice:
    """A topic's id, the type of the lesson, and the reason, for the learner to read."""

    topic: str
    lesson_type: str
    reason: str


def choose_lesson(learner: Learner, course: Course, lesson_type: str | None, now: datetime) -> Choice:
    """The best lesson of this type, or of any: then what is due for review comes before anything new.

    Left out where there is another: the topic seen last, and those of lessons that wait in the learner's list. The same
    document gives the same choice all day long.
    """
    last, wait = just_seen(learner), waiting(learner)
    match lesson_type:
        case None:
            found = _overdue(learner, course, now, without={last, *wait})
        case "review":
            found = _to_review(learner, course, now)
        case "remedial":
            found = to_mend(learner, course)
        case "challenge":
            found = _by_mastery(learner, course, strongest=True)
        case _:
            found = None
    if found:
        return Choice(found[0], lesson_type or "review", found[1])
    step = best_topic(learner, course, last, wait)
    return Choice(str(step.topic), lesson_type or "standard", step.reason)


def just_seen(learner: Learner) -> str | None:
    """The topic of the lesson that was made or worked on last."""

    def order(entry: LessonEntry) -> tuple[str, bool, str]:
        # a lesson that was prepared for a completion has the completion's time, and nobody has seen it yet
        return entry.recency, entry.last_activity is not None, entry.lesson_id

    latest = max(learner.lessons.values(), key=order, default=None)
    return latest.topic if latest else None


def waiting(learner: Learner) -> set[str]:
    """Topics of lessons that the learner has and has not completed: another one would be one too many."""
    return {entry.topic for entry in learner.lessons.values() if entry.topic and entry.status != "completed"}


def _to_review(learner: Learner, course: Course, now: datetime) -> tuple[str, str] | None:
    if late := _overdue(learner, course, now):
        return late
    seen = [(review.last_review, t) for t, review in learner.reviews.items() if is_taught(course, t)]
    if not seen:
        return None
    at, topic_id = min(seen)
    return topic_id, f"Nothing is due yet; you last practised {course.topic(topic_id).title} on {at:%Y-%m-%d}."


def _overdue(
    learner: Learner, course: Course, now: datetime, without: Collection[str | None] = ()
) -> tuple[str, str] | None:
    late = overdue(learner, course, now)
    return next((found for found in late if is_taught(course, found[0]) and found[0] not in without), None)


def to_mend(learner: Learner, course: Course) -> tuple[str, str] | None:
    """The topic that needs mending most, and why; None for a learner of whom nothing is known."""
    alerts = [(a.opened_at, a.topic) for a in learner.alerts if a.topic and is_taught(course, a.topic)]
    if alerts:
        topic_id = max(alerts)[1]
        return topic_id, f"You had difficulty with {course.topic(topic_id).title} lately."
    return _by_mastery(learner, course, strongest=False)


def _by_mastery(learner: Learner, course: Course, *, strongest: bool) -> tuple[str, str] | None:
    scores = {t: score for t, score in scores_by_topic(learner, course).items() if is_taught(course, t)}
    if not scores:
        return None
    topic_id = (max if strongest else min)(scores, key=lambda t: (scores[t], t))
    kind = "strongest" if strongest else "weakest"
    return topic_id, f"{course.topic(topic_id).title} is your {kind} topic, at {scores[topic_id]:g} %."


def is_taught(course: Course, topic_id: str | None) -> bool:
    """Whether the course has lessons on the topic."""
    return topic_id is not None and topic_id in course.by_id and course.by_id[topic_id].has_content
