"""What a learner's document says that a lesson on a topic should be fitted to."""

from functions.learning.curriculum import Content, Course, Topic
from functions.learning.learner import Learner
from functions.learning.lessons.types import Brief
from functions.learning.levels import LEARNING, difficulty_for
from functions.learning.mastery import scores_by_topic
from functions.learning.next_step import missing_prerequisites

ERRORS = 5  # error types taken up, the newest


def brief_for(
    learner: Learner,
    course: Course,
    topic: Topic,
    content: Content,
    lesson_type: str,
    difficulty_level: str | None = None,
    time_budget_minutes: int | None = None,
    reasons: tuple[str, ...] = (),
) -> Brief:
    """The brief of a lesson on the topic; without a difficulty, that of the learner's mastery of it."""
    record = learner.topics.get(topic.topic_id)
    mastery = scores_by_topic(learner, course)
    return Brief(
        level=difficulty_level or difficulty_for(mastery.get(topic.topic_id)),
        lesson_type=lesson_type,
        mastery=mastery.get(topic.topic_id),
        weak_topics=tuple(sorted(t for t, score in mastery.items() if score <= LEARNING.up_to)),
        missing_prerequisites=missing_prerequisites(topic, mastery),
        recent_errors=recent_errors(learner, topic.topic_id, _named(content)),
        passed=tuple(sorted(record.passed)) if record else (),
        time_budget_minutes=time_budget_minutes,
        reasons=reasons,
    )


def recent_errors(learner: Learner, topic_id: str, named: set[str]) -> tuple[str, ...]:
    """The error types the learner met and has not got over since: this topic's first, then the newest.

    Of other topics only those that this one's material names: advice on any other would lead away.
    """
    seen = [(topic == topic_id, one) for topic, watch in learner.watch.items() for one in watch.errors]
    seen += [
        (alert.topic == topic_id, one) for alert in learner.alerts for one in alert.evidence if "error_type" in one
    ]
    newest = sorted(seen, key=lambda found: (found[0], found[1]["at"]), reverse=True)
    wanted = [one["error_type"] for here, one in newest if here or one["error_type"] in named]
    return tuple(dict.fromkeys(wanted))[:ERRORS]


def _named(content: Content) -> set[str]:
    return {error for item in content.examples for error in item.errors} | {
        error for item in content.misconceptions for error in item.errors
    }
