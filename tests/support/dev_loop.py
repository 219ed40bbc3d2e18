"""The developer's loops as a developer has them, on a copy of the sources that a test may break."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.backends import ROOT, environment, eventually, free_port, wait_for_http

SOURCES = ("functions", "components", "knative", "tests/cluster", "pyproject.toml", "uv.lock", "skaffold.yaml")


class Loop:
    """`learnflow dev …` in a session of its own, with its terminal's text."""

    def __init__(self, folder: Path, sources: Sequence[str], *arguments: str, **variables: str) -> None:
        # beside the folder: skaffold watches all of it, and waits until nothing is written any more
        self.folder, self.log = folder, folder.with_suffix(".log")
        folder.mkdir(parents=True, exist_ok=True)
        for name in sources:
            source, target = ROOT / name, folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        learnflow = [sys.executable, "-c", "import sys; from functions.cli import main; sys.exit(main())"]
        env = environment(PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1", **variables)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*learnflow, *arguments], cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True
            )

    def save(self, path: str, old: str, new: str) -> None:
        """As an editor does: another file is put in its place."""
        file = self.folder / path
        text = file.read_text()
        assert old in text
        written = file.with_suffix(".saved")
        written.write_text(text.replace(old, new, 1))
        written.replace(file)

    def said(self, text: str, times: int = 1, seconds: float = 60) -> str:
        """What is in the terminal, once it has that text as often; fails at once when the loop has ended."""

        def seen() -> str:
            found = self.log.read_text()
            enough = found.count(text) >= times
            assert enough or self.process.poll() is None, found[-2000:]
            return found if enough else ""

        return eventually(seen, seconds)

    def group(self) -> list[int]:
        """The processes that are left of it."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            if fields[0] != "Z" and int(fields[3]) == self.process.pid:
                found.append(int(stat.parent.name))
        return found

    def interrupt(self) -> None:
        """Ctrl+C, as a terminal does it: to all of them."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> None:
        for pid in self.group():
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)


class DevLoop(Loop):
    """Embedded."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self.port = free_port()
        place = ["--port", str(self.port), "dev", "--data", str(folder / "data")]
        super().__init__(folder, ["functions"], *place, *arguments, **variables)

    def get(self, path: str) -> httpx.Response:
        return self._asked("GET", path)

    def post(self, path: str, body: object) -> httpx.Response:
        return self._asked("POST", path, json=body)

    def _asked(self, method: str, path: str, **options: Any) -> httpx.Response:
        url = f"http://127.0.0.1:{self.port}{path}"
        try:
            return httpx.request(method, url, timeout=60, **options)
        except httpx.RemoteProtocolError:  # a connection that the old server took while it was ending: as any client
            return httpx.request(method, url, timeout=60, **options)


@contextmanager
def dev_loop(folder: Path, *arguments: str, **variables: str) -> Iterator[DevLoop]:
    loop = DevLoop(folder, *arguments, **variables)
    try:
        wait_for_http(f"http://127.0.0.1:{loop.port}/health/ready", loop.process)
        yield loop
    finally:
        loop.end()
