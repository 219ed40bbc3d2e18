"""Who may talk to whom: the policies' selectors and ports against the manifests that they are about.

What a policy means is computed here as Kubernetes defines it; that a cluster enforces it is not seen anywhere.
"""

import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.manifests.test_rendered import OVERLAYS, Overlay, functions, of_kind, render, variables
from tests.support.policies import Pod, allows

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl renders the overlays")
Json = dict[str, Any]

ACTIVATOR = Pod("knative-serving", {"app": "activator"})
AUTOSCALER = Pod("knative-serving", {"app": "autoscaler"})
GATEWAY = Pod("kourier-system", {"app": "3scale-kourier-gateway"})
DNS = Pod("kube-system", {"k8s-app": "kube-dns"})
SENTRY = Pod("dapr-system", {"app": "dapr-sentry"})
OPERATOR = Pod("dapr-system", {"app": "dapr-operator"})
DISPATCHER = Pod("knative-eventing", {"app": "kafka-source-dispatcher"})
ANYBODY = Pod("default", {"app": "anybody"})
QUEUE, QUEUE_TLS, BUSY = 8012, 8112, 9090
APP, DAPR_HTTP, DAPR_GRPC, DAPR_INTERNAL, DAPR_METRICS = 8080, 3500, 50001, 50002, 9092


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> Overlay:
    return request.param, render(request.param)


def policies(overlay: Overlay) -> list[Json]:
    found = of_kind(overlay, "NetworkPolicy", "networking.k8s.io/")
    assert found
    return found


def pods(overlay: Overlay) -> list[Pod]:
    """As Knative labels them: by the service they are of."""
    return [
        Pod(service["metadata"]["namespace"], {"serving.knative.dev/service": service["metadata"]["name"]})
        for service in functions(overlay)
    ]


def place(address: str, role: str) -> tuple[Pod, int]:
    """What stands at host:port. A name within a cluster is `<service>.<namespace>.svc…`."""
    host, _, port = address.partition(":")
    parts = host.split(".")
    if "svc" in parts:
        label = {"app.kubernetes.io/name": role}
        return (Pod(parts[1], label) if role != "issuer" else Pod(address="10.199.0.1")), int(port)
    if not host.replace(".", "").isdigit():
        return Pod(address="203.0.113.7"), int(port)  # somewhere outside
    return Pod(address=host), int(port)


def test_requests_come_through_knative_and_from_nowhere_else(overlay: Overlay) -> None:
    rules, all_pods = policies(overlay), pods(overlay)
    for pod in all_pods:
        for sender in (ACTIVATOR, GATEWAY):
            assert allows(rules, "Ingress", pod, sender, QUEUE) and allows(rules, "Ingress", pod, sender, QUEUE_TLS)
        assert allows(rules, "Ingress", pod, AUTOSCALER, BUSY)
        for port in (QUEUE, QUEUE_TLS, BUSY, APP, DAPR_HTTP, DAPR_GRPC, DAPR_INTERNAL, DAPR_METRICS):
            for stranger in (ANYBODY, DISPATCHER, all_pods[0], Pod(address="203.0.113.7")):
                assert not allows(rules, "Ingress", pod, stranger, port), (stranger, port)
        for sender in (ACTIVATOR, GATEWAY, AUTOSCALER):
            for port in (APP, DAPR_HTTP, DAPR_GRPC, DAPR_INTERNAL):
                assert not allows(rules, "Ingress", pod, sender, port), "past queue-proxy there is no way"


def test_every_pod_reaches_names_and_daprs_control_plane(overlay: Overlay) -> None:
    rules = policies(overlay)
    job = yaml.safe_load((ROOT / "knative/jobs/rebuild.yaml").read_text())["spec"]["template"]["metadata"]
    for pod in [*pods(overlay), Pod("learnflow", job.get("labels", {}))]:
        assert allows(rules, "Egress", pod, DNS, 53, "UDP") and allows(rules, "Egress", pod, DNS, 53)
        assert allows(rules, "Egress", pod, SENTRY, 50001) and allows(rules, "Egress", pod, OPERATOR, 6500)


def test_every_pod_reaches_its_kafka_and_its_database(overlay: Overlay) -> None:
    rules = policies(overlay)
    [config] = [c for c in of_kind(overlay, "ConfigMap") if c["metadata"]["name"] == "learnflow-kafka"]
    brokers = [place(address, "kafka") for address in config["data"]["bootstrapServers"].split(",")]
    database = {
        "knative/overlays/production": Pod("postgresql", {"app.kubernetes.io/name": "postgres"}),
        "tests/cluster/overlay": Pod(address="10.199.0.1"),
        "tests/cluster/dev": Pod(address="10.199.0.1"),
    }.get(overlay[0], Pod("learnflow-data", {"app.kubernetes.io/name": "postgres"}))
    for pod in pods(overlay):
        for broker, port in brokers:
            assert allows(rules, "Egress", pod, broker, port)
        assert allows(rules, "Egress", pod, database, 5432)


def test_every_function_reaches_the_keys_of_its_issuer(overlay: Overlay) -> None:
    for service, pod in zip(functions(overlay), pods(overlay), strict=True):
        found = variables(service)
        if found.get("AUTH") == "off":
            continue
        url = urlsplit(found["LEARNFLOW_JWKS_URL"])
        if url.scheme == "file":
            spec = service["spec"]["template"]["spec"]
            [mount] = [m for m in spec["containers"][0]["volumeMounts"] if url.path.startswith(m["mountPath"] + "/")]
            assert mount["name"] in [volume["name"] for volume in spec["volumes"]]
            continue
        issuer, port = place(f"{url.hostname}:{url.port or 443}", "issuer")
        assert allows(policies(overlay), "Egress", pod, issuer, port)


def test_nothing_else_is_reached(overlay: Overlay) -> None:
    rules = policies(overlay)
    for pod in pods(overlay):
        for port in (22, 80, 3500, 6379, 8080, 9093):
            for other in (ANYBODY, pods(overlay)[0], DNS, SENTRY, Pod(address="203.0.113.7")):
                assert not allows(rules, "Egress", pod, other, port), (other, port)
        for address in ("169.254.169.254", "10.0.0.1"):  # a cloud's metadata, another's network
            assert not allows(rules, "Egress", pod, Pod(address=address), 80)
            assert not allows(rules, "Egress", pod, Pod(address=address), 443)


def backing() -> list[Json]:
    text = subprocess.check_output(["kubectl", "kustomize", ROOT / "knative/backing"], text=True)
    return list(yaml.safe_load_all(text))


def test_kafka_and_the_database_are_reached_by_functions_and_what_feeds_them() -> None:
    found = backing()
    rules = [r for r in found if r["kind"] == "NetworkPolicy"]
    sets = {r["metadata"]["name"]: r["spec"]["template"] for r in found if r["kind"] == "StatefulSet"}
    ports = {name: set_["spec"]["containers"][0]["ports"][0]["containerPort"] for name, set_ in sets.items()}
    kafka, postgres = (Pod("learnflow-data", sets[name]["metadata"]["labels"]) for name in ("kafka", "postgres"))
    function = Pod("learnflow", {"serving.knative.dev/service": "get-status"})
    topics = Pod("learnflow-data", {"batch.kubernetes.io/job-name": "topics"})
    assert ports == {"kafka": 9092, "postgres": 5432}
    for reader in (function, DISPATCHER, topics):
        assert allows(rules, "Ingress", kafka, reader, 9092)
    assert allows(rules, "Egress", topics, kafka, 9092) and allows(rules, "Egress", topics, DNS, 53, "UDP")
    assert allows(rules, "Ingress", postgres, function, 5432)
    for stranger in (ANYBODY, DISPATCHER, topics):
        assert not allows(rules, "Ingress", postgres, stranger, 5432)
    assert not allows(rules, "Ingress", kafka, ANYBODY, 9092)
    for pod in (kafka, postgres):
        assert not allows(rules, "Egress", pod, Pod(address="203.0.113.7"), 443)
