"""Functions and daprds that are started again when they end, as Kubernetes does it, or for once as something else."""

import os
import signal
import threading
from collections import defaultdict, deque

from tests.support.dapr_run import Processes


class Supervised:
    """`replaced`: the functions that run as `tests.support.replaced` now, `next_starts` their variables."""

    def __init__(self, functions: Processes) -> None:
        self.functions = functions
        self.replaced: set[str] = set()
        self.next_starts: dict[str, deque[dict[str, str]]] = defaultdict(deque)
        self._lock = threading.RLock()

    def kill(self, app_id: str, kind: str, number: signal.Signals = signal.SIGKILL) -> None:
        """It is started again by who looks after it."""
        with self._lock:
            if self.functions.running[app_id, kind].poll() is not None:
                self._start(app_id, kind)
            os.killpg(self.functions.running[app_id, kind].pid, number)
            self.functions.running[app_id, kind].wait(20)

    def replace(self, app_id: str, *starts: dict[str, str]) -> None:
        """From now on it is what these variables make of it (`tests.support.replaced`), one after the other."""
        self.next_starts[app_id].extend(starts)
        self.kill(app_id, "app")

    def is_itself(self) -> bool:
        """Whether every function is as it is deployed."""
        return not self.replaced and not any(self.next_starts.values())

    def look_after(self, ended: threading.Event) -> None:
        """Starts again what has ended, until then."""
        while not ended.wait(0.05):
            with self._lock:
                for (app_id, kind), process in list(self.functions.running.items()):
                    if process.poll() is not None:
                        self._start(app_id, kind)

    def _start(self, app_id: str, kind: str) -> None:
        waiting = self.next_starts[app_id]
        if kind == "app":
            self.replaced.discard(app_id)
        if kind == "app" and waiting:
            main = f"functions.{app_id.replace('-', '_')}.main"
            variables = waiting.popleft() | {"LEARNFLOW_TEST_APP": main}
            self.functions.start(app_id, kind, "tests.support.replaced", **variables)
            self.replaced.add(app_id)
        else:
            self.functions.start(app_id, kind)
