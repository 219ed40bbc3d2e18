"""From the start of a process to its first liveness 200, without a sidecar: what a function that is at zero makes its
caller wait for. Each function alternates with a FastAPI app that answers a constant, and that app with itself, which
shows what a ratio is worth on this machine at this moment.
"""

import argparse
import re
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.common import compared, functions, machine, running, start, table, write

LIVE = "/health/live"
PEER = "bench.peers:constant"
LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


def app_of(function: str) -> str:
    return f"functions.{function}.main:app"


def once(app: str) -> tuple[float, float]:
    """Milliseconds until the first 200: on the clock, and of CPU."""
    began = time.perf_counter()
    server = start(app)
    try:
        server.first_answer(LIVE)
        took = time.perf_counter() - began
    finally:
        cpu = server.kill()
    return 1000 * took, 1000 * cpu


def imports(app: str) -> dict[str, int]:
    """Microseconds that each module took to import by itself, until the first 200."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with running(app, LIVE, "-X", "importtime", log=log):
            pass
        found = LINE.finditer(log.read_text())
        return {match[2]: int(match[1]) for match in found}


def package(module: str) -> str:
    """What a module is counted under: its distribution, our own by package."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] in ("functions", "google") else parts[0]


def what_is_imported(names: list[str], top: int, rounds: int) -> str:
    """For each function the packages whose import the peer does not pay for; each module's least of several runs."""
    base = least(PEER, rounds)
    rows = []
    for name in names:
        own = {module: cost for module, cost in least(app_of(name), rounds).items() if module not in base}
        cost: Counter[str] = Counter()
        for module, microseconds in own.items():
            cost[package(module)] += microseconds
        largest = ", ".join(f"{n} {c / 1000:.0f}" for n, c in cost.most_common(top))
        rows.append([name, str(len(own)), f"{sum(own.values()) / 1000:.0f}", largest])
    title = f"Beyond the {len(base)} modules and {sum(base.values()) / 1000:.0f} ms of the bare app (traced):\n\n"
    return title + table(["function", "modules", "ms", "of which, ms"], rows)


def least(app: str, rounds: int) -> dict[str, int]:
    runs = [imports(app) for _ in range(rounds)]
    return {module: min(run.get(module, cost) for run in runs) for module, cost in runs[0].items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10, help="starts of each (default: %(default)s)")
    parser.add_argument("--top", type=int, default=8, help="packages listed of each (default: %(default)s)")
    parser.add_argument("--only", nargs="*", default=functions(), metavar="FUNCTION", help="these folders")
    arguments = parser.parse_args()
    subjects = {"(the bare app again)": PEER} | {name: app_of(name) for name in arguments.only}
    for app in subjects.values():  # bytecode for all of them
        once(app)
    pairs: dict[str, list[tuple[tuple[float, float], tuple[float, float]]]] = {name: [] for name in subjects}
    for _ in range(arguments.rounds):
        for name, app in subjects.items():
            pairs[name].append((once(app), once(PEER)))
    rows = [
        [name, what, *compared([ours[at] for ours, _ in seen], [peer[at] for _, peer in seen], 0)]
        for at, what in enumerate(("clock", "CPU"))
        for name, seen in pairs.items()
    ]
    write(machine())
    write(table(["function", "ms of", "function: min / median / max", "bare FastAPI", "ratio"], rows))
    write("\n" + what_is_imported(arguments.only, arguments.top, 3))


if __name__ == "__main__":
    main()
