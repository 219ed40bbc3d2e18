"""`learnflow dev --cluster`, that is `skaffold dev` of one function, beside whatever else is on the test cluster."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.cluster import DOMAIN, INGRESS, run
from tests.support.dev_loop import SOURCES, Loop
from tests.support.postgres import own_database
from tests.support.presence import NODE

OVERLAY, NAMESPACE = "tests/cluster/dev", "learnflow-dev"
START_SECONDS = 240
READY = "Watching for changes..."


class ClusterLoop(Loop):
    """Of one function, called through the ingress."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        place = ["--overlay", OVERLAY, "--namespace", NAMESPACE]
        super().__init__(folder, SOURCES, "dev", "--cluster", name, *place, PYTHONUNBUFFERED="1")

    def get(self, path: str) -> httpx.Response:
        headers = {"Host": f"{self.name}.{NAMESPACE}.{DOMAIN}"}
        return httpx.get(INGRESS + path, headers=headers, timeout=30)


@contextmanager
def cluster_loop(folder: Path, name: str) -> Iterator[ClusterLoop]:
    """From an empty namespace until it watches; nothing of it is left afterwards."""
    run("kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait", seconds=180)
    run("kubectl", "create", "namespace", NAMESPACE)
    try:
        with own_database("learnflow_dev", host=NODE) as postgres:
            run("knative/create-secrets.sh", NAMESPACE, LEARNFLOW_POSTGRES=postgres)
            run("kubectl", "apply", "-f", "knative/base/rbac.yaml", "-n", NAMESPACE)
            loop = ClusterLoop(folder, name)
            try:
                loop.said(READY, seconds=START_SECONDS)
                yield loop
            finally:
                loop.end()
    finally:
        run("kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")
