"""How a learner came to where they are: a point a day, in their zone of today, and what is left after forgetting."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.learning import reviews
from functions.learning.curriculum import course
from functions.learning.facts import Fact
from functions.learning.history import Point, by_day, remembered
from functions.learning.mastery import mastery_by_topic, mean_score
from functions.learning.progress import rebuild
from tests.support.histories import HISTORY, NOON, Update, exercise, history, learner_after, piece, quiz, update

DAY = timedelta(days=1)
MONDAY = NOON.date()


def points(*updates: Update, timezone: str = "UTC") -> list[Point]:
    return by_day([fact for facts in updates for fact in facts], timezone, course())


def on(day: int, evidence: list[Fact] | None = None, **told: Any) -> Update:
    return update(60 * 24 * day, evidence, **told)


def void(evidence_id: str, at: datetime) -> Update:
    data = {"evidence_id": evidence_id, "reason": "a mistake", "by": "teacher"}
    return [Fact(f"v-{evidence_id}", at, "void", "lesson-1", "for-loops", data)]


def test_without_facts_there_is_no_point() -> None:
    assert points() == []


def test_each_active_day_has_a_point_with_the_mastery_and_the_streak_of_its_end() -> None:
    made = points(on(0, [quiz("a", 40)]), on(0, [quiz("b", 50)], id="late"), on(1, [exercise("c", 4)]), on(4))
    assert made == [
        Point(MONDAY, 16.0, "Beginner"),  # 15 and one day of streak
        Point(MONDAY + DAY, 30.33, "Beginner"),  # 15 + 13.33 and two days
        Point(MONDAY + 4 * DAY, 29.33, "Beginner"),  # nothing new, and one day again
    ]


def test_a_day_of_progress_without_evidence_has_a_point() -> None:
    assert points(on(0, progress_percentage=10)) == [Point(MONDAY, 0.0, "Beginner")]


def test_days_are_those_of_the_zone_of_today_whatever_was_named_before() -> None:
    late = update(at=datetime(2026, 3, 9, 20, tzinfo=UTC), timezone="UTC", id="a")
    assert [p.day for p in points(late, timezone="Asia/Tokyo")] == [date(2026, 3, 10)]
    assert [p.day for p in points(late, timezone="America/Los_Angeles")] == [date(2026, 3, 9)]


def test_a_day_that_came_twice_has_one_point() -> None:
    zone, turned = "America/St_Johns", datetime(2010, 11, 7, 2, 31, tzinfo=UTC)  # from 00:01 back to 23:01
    moments = [turned + timedelta(minutes=m) for m in (-60, -0.5, 5, 120)]
    made = points(*(update(at=at, id=f"u{n}") for n, at in enumerate(moments)), timezone=zone)
    assert [p.day for p in made] == [date(2010, 11, 6), date(2010, 11, 7)]


def test_evidence_that_was_taken_back_later_never_counted() -> None:
    taken_back = points(on(0, [quiz("a", 100)]), on(1, [quiz("b", 50)]), void("a", NOON + 5 * DAY))
    assert taken_back == points(on(0), on(1, [quiz("b", 50)]))


def test_taking_evidence_back_is_no_activity_of_the_learner() -> None:
    assert [p.day for p in points(on(0, [quiz("a", 100)]), void("a", NOON + 5 * DAY))] == [MONDAY]


def test_a_quiz_of_long_ago_that_is_taken_again_counts_by_its_latest_attempt() -> None:
    made = [on(n, [quiz(f"e{n}", 10, f"Q{n}")]) for n in range(8)]
    again = on(9, [quiz("again", 90, "Q0")])
    assert points(*made, again)[-1].overall_mastery == 30 * 0.2 + 1  # (7 x 10 + 90) / 8 = 20


@settings(deadline=None, max_examples=150)
@given(HISTORY, st.lists(st.integers(0, 100), max_size=2))
def test_the_last_point_is_what_the_learner_has_now_and_the_days_are_the_active_ones(
    drawn: list[Any], voids: list[int]
) -> None:
    ledger = [fact for facts in history(drawn, voids) for fact in facts]
    learner = rebuild("maya", ledger, course())
    made = by_day(ledger, learner.timezone, course())
    assert made[-1].overall_mastery == (mean_score(m.score for m in mastery_by_topic(learner, course()).values()) or 0)
    active = [first + n * DAY for first, last in learner.days for n in range((last - first).days + 1)]
    assert [point.day for point in made] == active


# After forgetting


def test_right_after_a_quiz_nothing_is_forgotten_and_then_ever_more_is() -> None:
    learner = learner_after(on(0, [quiz("a", 80)]))
    mastery = mastery_by_topic(learner, course())
    left = [remembered(learner, mastery, NOON + n * DAY)["for-loops"] for n in (0, 10, 100)]
    assert left[0] == mastery["for-loops"].score == 25.0
    assert left[0] > left[1] > left[2] > 0


def test_what_is_left_is_the_earned_mastery_times_the_probability_of_remembering() -> None:
    learner = learner_after(on(0, [quiz("a", 80)]))
    share = reviews.retrievability(learner.reviews["for-loops"], NOON + 30 * DAY)
    found = remembered(learner, mastery_by_topic(learner, course()), NOON + 30 * DAY)
    assert found == {"for-loops": round(25.0 * share, 2)}


def test_of_a_topic_without_quiz_or_exercise_nothing_is_known_to_be_forgotten() -> None:
    learner = learner_after(on(0, [piece("a", "code_quality", score=100.0)]))
    assert remembered(learner, mastery_by_topic(learner, course()), NOON + 900 * DAY) == {"for-loops": 21.0}


def test_a_clock_that_runs_behind_forgets_nothing() -> None:
    learner = learner_after(on(0, [quiz("a", 80)]))
    assert remembered(learner, mastery_by_topic(learner, course()), NOON - DAY) == {"for-loops": 25.0}


@pytest.mark.parametrize("days", [0, 1, 1000])
def test_earned_mastery_is_not_touched_by_forgetting(days: int) -> None:
    learner = learner_after(on(0, [quiz("a", 80)]))
    remembered(learner, mastery_by_topic(learner, course()), NOON + days * DAY)
    assert mastery_by_topic(learner, course())["for-loops"].score == 25.0
