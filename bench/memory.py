"""Resident memory of each function, idle and without a sidecar, beside a FastAPI app that answers a constant.

Linux only: read from /proc. `anonymous` is what each process has for itself; the rest are pages of files (the
interpreter, extension modules), which processes of one machine can share.
"""

import argparse
import re
import time
from pathlib import Path

from bench.cold_start import LIVE, PEER, app_of
from bench.common import Spread, compared, functions, machine, running, table, write

FIELD = re.compile(r"^(VmRSS|RssAnon|VmHWM):\s+(\d+) kB", re.MULTILINE)
IDLE_SECONDS = 1.0  # threads that start with the app have then done what they do


def resident(app: str) -> dict[str, float]:
    """MiB, by the field's name in /proc."""
    with running(app, LIVE) as server:
        time.sleep(IDLE_SECONDS)
        status = Path(f"/proc/{server.process.pid}/status").read_text()
    return {name: int(kilobytes) / 1024 for name, kilobytes in FIELD.findall(status)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="starts of each (default: %(default)s)")
    arguments = parser.parse_args()
    subjects = {"(the bare app again)": PEER} | {name: app_of(name) for name in functions()}
    rows = []
    for name, app in subjects.items():
        resident(app)  # bytecode, whose compilation takes memory
        pairs = [(resident(app), resident(PEER)) for _ in range(arguments.rounds)]
        cells = compared([ours["VmRSS"] for ours, _ in pairs], [peer["VmRSS"] for _, peer in pairs], 1)
        rows.append([name, *cells, Spread.of(ours["RssAnon"] for ours, _ in pairs).text(1)])
    write(machine())
    write(table(["function", "MiB: min / median / max", "bare FastAPI", "ratio", "anonymous"], rows))


if __name__ == "__main__":
    main()
