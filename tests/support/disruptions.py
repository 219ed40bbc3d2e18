"""What breaks on a node: pods, sidecars, Dapr's control plane; and a new revision, which breaks nothing."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.backends import environment, eventually
from tests.support.cluster import NAMESPACE, items, kubectl, run, running_pods

Json = dict[str, Any]
DAPR = "dapr-system"
READY = 60.0  # seconds, at most, until there is a pod


def _is_ready(pod: Json) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))


def serving_pod(app_id: str) -> str:
    """The name of the one that there is, when it is ready: every request is in it."""

    def only_one() -> str:
        pods = running_pods(app_id)
        return str(pods[0]["metadata"]["name"]) if len(pods) == 1 and _is_ready(pods[0]) else ""

    return eventually(only_one, READY)


def delete(pod: str, *how: str) -> None:
    kubectl("delete", "pod", pod, "--wait=false", *how)


@contextmanager
def last_status(pod: str) -> Iterator[Callable[[], Json]]:
    """Watches a pod; what is yielded waits until it is gone and says what its status was."""
    line = r'{.type} {.object.status}{"\n"}'
    command = ["kubectl", "-n", NAMESPACE, "get", "pod", pod, "--watch", "--output-watch-events", f"-ojsonpath={line}"]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout
        changes = (change.split(maxsplit=1) for change in watching.stdout)
        next(changes)  # it is being watched

        def gone() -> Json:
            status: Json = next(json.loads(status) for kind, status in changes if kind == "DELETED")
            return status

        try:
            yield gone
        finally:
            watching.kill()


def _sidecars() -> list[tuple[str, str, str]]:
    """The function, the node and the container of each daprd that runs in a pod that is ready."""
    return [
        (
            pod["metadata"]["labels"].get("serving.knative.dev/service", ""),
            pod["spec"]["nodeName"],
            status["containerID"].partition("://")[2],
        )
        for pod in filter(_is_ready, running_pods())
        for status in pod["status"].get("initContainerStatuses", ())
        if status["name"] == "daprd"
    ]


def kill_sidecars(*app_ids: str) -> None:
    """`kill -9` of every daprd in the namespace at once, by the node's containerd, as soon as these are among them."""

    def with_these() -> list[tuple[str, str, str]]:
        found = _sidecars()
        return found if {*app_ids} <= {app_id for app_id, _, _ in found} else []

    running = eventually(with_these, READY)
    [node] = {node for _, node, _ in running}
    config = json.loads(run("kubectl", "get", "--raw", f"/api/v1/nodes/{node}/proxy/configz"))["kubeletconfig"]
    ctr = ["ctr", "--address", config["containerRuntimeEndpoint"].removeprefix("unix://"), "--namespace", "k8s.io"]
    killing = [subprocess.Popen([*ctr, "tasks", "kill", "--signal", "SIGKILL", daprd]) for _, _, daprd in running]
    assert not any(kill.wait(READY) for kill in killing)


def restart_control_plane() -> None:
    """All of Dapr's pods at once: operator, sentry and sidecar injector."""
    run("kubectl", "-n", DAPR, "delete", "pods", "--all", "--wait=false")


def wait_for_control_plane() -> None:
    available = ("wait", "deployments", "--all", "--for=condition=Available", "--timeout=120s")
    run("kubectl", "-n", DAPR, *available, seconds=130)


def roll(service: str, mark: str) -> str:
    """A new revision of a function, which differs in nothing but an annotation; its name, when all goes to it."""
    before = _service(service)["status"]["latestCreatedRevisionName"]
    annotation = {"spec": {"template": {"metadata": {"annotations": {"learnflow.example/rolled": mark}}}}}
    kubectl("patch", "ksvc", service, "--type=merge", "-p", json.dumps(annotation))

    def routed() -> str:
        status = _service(service)["status"]
        latest: str = status["latestCreatedRevisionName"]
        shares = {target["revisionName"]: target["percent"] for target in status["traffic"]}
        return latest if latest != before and shares == {latest: 100} else ""

    return eventually(routed, READY)


def _service(name: str) -> Json:
    [found] = [item for item in items("ksvc") if item["metadata"]["name"] == name]
    return found
