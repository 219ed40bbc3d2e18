"""Keeps a server running on the sources as they are now: starts it, and starts it anew when one was saved.

The socket is the supervisor's. While there is no server, and while it loads, callers wait in its queue: the first
request after a save is answered by what was saved.
"""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from functions.dev_loop.watching import Snapshot, changed, settled, snapshot

POLL_SECONDS = 0.15
END_SECONDS = 3  # for what is being answered


@dataclass
class Supervisor:
    """`command` starts the server: on `socket`, a file descriptor. `reason`, if any: why it shall refuse requests."""

    folder: Path
    socket: int
    command: Callable[[str], tuple[list[str], Mapping[str, str]]]
    inherited: tuple[int, ...] = ()  # file descriptors that the server has besides
    _stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Until SIGINT or SIGTERM; the server has ended when it returns."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        seen, reason = settled(self.folder), ""
        while not self._stopping.is_set():
            server = self._start(reason)
            names = self._wait(server, seen, alone=bool(reason))
            if server.poll() is not None and not names and not self._stopping.is_set():
                reason = f"The server ended with exit code {server.returncode} while it started: the terminal says why."
                continue  # in its place one that says so
            _end(server)
            seen, reason = settled(self.folder), ""
            if names:
                say("changed: " + ", ".join(map(self._short, names)))
                if any(name.endswith(".toml") for name in names):
                    say("`uv run learnflow verify --write` makes lessons of a topic's source")

    def _start(self, reason: str) -> subprocess.Popen[bytes]:
        command, env = self.command(reason)
        return subprocess.Popen(command, env=env, pass_fds=(self.socket, *self.inherited))

    def _wait(self, server: "subprocess.Popen[bytes]", seen: Snapshot, alone: bool) -> list[str]:
        """What was saved; nothing when it is to stop, or the server ended (and `alone` does not forbid to say so)."""
        while not self._stopping.wait(POLL_SECONDS):
            if names := changed(seen, snapshot(self.folder)):
                return names
            if server.poll() is not None and not alone:
                return []
        return []

    def _short(self, path: str) -> str:
        return str(Path(path).relative_to(self.folder.parent))

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()


def say(text: str) -> None:
    sys.stderr.write(f"dev: {text}\n")


def _end(server: "subprocess.Popen[bytes]") -> None:
    if server.poll() is None:
        with suppress(ProcessLookupError):
            server.terminate()
    try:
        server.wait(END_SECONDS)
    except subprocess.TimeoutExpired:  # a stream that goes on; what was acknowledged is safe
        server.kill()
        server.wait()
