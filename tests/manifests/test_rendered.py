"""What an overlay comes out as, by kustomize alone: every service and source has what all of them must have."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.runtime.settings import Settings

ROOT = Path(__file__).parents[2]
OVERLAYS = ["knative/overlays/dev", "knative/overlays/minikube", "knative/overlays/production"]
OVERLAYS += ["tests/cluster/overlay", "tests/cluster/dev"]
OPEN = {"knative/overlays/dev", "tests/cluster/dev"}  # where no token is asked for

pytestmark = pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl renders the overlays")


Overlay = tuple[str, list[dict[str, Any]]]


@cache
def render(path: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(subprocess.check_output(["kubectl", "kustomize", ROOT / path], text=True)))


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> Overlay:
    return request.param, render(request.param)


def of_kind(overlay: Overlay, kind: str, group: str = "") -> list[dict[str, Any]]:
    return [r for r in overlay[1] if r["kind"] == kind and r["apiVersion"].startswith(group)]


def functions(overlay: Overlay) -> list[dict[str, Any]]:
    found = of_kind(overlay, "Service", "serving.knative.dev/")
    assert found
    return found


def variables(service: dict[str, Any]) -> dict[str, Any]:
    [container] = service["spec"]["template"]["spec"]["containers"]
    names = [variable["name"] for variable in container["env"]]
    assert len(names) == len(set(names)), "a variable is set twice"
    return {variable["name"]: variable.get("value", variable.get("valueFrom")) for variable in container["env"]}


def test_every_function_has_its_sidecar_as_knative_needs_it(overlay: Overlay) -> None:
    for service in functions(overlay):
        annotations = service["spec"]["template"]["metadata"]["annotations"]
        assert {
            "dapr.io/enabled": "true",
            "dapr.io/app-id": service["metadata"]["name"],
            "dapr.io/config": "learnflow",
            "dapr.io/api-token-secret": "dapr-api-token",
            "dapr.io/metrics-port": "9092",
            "dapr.io/enable-native-sidecar": "true",
            "dapr.io/placement-host-address": "",
            "dapr.io/scheduler-host-address": "",
        }.items() <= annotations.items()
        assert "dapr.io/app-port" not in annotations, "daprd would wait for the app, and the app waits for daprd"
        assert not [key for key in service["metadata"].get("annotations", {}) if key.startswith("dapr.io/")]


@pytest.mark.parametrize("overlay", sorted({*OVERLAYS} - OPEN), indirect=True)
def test_a_pod_of_ours_without_a_sidecar_is_refused_and_nobody_elses_is(overlay: Overlay) -> None:
    [policy] = of_kind(overlay, "ValidatingAdmissionPolicy")
    [binding] = of_kind(overlay, "ValidatingAdmissionPolicyBinding")
    assert binding["spec"] == {"policyName": policy["metadata"]["name"], "validationActions": ["Deny"]}
    [condition] = policy["spec"]["matchConditions"]
    annotations = [service["spec"]["template"]["metadata"]["annotations"] for service in functions(overlay)]
    [configuration] = {found["dapr.io/config"] for found in annotations}
    assert condition["expression"].endswith(f"== '{configuration}'")


def test_a_pod_has_longer_to_end_than_queue_proxy_keeps_its_function_going(overlay: Overlay) -> None:
    for service in functions(overlay):
        # 30 s: drainSleepDuration of Knative's queue-proxy (v0.50); what is left is the function's, then daprd's
        assert service["spec"]["template"]["spec"]["timeoutSeconds"] >= 2 * 30


def test_every_function_says_where_its_metrics_are(overlay: Overlay) -> None:
    for service in functions(overlay):
        annotations = service["spec"]["template"]["metadata"]["annotations"]
        told = {"prometheus.io/scrape": "true", "prometheus.io/port": "8080", "prometheus.io/path": "/metrics"}
        assert told.items() <= annotations.items()


def test_with_tracing_functions_and_sidecars_send_their_spans_to_one_collector() -> None:
    overlay = "traced", render("tests/manifests/traced")
    for service in functions(overlay):
        endpoint = variables(service)["OTEL_EXPORTER_OTLP_ENDPOINT"]
        assert endpoint == "http://otel-collector.observability.svc.cluster.local:4318"
    [configuration] = of_kind(overlay, "Configuration", "dapr.io/")
    assert configuration["spec"]["tracing"] == {
        "samplingRate": "1",
        "otel": {
            "endpointAddress": "otel-collector.observability.svc.cluster.local:4318",
            "isSecure": False,
            "protocol": "http",
        },
    }


def test_without_tracing_nothing_is_sent(overlay: Overlay) -> None:
    assert all("OTEL_EXPORTER_OTLP_ENDPOINT" not in variables(service) for service in functions(overlay))


def test_monitoring_is_a_kustomization_of_its_own() -> None:
    made = {resource["kind"]: resource for resource in render("knative/monitoring")}
    assert set(made) == {"ConfigMap", "NetworkPolicy", "PodMonitor", "PrometheusRule"}
    [rule] = made["NetworkPolicy"]["spec"]["ingress"]
    scraped = {endpoint["portNumber"] for endpoint in made["PodMonitor"]["spec"]["podMetricsEndpoints"]}
    assert {port["port"] for port in rule["ports"]} == scraped == {8080, 9092}
    assert made["ConfigMap"]["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert {resource["metadata"]["namespace"] for resource in made.values()} == {"learnflow"}


def test_every_function_is_locked_down_bounded_and_probed(overlay: Overlay) -> None:
    for service in functions(overlay):
        spec = service["spec"]["template"]["spec"]
        [container] = spec["containers"]
        context = container["securityContext"]
        assert context["runAsNonRoot"] and not context["allowPrivilegeEscalation"]
        assert context["capabilities"] == {"drop": ["ALL"]} and context["seccompProfile"] == {"type": "RuntimeDefault"}
        assert context["readOnlyRootFilesystem"] == (not overlay[0].endswith("/dev"))
        resources = container["resources"]
        assert resources["requests"].keys() >= {"cpu", "memory"} and resources["limits"]["memory"]
        assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
        assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
        assert spec["serviceAccountName"] == "learnflow" and spec["containerConcurrency"] and spec["timeoutSeconds"]


def test_no_account_of_a_function_reads_secrets(overlay: Overlay) -> None:
    [account] = of_kind(overlay, "ServiceAccount")
    assert account["automountServiceAccountToken"] is False
    assert not of_kind(overlay, "RoleBinding") and not of_kind(overlay, "ClusterRoleBinding")
    [role] = of_kind(overlay, "Role")
    assert all(rule.get("resourceNames") or rule["verbs"] == ["create"] for rule in role["rules"])


def test_secrets_come_by_reference(overlay: Overlay) -> None:
    for service in functions(overlay):
        reference = {"secretKeyRef": {"name": "dapr-api-token", "key": "token"}}
        assert variables(service)["DAPR_API_TOKEN"] == reference
    for component in of_kind(overlay, "Component", "dapr.io/"):
        for item in component["spec"]["metadata"]:
            if item["name"] == "connectionString":
                assert item["secretKeyRef"] == {"name": "learnflow-postgres", "key": "connectionString"}
                assert component["auth"] == {"secretStore": "kubernetes"}


def test_a_token_is_asked_for_but_where_a_developer_or_a_test_is_alone(overlay: Overlay) -> None:
    for service in functions(overlay):
        assert variables(service).get("AUTH") == ("off" if overlay[0] in OPEN else None)


def test_whose_tokens_are_accepted_is_said_once_and_for_every_function(overlay: Overlay) -> None:
    if overlay[0] in OPEN:
        return
    [config] = [c for c in of_kind(overlay, "ConfigMap") if c["metadata"]["name"] == "learnflow-tokens"]
    for service in functions(overlay):
        env = {name: value for name, value in variables(service).items() if isinstance(value, str)}
        found = Settings.from_env(env).tokens
        assert found.missing == []
        assert [found.issuer, found.audience, found.jwks_url] == [
            config["data"][name] for name in ("issuer", "audience", "jwksUrl")
        ]


def test_functions_scale_to_zero_but_in_the_developers_loop(overlay: Overlay) -> None:
    for service in functions(overlay):
        minimum = service["spec"]["template"]["metadata"]["annotations"].get("autoscaling.knative.dev/min-scale", "0")
        assert minimum == ("1" if overlay[0].endswith("/dev") else "0")


def test_in_the_developers_loop_one_pod_of_each_loads_what_is_copied_into_it(overlay: Overlay) -> None:
    for service in functions(overlay):
        [container] = service["spec"]["template"]["spec"]["containers"]
        maximum = service["spec"]["template"]["metadata"]["annotations"]["autoscaling.knative.dev/max-scale"]
        if overlay[0].endswith("/dev"):
            assert (container["command"], maximum) == (["python", "-m", "functions.dev_loop"], "1")
        else:
            assert "command" not in container


def test_every_source_keeps_order_misses_nothing_and_gives_up_into_the_dead_letters(overlay: Overlay) -> None:
    sources = of_kind(overlay, "KafkaSource")
    assert sources
    for source in sources:
        spec, delivery = source["spec"], source["spec"]["delivery"]
        assert (spec["initialOffset"], spec["ordering"]) == ("earliest", "ordered") and spec["consumerGroup"]
        assert {"retry": 10, "backoffPolicy": "exponential", "backoffDelay": "PT0.5S"}.items() <= delivery.items()
        dead_letters = delivery["deadLetterSink"]["ref"]
        assert (dead_letters["kind"], dead_letters["name"]) == ("KafkaSink", "learnflow-dead-letters")
    [sink] = of_kind(overlay, "KafkaSink")
    assert (sink["spec"]["topic"], sink["spec"]["contentMode"]) == ("learnflow-dead-letters", "structured")


def test_kafkas_address_is_said_once(overlay: Overlay) -> None:
    [config] = [c for c in of_kind(overlay, "ConfigMap") if c["metadata"]["name"] == "learnflow-kafka"]
    address = config["data"]["bootstrapServers"]
    [pubsub] = [c for c in of_kind(overlay, "Component") if c["metadata"]["name"] == "pubsub"]
    said = [item["value"] for item in pubsub["spec"]["metadata"] if item["name"] == "brokers"]
    for reader in of_kind(overlay, "KafkaSource") + of_kind(overlay, "KafkaSink"):
        said += reader["spec"]["bootstrapServers"]
    assert set(said) == {address}


def test_the_developers_loop_deletes_neither_namespace_nor_data_at_its_end() -> None:
    kinds = {resource["kind"] for path in OPEN for resource in render(path)}
    assert not kinds & {"Namespace", "StatefulSet", "PersistentVolumeClaim"}


def writers(overlay: Overlay) -> list[dict[str, Any]]:
    """The functions that write lessons."""
    return [s for s in functions(overlay) if s["metadata"]["name"] in ("generate-lesson", "prepare-lesson")]


def test_a_language_model_is_off_and_its_key_comes_by_reference(overlay: Overlay) -> None:
    for service in writers(overlay):
        assert variables(service)["LEARNFLOW_MODEL"] == "off"
        reference = {"name": "learnflow-model", "key": "key", "optional": True}
        assert variables(service)["LEARNFLOW_MODEL_KEY"] == {"secretKeyRef": reference}
    assert not [c for c in of_kind(overlay, "Component", "dapr.io/") if c["spec"]["type"].startswith("conversation.")]


def test_a_language_model_is_turned_on_by_one_line_of_an_overlay(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "knative", tmp_path / "knative")
    shutil.copytree(ROOT / "components", tmp_path / "components")
    production = tmp_path / "knative" / "overlays" / "production"
    kustomization = production / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("components:\n", "components:\n  - ../../model\n"))
    turned_on: Overlay = ("production", render(str(production)))
    assert {variables(service)["LEARNFLOW_MODEL"] for service in writers(turned_on)} == {"dapr"}
    found = [c for c in of_kind(turned_on, "Component", "dapr.io/") if c["metadata"]["name"] == "conversation"]
    [key, _model] = found[0]["spec"]["metadata"]
    assert found[0]["scopes"] == [service["metadata"]["name"] for service in writers(turned_on)]
    assert key["secretKeyRef"] == {"name": "learnflow-model", "key": "key"} and len(found) == 1


@pytest.mark.parametrize("path", sorted(OPEN))
def test_the_end_of_a_dev_loop_takes_nothing_of_the_clusters_away(path: str) -> None:
    """`skaffold dev` deletes all that it applied, and others may run on the same cluster."""
    assert [r["kind"] for r in render(path) if "namespace" not in r["metadata"]] in ([], ["Namespace"])
