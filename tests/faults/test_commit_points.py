"""A function that ends at a named point of its commit, each in turn, while clients and events keep coming."""

import pytest

from tests.faults.system import System
from tests.support.faults import under_load
from tests.support.replaced import POINTS

pytestmark = [pytest.mark.stack, pytest.mark.own_stack]

PUBLISHING = ("update-progress", "generate-lesson", "prepare-lesson")
SHARED = {"update-progress": POINTS, "generate-lesson": POINTS[1:3], "prepare-lesson": POINTS[1:2]}
SHARED["track-lesson"] = POINTS[:1]


def crashes(system: System, points: tuple[str, ...], times: int = 1) -> list[dict[str, str]]:
    """One start for each point, which ends there at some time."""
    starts = [{"LEARNFLOW_TEST_CRASH": f"{point}:{system.random.randint(1, 2)}"} for point in points * times]
    system.random.shuffle(starts)
    return starts


def test_a_crash_at_any_point_of_a_commit_loses_and_repeats_nothing(system: System, long: bool) -> None:
    """In the short form the functions share the points: it is one piece of code that commits and publishes."""
    planned = {app_id: crashes(system, POINTS, 6) for app_id in PUBLISHING}
    planned["track-lesson"] = crashes(system, POINTS[:2], 6)
    if not long:
        planned = {app_id: crashes(system, points) for app_id, points in SHARED.items()}
    with under_load(system, "a crash at each point of a commit", pace=0.1) as fault:
        for app_id, starts in planned.items():
            system.replace(app_id, *starts)
        while not system.is_itself():
            fault.load.more(1)
        fault.line.times = sum(map(len, planned.values()))
