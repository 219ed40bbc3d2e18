"""The functions behind real daprds on a Kafka and a PostgreSQL of their own, looked after as Kubernetes would.

A process that ends is started again; the relay is called on a schedule; the way to either server can be slow or away.
"""

import json
import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import yaml

from tests.faults.supervised import Supervised
from tests.support.backends import ROOT
from tests.support.catalogue import app_id_of
from tests.support.dapr_run import Processes, on_free_ports
from tests.support.kept import Kept, read
from tests.support.own_stack import Kafka, Postgres
from tests.support.postgres import rows
from tests.support.proxy import Proxy
from tests.support.quiet import until_quiet
from tests.support.topics import create_topics

CALLED = ("generate-lesson", "list-lessons", "manage-alerts", "update-progress")
TAKING = ("prepare-lesson", "project-progress", "raise-alert", "track-lesson")
PING = {"specversion": "1.0", "id": "1", "source": "/test/schedule", "type": "dev.knative.sources.ping"}
SCHEDULE = 2.0  # seconds; a minute on Kubernetes


class System(Supervised):
    """`random`: what is killed, and when."""

    def __init__(self, folder: Path, stack: ExitStack, seed: int) -> None:
        self.folder, self.stack, self.random = folder, stack, random.Random(seed)
        self.to_kafka, self.to_postgres = Proxy(seed), Proxy(seed)
        stack.callback(self.to_postgres.close)
        stack.callback(self.to_kafka.close)
        for name in ("kafka", "functions", "replicas"):
            (folder / name).mkdir()
        # a test's folder is its user's only, and PostgreSQL may have to be another's
        data = stack.enter_context(tempfile.TemporaryDirectory(prefix="learnflow-", ignore_cleanup_errors=True))
        self.kafka, self.postgres = Kafka(folder / "kafka", self.to_kafka.port), Postgres(Path(data))
        self.to_kafka.target, self.to_postgres.target = self.kafka.port, self.postgres.port
        for server in (self.kafka, self.postgres):
            stack.callback(server.kill)
            server.start()
        self.place, self.bootstrap = self.postgres.place(), f"127.0.0.1:{self.to_kafka.port}"
        rows("CREATE DATABASE learnflow", **self.postgres.place("postgres"))
        create_topics(self.bootstrap)
        super().__init__(self._processes(folder / "functions", (*CALLED, *TAKING, "relay-events")))
        self.replicas: Processes | None = None
        self.client = stack.enter_context(httpx.Client(timeout=5))
        self._ended = threading.Event()

    def _processes(self, folder: Path, app_ids: Sequence[str]) -> Processes:
        file = on_free_ports(app_ids, LOG_LEVEL="WARNING", LEARNFLOW_LESSONS="1000")
        for app in file["apps"]:  # as the images start it: a kill has to reach the server itself
            main = f"functions.{app['appID'].replace('-', '_')}.main:app"
            app["command"] = [sys.executable, "-m", "uvicorn", main, "--port", str(app["appPort"])]
        way = f"host=127.0.0.1 port={self.to_postgres.port} user=learnflow password=unused database=learnflow"
        return Processes(folder, self.stack, file, LEARNFLOW_KAFKA=self.bootstrap, LEARNFLOW_POSTGRES=way)

    @contextmanager
    def running(self) -> Iterator["System"]:
        threads = [threading.Thread(target=work) for work in (lambda: self.look_after(self._ended), self._schedule)]
        try:
            for app_id in self.functions.apps:
                self.functions.start(app_id, "app")
                self.functions.start(app_id, "daprd")
            for thread in threads:  # before all are ready: a daprd that does not get through its start is started again
                thread.start()
            self.wait()
            yield self
        finally:
            self._ended.set()
            for thread in threads:
                thread.join(60)
            self.functions.stop()

    @contextmanager
    def replicated(self, *app_ids: str) -> Iterator[None]:
        """Second replicas of these functions, from when they are ready until they are told to end."""
        second = self._processes(self.folder / "replicas", app_ids)
        with second.all_running():
            self.replicas = second
            try:
                yield
            finally:
                self.replicas = None

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """To one of the replicas, as a service would do it."""
        runs = [run for run in (self.functions, self.replicas) if run and app_id_of(path) in run.apps]
        port = random.choice(runs).apps[app_id_of(path)]["appPort"]
        return self.client.request(method, f"http://127.0.0.1:{port}{path}", **options)

    def wait(self) -> None:
        """Until every function is ready."""
        for app_id in self.functions.apps:
            end = time.monotonic() + 120
            while not self._is_ready(app_id):
                assert time.monotonic() < end, f"{app_id} is not ready; see {self.folder}"
                time.sleep(0.1)

    def _is_ready(self, app_id: str) -> bool:
        app = self.functions.apps[app_id]
        urls = (f"127.0.0.1:{app['appPort']}/health/ready", f"127.0.0.1:{app['daprHTTPPort']}/v1.0/healthz")
        with suppress(httpx.HTTPError):
            return all(httpx.get(f"http://{url}", timeout=2).is_success for url in urls)
        return False

    def _schedule(self) -> None:
        url = f"http://127.0.0.1:{self.functions.apps['relay-events']['appPort']}/"
        headers = {"content-type": "application/cloudevents+json"}
        with httpx.Client(timeout=40) as client:
            while not self._ended.wait(SCHEDULE):
                with suppress(httpx.HTTPError):
                    client.post(url, content=json.dumps(PING), headers=headers)

    def quiet(self) -> None:
        until_quiet(subscriptions(), self.place, self.bootstrap)

    def kept(self, users: Sequence[str]) -> dict[str, Kept]:
        return read(users, self.place, self.bootstrap)


def subscriptions() -> dict[str, list[str]]:
    """The topics of each consumer group, as the components have them: daprd's group is the app-id."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in (ROOT / "components").glob("subscription-*.yaml"):
        subscription = yaml.safe_load(path.read_text())
        for app_id in subscription["scopes"]:
            found[app_id].append(subscription["spec"]["topic"])
    return found


@contextmanager
def system(folder: Path, seed: int) -> Iterator[System]:
    """With its logs in the folder."""
    with ExitStack() as stack, System(folder, stack, seed).running() as running:
        yield running
