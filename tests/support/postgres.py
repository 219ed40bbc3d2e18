"""Looking into PostgreSQL directly, past Dapr, to see what is really stored."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg

from tests.support.presence import POSTGRES


def rows(sql: str, *params: object) -> list[dict[str, Any]]:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _rows(sql, params)).result()


async def _rows(sql: str, params: tuple[object, ...]) -> list[dict[str, Any]]:
    connection = await connect()
    try:
        return [dict(row) for row in await connection.fetch(sql, *params)]
    finally:
        await connection.close()


async def connect(**changes: str) -> Any:
    settings = dict(part.split("=", 1) for part in POSTGRES.split()) | changes
    return await asyncpg.connect(
        host=settings["host"],
        port=int(settings["port"]),
        user=settings["user"],
        password=settings["password"],
        database=settings["database"],
    )
