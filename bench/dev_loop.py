"""From saving a file to the answer that it changed: `learnflow dev`, and `skaffold dev` through the cluster's ingress.

Beside it, in turns: `uvicorn --reload` of an app with one route for the first, `learnflow dev` for the second. What is
edited are copies. `--cluster` needs the test cluster, and that nobody else deploys to it meanwhile.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench.common import Spread, compared, machine, table, write
from tests.support.backends import free_port, wait_for_http
from tests.support.cluster_loop import cluster_loop
from tests.support.dev_loop import Loop, dev_loop

HANDLER, PLACE = "functions/get_status/handler.py", "etag = f'W/\""
ASK = "/status?user_id=nobody"
PEER = """from fastapi import FastAPI

app = FastAPI()


@app.get("/")
async def said() -> dict[str, str]:
    return {"said": "edit0"}
"""
REST_SECONDS = 1.5  # between two saves: until all of the last one has been said
# what the terminal says on the way, and what has been done by then
STEPS = {
    "Syncing": "skaffold has seen it",
    "Watching for changes": "it is in the pod",
    "dev: changed": "the old server has ended",
    "dev: loaded": "the new one is loaded",
}


@dataclass
class Sample:
    """Seconds from the save until the first changed answer, and until each step was said."""

    total: float
    steps: dict[str, float] = field(default_factory=dict)


def saved(save: Callable[[], None], answer: Callable[[], str], wanted: str, log: Path | None = None) -> Sample:
    """Asks without a pause: a request that comes while there is no server waits for it."""
    steps: dict[str, float] = {}
    begun, ended = time.monotonic(), threading.Event()
    if log:
        reader = threading.Thread(target=_read, args=[log, log.stat().st_size, begun, steps, ended])
        reader.start()
    try:
        save()
        while wanted not in _said(answer):
            time.sleep(0.005)
        total = time.monotonic() - begun
        time.sleep(REST_SECONDS)
    finally:
        ended.set()
    if log:
        reader.join()
    return Sample(total, steps)


def _said(answer: Callable[[], str]) -> str:
    try:
        return answer()
    except httpx.TransportError:  # a connection that a server took while it was ending
        return ""


def _read(log: Path, start: int, begun: float, steps: dict[str, float], ended: threading.Event) -> None:
    with log.open() as text:
        text.seek(start)
        while not ended.is_set():
            for line in text:
                step = next((step for step in STEPS if step not in steps), None)  # one after the other
                if step and step in line:
                    steps[step] = time.monotonic() - begun
            time.sleep(0.002)


@dataclass
class Edited:
    """A loop of ours, with the edits that were made."""

    loop: Loop
    get: Callable[[str], httpx.Response]
    before: str = PLACE
    number: int = 0

    def sample(self) -> Sample:
        self.number += 1
        mark = f"edit{self.number}-"
        after = f"{PLACE}{mark}"
        before, self.before = self.before, after
        return saved(lambda: self.loop.save(HANDLER, before, after), self._etag, mark, self.loop.log)

    def _etag(self) -> str:
        return str(self.get(ASK).headers.get("etag", ""))


@contextmanager
def uvicorn_reload(folder: Path) -> Iterator[Callable[[int], Sample]]:
    port, file = free_port(), folder / "peer.py"
    folder.mkdir()
    file.write_text(PEER)
    command = [sys.executable, "-m", "uvicorn", "peer:app", "--reload", "--port", str(port)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/"

    def sample(number: int) -> Sample:
        text = PEER.replace("edit0", f"edit{number}-")
        return saved(lambda: _replace(file, text), lambda: httpx.get(url, timeout=30).text, f"edit{number}-")

    try:
        wait_for_http(url, process)
        yield sample
    finally:
        process.terminate()
        process.wait(10)


def _replace(file: Path, text: str) -> None:
    written = file.with_suffix(".saved")
    written.write_text(text)
    written.replace(file)


def embedded(saves: int, folder: Path) -> None:
    with dev_loop(folder / "ours") as loop, uvicorn_reload(folder / "peer") as peer:
        ours = Edited(loop, loop.get)
        pairs = [(ours.sample(), peer(number)) for number in range(1, saves + 1)]
    header = ("from a save to the changed answer, s", "learnflow dev: min / median / max", "uvicorn --reload", "ratio")
    told = compared([a.total for a, _ in pairs], [b.total for _, b in pairs], 2)
    write(table(header, [(f"{saves} saves", *told)]))


def cluster(saves: int, folder: Path) -> None:
    with dev_loop(folder / "embedded") as near, cluster_loop(folder / "cluster", "get-status") as far:
        here, there = Edited(near, near.get), Edited(far, far.get)
        pairs = [(there.sample(), here.sample()) for _ in range(saves)]
    header = (
        "from a save to the changed answer, s",
        "through the ingress: min / median / max",
        "learnflow dev",
        "ratio",
    )
    told = compared([a.total for a, _ in pairs], [b.total for _, b in pairs], 2)
    write(table(header, [(f"{saves} saves", *told)]) + "\n")
    rows = []
    for step, what in STEPS.items():
        seen = [sample.steps[step] for sample, _ in pairs if step in sample.steps]
        rows.append((what, Spread.of(seen).text(2) if seen else "not said"))
    rows.append(("its answer is here", Spread.of([sample.total for sample, _ in pairs]).text(2)))
    write(table(("until (s after the save)", "min / median / max"), rows))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--saves", type=int, default=10)
    parser.add_argument("--cluster", action="store_true", help="`skaffold dev`, through the ingress")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write(machine())
        (cluster if asked.cluster else embedded)(asked.saves, Path(folder))


if __name__ == "__main__":
    main()
