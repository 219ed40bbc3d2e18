"""Every overlay before the real API server: its schemas, Knative's webhooks and quotas say yes to all of it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OVERLAYS = [
    "knative/overlays/dev",
    "knative/overlays/minikube",
    "knative/overlays/production",
    "tests/cluster/overlay",
    "tests/manifests/traced",
    "knative/monitoring",
]
BEFORE = {"learnflow": "knative/base/rbac.yaml", "learnflow-data": None}  # a namespace, and what must be in it first

pytestmark = pytest.mark.cluster


def kubectl(*args: str, stdin: str | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(["kubectl", *args], input=stdin, capture_output=True, text=True)


@pytest.fixture(scope="module", autouse=True)
def namespaces() -> Iterator[None]:
    """Nothing that a dry run would create is there for the rest of it: a namespace for what is in it, and the account
    for the pod that Knative's webhook tries out for each service."""
    for name in BEFORE:
        if kubectl("get", "namespace", name, "-o", "jsonpath={.status.phase}").stdout == "Terminating":
            kubectl("wait", "--for=delete", f"namespace/{name}", "--timeout=300s")  # of a run that has just ended
    made = [name for name in BEFORE if kubectl("create", "namespace", name).returncode == 0]
    for name, manifest in BEFORE.items():
        if manifest:
            kubectl("-n", name, "apply", "-f", str(ROOT / manifest))
    yield
    if made:
        kubectl("delete", "namespace", *made)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_api_server_takes_every_manifest(overlay: str) -> None:
    if overlay == "knative/monitoring" and kubectl("get", "crd", "podmonitors.monitoring.coreos.com").returncode:
        pytest.skip("the cluster has no Prometheus operator")
    rendered = kubectl("kustomize", str(ROOT / overlay))
    assert rendered.returncode == 0, rendered.stderr
    said = kubectl("apply", "--dry-run=server", "-f", "-", stdin=rendered.stdout)
    assert said.returncode == 0, said.stderr
    resources = rendered.stdout.count("\nkind: ") + rendered.stdout.startswith("kind: ")
    assert len(said.stdout.splitlines()) == resources, said.stdout
    assert all(line.endswith("(server dry run)") for line in said.stdout.splitlines())
