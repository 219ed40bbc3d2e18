"""Sidecars go, and what makes them: a function without its daprd says 503, and comes back by itself."""

import json
import subprocess

import pytest

from tests.support.backends import eventually
from tests.support.cluster import NAMESPACE, ClusterBackend, items, running_pods
from tests.support.cluster_faults import LOAD, Cluster
from tests.support.disruptions import kill_sidecars, restart_control_plane, wait_for_control_plane
from tests.support.faults import under_load

pytestmark = pytest.mark.cluster
AWAKE = 120  # seconds, at most, for what the cluster does in its own time


def test_while_every_daprd_of_the_node_is_killed_clients_hear_nothing_but_declared_503s(place: Cluster) -> None:
    with under_load(place, "every daprd of the node is killed", **LOAD) as fault:
        kill_sidecars("update-progress", "project-progress")  # what is called, and what takes its events
        fault.happened()
        fault.load.more(90)
    assert fault.line.cut == 0  # and no 503 at all, if each daprd is back within what a call of it may take


def test_a_restart_of_dapr_itself_disturbs_nobody_and_what_starts_meanwhile_gets_its_sidecar(
    place: Cluster,
) -> None:
    eventually(lambda: not running_pods("get-status"), AWAKE)
    reports = LOAD | {"shares": {}}  # to a function that is running; what starts may take its time
    with under_load(place, "Dapr's control plane is restarted", **reports) as fault:
        restart_control_plane()
        fault.happened()
        # at zero until now: its pod is made while nobody is there to put a sidecar into it, or to say who it is
        asked = {"params": {"user_id": fault.users[0]}, "timeout": AWAKE}
        eventually(lambda: place.send("GET", "/status", **asked).status_code == 200, AWAKE)
    wait_for_control_plane()
    assert fault.line.cut == fault.line.declared == 0


def test_a_pod_of_ours_that_got_no_sidecar_is_refused(cluster: ClusterBackend) -> None:
    config = {item["spec"]["template"]["metadata"]["annotations"]["dapr.io/config"] for item in items("ksvc")}
    annotations = {"dapr.io/config": config.pop(), "dapr.io/enabled": "false"}
    bare = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "bare", "annotations": annotations},
        "spec": {"containers": [{"name": "user-container", "image": "dev.local/bare:dev"}]},
    }
    command = ["kubectl", "-n", NAMESPACE, "create", "--dry-run=server", "-f", "-"]
    made = subprocess.run(command, input=json.dumps(bare), capture_output=True, text=True)
    assert made.returncode == 1 and "no daprd was put into this pod" in made.stderr
    assert cluster.get("/lessons", user_id="someone").status_code == 200, "those with one are not"
