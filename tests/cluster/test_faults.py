"""Pods and revisions go while clients write: they hear their answer or a declared 503, and nothing is lost.

A declared 503 is a problem with `Retry-After`. Every client repeats what it was not told is done, with the same key.
"""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import httpx
import pytest

from tests.support.backends import eventually, new_learner
from tests.support.clients import SOME, Json, Told, go_on, held, report, say, working
from tests.support.cluster import ClusterBackend, kubectl, running_pods
from tests.support.cluster_audit import audit
from tests.support.disruptions import delete, last_status, roll, serving_pod
from tests.support.fault_table import seen

pytestmark = pytest.mark.cluster
WAITS = "Waiting for connections to close."  # what uvicorn says after SIGTERM while a request is in flight
FUNCTION, PATH = "update-progress", "/update-progress"
AWAKE = 120  # seconds, at most, for what the cluster does in its own time


def log_of(pod: str) -> list[Json]:
    """What the function itself logged."""
    lines = kubectl("logs", pod, "-c", "user-container").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")]


def traces_in(pod: str) -> set[str]:
    """Of the requests that the pod answered."""
    return {line["trace_id"] for line in log_of(pod) if line["message"] == "request"}


def names_of(pods: list[Json]) -> set[str]:
    return {pod["metadata"]["name"] for pod in pods}


@dataclass
class Drained:
    """How a pod ended that had a request in flight: what that was answered, and how each container finished."""

    told: Told
    answer: httpx.Response
    ends: dict[str, Json]


def drain(cluster: ClusterBackend, pod: str, deleted: Event) -> Drained:
    body = report(new_learner(), 1)
    with last_status(pod) as status_when_gone:
        with held(cluster, PATH, body) as request:
            delete(pod)
            deleted.set()
            # queue-proxy lets half a minute go by without new requests; only then the function is told to end
            eventually(lambda: any(line["message"].startswith(WAITS) for line in log_of(pod)), AWAKE)
            request.let_go()
            answer = request.answer.result()
        status = status_when_gone()
    containers = status["containerStatuses"] + status["initContainerStatuses"]
    ends = {container["name"]: container["state"]["terminated"] for container in containers}
    return Drained(Told([say(cluster, body, answer)]), answer, ends)


@pytest.fixture(scope="module")
def drained(cluster: ClusterBackend) -> Iterator["Future[Drained]"]:
    """A pod's whole end takes half a minute: it comes beside the other tests of this module."""
    say(cluster, report(new_learner(), 1))
    deleted = Event()
    with ThreadPoolExecutor(1) as pool:
        drained = pool.submit(drain, cluster, serving_pod(FUNCTION), deleted)
        assert deleted.wait(AWAKE)
        yield drained


@pytest.mark.usefixtures("drained")
def test_a_request_in_flight_in_a_pod_that_is_deleted_is_answered_by_it(cluster: ClusterBackend) -> None:
    body = report(new_learner(), 1)
    with working(cluster) as told:
        pod = serving_pod(FUNCTION)
        with held(cluster, PATH, body) as request:
            go_on(told)
            delete(pod)
            go_on(told, 3 * SOME)
            request.let_go()
            answer = request.answer.result()
        assert answer.status_code == 200, answer.text
        assert request.trace in traces_in(pod), "and not by the one that came after it"
    told.said.append(say(cluster, body, answer))
    assert told.failures == {}
    seen("a pod is deleted in mid-request", told, audit(told))


def test_what_was_in_a_pod_that_is_killed_without_grace_is_done_once_when_it_is_said_again(
    cluster: ClusterBackend,
) -> None:
    body = report(new_learner(), 1)
    with working(cluster) as told:
        with held(cluster, PATH, body) as request:
            go_on(told)
            delete(serving_pod(FUNCTION), "--grace-period=0", "--force")
            go_on(told, 3 * SOME)
            request.let_go()
            answer = request.answer.result()
        # nobody answers for a process that is gone: it is Knative's activator that says that the connection broke
        assert answer.status_code == 502 and not answer.headers["content-type"].startswith("application/problem")
    told.said.append(say(cluster, body, answer))
    seen("a pod is killed in mid-request, without grace", told, audit(told))


def test_a_new_revision_takes_over_without_a_client_noticing(cluster: ClusterBackend) -> None:
    with working(cluster) as told:
        before = serving_pod(FUNCTION)
        revision = roll(FUNCTION, new_learner("revision"))
        eventually(lambda: before not in names_of(running_pods(FUNCTION)), AWAKE)
        go_on(told)
        assert serving_pod(FUNCTION).startswith(revision)
    assert told.failures == {}
    seen("a new revision is rolled out", told, audit(told))


def test_a_request_in_flight_outlives_the_functions_sigterm_and_its_sidecar_outlives_the_function(
    drained: "Future[Drained]",
) -> None:
    found = drained.result()
    assert found.answer.status_code == 200, found.answer.text
    assert {name: end["exitCode"] for name, end in found.ends.items()} == {
        "user-container": 0,
        "queue-proxy": 0,
        "daprd": 0,
    }, "nobody was killed"
    assert found.ends["daprd"]["finishedAt"] >= found.ends["user-container"]["finishedAt"]
    seen("a pod is drained to its end", found.told, audit(found.told))
