"""How a learner came to where they are: a point for each day on which they worked, from the ledger."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from functions.learning import reviews, streak
from functions.learning.curriculum import Course
from functions.learning.facts import VOID, Fact, in_order, voided
from functions.learning.learner import Learner
from functions.learning.levels import level_of
from functions.learning.mastery import Mastery, mastery_by_topic, mean_score
from functions.learning.progress import fold_unsealed


@dataclass(frozen=True, slots=True)
class Point:
    """The figures as they were at the end of a day, in the learner's time zone of today."""

    day: date
    overall_mastery: float
    level: str


def by_day(facts: Iterable[Fact], timezone: str, course: Course) -> list[Point]:
    """Earned mastery over time, oldest day first. Evidence that was taken back later never counted."""
    ledger = in_order(facts)
    gone = voided(ledger)
    learner = Learner("", timezone=timezone, timezone_key=(datetime.max.replace(tzinfo=UTC), ""))
    valid = (fact for fact in ledger if fact.id not in gone and fact.kind != VOID)
    points: dict[date, Point] = {}  # where clocks were turned back over midnight a day comes twice; its end counts
    for day, of_day in groupby(valid, key=lambda fact: streak.day_of(fact.at, timezone)):
        fold_unsealed(learner, of_day, course)
        overall = mean_score(m.score for m in mastery_by_topic(learner, course).values()) or 0.0
        points[day] = Point(day, overall, level_of(overall).name)
    return list(points.values())


def remembered(learner: Learner, mastery: dict[str, Mastery], now: datetime) -> dict[str, float]:
    """Mastery by topic after forgetting: what was earned, times the probability that it is remembered (FSRS).

    A topic without a quiz or an exercise has no card, and nothing is known of its being forgotten.
    """
    found = {}
    for topic_id, earned in mastery.items():
        card = learner.reviews.get(topic_id)
        share = reviews.retrievability(card, now) if card else 1.0
        found[topic_id] = round(earned.score * share, 2)
    return found
