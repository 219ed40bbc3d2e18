"""`POST /update-progress` of the embedded backend, one process with SQLite, beside a FastAPI app that writes one row.

The backend's process also takes the event of each update and brings its read model up to date. That is part of what an
update costs: a block ends when nothing is left to deliver, and the rate counts until then.
"""

import argparse
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from bench.common import machine, running, table, write
from bench.load import Target, side_by_side, updates
from tests.support.backends import Learnflow

DRAIN_SECONDS = 300.0  # when waiting for the last delivery is given up


def delivered(file: Path) -> None:
    """Waits until no event waits for a subscriber. Raises RuntimeError when that does not happen."""
    end = time.monotonic() + DRAIN_SECONDS
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        while connection.execute("SELECT EXISTS (SELECT 1 FROM deliveries)").fetchone()[0]:
            if time.monotonic() > end:
                raise RuntimeError("events are still waiting for their subscriber")
            time.sleep(0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=7, help="of each server (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=512, help="in a block (default: %(default)s)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        backend = Learnflow(folder)
        backend.start()
        try:
            started = running(
                "bench.peers:sqlite",
                "/health/live",
                log=folder / "peer.log",
                UVICORN_ACCESS_LOG="true",  # the backend writes a line a request too
                BENCH_SQLITE=str(folder / "peer.sqlite3"),
            )
            with started as plain:
                ours = Target(backend.port, updates(), lambda: delivered(folder / "learnflow.sqlite3"))
                peer = Target(plain.port, updates())
                rows = [
                    [str(concurrency), *row]
                    for concurrency in (1, 8)
                    for row in side_by_side(ours, peer, arguments.blocks, arguments.requests, concurrency)
                ]
        finally:
            backend.stop()
    write(machine())
    write(table(["at a time", "figure", "embedded: min / median / max", "FastAPI + SQLite", "ratio"], rows))


if __name__ == "__main__":
    main()
