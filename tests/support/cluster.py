"""The functions on a Kubernetes cluster with Knative and Dapr, deployed as a developer deploys them: by skaffold."""

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.support.backends import ROOT, Backend, environment, eventually
from tests.support.catalogue import app_id_of
from tests.support.issuer import Issuer, issuer
from tests.support.postgres import own_database
from tests.support.presence import NODE
from tests.support.topics import create_topics

NAMESPACE = "learnflow"
DATABASE = "learnflow_cluster"
TIMEOUT = 90.0  # seconds until a client hangs up: after Knative, which gives a function 60, so that its word is heard
ISSUER_PORT = 9096  # as tests/cluster/overlay/egress.yaml has it
INGRESS = os.environ.get("LEARNFLOW_INGRESS", "http://127.0.0.1:8081")
DOMAIN = os.environ.get("LEARNFLOW_DOMAIN", "127.0.0.1.sslip.io")


def run(*command: str, seconds: float = 60, **env: str) -> str:
    """What it prints; its errors are in the exception when it fails."""
    done = subprocess.run(
        command, cwd=ROOT, env=environment(**env), capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def kubectl(*arguments: str, seconds: float = 60) -> str:
    return run("kubectl", "-n", NAMESPACE, *arguments, seconds=seconds)


def items(kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(kubectl("get", kind, "-o", "json"))["items"]
    return found


def running_pods(app_id: str = "") -> list[dict[str, Any]]:
    """Pods that serve, or will; not those that are on their way out."""
    pods = [pod for pod in items("pods") if "deletionTimestamp" not in pod["metadata"]]
    return [pod for pod in pods if not app_id or pod["metadata"]["labels"].get("serving.knative.dev/service") == app_id]


def _takes_the_manifests() -> bool:
    pipeline = "kubectl kustomize tests/cluster/overlay | kubectl apply --dry-run=server -f -"
    return subprocess.run(["sh", "-c", pipeline], cwd=ROOT, capture_output=True, timeout=100).returncode == 0


class ClusterBackend(Backend):
    """Calls go through the ingress, to each function's own host, with a service's token if not said otherwise."""

    issuer: Issuer

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        own = {"Host": f"{app_id_of(path)}.{NAMESPACE}.{DOMAIN}"} | self.issuer.bearer("school", "service")
        headers = {name: value for name, value in (own | options.pop("headers", {})).items() if value is not None}
        return self.client.request(method, INGRESS + path, headers=headers, **options)


@contextmanager
def deployed() -> Iterator[ClusterBackend]:
    """Everything from nothing: namespace, topics, secrets, images, manifests; gone again afterwards."""
    run("kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait", seconds=300)
    run("sh", "-c", f"kubectl create namespace {NAMESPACE} --dry-run=client -o yaml | kubectl apply -f -")
    create_topics()
    # the stack's functions take the same events: what the cluster's do has to be their own
    with own_database(DATABASE, host=NODE) as postgres:
        run("knative/create-secrets.sh", NAMESPACE, LEARNFLOW_POSTGRES=postgres)
        with _skaffolded():
            with httpx.Client(timeout=TIMEOUT) as client, issuer(NODE, ISSUER_PORT) as issued:
                backend = ClusterBackend("cluster", lambda _path: INGRESS, client)
                backend.issuer = issued
                yield backend


@contextmanager
def _skaffolded() -> Iterator[None]:
    run("kubectl", "apply", "-f", "knative/base/rbac.yaml", "-n", NAMESPACE)
    # a cluster that has just come up may count as ready before its webhooks answer
    eventually(_takes_the_manifests, 120)
    run("skaffold", "run", "-p", "test", seconds=900)
    try:
        yield
    finally:
        run("skaffold", "delete", "-p", "test", seconds=300)
        # pods take half a minute to drain; who deploys next waits for that
        run("kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")
