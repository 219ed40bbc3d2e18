"""Streaks: days in a row, whatever order they came in, in the learner's own time zone."""

import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.learning import streak

MONDAY = date(2026, 3, 9)


def day(offset: int) -> date:
    return MONDAY + timedelta(days=offset)


def runs_of(*offsets: int) -> list[streak.Run]:
    runs: list[streak.Run] = []
    for offset in offsets:
        runs = streak.add_day(runs, day(offset))
    return runs


def test_the_first_day_is_a_run_of_one() -> None:
    assert runs_of(0) == [(MONDAY, MONDAY)]


def test_the_same_day_twice_counts_once() -> None:
    assert runs_of(0, 0) == [(MONDAY, MONDAY)]


def test_the_next_day_lengthens_the_run() -> None:
    assert runs_of(0, 1, 2) == [(day(0), day(2))]


def test_a_missed_day_starts_a_new_run() -> None:
    assert runs_of(0, 2) == [(day(0), day(0)), (day(2), day(2))]


def test_a_day_reported_late_joins_the_runs_on_both_sides() -> None:
    assert runs_of(0, 1, 3, 4, 2) == [(day(0), day(4))]


def test_a_day_before_the_run_lengthens_it_backwards() -> None:
    assert runs_of(5, 4) == [(day(4), day(5))]


@settings(deadline=None)
@given(st.lists(st.integers(-20, 20), max_size=25), st.integers())
def test_runs_do_not_depend_on_the_order_of_the_days(offsets: list[int], seed: int) -> None:
    shuffled = random.Random(seed).sample(offsets, len(offsets))
    assert runs_of(*shuffled) == runs_of(*offsets)


@settings(deadline=None)
@given(st.lists(st.integers(-20, 20), max_size=25))
def test_runs_hold_exactly_the_days_that_were_added_and_never_touch(offsets: list[int]) -> None:
    runs = runs_of(*offsets)
    held = [first + timedelta(days=n) for first, last in runs for n in range((last - first).days + 1)]
    assert held == sorted({day(offset) for offset in offsets})
    assert all(later[0] - earlier[1] > streak.ONE_DAY for earlier, later in pairwise(runs))


def test_the_longest_run_need_not_be_the_last() -> None:
    assert streak.longest(runs_of(0, 1, 2, 5)) == 3
    assert streak.longest([]) == 0


@pytest.mark.parametrize(("today", "current"), [(2, 3), (3, 3), (4, 0), (30, 0)])
def test_the_current_streak_counts_back_from_today_or_yesterday(today: int, current: int) -> None:
    assert streak.current(runs_of(0, 1, 2), day(today)) == current


def test_a_learner_without_days_has_no_streak() -> None:
    assert streak.current([], MONDAY) == 0
    assert streak.at_last_activity([]) == 0


def test_the_streak_on_the_last_active_day_stands_still_while_nothing_is_done() -> None:
    assert streak.at_last_activity(runs_of(0, 3, 4)) == 2


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", date(2026, 3, 9)),
        ("Asia/Tokyo", date(2026, 3, 10)),
        ("America/Los_Angeles", date(2026, 3, 9)),
        ("Pacific/Kiritimati", date(2026, 3, 10)),
    ],
)
def test_the_day_of_a_moment_is_the_one_where_the_learner_is(zone: str, expected: date) -> None:
    assert streak.day_of(datetime(2026, 3, 9, 20, 30, tzinfo=UTC), zone) == expected


def test_the_day_follows_summer_time() -> None:
    before, after = datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 3, 29, 22, 30, tzinfo=UTC)
    assert streak.day_of(before, "Europe/Berlin") == date(2026, 3, 29)
    assert streak.day_of(after, "Europe/Berlin") == date(2026, 3, 30)
