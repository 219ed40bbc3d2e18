"""Two replicas on one state, racing for few learners, while one joins and leaves the consumer groups."""

import pytest

from tests.faults.system import System
from tests.support.faults import under_load

pytestmark = [pytest.mark.stack, pytest.mark.own_stack]

SCALED = ("update-progress", "generate-lesson", "track-lesson", "project-progress", "prepare-lesson")


def test_replicas_that_race_join_and_leave_lose_and_repeat_nothing(system: System, long: bool) -> None:
    """A replica that joins or leaves makes Kafka hand partitions over while their events are being handled."""
    with under_load(system, "a second replica joins, races, leaves", learners=2, clients=6) as fault:
        for _ in range(4 if long else 1):
            with system.replicated(*SCALED):
                fault.happened()
                fault.load.more(400 if long else 120)
            fault.happened()
