"""`kill -9` under load, at random points: of functions, of daprd, of Kafka, of PostgreSQL."""

import pytest

from tests.faults.system import CALLED, TAKING, System
from tests.support.faults import under_load

pytestmark = [pytest.mark.stack, pytest.mark.own_stack]


def test_kill_9_of_functions_loses_and_repeats_nothing(system: System, long: bool) -> None:
    with under_load(system, "kill -9 of a function") as fault:
        for _ in range(60 if long else 6):
            fault.load.more(system.random.randint(1, 12))
            system.kill(system.random.choice((*CALLED, *TAKING, "relay-events")), "app")
            fault.happened()


def test_kill_9_of_daprd_loses_and_repeats_nothing(system: System, long: bool) -> None:
    with under_load(system, "kill -9 of daprd") as fault:
        for _ in range(40 if long else 4):
            fault.load.more(system.random.randint(1, 12))
            system.kill(system.random.choice((*CALLED, *TAKING)), "daprd")
            fault.happened()


def test_kill_9_of_kafka_loses_and_repeats_nothing(system: System, long: bool) -> None:
    with under_load(system, "kill -9 of Kafka") as fault:
        for _ in range(10 if long else 1):
            fault.load.more(system.random.randint(1, 20))
            system.kafka.restart()
            fault.happened()


def test_kill_9_of_postgresql_loses_and_repeats_nothing(system: System, long: bool) -> None:
    with under_load(system, "kill -9 of PostgreSQL") as fault:
        for _ in range(20 if long else 2):
            fault.load.more(system.random.randint(1, 20))
            if system.random.random() < 0.5:
                system.postgres.restart()
            else:
                system.postgres.kill_a_session(system.random.randrange(100))
            fault.happened()
