"""The ports behave alike over SQLite and over a real daprd with PostgreSQL: one body, run on both."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from functions.runtime.errors import Conflict
from functions.runtime.local import Database, LocalDocuments, LocalReadModel
from functions.runtime.ports import ABSENT, Documents, ReadModel, Sql, Write
from functions.runtime.settings import Settings
from functions.runtime.sidecar import Sidecar
from functions.runtime.sidecar_storage import SidecarDocuments, SidecarReadModel
from tests.support.dapr_run import StackBackend

PROBE = """CREATE TABLE IF NOT EXISTS lessons_probe
    (id text PRIMARY KEY, n bigint, x double precision, at timestamptz, s text)"""
Ports = tuple[Documents, ReadModel]


@pytest.fixture(params=["sqlite", pytest.param("daprd", marks=pytest.mark.stack)])
async def ports(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ports]:
    if request.param == "sqlite":
        database = Database(tmp_path / "test.sqlite3")
        yield LocalDocuments(database), LocalReadModel(database)
        await database.close()
        return
    processes: StackBackend = request.getfixturevalue("processes")
    app = processes.processes.apps["update-progress"]
    sidecar = Sidecar(Settings(dapr_grpc_port=app["daprGRPCPort"], dapr_http_port=app["daprHTTPPort"]))
    tables = SidecarReadModel(sidecar)
    yield SidecarDocuments(sidecar, tables), tables
    await sidecar.close()


@pytest.fixture
def key() -> str:
    return f"probe:{secrets.token_hex(6)}"


async def test_what_was_committed_is_loaded_and_the_rest_is_absent(ports: Ports, key: str) -> None:
    documents, _ = ports
    await documents.commit(Write(key, {"text": "Grüße, 世界", "n": 1.5, "list": [1, None]}))
    found = await documents.load(key, f"{key}:other")
    assert list(found) == [key]
    assert found[key].value == {"text": "Grüße, 世界", "n": 1.5, "list": [1, None]}


async def test_a_guarded_write_succeeds_once_for_each_version(ports: Ports, key: str) -> None:
    documents, _ = ports
    await documents.commit(Write(key, {"n": 1}, ABSENT))
    etag = (await documents.load(key))[key].etag
    await documents.commit(Write(key, {"n": 2}, etag))
    with pytest.raises(Conflict):
        await documents.commit(Write(key, {"n": 3}, etag))
    assert (await documents.load(key))[key].value == {"n": 2}


async def test_a_write_that_must_be_the_first_conflicts_with_an_existing_key(ports: Ports, key: str) -> None:
    documents, _ = ports
    await documents.commit(Write(key, {"n": 1}, ABSENT))
    with pytest.raises(Conflict):
        await documents.commit(Write(key, {"n": 2}, ABSENT))
    assert (await documents.load(key))[key].value == {"n": 1}


async def test_a_lost_race_writes_none_of_the_commit(ports: Ports, key: str) -> None:
    documents, _ = ports
    await documents.commit(Write(key, {"n": 1}))
    with pytest.raises(Conflict):
        await documents.commit(Write(f"{key}:a", {}), Write(key, {"n": 2}, ABSENT), Write(f"{key}:b", {}))
    assert list(await documents.load(f"{key}:a", key, f"{key}:b")) == [key]


async def test_a_deleted_document_is_gone_and_its_key_can_be_used_again(ports: Ports, key: str) -> None:
    documents, _ = ports
    await documents.commit(Write(key, {"n": 1}))
    await documents.commit(Write(key, None))
    assert await documents.load(key) == {}
    await documents.commit(Write(key, {"n": 2}, ABSENT))
    assert (await documents.load(key))[key].value == {"n": 2}


async def test_an_expired_document_is_absent(ports: Ports, key: str) -> None:
    documents, _ = ports
    await documents.commit(Write(key, {"n": 1}, ABSENT, ttl_seconds=100), Write(f"{key}:gone", {}, None, ttl_seconds=1))
    await asyncio.sleep(1.2)
    assert list(await documents.load(key, f"{key}:gone")) == [key]
    await documents.commit(Write(f"{key}:gone", {"n": 2}, ABSENT))
    assert list(await documents.scan(f"{key}:g", 10)) == [f"{key}:gone"]


async def test_a_scan_finds_the_oldest_under_a_prefix_and_takes_it_literally(ports: Ports, key: str) -> None:
    documents, _ = ports
    for suffix in ("_:2", "_:1", "x:0"):
        await documents.commit(Write(key + suffix, {"is": suffix}))
    assert await documents.scan(f"{key}_:", 10) == {f"{key}_:2": {"is": "_:2"}, f"{key}_:1": {"is": "_:1"}}
    assert list(await documents.scan(f"{key}_:", 1)) == [f"{key}_:2"]


async def test_documents_under_a_prefix_are_counted_without_the_expired_ones(ports: Ports, key: str) -> None:
    documents, _ = ports
    assert await documents.count(key) == 0
    for suffix, seconds in (("_:1", None), ("_:2", 100), ("_:3", 1), ("x:0", None)):
        await documents.commit(Write(key + suffix, {}, ttl_seconds=seconds))
    await asyncio.sleep(1.2)
    assert (await documents.count(f"{key}_:"), await documents.count(key)) == (2, 3)


async def test_rows_come_back_as_they_were_written(ports: Ports, key: str) -> None:
    _, tables = ports
    await tables.write(Sql(PROBE))
    insert = "INSERT INTO lessons_probe (id, n, x, at, s) VALUES ($1, $2, $3, $4, $5)"
    await tables.write(Sql(insert, [key, 7, 0.1, "2026-01-02T03:04:05.000600Z", "it's; -- $1"]))
    [row] = await tables.query(Sql("SELECT n, x, s FROM lessons_probe WHERE id = $1", [key]))
    assert list(row) == [7, 0.1, "it's; -- $1"]
    select = "SELECT id FROM lessons_probe WHERE id = $1 AND at >= $2 AND at < $3"
    assert await tables.query(Sql(select, [key, "2026-01-02T03:04:05.000600Z", "2026-01-02T03:04:05.000601Z"]))
    assert not await tables.query(Sql(select, [key, "2026-01-02T03:04:05.000601Z", "2027-01-01T00:00:00.000000Z"]))


async def test_several_writes_are_one(ports: Ports, key: str) -> None:
    _, tables = ports
    await tables.write(Sql(PROBE))
    insert = "INSERT INTO lessons_probe (id, n) VALUES ($1, $2)"
    await tables.write(Sql(insert, [key, 1]), Sql(insert, [f"{key}:2", 2]))
    with pytest.raises(Exception):  # noqa: B017  whatever the database calls a duplicate
        await tables.write(Sql(insert, [f"{key}:3", 3]), Sql(insert, [key, 1]))
    ids = [key, f"{key}:2", f"{key}:3"]
    found = await tables.query(Sql("SELECT id FROM lessons_probe WHERE id IN ($1, $2, $3)", ids))
    assert sorted(row[0] for row in found) == [key, f"{key}:2"]


async def test_a_count_is_exact_up_to_a_bound(ports: Ports, key: str) -> None:
    _, tables = ports
    await tables.write(Sql(PROBE))
    for n in range(3):
        await tables.write(Sql("INSERT INTO lessons_probe (id, s) VALUES ($1, $2)", [f"{key}{n}", key]))
    sql = Sql("SELECT id FROM lessons_probe WHERE s = $1", [key])
    assert await tables.count(sql, 3) == (3, False)
    counted, estimated = await tables.count(sql, 2)
    assert counted >= 3 and (estimated or counted == 3)


async def test_a_statement_of_many_rows_is_written_whole(ports: Ports) -> None:
    _, tables = ports
    await tables.write(Sql(PROBE))
    names = [f"many-{secrets.token_hex(4)}-{n}" for n in range(500)]
    marks = ", ".join(f"(${2 * n + 1}, ${2 * n + 2}, 'a text that makes the statement longer')" for n in range(500))
    params = [value for n, name in enumerate(names) for value in (name, n)]
    await tables.write(Sql(f"INSERT INTO lessons_probe (id, n, s) VALUES {marks}", params))
    where = ", ".join(f"${n}" for n in range(1, 501))
    [[found]] = await tables.query(Sql(f"SELECT count(*) FROM lessons_probe WHERE id IN ({where})", names))
    assert found == 500
