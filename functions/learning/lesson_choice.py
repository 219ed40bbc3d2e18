"""Which lesson a learner gets who did not ask for a topic, and why."""

from dataclasses import dataclass
from datetime import datetime

from functions.learning import reviews
from functions.learning.curriculum import Course
from functions.learning.learner import Learner
from functions.learning.mastery import mastery_by_topic
from functions.learning.next_step import best_topic


@dataclass(frozen=True, slots=True)
class Choice:
    """A topic's id, the type of the lesson, and the reason, for the learner to read."""

    topic: str
    lesson_type: str
    reason: str


def choose_lesson(learner: Learner, course: Course, lesson_type: str | None, now: datetime) -> Choice:
    """The best lesson of this type, or of any: then what is due for review comes before anything new.

    The topic seen last is left out where there is another. The same document gives the same choice all day long.
    """
    last = just_seen(learner)
    match lesson_type:
        case None:
            found = _overdue(learner, course, now, without=last)
        case "review":
            found = _to_review(learner, course, now)
        case "remedial":
            found = _to_mend(learner, course)
        case "challenge":
            found = _by_mastery(learner, course, strongest=True)
        case _:
            found = None
    if found:
        return Choice(found[0], lesson_type or "review", found[1])
    step = best_topic(learner, course, last)
    return Choice(str(step.topic), lesson_type or "standard", step.reason)


def just_seen(learner: Learner) -> str | None:
    """The topic of the lesson that was made or worked on last."""
    latest = max(learner.lessons.values(), key=lambda entry: (entry.recency, entry.lesson_id), default=None)
    return latest.topic if latest else None


def _to_review(learner: Learner, course: Course, now: datetime) -> tuple[str, str] | None:
    if late := _overdue(learner, course, now):
        return late
    seen = [(review.last_review, t) for t, review in learner.reviews.items() if _taught(course, t)]
    if not seen:
        return None
    at, topic_id = min(seen)
    return topic_id, f"Nothing is due yet; you last practised {course.topic(topic_id).title} on {at:%Y-%m-%d}."


def _overdue(learner: Learner, course: Course, now: datetime, without: str | None = None) -> tuple[str, str] | None:
    for topic_id in reviews.due(learner.reviews, now):
        if _taught(course, topic_id) and topic_id != without:
            since = learner.reviews[topic_id].due
            return topic_id, f"{course.topic(topic_id).title} is due for review since {since:%Y-%m-%d}."
    return None


def _to_mend(learner: Learner, course: Course) -> tuple[str, str] | None:
    alerts = [(a.opened_at, a.topic) for a in learner.alerts if a.topic and _taught(course, a.topic)]
    if alerts:
        topic_id = max(alerts)[1]
        return topic_id, f"You had difficulty with {course.topic(topic_id).title} lately."
    return _by_mastery(learner, course, strongest=False)


def _by_mastery(learner: Learner, course: Course, *, strongest: bool) -> tuple[str, str] | None:
    scores = {t: m.score for t, m in mastery_by_topic(learner, course).items() if _taught(course, t)}
    if not scores:
        return None
    topic_id = (max if strongest else min)(scores, key=lambda t: (scores[t], t))
    kind = "strongest" if strongest else "weakest"
    return topic_id, f"{course.topic(topic_id).title} is your {kind} topic, at {scores[topic_id]:g} %."


def _taught(course: Course, topic_id: str) -> bool:
    return topic_id in course.by_id and course.by_id[topic_id].has_content
