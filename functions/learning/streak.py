"""Streaks: days with at least one accepted update, kept as runs of consecutive days.

A set of days gives the same runs in whatever order the days came, and a run costs two dates however long it is. Of a
long history only the latest runs are kept, and of the others how long the longest was.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

Run = tuple[date, date]  # first and last day, both included
ONE_DAY = timedelta(days=1)
KEPT_RUNS = 30


def day_of(moment: datetime, timezone: str) -> date:
    """The calendar day on which something happened, where the learner is."""
    return moment.astimezone(ZoneInfo(timezone)).date()


def add_day(runs: list[Run], day: date) -> list[Run]:
    """The runs with one more active day, in order."""
    if runs and runs[-1][0] <= day <= runs[-1][1]:
        return runs
    first = last = day
    others = []
    for run in runs:
        if run[0] - ONE_DAY <= last and first <= run[1] + ONE_DAY:
            first, last = min(first, run[0]), max(last, run[1])
        else:
            others.append(run)
    return sorted([*others, (first, last)])


def length(run: Run) -> int:
    """Days in a run."""
    return (run[1] - run[0]).days + 1


def longest(runs: list[Run], before: int = 0) -> int:
    """Days of the longest run; `before`: of those that are no longer kept. 0 without any."""
    return max(map(length, runs), default=0) if not before else max(before, longest(runs))


def shortened(runs: list[Run], before: int) -> tuple[list[Run], int]:
    """The runs that are kept, and the longest of all those that are not."""
    dropped = runs[:-KEPT_RUNS]
    return runs[len(dropped) :], longest(dropped, before)


def at_last_activity(runs: list[Run]) -> int:
    """The streak as it was on the last active day: what consistency is made of, so that no figure moves by itself."""
    return length(runs[-1]) if runs else 0


def current(runs: list[Run], today: date) -> int:
    """Days up to today or yesterday; 0 once a whole day was missed."""
    return length(runs[-1]) if runs and runs[-1][1] >= today - ONE_DAY else 0
