"""Kafka or PostgreSQL away for a while, and a PostgreSQL that is so slow that some calls end unknown."""

import time

import pytest

from functions.runtime import sidecar
from functions.runtime.errors import Unavailable
from functions.runtime.ports import Sql, Write
from functions.runtime.settings import Settings
from tests.faults.system import System
from tests.faults.test_commit_points import crashes
from tests.support.backends import new_learner
from tests.support.faults import under_load
from tests.support.replaced import POINTS

pytestmark = [pytest.mark.stack, pytest.mark.own_stack]


def test_while_kafka_is_away_all_is_acknowledged_and_its_events_come_later(system: System, long: bool) -> None:
    """The relay, which then has the most to do, is ended at each of its points too."""
    relay = crashes(system, POINTS[2:])
    with under_load(system, "Kafka away, and a crash at each point of the relay") as fault:
        refused = fault.load.refused()
        with system.to_kafka.away():
            time.sleep(60 if long else 10)  # how long it is away
            assert fault.load.refused() == refused
            system.replace("relay-events", *relay)
        fault.line.times += 1 + len(relay)
    assert system.is_itself()


def test_while_postgresql_is_away_nothing_is_acknowledged_and_nothing_lost(system: System, long: bool) -> None:
    with under_load(system, "PostgreSQL away") as fault, system.to_postgres.away():
        fault.load.all_refused()
        acknowledged = fault.load.acknowledged()
        time.sleep(60 if long else 8)
        assert fault.load.acknowledged() == acknowledged
        fault.happened()


def test_with_a_slow_postgresql_what_ends_unknown_is_done_once(system: System, long: bool) -> None:
    """A call has 1.8 seconds; its transaction goes forth and back several times."""
    with under_load(system, "slow PostgreSQL") as fault:
        for seconds in (0.1, 0.2, 0.3) * 6 if long else (0.1, 0.3):
            with system.to_postgres.slow(seconds):
                fault.load.more(4)
            with system.to_postgres.slow(6 * seconds):
                fault.load.all_refused()
            fault.happened()


async def test_what_is_cut_off_while_it_is_read_is_not_taken_for_absent(system: System) -> None:
    """Else an event of its learner would be of nobody, and have no effect."""
    keys = [f"learner:{new_learner()}" for _ in range(3)]
    settings = Settings(dapr_grpc_port=system.functions.apps["update-progress"]["daprGRPCPort"])
    async with sidecar.ports(settings) as ports:
        await ports.documents.commit(*(Write(key, {"version": 1}) for key in keys))
        for number in (1, 2, 3):  # one by one, and many at once
            assert len(await ports.documents.load(*keys[:number])) == number
            with system.to_postgres.cut_off(), pytest.raises(Unavailable):
                await ports.documents.load(*keys[:number])
        numbers = Sql("SELECT n FROM generate_series(1, 3) AS n ORDER BY n DESC")
        assert await ports.read_model.query(numbers) == [[3], [2], [1]]
        with system.to_postgres.cut_off(), pytest.raises(Unavailable):
            await ports.read_model.query(numbers)
