"""Folding facts into a learner: completion never falls, and the order of arrival never matters."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.learning.curriculum import course
from functions.learning.facts import fact_of, line_of
from functions.learning.learner import Learner, LessonEntry, Scored
from functions.learning.progress import STATUSES, contradiction, entry_for, rebuild
from tests.support.histories import (
    HISTORY,
    NOON,
    Update,
    exercise,
    figures,
    history,
    learner_after,
    piece,
    quiz,
    take,
    update,
)


def entry_after(*updates: Update) -> LessonEntry:
    return learner_after(*updates).lessons["lesson-1"]


# Completion


def test_a_percentage_starts_the_lesson() -> None:
    entry = entry_after(update(progress_percentage=30))
    assert (entry.progress_percentage, entry.status, entry.completed_at) == (30, "in_progress", None)


def test_a_lower_percentage_changes_nothing() -> None:
    assert entry_after(update(0, progress_percentage=60), update(1, progress_percentage=20)).progress_percentage == 60


def test_a_hundred_percent_completes_the_lesson() -> None:
    entry = entry_after(update(progress_percentage=100))
    assert (entry.status, entry.completed_at) == ("completed", NOON)


def test_completed_means_a_hundred_percent() -> None:
    assert entry_after(update(status="completed")).progress_percentage == 100


def test_a_completed_lesson_never_falls_back() -> None:
    entry = entry_after(
        update(0, status="completed"), update(1, status="in_progress"), update(2, progress_percentage=0)
    )
    assert (entry.status, entry.progress_percentage) == ("completed", 100)


def test_a_started_lesson_is_not_unstarted() -> None:
    entry = entry_after(update(0, status="in_progress"), update(1, status="not_started"))
    assert (entry.status, entry.progress_percentage) == ("in_progress", 0)


def test_no_progress_at_all_leaves_the_lesson_not_started() -> None:
    assert entry_after(update(progress_percentage=0)).status == "not_started"


def test_completion_is_dated_by_its_earliest_report_in_any_order() -> None:
    reports = [update(n, status="completed") for n in (5, 2, 9)]
    assert entry_after(*reports).completed_at == NOON + timedelta(minutes=2)
    assert entry_after(*reversed(reports)).completed_at == NOON + timedelta(minutes=2)


def test_evidence_alone_begins_a_lesson_and_does_not_complete_it() -> None:
    assert entry_after(update(evidence=[quiz("e", 100)])).status == "in_progress"


def test_the_metrics_are_those_of_the_latest_report() -> None:
    early, late = update(0, achievement_metrics={"stars": 1}), update(5, achievement_metrics={"stars": 3})
    assert entry_after(late, early).achievement_metrics == {"stars": 3}


@pytest.mark.parametrize(
    ("percentage", "status"),
    [(40, "completed"), (99.9, "completed"), (1, "not_started"), (100, "in_progress"), (100, "not_started")],
)
def test_a_percentage_and_a_status_can_contradict(percentage: float, status: str) -> None:
    assert contradiction(percentage, status) == f"{status} contradicts a progress of {percentage:g} %"


@pytest.mark.parametrize(
    ("percentage", "status"),
    [(100, "completed"), (0, "not_started"), (0, "in_progress"), (99, "in_progress"), (None, "completed"), (40, None)],
)
def test_a_percentage_and_a_status_can_agree(percentage: float | None, status: str | None) -> None:
    assert contradiction(percentage, status) is None


def test_a_lesson_that_was_not_known_gets_its_topic_later() -> None:
    learner = learner_after(update(topic=None, progress_percentage=10))
    entry_for(learner, "lesson-1", "python", "for-loops")
    assert learner.lessons["lesson-1"].topic == "for-loops"
    assert learner.lessons["lesson-1"].progress_percentage == 10


def test_a_topic_that_is_known_stays() -> None:
    learner = learner_after(update(topic="for-loops"))
    assert entry_for(learner, "lesson-1", "python", None).topic == "for-loops"


# Evidence


def test_late_evidence_does_not_replace_a_later_attempt_at_the_same_quiz() -> None:
    late, early = update(5, evidence=[quiz("e2", 80)]), update(0, evidence=[quiz("e1", 40)])
    assert learner_after(late, early).topics["for-loops"].quizzes["Q"].score == 80


def test_evidence_of_one_moment_is_ordered_by_its_id() -> None:
    first, second = update(id="u1", evidence=[quiz("a", 10)]), update(id="u2", evidence=[quiz("b", 90)])
    for order in ([first, second], [second, first]):
        assert learner_after(*order).topics["for-loops"].quizzes["Q"] == Scored(NOON, "b", 90)


def test_quizzes_are_kept_apart() -> None:
    learner = learner_after(update(evidence=[quiz("a", 10, "Q1"), quiz("b", 90, "Q2")]))
    assert {name: s.score for name, s in learner.topics["for-loops"].quizzes.items()} == {"Q1": 10, "Q2": 90}


def test_every_piece_of_evidence_is_an_attempt() -> None:
    pieces = [quiz("a", 10), quiz("b", 20), piece("c", "message", text="hello")]
    topic = learner_after(update(evidence=pieces)).topics["for-loops"]
    assert (topic.attempts, topic.counts) == (3, {"quiz": 2})


def test_an_exercise_once_passed_stays_passed_and_is_dated_by_its_first_pass() -> None:
    first, second = update(0, [exercise("a", 4)]), update(1, [exercise("b", 3), exercise("c", 4)])
    for order in ([first, second], [second, first]):
        topic = learner_after(*order).topics["for-loops"]
        assert (topic.passed, topic.counts) == ({"sum-to-n": (NOON, "a")}, {"exercises": 3})


def test_time_on_task_adds_up() -> None:
    pieces = [piece(str(n), "time_on_task", seconds=0.1) for n in range(3)]
    assert learner_after(update(evidence=pieces)).time_on_task_seconds == 0.3


def test_a_quiz_that_could_not_be_graded_is_an_attempt_and_moves_no_figure() -> None:
    topic = learner_after(update(evidence=[piece("a", "quiz", quiz_id="Q")])).topics["for-loops"]
    assert (topic.attempts, topic.counts, topic.assessed) == (1, {}, 0.0)


def test_evidence_that_is_taken_back_counts_no_more_and_stays_in_the_ledger() -> None:
    learner = learner_after(update(0, [quiz("a", 90)]), update(5, [quiz("b", 10)]))
    take(learner, [replace(piece("v", "void"), data={"evidence_id": "b", "reason": "wrong learner", "by": "t"})])
    topic = learner.topics["for-loops"]
    assert (topic.quizzes["Q"].score, topic.attempts, topic.counts) == (90, 1, {"quiz": 1})
    assert [line["id"] for line in learner.ledger] == ["u0", "a", "u5", "b", "v"]
    assert learner.reviews["for-loops"].last_review == NOON


def test_the_best_of_a_topic_is_remembered_when_it_gets_worse_and_is_none_that_was_taken_back() -> None:
    learner = learner_after(update(0, [quiz("a", 60)]), update(1, [quiz("b", 90)]), update(2, [quiz("c", 20)]))
    assert (learner.topics["for-loops"].assessed, learner.topics["for-loops"].best) == (6.0, 27.0)
    take(learner, [replace(piece("v", "void"), data={"evidence_id": "b", "reason": "wrong learner", "by": "t"})])
    assert (learner.topics["for-loops"].assessed, learner.topics["for-loops"].best) == (6.0, 18.0)


def test_the_quizzes_of_a_long_history_are_a_sum_and_still_the_mean_of_their_latest_attempts() -> None:
    scores = [3.33 * n for n in range(20)]
    learner = learner_after(*(update(n, [quiz(f"e{n}", score, f"Q{n}")]) for n, score in enumerate(scores)))
    topic = learner.topics["for-loops"]
    assert sorted(topic.quizzes) == [f"Q{n}" for n in range(15, 20)] and topic.older_quizzes.count == 15
    assert topic.components["quiz"] == round(sum(scores) / 20, 2)
    take(learner, update(30, [quiz("again", 100, "Q3")]))
    topic = learner.topics["for-loops"]
    assert topic.components["quiz"] == round((sum(scores) - scores[3] + 100) / 20, 2)
    assert topic.older_quizzes.count == 15 and "Q3" in topic.quizzes


def test_figures_of_another_curriculum_are_folded_anew_by_the_next_update() -> None:
    learner = learner_after(update(0, [exercise("a", 4)]))
    learner.figures, learner.topics["for-loops"].assessed = "another version", 1.0
    take(learner, update(1, status="in_progress"))
    assert (learner.figures, learner.topics["for-loops"].assessed) == (course().version, 13.33)


# Ledger


def test_a_fact_is_a_flat_line_and_comes_back_from_it() -> None:
    own, evidence = update(progress_percentage=50, timezone="Asia/Tokyo", evidence=[quiz("e1", 80)])
    assert line_of(own) == {
        "id": "u0",
        "kind": "progress",
        "at": "2026-03-09T12:00:00+00:00",
        "lesson_id": "lesson-1",
        "topic": "for-loops",
        "course_id": "python",
        "progress_percentage": 50,
        "status": "in_progress",
        "timezone": "Asia/Tokyo",
    }
    assert [fact_of(line_of(fact)) for fact in (own, evidence)] == [own, evidence]


def test_the_ledger_keeps_every_update_even_one_that_changed_nothing() -> None:
    learner = learner_after(update(0, status="completed"), update(1, progress_percentage=10))
    assert [line["id"] for line in learner.ledger] == ["u0", "u1"]


# Time zone and streak


def test_the_time_zone_is_that_of_the_latest_update_that_named_one() -> None:
    named = [update(0, timezone="Asia/Tokyo"), update(9, timezone="Europe/Paris"), update(20)]
    assert learner_after(*named).timezone == "Europe/Paris"
    assert learner_after(*reversed(named)).timezone == "Europe/Paris"


def test_without_any_time_zone_days_are_counted_in_utc() -> None:
    late = update(at=datetime(2026, 3, 9, 23, 59, tzinfo=UTC), status="in_progress")
    assert learner_after(late).days == [(date(2026, 3, 9), date(2026, 3, 9))]


def test_a_day_is_counted_in_the_time_zone_of_the_learner() -> None:
    late = update(at=datetime(2026, 3, 9, 23, 59, tzinfo=UTC), timezone="Asia/Tokyo", status="in_progress")
    assert learner_after(late).days == [(date(2026, 3, 10), date(2026, 3, 10))]


def test_a_time_zone_that_is_named_later_moves_the_days_before_it() -> None:
    evening = datetime(2026, 3, 9, 20, tzinfo=UTC)
    unnamed, named = update(at=evening, id="a"), update(at=evening + timedelta(hours=1), timezone="Asia/Tokyo", id="b")
    for order in ([unnamed, named], [named, unnamed]):
        assert learner_after(*order).days == [(date(2026, 3, 10), date(2026, 3, 10))]


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        # at 08:00 and 23:30 of the 9th, and at 09:00 of the 10th in UTC
        ("UTC", [(date(2026, 3, 9), date(2026, 3, 10))]),
        ("Pacific/Kiritimati", [(date(2026, 3, 9), date(2026, 3, 10))]),
        ("Pacific/Niue", [(date(2026, 3, 8), date(2026, 3, 9))]),
    ],
)
def test_a_traveller_has_all_days_where_they_are_now(zone: str, days: list[tuple[date, date]]) -> None:
    moments = [datetime(2026, 3, 9, 8, tzinfo=UTC), datetime(2026, 3, 9, 23, 30, tzinfo=UTC)]
    earlier = [update(at=at, id=f"u{n}", timezone="UTC") for n, at in enumerate(moments)]
    arrived = update(at=datetime(2026, 3, 10, 9, tzinfo=UTC), id="last", timezone=zone)
    for order in ([*earlier, arrived], [arrived, *earlier]):
        assert learner_after(*order).days == days


def test_a_zone_that_was_named_before_the_latest_one_moves_nothing() -> None:
    now, before = update(9, timezone="Asia/Tokyo"), update(0, timezone="Pacific/Niue")
    assert learner_after(now, before).timezone == "Asia/Tokyo"
    assert learner_after(now, before).days == learner_after(before, now).days == [(date(2026, 3, 9), date(2026, 3, 9))]


def test_a_day_that_is_reported_late_joins_the_days_around_it() -> None:
    days = [update(id=f"u{n}", at=NOON + timedelta(days=n)) for n in (0, 1, 3)]
    late = update(id="late", at=NOON + timedelta(days=2))
    learner = learner_after(*days)
    assert len(learner.days) == 2
    take(learner, late)
    assert learner.days == [(NOON.date(), NOON.date() + timedelta(days=3))]


def test_two_zones_of_one_moment_are_ordered_by_id() -> None:
    paris, tokyo = update(id="a", timezone="Europe/Paris"), update(id="b", timezone="Asia/Tokyo")
    assert {learner_after(*order).timezone for order in ([paris, tokyo], [tokyo, paris])} == {"Asia/Tokyo"}


def test_of_a_very_long_history_the_latest_runs_are_kept_and_the_longest_is_remembered() -> None:
    early = [update(id=f"e{n}", at=NOON + timedelta(days=n)) for n in range(5)]
    scattered = [update(id=f"s{n}", at=NOON + timedelta(days=10 + 2 * n)) for n in range(40)]
    learner = learner_after(*early, *scattered)
    assert (len(learner.days), learner.longest_before) == (30, 5)
    between = update(id="late", at=NOON + timedelta(days=5))
    for order in ([*early, *scattered, between], [between, *scattered, *early]):
        made = learner_after(*order)
        assert (len(made.days), made.longest_before) == (30, 6)


# Any order, with duplicates, and the ledger alone


@settings(deadline=None, max_examples=300)
@given(HISTORY, st.lists(st.integers(0, 100), max_size=2), st.integers())
def test_any_order_of_arrival_with_duplicates_ends_in_what_the_ledger_alone_gives(
    drawn: list[Any], voids: list[int], seed: int
) -> None:
    updates, chosen = history(drawn, voids), random.Random(seed)
    arrivals = updates + chosen.choices(updates, k=3)
    chosen.shuffle(arrivals)
    # nothing is taken back before it is there: the endpoint refuses that
    for facts in [facts for facts in arrivals if facts[0].kind == "void"]:
        arrivals.remove(facts)
        [place] = [n for n, other in enumerate(arrivals) if facts[0].data["evidence_id"] in {f.id for f in other}][:1]
        arrivals.insert(chosen.randint(place + 1, len(arrivals)), facts)
    learner = learner_after(*arrivals)
    ledger = [fact for facts in updates for fact in facts]
    chosen.shuffle(ledger)
    assert figures(learner) == figures(rebuild("maya", ledger, course()))


@settings(deadline=None)
@given(HISTORY)
def test_progress_only_ever_rises_and_stays_within_a_hundred(drawn: list[Any]) -> None:
    learner, before = Learner("maya"), {"l1": (0.0, 0), "l2": (0.0, 0)}
    for each in history(drawn, []):
        take(learner, each)
        for lesson_id, entry in learner.lessons.items():
            now = (entry.progress_percentage, STATUSES.index(entry.status))
            assert now[0] >= before[lesson_id][0] and now[1] >= before[lesson_id][1] and now[0] <= 100
            assert (entry.status == "completed") == (entry.progress_percentage == 100) == bool(entry.completed_at)
            before[lesson_id] = now
