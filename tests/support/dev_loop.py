"""`learnflow dev` as a developer has it, on a copy of the sources that a test may break."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.backends import ROOT, environment, eventually, free_port, wait_for_http


class DevLoop:
    """The process, in a session of its own, with its terminal's text."""

    def __init__(self, folder: Path, *arguments: str, **variables: str) -> None:
        self.folder, self.port, self.log = folder, free_port(), folder / "log"
        shutil.copytree(ROOT / "functions", folder / "functions", ignore=shutil.ignore_patterns("__pycache__"))
        learnflow = [sys.executable, "-c", "import sys; from functions.cli import main; sys.exit(main())"]
        command = [*learnflow, "--port", str(self.port), "dev", "--data", str(folder / "data")]
        env = environment(PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1", **variables)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [*command, *arguments], cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True
            )

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=60)

    def post(self, path: str, body: object) -> httpx.Response:
        return httpx.post(f"http://127.0.0.1:{self.port}{path}", json=body, timeout=60)

    def save(self, path: str, old: str, new: str) -> None:
        """As an editor does: another file is put in its place."""
        file = self.folder / path
        text = file.read_text()
        assert old in text
        written = file.with_suffix(".saved")
        written.write_text(text.replace(old, new, 1))
        written.replace(file)

    def said(self, text: str, times: int = 1) -> str:
        """What is in the terminal, once it has that text as often."""
        return eventually(lambda: self.log.read_text() if self.log.read_text().count(text) >= times else "", 60)

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

    def end(self) -> None:
        for pid in self.group():
            os.kill(pid, signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def dev_loop(folder: Path, *arguments: str, **variables: str) -> Iterator[DevLoop]:
    loop = DevLoop(folder, *arguments, **variables)
    try:
        wait_for_http(f"http://127.0.0.1:{loop.port}/health/ready", loop.process)
        yield loop
    finally:
        loop.end()
