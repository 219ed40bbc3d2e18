"""What `dapr run -f dapr.yaml` does, done with daprd itself: each app and its sidecar, by exactly the file's fields.

The Dapr CLI cannot be had everywhere that daprd can; this reads the same file.
"""

import fcntl
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.support.backends import ROOT, Backend, environment, free_ports, wait_for_http
from tests.support.catalogue import app_id_of
from tests.support.presence import KAFKA, POSTGRES
from tests.support.topics import create_topics

PORTS = ("appPort", "daprHTTPPort", "daprGRPCPort", "daprInternalGRPCPort", "metricsPort")


class Processes:
    """The processes of the file, by app-id; each can be killed and started again."""

    def __init__(self, folder: Path, stack: ExitStack, file: dict[str, Any] | None = None, **daprd: str) -> None:
        self.file: dict[str, Any] = file or yaml.safe_load((ROOT / "dapr.yaml").read_text())
        self.for_daprd = daprd  # variables
        self.apps: dict[str, Any] = {app["appID"]: app for app in self.file["apps"]}
        self.folder, self.stack = folder, stack
        self.running: dict[tuple[str, str], subprocess.Popen[bytes]] = {}

    def start(self, app_id: str, kind: str, module: str = "", **variables: str) -> None:
        """`kind` is app or daprd. `module`: another app in its place; `variables`: besides what the file says."""
        app, common = self.apps[app_id], self.file["common"]
        ports = {"DAPR_HTTP_PORT": str(app["daprHTTPPort"]), "DAPR_GRPC_PORT": str(app["daprGRPCPort"])}
        if kind == "app":
            command, env = app["command"], environment(**common["env"], **app.get("env", {}), **ports)
            command = [f"{module}:app" if module and part.endswith(".main:app") else part for part in command]
        else:
            for_daprd = {"LEARNFLOW_KAFKA": KAFKA, "LEARNFLOW_POSTGRES": POSTGRES} | self.for_daprd
            command, env = self._daprd(app, common), environment(**for_daprd)
        env |= variables
        log = self.stack.enter_context((self.folder / f"{app_id}-{kind}.log").open("ab"))
        # a group of its own: `uv run` is the parent of the server, and a kill has to reach both
        process = subprocess.Popen(
            command, cwd=ROOT / app["appDirPath"], env=env, stdout=log, stderr=log, start_new_session=True
        )
        self.running[app_id, kind] = process

    def _daprd(self, app: dict[str, Any], common: dict[str, Any]) -> list[str]:
        return [
            "daprd",
            *("--app-id", app["appID"], "--app-port", str(app["appPort"]), "--log-level", "warn"),
            *("--dapr-http-port", str(app["daprHTTPPort"]), "--dapr-grpc-port", str(app["daprGRPCPort"])),
            *("--dapr-internal-grpc-port", str(app["daprInternalGRPCPort"]), "--metrics-port", str(app["metricsPort"])),
            *(part for path in common["resourcesPaths"] for part in ("--resources-path", path)),
            *("--config", common["configFilePath"], "--scheduler-host-address", common.get("schedulerHostAddress", "")),
        ]

    def wait(self, app_id: str) -> None:
        app = self.apps[app_id]
        wait_for_http(f"http://127.0.0.1:{app['appPort']}/health/ready", self.running[app_id, "app"])
        wait_for_http(f"http://127.0.0.1:{app['daprHTTPPort']}/v1.0/healthz", self.running[app_id, "daprd"])

    @contextmanager
    def all_running(self) -> Iterator[None]:
        """Every app of the file with its daprd, from when the last is ready until the end."""
        try:
            for app_id in self.apps:
                self.start(app_id, "app")
                self.start(app_id, "daprd")
            for app_id in self.apps:
                self.wait(app_id)
            yield
        finally:
            self.stop()

    def kill(self, app_id: str, kind: str) -> None:
        process = self.running.pop((app_id, kind))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)

    def restart(self, app_id: str, kind: str, module: str = "", **variables: str) -> None:
        """As a new release is: the old process ends what it is doing."""
        old = self.running.pop((app_id, kind))
        os.killpg(old.pid, signal.SIGTERM)
        old.wait(20)
        self.start(app_id, kind, module, **variables)

    def stop(self) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def dapr_run(folder: Path) -> Iterator["StackBackend"]:
    create_topics()
    with ExitStack() as stack:
        lock = stack.enter_context((Path(tempfile.gettempdir()) / "learnflow-dapr-run.lock").open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX)  # the file's ports are fixed: one run at a time on a machine
        with _backend(Processes(folder, stack)) as backend:
            yield backend


@contextmanager
def _backend(processes: Processes) -> Iterator["StackBackend"]:
    with httpx.Client(timeout=10) as client, processes.all_running():
        yield StackBackend("stack", lambda path: _url(processes, path), client, processes)


class StackBackend(Backend):
    def __init__(self, name: str, url: Any, client: httpx.Client, processes: Processes) -> None:
        super().__init__(name, url, client, self._maintenance)
        self.processes = processes

    def _maintenance(self, app_id: str) -> tuple[list[str], dict[str, str]]:
        return ["--sidecar"], {"DAPR_GRPC_PORT": str(self.processes.apps[app_id]["daprGRPCPort"])}


def _url(processes: Processes, path: str) -> str:
    return f"http://127.0.0.1:{processes.apps[app_id_of(path)]['appPort']}"


def on_free_ports(app_ids: Iterable[str], **variables: str) -> dict[str, Any]:
    """The file of those apps, on ports of their own beside those of another run, with these variables."""
    file: dict[str, Any] = yaml.safe_load((ROOT / "dapr.yaml").read_text())
    file["common"]["env"] |= variables
    file["apps"] = [app for app in file["apps"] if app["appID"] in app_ids]
    ports = iter(free_ports(len(file["apps"]) * len(PORTS)))  # before anything is started that opens connections
    for app in file["apps"]:
        for name in PORTS:
            port = next(ports)
            app["command"] = [str(port) if part == str(app[name]) else part for part in app["command"]]
            app[name] = port
    return file


@contextmanager
def secured_run(folder: Path, token: str, file: dict[str, Any], **daprd: str) -> Iterator["StackBackend"]:
    """The functions of a file as `on_free_ports` makes it, each with its daprd that wants this token and sends it.

    `daprd`: variables of theirs, besides.
    """
    with ExitStack() as stack:
        with _backend(Processes(folder, stack, file, DAPR_API_TOKEN=token, APP_API_TOKEN=token, **daprd)) as backend:
            yield backend


@contextmanager
def lone_daprd(app_id: str, resources: Path) -> Iterator[dict[str, int]]:
    """A daprd of that app-id with nothing but these resources and the project's configuration; its ports."""
    ports = dict(zip(("http", "grpc", "internal", "metrics"), free_ports(4), strict=True))
    command = ["daprd", "--app-id", app_id, "--log-level", "warn", "--resources-path", str(resources)]
    command += ["--config", str(ROOT / "components/configuration.yaml"), "--scheduler-host-address", ""]
    command += ["--dapr-http-port", str(ports["http"]), "--dapr-grpc-port", str(ports["grpc"])]
    command += ["--dapr-internal-grpc-port", str(ports["internal"]), "--metrics-port", str(ports["metrics"])]
    with (resources / "daprd.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for_http(f"http://127.0.0.1:{ports['http']}/v1.0/healthz/outbound", process)
            yield ports
        finally:
            process.terminate()
            process.wait(15)
