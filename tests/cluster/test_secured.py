"""The deployed system as somebody outside of it sees it, and somebody who got into one of its pods."""

import json
from typing import Any

import httpx
import pytest

from tests.support.backends import eventually, new_learner
from tests.support.catalogue import event_functions
from tests.support.cluster import DOMAIN, INGRESS, NAMESPACE, ClusterBackend, items, kubectl, run, running_pods
from tests.support.forged_tokens import FORGED, mac_with
from tests.support.issuer import new_key, unsigned
from tests.support.policies import Pod, allows, selects

pytestmark = pytest.mark.cluster
AWAKE = 120  # seconds, at most, for what the cluster does in its own time


def ask(cluster: ClusterBackend, path: str, token: str | None) -> httpx.Response:
    return cluster.request("GET", path, headers={"Authorization": f"Bearer {token}" if token else None})


def test_through_the_ingress_a_caller_is_who_their_token_says(cluster: ClusterBackend) -> None:
    maya, james = new_learner("maya"), new_learner("james")
    own, issued = f"/status?user_id={maya}", cluster.issuer
    refused = ask(cluster, own, None)
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer realm="learnflow"')
    assert refused.headers["content-type"] == "application/problem+json"
    assert ask(cluster, own, issued.token(maya)).status_code == 200
    assert ask(cluster, own, issued.token(maya, key=issued.keys[1])).status_code == 200, "ES256"
    assert ask(cluster, f"/status?user_id={james}", issued.token(maya)).status_code == 403
    assert ask(cluster, own, issued.token("teacher-1", "teacher")).status_code == 403
    for forged in (
        issued.token(maya, exp=1),
        issued.token(maya, aud="another"),
        issued.token(maya, key=FORGED),
        unsigned({"alg": "none"}, issued.claims(maya)) + "AA",
        mac_with(lambda i: i.keys[0].as_pem(private=False))(issued),
    ):
        assert ask(cluster, own, forged).status_code == 401


def test_a_teacher_reaches_their_class_and_nobody_elses(cluster: ClusterBackend) -> None:
    maya, james, class_id = new_learner("maya"), new_learner("james"), new_learner("class")
    teacher = cluster.issuer.bearer(new_learner("teacher"), "teacher")
    body = {"title": "Python, 7b", "user_ids": [maya]}
    assert cluster.request("PUT", f"/classes/{class_id}", json=body, headers=teacher).status_code == 201
    assert cluster.request("GET", f"/status?user_id={maya}", headers=teacher).status_code == 200
    assert cluster.request("GET", f"/status?user_id={james}", headers=teacher).status_code == 403
    other = cluster.issuer.bearer(new_learner("teacher"), "teacher")
    assert cluster.request("GET", f"/classes/{class_id}", headers=other).status_code == 404


def test_a_rotated_key_is_accepted_by_running_pods(cluster: ClusterBackend) -> None:
    maya = new_learner("maya")
    assert ask(cluster, f"/status?user_id={maya}", cluster.issuer.token(maya)).status_code == 200
    before = cluster.issuer.keys[:]
    new = new_key("rsa-2")
    try:
        cluster.issuer.keys = [new]
        accepted = lambda: ask(cluster, f"/status?user_id={maya}", cluster.issuer.token(maya)).status_code == 200  # noqa: E731
        eventually(accepted)
        assert ask(cluster, f"/status?user_id={maya}", cluster.issuer.token(maya, key=before[0])).status_code == 401
    finally:
        cluster.issuer.keys = before
    eventually(lambda: ask(cluster, f"/status?user_id={maya}", cluster.issuer.token(maya)).status_code == 200)


@pytest.mark.parametrize("name", event_functions())
def test_the_ingress_has_no_way_to_a_function_that_takes_events(cluster: ClusterBackend, name: str) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "data": {}}
    for host in (f"{name}.{NAMESPACE}.{DOMAIN}", f"{name}.{NAMESPACE}.svc.cluster.local", f"{name}.{NAMESPACE}"):
        for path in ("/", "/dapr"):
            headers = {"Host": host, "content-type": "application/cloudevents+json"}
            answer = cluster.client.post(INGRESS + path, json=event, headers=headers)
            assert answer.status_code == 404
            assert not answer.headers.get("content-type", "").startswith("application/problem"), "it came to a function"


def test_a_function_that_is_called_takes_no_events(cluster: ClusterBackend) -> None:
    host = f"get-status.{NAMESPACE}.{DOMAIN}"
    service = cluster.issuer.bearer("school", "service")
    for path in ("/", "/dapr"):
        answer = cluster.client.post(INGRESS + path, json={}, headers=service | {"Host": host})
        assert answer.status_code == 404 and answer.json()["title"] == "Not found"


def in_a_pod(cluster: ClusterBackend, script: str) -> str:
    eventually(lambda: cluster.get("/status", user_id="someone").status_code == 200, AWAKE)
    [pod, *_] = [pod for pod in running_pods("get-status") if pod["status"]["phase"] == "Running"]
    return kubectl("exec", pod["metadata"]["name"], "-c", "user-container", "--", "python", "-c", script)


def test_within_a_pod_the_sidecar_wants_its_token(cluster: ClusterBackend) -> None:
    script = """
import os, urllib.error, urllib.request
def ask(path, **headers):
    try:
        request = urllib.request.Request(f"http://127.0.0.1:3500{path}", headers=headers)
        return urllib.request.urlopen(request, timeout=5).status
    except urllib.error.HTTPError as error:
        return error.code
state, known = "/v1.0/state/statestore/learner:someone", os.environ["DAPR_API_TOKEN"]
secrets = "/v1.0/secrets/kubernetes/learnflow-postgres"
print(ask(state), ask(state, **{"dapr-api-token": "x"}), ask(state, **{"dapr-api-token": known}))
print(ask(secrets, **{"dapr-api-token": known}))
"""
    without, wrong, right, secret = in_a_pod(cluster, script).split()
    assert (without, wrong) == ("401", "401")
    assert right in ("200", "204")
    assert secret in ("403", "404", "500", "501"), "secrets are not to be had, with the token either"


def test_the_policies_select_the_pods_that_are_there_and_name_ports_that_they_have(cluster: ClusterBackend) -> None:
    eventually(lambda: cluster.get("/status", user_id="someone").status_code == 200, AWAKE)
    policies = items("networkpolicy")
    activators, autoscalers = (of("knative-serving", f"app={name}") for name in ("activator", "autoscaler"))
    served = [pod for pod in running_pods() if "serving.knative.dev/service" in pod["metadata"]["labels"]]
    assert served
    for found in served:
        pod = Pod(NAMESPACE, found["metadata"]["labels"])
        [proxy] = [c for c in found["spec"]["containers"] if c["name"] == "queue-proxy"]
        ports = {port["name"]: port["containerPort"] for port in proxy["ports"]}
        for name in ("queue-port", "https-port"):
            assert allows(policies, "Ingress", pod, activators, ports[name]), name
        assert allows(policies, "Ingress", pod, autoscalers, ports["http-autometric"])
        assert not allows(policies, "Ingress", pod, activators, 8080)
        for service in ("dapr-sentry", "dapr-api"):
            there = json.loads(run("kubectl", "-n", "dapr-system", "get", "service", service, "-o", "json"))["spec"]
            [target] = [port["targetPort"] for port in there["ports"] if port["port"] == 443]
            [controlling] = [of("dapr-system", "app=" + there["selector"]["app"])]
            assert selects({"matchLabels": there["selector"]}, controlling.labels)
            assert allows(policies, "Egress", pod, controlling, target), service


def of(namespace: str, label: str) -> Pod:
    """A pod that really has the label."""
    found: dict[str, Any] = json.loads(run("kubectl", "-n", namespace, "get", "pods", "-l", label, "-o", "json"))
    return Pod(namespace, found["items"][0]["metadata"]["labels"])
