"""Looking into PostgreSQL directly, past Dapr, to see what is really stored."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import asyncpg

from tests.support.presence import POSTGRES

PLACE = dict(part.split("=", 1) for part in POSTGRES.split())


@contextmanager
def own_database(name: str, **changes: str) -> Iterator[str]:
    """An empty database; its connection string as daprd takes it, with these changes."""
    drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    rows(drop)
    rows(f"CREATE DATABASE {name}")
    try:
        yield " ".join(f"{part}={value}" for part, value in (PLACE | {"database": name} | changes).items())
    finally:
        rows(drop)


def rows(sql: str, *params: object, **place: str) -> list[dict[str, Any]]:
    """What the statement gives; `place` (`database`, …) where that is not the usual one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _rows(sql, params, place)).result()


async def _rows(sql: str, params: tuple[object, ...], place: dict[str, str]) -> list[dict[str, Any]]:
    connection = await connect(**place)
    try:
        return [dict(row) for row in await connection.fetch(sql, *params)]
    finally:
        await connection.close()


async def connect(**changes: str) -> Any:
    settings = PLACE | changes
    return await asyncpg.connect(
        host=settings["host"],
        port=int(settings["port"]),
        user=settings["user"],
        password=settings["password"],
        database=settings["database"],
    )
