"""Clocks that jump by a day, forth and back, from one look at them to the next, with crashes besides."""

import pytest

from tests.faults.system import System
from tests.support.faults import under_load

pytestmark = [pytest.mark.stack, pytest.mark.own_stack]

JUMPING = {"LEARNFLOW_TEST_CLOCK": "24,-24,0"}  # hours
AHEAD = {"LEARNFLOW_TEST_CLOCK": "24", "LEARNFLOW_TEST_CRASH": "after the state write:2"}


def test_clocks_that_jump_lose_and_repeat_nothing(system: System, long: bool) -> None:
    """What a crash leaves behind was written a day ahead of the relay that has to find it."""
    with under_load(system, "clocks a day ahead and behind, with crashes") as fault:
        for _ in range(5 if long else 1):
            for app_id in ("update-progress", "generate-lesson", "prepare-lesson"):
                system.replace(app_id, AHEAD)
            system.replace("track-lesson", JUMPING)
            system.replace("project-progress", JUMPING)
            fault.line.times += 5
            while system.replaced - {"track-lesson", "project-progress"} or any(system.next_starts.values()):
                fault.load.more(1)
        for app_id in list(system.replaced):
            system.kill(app_id, "app")
        while not system.is_itself():
            fault.load.more(1)
