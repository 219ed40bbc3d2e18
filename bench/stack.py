"""Functions with their daprd on a database of their own, for measurements that need the real stack."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.common import HOST
from tests.support import dapr_run
from tests.support.postgres import PLACE
from tests.support.presence import stack_is_missing

DATABASE = "learnflow_bench"


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


@contextmanager
def functions_and_daprds(folder: Path, connection_string: str, *app_ids: str) -> Iterator[dict[str, Place]]:
    """By app-id. All ports are free ones, so that a `dapr run` on the same machine is not in the way."""
    with ExitStack() as stack:
        file = dapr_run.on_free_ports(app_ids)
        for app in file["apps"]:  # as the images start it
            main = f"functions.{app['appID'].replace('-', '_')}.main:app"
            app["command"] = [sys.executable, "-m", "uvicorn", main, "--host", HOST, "--port", str(app["appPort"])]
        processes = dapr_run.Processes(folder, stack, file, LEARNFLOW_POSTGRES=connection_string)
        with processes.all_running():
            yield {name: Place(app["appPort"], app["daprGRPCPort"]) for name, app in processes.apps.items()}
