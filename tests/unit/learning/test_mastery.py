"""Mastery of a topic: the golden cases of spec section 4, the edges, and what is missing."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.learning.curriculum import course
from functions.learning.facts import Fact
from functions.learning.learner import Learner, Scored, TopicRecord
from functions.learning.mastery import Mastery, assess, mastery_of, mean_score, rounded
from functions.learning.progress import fold, rebuild
from functions.learning.streak import at_last_activity

TOPIC = course().topic("for-loops")
CORE = list(TOPIC.core_exercises)
NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)


def scored(*scores: float) -> list[Scored]:
    return [Scored(NOON + timedelta(hours=n), f"e{n}", score) for n, score in enumerate(scores)]


def record(
    passed: int = 0, quiz: list[float] | None = None, quality: list[float] | None = None, exercises: int = 2
) -> TopicRecord:
    """A topic with two attempts or more of whatever it has."""
    counts = {"exercises": exercises, "quiz": 2 * bool(quiz), "code_quality": 2 * bool(quality)}
    quizzes = {f"quiz-{n}": score for n, score in enumerate(scored(*(quiz or [])))}
    return TopicRecord(
        dict.fromkeys(CORE[:passed], (NOON, "e")),
        quizzes,
        code_quality=scored(*(quality or [])),
        counts={k: n for k, n in counts.items() if n},
        attempts=2,
    )


def mastery(made: TopicRecord, streak_days: int = 0) -> Mastery:
    assess(made, CORE)
    found = mastery_of(made, streak_days)
    assert found is not None
    return found


def worked(update_id: str, at: datetime) -> Fact:
    return Fact(update_id, at, "progress", "l", "for-loops", {"course_id": "python"})


def test_maya_with_all_core_exercises_and_a_weak_quiz_is_at_60() -> None:
    found = mastery(record(passed=3, quiz=[53.33]), streak_days=4)
    assert found.score == 60.0
    assert found.level.name == "Learning"
    assert found.components == {"exercises": 100.0, "quiz": 53.33, "code_quality": 0.0, "consistency": 40.0}


def test_maya_who_takes_the_quiz_again_with_four_of_five_right_is_at_68() -> None:
    learner = Learner("maya")
    for n, exercise_id in enumerate(CORE):
        at = NOON - timedelta(days=3 - n)
        tests = {"exercise_id": exercise_id, "passed_tests": 4, "total_tests": 4}
        fold(learner, [worked(f"u{n}", at), Fact(f"x{n}", at, "exercise", "l", "for-loops", tests)], course())
    for n, (score, expected) in enumerate([(53.33, 60.0), (80.0, 68.0)]):
        at = NOON + timedelta(hours=n)
        quiz = Fact(f"q{n}", at, "quiz", "l", "for-loops", {"quiz_id": "Q", "score": score})
        fold(learner, [worked(f"v{n}", at), quiz], course())
        found = mastery_of(learner.topics["for-loops"], at_last_activity(learner.days))
        assert found and found.score == expected
    assert learner.days == [(NOON.date() - timedelta(days=3), NOON.date())]


def test_a_topic_without_evidence_has_no_mastery() -> None:
    assert mastery_of(None, 10) is None
    assert mastery_of(TopicRecord(), 10) is None


def test_evidence_of_no_component_gives_the_learners_consistency_alone() -> None:
    found = mastery(TopicRecord(attempts=1), streak_days=5)
    assert (found.score, found.coverage) == (5.0, 0.1)


@pytest.mark.parametrize(
    ("made", "score"),
    [
        (record(passed=1), 13.33),
        (record(passed=2), 26.67),
        (record(passed=3), 40.0),
        (record(quiz=[100.0], exercises=0), 30.0),
        (record(quality=[100.0], exercises=0), 20.0),
    ],
)
def test_a_missing_component_counts_nothing_and_is_not_redistributed(made: TopicRecord, score: float) -> None:
    assert mastery(made).score == score


def test_exercises_beyond_the_core_raise_nothing() -> None:
    made = record()
    made.passed = dict.fromkeys((e for e in TOPIC.exercises if e not in CORE), (NOON, "e"))
    assert mastery(made).components["exercises"] == 0.0


def test_an_exercise_that_the_curriculum_dropped_counts_no_more() -> None:
    made = record(passed=3)
    made.passed["long-gone"] = (NOON, "e")
    assert mastery(made).components["exercises"] == 100.0


def test_the_quiz_component_is_the_mean_over_quizzes() -> None:
    assert mastery(record(quiz=[100.0, 50.0, 0.0])).components["quiz"] == 50.0


@pytest.mark.parametrize(("days", "consistency"), [(0, 0.0), (1, 10.0), (9, 90.0), (10, 100.0), (365, 100.0)])
def test_consistency_is_ten_a_day_and_stops_at_ten_days(days: int, consistency: float) -> None:
    assert mastery(record(), days).components["consistency"] == consistency


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([80.0], 80.0),
        ([0.0, 100.0], 51.28),  # 100 / 1.95
        ([0.0, 0.0, 100.0], 35.71),  # 100 / 2.8
        ([0.0, 0.0, 0.0, 100.0], 28.57),  # 100 / 3.5
        ([0.0, 0.0, 0.0, 0.0, 100.0], 25.0),  # 100 / 4
        ([100.0, 0.0, 0.0, 0.0, 0.0], 12.5),  # 50 / 4
        ([0.0, 100.0, 0.0, 0.0, 0.0], 17.5),
        ([0.0, 0.0, 100.0, 0.0, 0.0], 21.25),
        ([0.0, 0.0, 0.0, 100.0, 0.0], 23.75),
    ],
)
def test_code_quality_weighs_the_newest_most(scores: list[float], expected: float) -> None:
    assert mastery(record(quality=scores)).components["code_quality"] == expected


def test_code_quality_keeps_the_last_five_by_when_they_were_earned() -> None:
    facts = [
        Fact(f"e{n}", NOON + timedelta(minutes=n), "code_quality", "l", "for-loops", {"score": 0.0 if n else 100.0})
        for n in range(6)
    ]
    for order in permutations(facts):
        kept = rebuild("maya", order, course()).topics["for-loops"].code_quality
        assert [s.evidence_id for s in kept] == ["e1", "e2", "e3", "e4", "e5"]


@pytest.mark.parametrize(
    ("exact", "shown"),
    [("0.125", 0.12), ("0.135", 0.14), ("0.145", 0.14), ("40.005", 40.0), ("40.015", 40.02), ("59.999", 60.0)],
)
def test_scores_are_rounded_half_even_to_two_decimals(exact: str, shown: float) -> None:
    assert rounded(Decimal(exact)) == shown


@pytest.mark.parametrize(
    ("quiz", "score", "level"),
    [
        (0.0, 40.0, "Beginner"),
        (0.01, 40.0, "Beginner"),  # 40.003
        (0.03, 40.01, "Learning"),  # 40.009
        (100.0, 70.0, "Learning"),
    ],
)
def test_the_level_is_that_of_the_rounded_score(quiz: float, score: float, level: str) -> None:
    found = mastery(record(passed=3, quiz=[quiz]))
    assert (found.score, found.level.name) == (score, level)


def test_an_edge_is_not_moved_by_binary_fractions() -> None:
    found = mastery(record(passed=3, quiz=[100.0], quality=[100.0]), streak_days=0)
    assert (found.score, found.level.name) == (90.0, "Proficient")
    assert mastery(record(passed=3, quiz=[100.0], quality=[100.0]), streak_days=1).level.name == "Mastered"


@pytest.mark.parametrize("component", ["exercises", "quiz", "code_quality"])
@pytest.mark.parametrize("attempts", [0, 1])
def test_with_at_most_one_attempt_at_a_component_the_level_is_at_most_learning(component: str, attempts: int) -> None:
    made = record(passed=3, quiz=[100.0], quality=[100.0])
    made.counts[component] = attempts
    found = mastery(made, streak_days=10)
    assert (found.score, found.level.name) == (100.0, "Learning")


def test_a_score_that_is_learning_anyway_is_not_held() -> None:
    at_the_edge = mastery(record(passed=3, quiz=[100.0]))
    assert (at_the_edge.score, at_the_edge.capped) == (70.0, False)
    above = mastery(record(passed=3, quiz=[100.0]), streak_days=1)
    assert (above.score, above.capped) == (71.0, True)


def test_a_low_score_is_not_lifted_by_the_cap() -> None:
    assert mastery(record(quiz=[10.0])).level.name == "Beginner"


def test_two_attempts_at_each_component_lift_the_cap() -> None:
    assert mastery(record(passed=3, quiz=[100.0], quality=[100.0]), streak_days=10).level.name == "Mastered"


@pytest.mark.parametrize(
    ("made", "days", "coverage"),
    [
        (record(passed=1), 0, 0.4),
        (record(quiz=[1.0], exercises=0), 0, 0.3),
        (record(quality=[0.0], exercises=0), 0, 0.2),
        (record(passed=1, quiz=[0.0], quality=[0.0]), 1, 1.0),
        (record(passed=0), 3, 0.5),
    ],
)
def test_coverage_is_the_share_of_the_weight_that_has_evidence(made: TopicRecord, days: int, coverage: float) -> None:
    assert mastery(made, days).coverage == coverage


def test_the_mean_is_over_topics_with_evidence_and_absent_without() -> None:
    assert mean_score([60.0, 68.01]) == 64.0  # 64.005, half-even
    assert mean_score([0.0]) == 0.0
    assert mean_score([]) is None


@settings(deadline=None)
@given(
    st.integers(0, 3),
    st.lists(st.floats(0, 100), max_size=4),
    st.lists(st.floats(0, 100), max_size=5),
    st.integers(0, 400),
)
def test_no_evidence_leads_out_of_the_scale(passed: int, quiz: list[float], quality: list[float], days: int) -> None:
    found = mastery(record(passed, quiz, quality), days)
    assert 0 <= found.score <= 100
    assert 0 <= found.coverage <= 1
    assert all(0 <= value <= 100 for value in found.components.values())
