"""Pods and revisions go while clients write: they hear their answer or a declared 503, and nothing is lost.

A declared 503 is a problem with `Retry-After`. Every client repeats what it was not told is done, with the same key.
"""

import json
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event

import pytest

from tests.support.backends import eventually, new_learner
from tests.support.cluster import ClusterBackend, kubectl, running_pods
from tests.support.cluster_faults import LOAD, Cluster, held
from tests.support.disruptions import delete, last_status, roll, serving_pod
from tests.support.faults import under_load
from tests.support.front_ends import REPORT, Json, Told, report

pytestmark = pytest.mark.cluster
WAITS = "Waiting for connections to close."  # what uvicorn says after SIGTERM while a request is in flight
FUNCTION = "update-progress"
SOME = 30  # requests
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
    """How a pod ended that had a request in flight: what that was told, and how each container finished."""

    told: Told
    ends: dict[str, Json]


def drain(place: Cluster, pod: str, deleted: Event) -> Drained:
    told = report(new_learner(), "held", place.random)
    with last_status(pod) as status_when_gone:
        with held(place.send, told) as request:
            delete(pod)
            deleted.set()
            # queue-proxy lets half a minute go by without new requests; only then the function is told to end
            eventually(lambda: any(line["message"].startswith(WAITS) for line in log_of(pod)), AWAKE)
            request.let_go()
            told.hear(request.answer.result())
        status = status_when_gone()
    containers = status["containerStatuses"] + status["initContainerStatuses"]
    return Drained(told, {container["name"]: container["state"]["terminated"] for container in containers})


@pytest.fixture(scope="module")
def drained(cluster: ClusterBackend) -> Iterator["Future[Drained]"]:
    """A pod's whole end takes half a minute: it comes beside the other tests of this module."""
    place, deleted = Cluster(cluster), Event()
    report(new_learner(), "first", place.random).until_answered(place.send, REPORT)
    with ThreadPoolExecutor(1) as pool:
        drained = pool.submit(drain, place, serving_pod(FUNCTION), deleted)
        assert deleted.wait(AWAKE)
        yield drained


@pytest.mark.usefixtures("drained")
def test_a_request_in_flight_in_a_pod_that_is_deleted_is_answered_by_it(place: Cluster) -> None:
    with under_load(place, "a pod is deleted in mid-request", **LOAD) as fault:
        pod, told = serving_pod(FUNCTION), report(fault.users[0], "held", place.random)
        fault.load.also.append(told)
        with held(place.send, told) as request:
            fault.load.more(SOME)
            delete(pod)
            fault.happened()
            fault.load.more(3 * SOME)
            request.let_go()
            told.hear(request.answer.result())
        assert told.answers, told
        assert request.trace in traces_in(pod), "and not by the one that came after it"
    assert fault.line.cut == 0


def test_what_was_in_a_pod_that_is_killed_without_grace_is_done_once_when_it_is_said_again(place: Cluster) -> None:
    with under_load(place, "a pod is killed in mid-request, without grace", **LOAD) as fault:
        fault.load.also.append(told := report(fault.users[0], "held", place.random))
        with held(place.send, told) as request:
            fault.load.more(SOME)
            delete(serving_pod(FUNCTION), "--grace-period=0", "--force")
            fault.happened()
            fault.load.more(3 * SOME)
            request.let_go()
            told.hear(answer := request.answer.result())
        # nobody answers for a process that is gone: it is Knative's activator that says that the connection broke
        assert answer.status_code == 502 and told.cut == 1
        told.until_answered(place.send, REPORT)


def test_a_new_revision_takes_over_without_a_client_noticing(place: Cluster) -> None:
    with under_load(place, "a new revision is rolled out", **LOAD) as fault:
        before = serving_pod(FUNCTION)
        revision = roll(FUNCTION, new_learner("revision"))
        fault.happened()
        eventually(lambda: before not in names_of(running_pods(FUNCTION)), AWAKE)
        fault.load.more(SOME)
        assert serving_pod(FUNCTION).startswith(revision)
    assert fault.line.cut == 0


def test_a_request_in_flight_outlives_the_functions_sigterm_and_its_sidecar_outlives_the_function(
    place: Cluster, drained: "Future[Drained]"
) -> None:
    with under_load(place, "a pod is drained to its end", clients=0, warm=0) as fault:
        found = drained.result()
        fault.load.also.append(found.told)
        fault.happened()
    assert found.told.answers, found.told
    assert {name: end["exitCode"] for name, end in found.ends.items()} == {
        "user-container": 0,
        "queue-proxy": 0,
        "daprd": 0,
    }, "nobody was killed"
    assert found.ends["daprd"]["finishedAt"] >= found.ends["user-container"]["finishedAt"]
