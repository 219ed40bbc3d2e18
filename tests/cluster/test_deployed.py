"""One lesson's whole way on Kubernetes: HTTP and Kafka events wake functions from zero, and they go back to it."""

from typing import Any

import pytest

from tests.support import kafka, postgres
from tests.support.backends import eventually, new_learner
from tests.support.catalogue import event_functions, functions, kafka_sources
from tests.support.cluster import (
    DATABASE,
    DOMAIN,
    INGRESS,
    NAMESPACE,
    ClusterBackend,
    items,
    kubectl,
    run,
    running_pods,
)

pytestmark = pytest.mark.cluster
FUNCTIONS = set(functions())
AWAKE = 120  # seconds, at most, for what the cluster does in its own time


def at_zero(*names: str) -> bool:
    return not any(running_pods(name) for name in names)


def test_every_function_becomes_ready_with_its_sidecar(cluster: ClusterBackend) -> None:
    def ready() -> bool:
        conditions = {
            service["metadata"]["name"]: {c["type"]: c["status"] for c in service["status"].get("conditions", ())}
            for service in items("ksvc")
        }
        return set(conditions) == FUNCTIONS and all(c.get("Ready") == "True" for c in conditions.values())

    eventually(ready, AWAKE)
    sources = eventually(lambda: items("kafkasource"))
    assert {s["metadata"]["name"] for s in sources} == kafka_sources()
    assert cluster.get("/status", user_id=new_learner()).status_code == 200
    [pod] = [p for p in running_pods("get-status") if p["status"]["phase"] == "Running"]
    names = [c["name"] for c in pod["spec"]["containers"] + pod["spec"].get("initContainers", [])]
    assert set(names) == {"user-container", "queue-proxy", "daprd"}


def test_a_lesson_goes_its_whole_way_and_wakes_what_it_needs_from_zero(cluster: ClusterBackend) -> None:
    eventually(lambda: at_zero(*FUNCTIONS - {"relay-events"}), AWAKE)
    user = new_learner()
    answer = cluster.post("/generate-lesson", {"user_id": user, "topic": "for-loops"})
    assert answer.status_code == 201, answer.text
    lesson = answer.json()
    assert answer.headers["location"] == f"/lessons/{lesson['lesson_id']}"

    def progress_data() -> Any:
        status = cluster.get("/status", user_id=user, lesson_id=lesson["lesson_id"])
        assert status.status_code == 200
        return status.json()["progress_data"]

    # nothing but the Kafka event wakes track-lesson, which was at zero
    assert eventually(progress_data, AWAKE)["status"] == "not_started"
    assert running_pods("track-lesson")

    body = {"user_id": user, "lesson_id": lesson["lesson_id"], "progress_percentage": 100, "status": "completed"}
    updated = cluster.post("/update-progress", body)
    assert (updated.status_code, updated.json()["status"]) == (200, "completed")

    def listed() -> bool:
        rows = cluster.get("/lessons", user_id=user, include="progress").json()["lessons"]
        return [row["progress"]["status"] for row in rows if row["lesson_id"] == lesson["lesson_id"]] == ["completed"]

    eventually(listed, AWAKE)
    eventually(lambda: at_zero(*FUNCTIONS - {"relay-events"}), AWAKE)


def test_functions_that_take_events_are_not_reachable_from_outside(cluster: ClusterBackend) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/x", "type": "com.learnflow.lesson.generated.v1", "data": {}}
    headers = {"content-type": "application/cloudevents+json"}
    for name in event_functions():
        answer = cluster.request("POST", f"/functions/{name}/", json=event, headers=headers)
        assert answer.status_code == 404 and not answer.headers.get("content-type", "").startswith(
            "application/problem"
        )


def place_of(letter: kafka.Record) -> str:
    return f"{letter.value['knativekafkapartition']}/{letter.value['knativekafkaoffset']}"


def test_a_bad_event_is_kept_in_the_dead_letters_with_the_status_it_got(cluster: ClusterBackend) -> None:
    user = new_learner()
    kafka.send("lesson-generated", b"this is no CloudEvent", user, {})
    cluster.post("/generate-lesson", {"user_id": user, "topic": "for-loops"})

    def dead() -> list[kafka.Record]:
        return kafka.records(
            "learnflow-dead-letters", lambda r: isinstance(r.value, dict) and r.value.get("key") == user
        )

    [letter] = eventually(dead, AWAKE)
    assert letter.value["knativeerrorcode"] == "400"
    listed = run("knative/dead-letters.sh", "list", seconds=150)
    [line] = [line for line in listed.splitlines() if f"lesson-generated/{place_of(letter)} " in line]
    assert "lesson-generated" in line and "track-lesson" in line and "data is not JSON" in line
    # what comes after it in the same partition is handled all the same
    eventually(lambda: cluster.get("/status", user_id=user).json()["counts"]["total"] == 1, AWAKE)


def test_a_pod_runs_without_privileges_on_a_file_system_it_cannot_write(cluster: ClusterBackend) -> None:
    eventually(lambda: cluster.get("/status", user_id="someone").status_code == 200, AWAKE)
    [pod, *_] = running_pods("get-status")
    script = "id -u; touch /app/x || echo read-only; grep -E 'CapEff|CapBnd|Seccomp:|NoNewPrivs' /proc/self/status"
    seen = kubectl("exec", pod["metadata"]["name"], "-c", "user-container", "--", "sh", "-c", f"{script} 2>&1")
    assert seen.splitlines()[0] == "65532"
    assert "read-only" in seen and "CapEff:\t0000000000000000" in seen and "CapBnd:\t0000000000000000" in seen
    assert "Seccomp:\t2" in seen, "a filter: RuntimeDefault"
    assert "NoNewPrivs:\t1" in seen
    accounts = "ls /var/run/secrets/kubernetes.io/serviceaccount 2>&1"
    assert "No such file" in kubectl(
        "exec", pod["metadata"]["name"], "-c", "user-container", "--", "sh", "-c", accounts + " || true"
    )


def test_metrics_are_told_to_who_asks_the_pod_and_to_nobody_outside(cluster: ClusterBackend) -> None:
    eventually(lambda: cluster.get("/status", user_id="someone").status_code == 200, AWAKE)
    host = {"Host": f"get-status.{NAMESPACE}.{DOMAIN}"}
    answer = cluster.client.get(f"{INGRESS}/metrics", headers=host)
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    [pod, *_] = running_pods("get-status")
    address = f"http://{pod['status']['podIP']}:8080/metrics"
    script = f"import urllib.request as r; print(r.urlopen('{address}').read().decode())"
    text = kubectl("exec", pod["metadata"]["name"], "-c", "user-container", "--", "python", "-c", script)
    told = {line.rpartition(" ")[0] for line in text.splitlines() if line.startswith("learnflow_http_requests_total")}
    assert 'learnflow_http_requests_total{method="GET",route="/status",status="200"}' in told
    assert 'learnflow_http_requests_total{method="GET",route="/metrics",status="404"}' in told, "from outside"


def test_only_functions_that_are_called_have_a_public_host(cluster: ClusterBackend) -> None:
    assert cluster.get("/status", user_id="someone").status_code == 200
    hosts = {service["metadata"]["name"]: service["status"]["url"] for service in items("ksvc")}
    assert hosts["generate-lesson"] == f"http://generate-lesson.{NAMESPACE}.{DOMAIN}"
    assert hosts["track-lesson"] == f"http://track-lesson.{NAMESPACE}.svc.cluster.local"


def test_the_read_model_is_made_anew_by_a_job(cluster: ClusterBackend) -> None:
    user = new_learner()
    body = {"user_id": user, "lesson_id": "elsewhere", "progress_percentage": 30}
    assert cluster.post("/update-progress", body).status_code == 200
    of_user = "lesson_progress WHERE user_id = $1"
    eventually(lambda: postgres.rows(f"SELECT 1 FROM {of_user}", user, database=DATABASE), AWAKE)
    postgres.rows(f"DELETE FROM {of_user}", user, database=DATABASE)

    def shown() -> int:
        [row] = cluster.get("/status/class", user_ids=user, include="drop_off").json()["drop_off"] or [{"learners": 0}]
        return int(row["learners"])

    said = run("knative/rebuild.sh", NAMESPACE, seconds=300)
    assert "rebuilt: " in said and "condition met" in said
    assert shown() == 1
    [job] = items("jobs")
    kubectl("delete", "job", job["metadata"]["name"])
