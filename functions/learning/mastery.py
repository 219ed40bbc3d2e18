"""Mastery of a topic: 40 % exercises, 30 % quiz, 20 % code quality, 10 % consistency (spec section 4).

All arithmetic is decimal, because a score on the edge of a level must not depend on binary fractions.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from functions.learning.curriculum import Topic
from functions.learning.learner import TopicRecord
from functions.learning.levels import LEARNING, Level, level_of

WEIGHTS = {
    "exercises": Decimal("0.4"),
    "quiz": Decimal("0.3"),
    "code_quality": Decimal("0.2"),
    "consistency": Decimal("0.1"),
}
RECENCY = tuple(map(Decimal, ("0.5", "0.7", "0.85", "0.95", "1")))  # oldest to newest
ASSESSED = ("exercises", "quiz", "code_quality")


@dataclass(frozen=True, slots=True)
class Mastery:
    """Scores are 0-100, `coverage` is 0-1: the share of the weight that has evidence."""

    score: float
    level: Level
    components: dict[str, float]
    coverage: float


def rounded(value: Decimal) -> float:
    """Half-even to 2 decimals."""
    return float(value.quantize(Decimal("0.01"), ROUND_HALF_EVEN))


def mastery_of(record: TopicRecord | None, topic: Topic, streak_days: int) -> Mastery | None:
    """None for a topic without evidence. `streak_days`: the learner's streak on their last active day."""
    if record is None or not record.attempts:
        return None
    components = {
        "exercises": _exercises(record, topic),
        "quiz": _mean([_decimal(q.score) for q in record.quizzes.values()]),
        "code_quality": _code_quality(record),
        "consistency": Decimal(min(streak_days, 10) * 10),
    }
    score = rounded(sum((WEIGHTS[name] * value for name, value in components.items()), Decimal(0)))
    level = level_of(score)
    if any(record.counts.get(kind, 0) < 2 for kind in ASSESSED) and score > LEARNING.up_to:
        level = LEARNING
    evident = [name for name in ASSESSED if record.counts.get(name, 0)] + ["consistency"] * bool(streak_days)
    coverage = float(sum((WEIGHTS[name] for name in evident), Decimal(0)))
    return Mastery(score, level, {name: rounded(value) for name, value in components.items()}, coverage)


def mean_score(scores: Iterable[float]) -> float | None:
    """A module's or the overall mastery: the mean over topics that have evidence."""
    values = [_decimal(score) for score in scores]
    return rounded(_mean(values)) if values else None


def _exercises(record: TopicRecord, topic: Topic) -> Decimal:
    required = topic.core_exercises
    passed = len(set(record.passed) & set(required))
    return Decimal(100 * passed) / len(required) if required else Decimal(0)


def _code_quality(record: TopicRecord) -> Decimal:
    scores = [_decimal(s.score) for s in record.code_quality]
    weights = RECENCY[len(RECENCY) - len(scores) :]
    if not scores:
        return Decimal(0)
    return sum((w * s for w, s in zip(weights, scores, strict=True)), Decimal(0)) / sum(weights)


def _mean(values: list[Decimal]) -> Decimal:
    return sum(values, Decimal(0)) / len(values) if values else Decimal(0)


def _decimal(value: float) -> Decimal:
    return Decimal(str(value))
