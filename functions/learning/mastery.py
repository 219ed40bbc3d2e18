"""Mastery of a topic: 40 % exercises, 30 % quiz, 20 % code quality, 10 % consistency (spec section 4).

The three assessed components are folded and stored with the topic; consistency, the learner's, is added on reading.
All arithmetic is decimal, because a score on the edge of a level must not depend on binary fractions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache

from functions.learning.curriculum import Course, Topic
from functions.learning.learner import Learner, TopicRecord
from functions.learning.levels import LEARNING, Level, level_of
from functions.learning.streak import at_last_activity

WEIGHTS = {
    "exercises": Decimal("0.4"),
    "quiz": Decimal("0.3"),
    "code_quality": Decimal("0.2"),
    "consistency": Decimal("0.1"),
}
RECENCY = tuple(map(Decimal, ("0.5", "0.7", "0.85", "0.95", "1")))  # oldest to newest
ASSESSED = ("exercises", "quiz", "code_quality")
FALLING = 5  # points that the assessed part of a topic has to be below its best
FULL_STREAK = 10  # days, for all of consistency's points


@dataclass(frozen=True, slots=True)
class Mastery:
    """Scores are 0-100, `coverage` is 0-1: the share of the weight that has evidence. `capped`: the level was held."""

    score: float
    level: Level
    components: dict[str, float]
    coverage: float
    capped: bool


def rounded(value: Decimal) -> float:
    """Half-even to 2 decimals."""
    return float(value.quantize(Decimal("0.01"), ROUND_HALF_EVEN))


def assess(record: TopicRecord, required: Iterable[str]) -> None:
    """Computes the stored components anew. `required`: the exercises that mastery of the topic asks for."""
    components = {
        "exercises": _exercises(record, set(required)),
        "quiz": _quiz(record),
        "code_quality": _code_quality(record),
    }
    record.components = {name: rounded(value) for name, value in components.items()}
    record.assessed = rounded(sum((WEIGHTS[name] * value for name, value in components.items()), Decimal(0)))
    record.best = max(record.best, record.assessed)


def consistency_points(streak_days: int) -> int:
    """What consistency adds to a score. A whole number, so adding it to a rounded score rounds nothing anew."""
    return min(streak_days, FULL_STREAK)


def mastery_of(record: TopicRecord | None, streak_days: int) -> Mastery | None:
    """None for a topic without evidence. `streak_days`: the learner's streak on their last active day."""
    if record is None or not record.attempts:
        return None
    points = consistency_points(streak_days)
    score = round(record.assessed + points, 2)
    level = level_of(score)
    capped = score > LEARNING.up_to and any(record.counts.get(kind, 0) < 2 for kind in ASSESSED)
    evident = [name for name in ASSESSED if record.counts.get(name, 0)] + ["consistency"] * bool(streak_days)
    components = dict.fromkeys(ASSESSED, 0.0) | record.components | {"consistency": float(points * 10)}
    return Mastery(score, LEARNING if capped else level, components, _coverage(tuple(evident)), capped)


def mastery_by_topic(learner: Learner, course: Course, among: Iterable[str] | None = None) -> dict[str, Mastery]:
    """Of the topics that have evidence and are in the course; `among`: of these topics only."""
    days = at_last_activity(learner.days)
    wanted = learner.topics if among is None else set(among)
    found = {t: mastery_of(learner.topics.get(t), days) for t in wanted if t in course.by_id}
    return {topic_id: mastery for topic_id, mastery in found.items() if mastery}


def scores_by_topic(learner: Learner, course: Course) -> dict[str, float]:
    """The scores (0-100) of the topics that have evidence and are in the course."""
    return {topic_id: mastery.score for topic_id, mastery in mastery_by_topic(learner, course).items()}


def mean_score(scores: Iterable[float]) -> float | None:
    """A module's or the overall mastery: the mean over topics that have evidence."""
    values = [_decimal(score) for score in scores]
    return rounded(_mean(values)) if values else None


def required_of(course: Course, topic_id: str) -> tuple[str, ...]:
    """The exercises that mastery of a topic requires; none of one that the course dropped."""
    topic: Topic | None = course.by_id.get(topic_id)
    return topic.core_exercises if topic else ()


def _exercises(record: TopicRecord, required: set[str]) -> Decimal:
    passed = len(set(record.passed) & required)
    return Decimal(100 * passed) / len(required) if required else Decimal(0)


def _quiz(record: TopicRecord) -> Decimal:
    older = record.older_quizzes
    total = sum((_decimal(q.score) for q in record.quizzes.values()), Decimal(older.total))
    number = len(record.quizzes) + older.count
    return total / number if number else Decimal(0)


def _code_quality(record: TopicRecord) -> Decimal:
    scores = [_decimal(s.score) for s in record.code_quality]
    weights = RECENCY[len(RECENCY) - len(scores) :]
    if not scores:
        return Decimal(0)
    return sum((w * s for w, s in zip(weights, scores, strict=True)), Decimal(0)) / sum(weights)


@cache
def _coverage(evident: tuple[str, ...]) -> float:
    """The weight (0-1) of the components that have evidence."""
    return float(sum((WEIGHTS[name] for name in evident), Decimal(0)))


def _mean(values: list[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values) if values else Decimal(0)


def _decimal(value: float) -> Decimal:
    return Decimal(str(value))
