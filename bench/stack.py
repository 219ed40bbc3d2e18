"""Functions with their daprd on a database of their own, for measurements that need the real stack."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import asyncpg

from bench.common import HOST, free_ports
from tests.support import dapr_run
from tests.support.presence import POSTGRES, stack_is_missing

DATABASE = "learnflow_bench"
PLACE = dict(part.split("=", 1) for part in POSTGRES.split())
PORTS = ("appPort", "daprHTTPPort", "daprGRPCPort", "daprInternalGRPCPort", "metricsPort")


@dataclass(frozen=True)
class Place:
    """Where a function and its daprd's gRPC listen."""

    port: int
    dapr: int


def require_stack() -> None:
    """Ends the script where there is none."""
    if missing := stack_is_missing():
        raise SystemExit(f"This needs the real stack: {missing}.")


def address(database: str) -> str:
    return f"postgresql://{PLACE['user']}:{PLACE['password']}@{PLACE['host']}:{PLACE['port']}/{database}"


async def _administer(*statements: str) -> None:
    connection = await asyncpg.connect(address(PLACE["database"]))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@contextmanager
def own_database(name: str = DATABASE) -> Iterator[str]:
    """An empty database; its connection string as daprd takes it."""
    drop = f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"
    asyncio.run(_administer(drop, f"CREATE DATABASE {name}"))
    try:
        yield " ".join(f"{part}={value}" for part, value in (PLACE | {"database": name}).items())
    finally:
        asyncio.run(_administer(drop))


@contextmanager
def functions_and_daprds(folder: Path, connection_string: str, *app_ids: str) -> Iterator[dict[str, Place]]:
    """By app-id. All ports are free ones, so that a `dapr run` on the same machine is not in the way."""
    with ExitStack() as stack:
        stack.enter_context(patch.object(dapr_run, "POSTGRES", connection_string))
        processes = dapr_run.Processes(folder, stack)
        stack.callback(processes.stop)
        ports = iter(free_ports(len(app_ids) * len(PORTS)))  # before anything is started that opens connections
        for app_id in app_ids:
            app = processes.apps[app_id]
            app |= {name: next(ports) for name in PORTS}
            main = f"functions.{app_id.replace('-', '_')}.main:app"
            app["command"] = [sys.executable, "-m", "uvicorn", main, "--host", HOST, "--port", str(app["appPort"])]
            processes.start(app_id, "app")
            processes.start(app_id, "daprd")
        for app_id in app_ids:
            processes.wait(app_id)
        yield {name: Place(processes.apps[name]["appPort"], processes.apps[name]["daprGRPCPort"]) for name in app_ids}
