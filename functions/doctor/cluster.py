"""For Kubernetes: the cluster, what has to be installed in it and is ready, Secrets, permissions, the functions."""

import json
from collections.abc import Iterable
from typing import Any

from functions.doctor.embedded import ROOT
from functions.doctor.finding import Check, Finding, last_line, missing, ok, output, warn

CRDS = {
    "services.serving.knative.dev": "Knative Serving",
    "pingsources.sources.knative.dev": "Knative Eventing",
    "kafkasources.sources.knative.dev": "Knative's Kafka source",
    "kafkasinks.eventing.knative.dev": "Knative's Kafka sink",
    "components.dapr.io": "Dapr",
}
CONTROL_PLANE = ("knative-serving", "knative-eventing", "dapr-system")
SECRETS = {"learnflow-postgres": "LEARNFLOW_POSTGRES='…' ", "dapr-api-token": ""}
MADE = ("services.serving.knative.dev", "kafkasources.sources.knative.dev", "components.dapr.io", "networkpolicies")
INSTALL = "knative/setup-minikube.sh"
Json = dict[str, Any]


def checks(namespace: str) -> list[tuple[str, Check]]:
    return [
        ("cluster", reachable),
        ("crds", crds),
        *((f"control plane {name}", lambda name=name: ready_deployments(name)) for name in CONTROL_PLANE),
        ("namespace", lambda: of_namespace(namespace)),
        ("permissions", lambda: permissions(namespace)),
        ("images", images),
        ("functions", lambda: functions(namespace)),
        ("sources", lambda: sources(namespace)),
    ]


def is_begun(namespace: str) -> bool:
    """Whether the cluster that `kubectl` means has the namespace: it may be there for something else."""
    return kubectl("get", "namespace", namespace)[0] == 0


def kubectl(*arguments: str) -> tuple[int, str]:
    return output("kubectl", "--request-timeout=8s", *arguments)


def items(*arguments: str) -> list[Json]:
    """Raises RuntimeError with what kubectl says where it fails."""
    code, said = kubectl("get", *arguments, "-o", "json")
    if code:
        raise RuntimeError(last_line(said))
    found: list[Json] = json.loads(said)["items"]
    return found


def reachable() -> Iterable[Finding]:
    code, said = kubectl("version", "-o", "json")
    if code:
        yield missing("cluster", f"no cluster answers: {last_line(said)}", "minikube start --cpus 4 --memory 8g")
    else:
        context = output("kubectl", "config", "current-context")[1]
        yield ok("cluster", f"{context}, Kubernetes {json.loads(said)['serverVersion']['gitVersion']}")


def crds() -> Iterable[Finding]:
    there = {item["metadata"]["name"] for item in items("crd")}
    gone = {name: what for name, what in CRDS.items() if name not in there}
    for name, what in gone.items():
        yield missing("crds", f"there is no {name}: {what} is not installed", INSTALL)
    if not gone:
        yield ok("crds", ", ".join(CRDS.values()))


def ready_deployments(namespace: str) -> Iterable[Finding]:
    found = items("deployments,statefulsets", "-n", namespace)
    waiting = [
        each["metadata"]["name"]
        for each in found
        if each["status"].get("readyReplicas", 0) < each["spec"].get("replicas", 1)
    ]
    if not found:
        yield missing(namespace, "nothing is in this namespace", INSTALL)
    elif waiting:
        mend = f"kubectl -n {namespace} get pods && kubectl -n {namespace} rollout restart deployment {waiting[0]}"
        yield missing(namespace, f"not ready: {', '.join(waiting)}", mend)
    else:
        yield ok(namespace, f"{len(found)} deployments are ready")


def of_namespace(namespace: str) -> Iterable[Finding]:
    if kubectl("get", "namespace", namespace)[0]:
        yield missing("namespace", f"there is no {namespace}", f"kubectl create namespace {namespace}")
        return
    there = {item["metadata"]["name"] for item in items("secrets", "-n", namespace)}
    for name, given in SECRETS.items():
        if name not in there:
            yield missing("secrets", f"{namespace} has no {name}", f"{given}knative/create-secrets.sh {namespace}")
    if not set(SECRETS) - there:
        yield ok("secrets", ", ".join(SECRETS))


def permissions(namespace: str) -> Iterable[Finding]:
    denied = [kind for kind in MADE if kubectl("auth", "can-i", "create", kind, "-n", namespace)[0]]
    if denied:
        mend = f"kubectl -n {namespace} create rolebinding developer --clusterrole=admin --user=YOU"
        yield missing("permissions", f"you may not create {', '.join(denied)} in {namespace}", mend)
    else:
        yield ok("permissions", f"you may create what is deployed in {namespace}")


def names() -> list[str]:
    return sorted(main.parent.name.replace("_", "-") for main in (ROOT / "functions").glob("*/main.py"))


def images() -> Iterable[Finding]:
    """Those that skaffold built here. A cluster that pulls from a registry needs none of them."""
    code, said = output("docker", "image", "ls", "--format", "{{.Repository}}")
    if code:
        yield warn("images", f"not looked at: {last_line(said)}")
        return
    there = set(said.split())
    gone = [name for name in names() if f"dev.local/{name}" not in there]
    if gone:
        yield warn("images", f"not built here: {', '.join(gone)}", "skaffold build")
    else:
        yield ok("images", f"{len(names())} are built")


def functions(namespace: str) -> Iterable[Finding]:
    found = {item["metadata"]["name"]: item for item in items("services.serving.knative.dev", "-n", namespace)}
    if not found:
        yield missing("functions", f"none is deployed in {namespace}", "skaffold run")
        return
    if gone := [name for name in names() if name not in found]:
        yield missing("functions", f"not deployed: {', '.join(gone)}", "skaffold run")
    unready = {name: why for name, item in found.items() if (why := not_ready(item))}
    for name, why in unready.items():
        mend = f"kubectl -n {namespace} describe revision -l serving.knative.dev/service={name}"
        yield missing("functions", f"{name} is not ready: {why}", "skaffold build" if "image" in why.lower() else mend)
    if not unready:
        yield ok("functions", f"{len(found)} are ready")


def sources(namespace: str) -> Iterable[Finding]:
    found = items("kafkasources.sources.knative.dev", "-n", namespace)
    unready = {item["metadata"]["name"]: why for item in found if (why := not_ready(item))}
    for name, why in unready.items():
        yield missing("sources", f"{name} is not ready: {why}", f"kubectl -n {namespace} describe kafkasource {name}")
    if not unready:
        yield ok("sources", f"{len(found)} are ready") if found else warn("sources", "none: no event wakes a function")


def not_ready(item: Json) -> str:
    """Why; empty when it is ready."""
    conditions = {each["type"]: each for each in item.get("status", {}).get("conditions", ())}
    ready = conditions.get("Ready", {"status": "Unknown"})
    if ready["status"] == "True":
        return ""
    return last_line(ready.get("message", "")) or ready.get("reason", "") or "it does not say why"
