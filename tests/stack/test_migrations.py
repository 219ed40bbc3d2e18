"""Migrations of the read model on real PostgreSQL: applied once, however many ask at the same time."""

import asyncio
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from functions.runtime.ports import Migration
from functions.runtime.sql import migration_block
from tests.support import postgres

pytestmark = pytest.mark.stack
FIRST = "CREATE TABLE things (id text PRIMARY KEY); INSERT INTO things VALUES ('made once')"
SECOND = "ALTER TABLE things ADD COLUMN colour text; UPDATE things SET colour = 'blue'"


@pytest.fixture
def database() -> Iterator[str]:
    name = f"learnflow_test_{secrets.token_hex(4)}"
    with postgres.own_database(name):
        yield name


async def applied(database: str, *migrations: str) -> None:
    connection = await postgres.connect(database=database)
    try:
        await connection.execute(migration_block([Migration(text) for text in migrations]))
    finally:
        await connection.close()


async def seen(database: str, sql: str) -> list[tuple[Any, ...]]:
    connection = await postgres.connect(database=database)
    try:
        return [tuple(row) for row in await connection.fetch(sql)]
    finally:
        await connection.close()


async def test_many_at_once_apply_each_migration_once(database: str) -> None:
    await asyncio.gather(*(applied(database, FIRST, SECOND) for _ in range(8)))
    assert await seen(database, "SELECT id, colour FROM things") == [("made once", "blue")]
    assert await seen(database, "SELECT version FROM learnflow_migrations ORDER BY 1") == [(1,), (2,)]


async def test_a_later_version_applies_only_what_is_new_and_an_older_one_nothing(database: str) -> None:
    await applied(database, FIRST)
    await applied(database, FIRST, SECOND)
    await applied(database, FIRST)
    assert await seen(database, "SELECT id, colour FROM things") == [("made once", "blue")]


async def test_a_migration_that_fails_leaves_nothing_behind(database: str) -> None:
    with pytest.raises(Exception, match="no_such_table"):
        await applied(database, FIRST, "INSERT INTO no_such_table VALUES (1)")
    assert await seen(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
    await applied(database, FIRST, SECOND)
    assert await seen(database, "SELECT colour FROM things") == [("blue",)]
