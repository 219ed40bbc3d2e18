"""What the measurements share: spreads, not single figures; Markdown; servers started as the images start them.

Nothing here judges a figure: a busy machine makes everything slow, so each figure stands beside a peer's that was
measured in the same minute, and beside the spread of both.
"""

import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.backends import free_port

ROOT = Path(__file__).parents[1]
HOST = "127.0.0.1"
POLL_SECONDS = 0.002
START_SECONDS = 60.0  # when a start is given up
# Images hold compiled modules. Here a folder of its own does from the first start on, whatever the shell says of it.
BYTECODE = {
    "PYTHONDONTWRITEBYTECODE": "",
    "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir(), "learnflow-bench-bytecode")),
}


@dataclass(frozen=True)
class Spread:
    """The least, the middle and the greatest of what was seen."""

    low: float
    middle: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> "Spread":
        seen = sorted(values)
        return cls(seen[0], statistics.median(seen), seen[-1])

    def text(self, digits: int) -> str:
        return f"{self.low:.{digits}f} / **{self.middle:.{digits}f}** / {self.high:.{digits}f}"


def compared(ours: Sequence[float], peers: Sequence[float], digits: int) -> list[str]:
    """Three cells: ours, the peer's, and the ratio of each of ours to the peer's that was measured next to it."""
    pairs = [a / b for a, b in zip(ours, peers, strict=True)]
    return [Spread.of(ours).text(digits), Spread.of(peers).text(digits), Spread.of(pairs).text(2)]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def machine() -> str:
    """The machine, as far as the figures depend on it."""
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}, load {load:.1f}\n\n"


def functions() -> list[str]:
    """Every function, as its folder is called."""
    return sorted(path.parent.name for path in (ROOT / "functions").glob("*/main.py"))


@dataclass
class Server:
    """A uvicorn process; `command` and environment are those of the images, without a sidecar."""

    port: int
    process: "subprocess.Popen[bytes]"

    def first_answer(self, path: str) -> None:
        """Returns as soon as the path answers 200; raises RuntimeError when the process ends before, or never does."""
        end = time.monotonic() + START_SECONDS
        while not _answers(self.port, path):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"no 200 from {path}; the process's code: {self.process.poll()}")
            time.sleep(POLL_SECONDS)

    def kill(self) -> float:
        """Ends the process at once; the CPU time that it had used, user and system, in seconds."""
        if self.process.poll() is not None:  # it ended by itself, and is gone
            return 0.0
        self.process.send_signal(signal.SIGKILL)
        _, status, used = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return used.ru_utime + used.ru_stime


def start(app: str, *interpreter: str, log: Path | None = None, **env: str) -> Server:
    """Starts `module:app`; every app of `bench.peers` is a factory. `interpreter`: options of Python's."""
    port = free_port()
    settings = {"UVICORN_APP": app, "UVICORN_HOST": HOST, "UVICORN_PORT": str(port)}
    quiet = {"UVICORN_ACCESS_LOG": "false", "UVICORN_SERVER_HEADER": "false", "UVICORN_TIMEOUT_KEEP_ALIVE": "120"}
    factory = {"UVICORN_FACTORY": "true"} if app.startswith("bench.peers:") else {}
    environment = os.environ | BYTECODE | settings | quiet | factory | {"AUTH": "off"} | env
    command = [sys.executable, *interpreter, "-m", "uvicorn"]
    with (log or Path(os.devnull)).open("ab") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    return Server(port, process)


@contextmanager
def running(app: str, path: str, *interpreter: str, log: Path | None = None, **env: str) -> Iterator[Server]:
    """A server that answers, ended afterwards."""
    server = start(app, *interpreter, log=log, **env)
    try:
        server.first_answer(path)
        yield server
    finally:
        server.kill()


def _answers(port: int, path: str) -> bool:
    """One request without a client library: what the poll costs is taken from the process that is being measured."""
    request = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((HOST, port), timeout=START_SECONDS) as connection:
            connection.sendall(request.encode())
            return connection.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False
