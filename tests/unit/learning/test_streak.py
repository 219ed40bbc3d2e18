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


@pytest.mark.parametrize(
    ("zone", "moments"),
    [
        ("Europe/Berlin", ["2026-03-28T23:30Z", "2026-03-29T22:30Z"]),  # a day of 23 hours
        ("Europe/Berlin", ["2026-10-24T22:30Z", "2026-10-25T23:30Z"]),  # a day of 25 hours
        ("Asia/Tokyo", ["2026-03-09T14:59:59.999999Z", "2026-03-09T15:00Z"]),  # midnight
        ("UTC", ["2024-02-28T23:59Z", "2024-02-29T00:00Z", "2024-03-01T00:00Z"]),  # a leap day
        ("UTC", ["2026-02-28T12:00Z", "2026-03-01T12:00Z"]),  # none
        ("Asia/Kathmandu", ["2025-12-31T18:14Z", "2025-12-31T18:15Z"]),  # a new year, at 5:45
    ],
)
def test_days_in_a_row_are_those_of_the_calendar_where_the_learner_is(zone: str, moments: list[str]) -> None:
    runs: list[streak.Run] = []
    for moment in moments:
        runs = streak.add_day(runs, streak.day_of(datetime.fromisoformat(moment), zone))
    assert [streak.length(run) for run in runs] == [len(moments)]


@pytest.mark.parametrize(
    "moments",
    [
        ["2026-03-28T23:00Z", "2026-03-29T21:59Z"],  # the day of 23 hours
        ["2026-10-24T22:00Z", "2026-10-25T22:59Z"],  # the day of 25 hours
    ],
)
def test_a_day_on_which_clocks_are_changed_is_one_day(moments: list[str]) -> None:
    days = {streak.day_of(datetime.fromisoformat(moment), "Europe/Berlin") for moment in moments}
    assert len(days) == 1


def test_the_day_that_a_zone_skipped_at_the_date_line_was_no_active_day() -> None:
    moments = [datetime(2011, 12, 30, 9, 59, tzinfo=UTC), datetime(2011, 12, 30, 10, 0, tzinfo=UTC)]
    assert [streak.day_of(at, "Pacific/Apia") for at in moments] == [date(2011, 12, 29), date(2011, 12, 31)]


def test_runs_that_are_not_kept_leave_the_length_of_the_longest_of_them() -> None:
    runs = runs_of(*range(4), *(10 + 2 * n for n in range(30)))
    kept, before = streak.shortened(runs, 0)
    assert (len(kept), before) == (30, 4)
    assert kept == runs[1:]
    assert streak.shortened(kept, before) == (kept, 4)
    assert streak.shortened(runs, 7)[1] == 7


def test_the_longest_may_be_among_the_runs_that_are_not_kept() -> None:
    assert streak.longest(runs_of(0, 1), 5) == 5
    assert streak.longest(runs_of(*range(6)), 5) == 6
