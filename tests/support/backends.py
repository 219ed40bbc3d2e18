"""The system under test behind one client, whichever way it runs."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

ROOT = Path(__file__).parents[2]
T = TypeVar("T")


@dataclass
class Backend:
    """`url` says where a path is served; every other call goes through `request`.

    `maintenance`: the arguments and variables by which a command of `learnflow` works on its state, by that function's
    sidecar where there is one. `process`: the one that answers, where it is one.
    """

    name: str
    url: Callable[[str], str]
    client: httpx.Client
    maintenance: Callable[[str], tuple[list[str], dict[str, str]]] = lambda _app_id: ([], {})
    process: Callable[[], subprocess.Popen[bytes] | None] = lambda: None

    def request(self, method: str, path: str, **options: object) -> httpx.Response:
        return self.client.request(method, self.url(path) + path, **options)  # type: ignore[arg-type]

    def get(self, path: str, **query: object) -> httpx.Response:
        return self.request("GET", path, params=query)

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        return self.request("POST", path, json=body, headers={k.replace("_", "-"): v for k, v in headers.items()})

    def deliver(self, function: str, event: object, route: str = "/") -> httpx.Response:
        """An event, as Knative (`/`) or Dapr (`/dapr`) brings it to a function."""
        prefix = f"/functions/{function}"
        at = self.url(prefix) + (prefix if self.name == "embedded" else "")
        headers = {"content-type": "application/cloudevents+json"}
        return self.client.post(at + route, content=json.dumps(event), headers=headers)


def eventually(check: Callable[[], T], seconds: float = 30) -> T:
    """The first true value of `check`; what happens by events happens soon, not at once."""
    end = time.monotonic() + seconds
    while True:
        found = check()
        if found or time.monotonic() > end:
            assert found, f"still {found!r} after {seconds} s"
            return found
        time.sleep(0.05)


def new_learner(name: str = "learner") -> str:
    """An id that no other test uses."""
    return f"{name}-{secrets.token_hex(5)}"


def free_port() -> int:
    [port] = free_ports(1)
    return port


def free_ports(number: int) -> list[int]:
    """Different ones: all are held until the last is found."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(number)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]


class Learnflow:
    """`learnflow` as a person starts it; can be killed and started again on the same state.

    `module`: another program in its place.
    """

    def __init__(self, data: Path, module: str = "", **variables: str) -> None:
        self.data, self.port, self.module, self.variables = data, free_port(), module, variables
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        wait_for_http(f"http://127.0.0.1:{self.port}/health/ready", self.spawn())

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Without waiting until it is ready."""
        own = [str(Path(sys.executable).with_name("learnflow"))]
        program = [sys.executable, "-m", self.module] if self.module else own
        command = [*program, "--port", str(self.port), "--data", str(self.data)]
        with (self.data / "log").open("ab") as log:
            env = environment(**self.variables)
            self.process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        return self.process

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(number)
            self.process.wait(15)
            self.process = None


def wait_for_http(url: str, process: subprocess.Popen[bytes], seconds: float = 60) -> None:
    """Until the address answers 2xx; fails at once when the process has ended."""
    end = time.monotonic() + seconds
    while True:
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.HTTPError:
            pass
        assert process.poll() is None, f"the process behind {url} ended with {process.returncode}"
        assert time.monotonic() < end, f"{url} did not answer in {seconds} s"
        time.sleep(0.05)


@contextmanager
def embedded(data: Path, **variables: str) -> Iterator[Backend]:
    server = Learnflow(data, **variables)
    server.start()
    try:
        with httpx.Client(timeout=10) as client:
            yield Backend(
                "embedded",
                lambda _path: f"http://127.0.0.1:{server.port}",
                client,
                lambda _app_id: (["--data", str(data)], {}),
                lambda: server.process,
            )
    finally:
        server.stop()


def environment(**changes: str) -> dict[str, str]:
    return os.environ | changes
