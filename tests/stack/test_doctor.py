"""`learnflow doctor stack` on real Kafka, PostgreSQL and daprd, with something taken away from each."""

import asyncio
import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import yaml

from functions.doctor import kafka, postgres, stack
from functions.doctor.finding import MISSING, OK, WARN, Finding
from functions.runtime.sql import migration_block
from functions.usecases.events import TOPICS
from functions.usecases.tables import MIGRATIONS
from tests.support import postgres as real
from tests.support.backends import ROOT, new_learner
from tests.support.dapr_run import Processes, on_free_ports
from tests.support.presence import KAFKA
from tests.support.topics import create_topics

pytestmark = pytest.mark.stack


def of(found: Sequence[Finding], name: str) -> list[Finding]:
    return [each for each in found if each.name == name]


def test_a_topic_that_nobody_made_is_named_with_the_command_that_makes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    create_topics()
    [answers, topics] = asyncio.run(kafka.look(KAFKA))
    assert (answers.state, topics.state) == (OK, OK)

    unmade = new_learner("cheered")
    monkeypatch.setattr(kafka, "TOPICS", (*TOPICS, unmade))
    [_, topics] = asyncio.run(kafka.look(KAFKA))
    assert (topics.state, topics.said) == (MISSING, f"there is no topic {unmade}")
    assert topics.mend.endswith(f"--create --topic {unmade} --partitions 6")


def test_tables_are_looked_at_and_one_that_is_gone_is_named() -> None:
    name = "learnflow_doctor"
    with real.own_database(name) as place:
        [server, tables] = asyncio.run(postgres.look(place))
        assert (server.state, tables.state, tables.said) == (OK, OK, "none yet: the first request makes them")
        real.rows(migration_block(MIGRATIONS), database=name)
        assert asyncio.run(postgres.look(place))[1].said == "of version 2"

        real.rows("DROP TABLE alerts", database=name)
        [_, tables] = asyncio.run(postgres.look(place))
        assert tables.state == MISSING and "there is no alerts" in tables.said
        again = tables.mend.split('"')[1]
        real.rows(again, database=name)
        assert asyncio.run(postgres.look(place))[1].state == WARN, "the next request makes them"
        real.rows(migration_block(MIGRATIONS), database=name)
        assert asyncio.run(postgres.look(place))[1].state == OK


def test_a_user_who_may_not_make_tables_is_told_the_grant_and_a_wrong_password_is_said() -> None:
    name, user = "learnflow_doctor_rights", "learnflow_doctor_user"
    with real.own_database(name) as place:
        real.rows(f"CREATE ROLE {user} LOGIN PASSWORD 'x'")
        try:
            real.rows("REVOKE CREATE ON SCHEMA public FROM PUBLIC", database=name)
            changed = place.replace(f"user={real.PLACE['user']}", f"user={user}")
            changed = changed.replace(f"password={real.PLACE['password']}", "password=x")
            found = asyncio.run(postgres.look(changed))[0]
            assert found.state == MISSING and f"{user} may not make tables" in found.said
            assert found.mend == f'psql -c "GRANT CREATE ON SCHEMA public TO {user}"'
        finally:
            real.rows(f"DROP ROLE {user}")


def test_a_sidecar_without_one_of_its_components_is_named(tmp_path: Path) -> None:
    folder, described = tmp_path / "components", tmp_path / "dapr.yaml"
    shutil.copytree(ROOT / "components", folder)
    (folder / "readmodel.yaml").unlink()
    file = on_free_ports(["get-status", "track-lesson"])
    file["common"] |= {"resourcesPaths": [str(folder)]}
    described.write_text(yaml.safe_dump(file))
    [ports, none] = stack.sidecars(described)
    assert (ports.state, none.state, none.said) == (OK, WARN, "none of dapr.yaml's runs")
    with ExitStack() as stacked:
        processes = Processes(tmp_path, stacked, file)
        with processes.all_running():
            found = of(list(stack.sidecars(described)), "sidecars")
            assert [each.said for each in found] == [
                "get-status: its daprd has not loaded readmodel",
                "track-lesson: its daprd has not loaded readmodel",
            ]
            processes.kill("track-lesson", "daprd")
            [down, _] = of(list(stack.sidecars(described)), "sidecars")
            assert (down.state, down.said) == (MISSING, "no daprd answers for track-lesson")


def test_sidecars_with_all_of_theirs_are_well(tmp_path: Path) -> None:
    described = tmp_path / "dapr.yaml"
    file = on_free_ports(["get-status"])
    described.write_text(yaml.safe_dump(file))
    with ExitStack() as stacked, Processes(tmp_path, stacked, file).all_running():
        [found] = stack.sidecars(described)
    assert (found.state, found.said) == (OK, "1 of 1 healthy, with their components")
