"""Folder = ksvc = app-id = image = artifact = `dapr run` app: a function that is missing somewhere is named here.

Functions are the folders of functions/ with a main.py; what they take is asked of the apps themselves.
"""

import importlib
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from functions.scaffold.tables import flows
from functions.usecases.events import ALL
from tests.support.catalogue import topics

ROOT = Path(__file__).parents[2]
BASE = ROOT / "knative" / "base"
COMPONENTS = ROOT / "components"
NAMES = sorted(main.parent.name.replace("_", "-") for main in (ROOT / "functions").glob("*/main.py"))
DEAD_LETTERS = "learnflow-dead-letters"


def read(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


def folder(name: str) -> str:
    return name.replace("-", "_")


def app_of(name: str) -> Any:
    return importlib.import_module(f"functions.{folder(name)}.main").app


def topics_taken(name: str) -> set[str]:
    """Empty for what comes from a schedule and no topic."""
    return {on.data.topic_name for on in app_of(name).state.function.takes}


def services() -> dict[str, dict[str, Any]]:
    files = [BASE / file for file in read(BASE / "kustomization.yaml")["resources"]]
    found = [read(file) for file in files if file.is_file() and "\nkind: Service\n" in file.read_text()]
    return {service["metadata"]["name"]: service for service in found}


def artifacts() -> dict[str, str]:
    return {
        artifact["image"]: artifact["docker"]["buildArgs"]["FUNCTION"]
        for artifact in read(ROOT / "skaffold.yaml")["build"]["artifacts"]
    }


def dapr_apps() -> dict[str, dict[str, Any]]:
    return {app["appID"]: app for app in read(ROOT / "dapr.yaml")["apps"]}


def sources() -> dict[str, dict[str, Any]]:
    read_all = [read(path) for path in sorted((BASE / "sources").glob("*.yaml"))]
    return {source["metadata"]["name"]: source for source in read_all}


def kafka_sources() -> set[tuple[str, str]]:
    return {
        (topic, source["spec"]["sink"]["ref"]["name"])
        for source in sources().values()
        if source["kind"] == "KafkaSource"
        for topic in source["spec"]["topics"]
    }


def subscriptions() -> set[tuple[str, str]]:
    read_all = [read(path) for path in COMPONENTS.glob("subscription-*.yaml")]
    return {(subscription["spec"]["topic"], app_id) for subscription in read_all for app_id in subscription["scopes"]}


@pytest.mark.parametrize("name", NAMES)
def test_a_function_calls_itself_by_its_folder(name: str) -> None:
    assert app_of(name).state.function.name == name


@pytest.mark.parametrize("name", NAMES)
def test_a_function_has_a_service_of_its_name_with_its_app_id_and_image(name: str) -> None:
    service = read(BASE / f"{name}.yaml")
    template = service["spec"]["template"]
    [container] = template["spec"]["containers"]
    assert name in services(), "it is not listed in knative/base/kustomization.yaml"
    assert service["metadata"]["name"] == template["metadata"]["annotations"]["dapr.io/app-id"] == name
    assert container["image"] == f"dev.local/{name}:dev"
    assert isinstance(container["env"], list), "the shared variables are appended to it"


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_built_by_skaffold(name: str) -> None:
    assert artifacts().get(f"dev.local/{name}") == folder(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_run_by_dapr_run(name: str) -> None:
    app = dapr_apps()[name]
    assert f"functions.{folder(name)}.main:app" in app["command"]
    assert app["command"][-2:] == ["--port", str(app["appPort"])]


@pytest.mark.parametrize("name", NAMES)
def test_a_function_has_documents_and_a_read_model(name: str) -> None:
    for component in ("statestore", "readmodel"):
        assert name in read(COMPONENTS / f"{component}.yaml")["scopes"]


@pytest.mark.parametrize("name", NAMES)
def test_each_topic_a_function_takes_comes_to_it_on_knative_and_by_dapr_run(name: str) -> None:
    taken = {(topic, name) for topic in topics_taken(name) if topic}
    assert taken == {(topic, sink) for topic, sink in kafka_sources() if sink == name}
    assert taken == {(topic, app_id) for topic, app_id in subscriptions() if app_id == name}
    if taken:
        assert name in read(COMPONENTS / "pubsub.yaml")["scopes"]


@pytest.mark.parametrize("name", NAMES)
def test_a_function_that_takes_what_has_no_topic_has_a_schedule(name: str) -> None:
    scheduled = {s["spec"]["sink"]["ref"]["name"] for s in sources().values() if s["kind"] == "PingSource"}
    assert ("" in topics_taken(name)) == (name in scheduled)


@pytest.mark.parametrize("name", NAMES)
def test_a_function_that_takes_events_is_local_to_the_cluster_and_no_other_is(name: str) -> None:
    visibility = services()[name]["metadata"].get("labels", {}).get("networking.knative.dev/visibility")
    assert visibility == ("cluster-local" if topics_taken(name) else None)


def test_nothing_names_a_function_that_is_not_there() -> None:
    named = {
        "knative/base": set(services()),
        "knative/base/sources": {source["spec"]["sink"]["ref"]["name"] for source in sources().values()},
        "skaffold.yaml": {image.removeprefix("dev.local/") for image in artifacts()},
        "dapr.yaml": set(dapr_apps()),
        "scopes": {app_id for path in COMPONENTS.glob("*.yaml") for app_id in read(path).get("scopes", [])},
    }
    assert {where: sorted(names - set(NAMES)) for where, names in named.items() if names - set(NAMES)} == {}


def test_files_are_called_after_what_they_hold() -> None:
    for path in (BASE / "sources").glob("*.yaml"):
        source = read(path)
        came_from = source["spec"]["topics"][0] if source["kind"] == "KafkaSource" else "ping"
        assert path.stem == source["metadata"]["name"] == f"{came_from}-{source['spec']['sink']['ref']['name']}"
    for path in COMPONENTS.glob("subscription-*.yaml"):
        spec, [app_id] = read(path)["spec"], read(path)["scopes"]
        assert path.stem == f"subscription-{spec['topic']}-{app_id}"
        assert (spec["routes"], spec["deadLetterTopic"]) == ({"default": "/dapr"}, DEAD_LETTERS)


def test_no_file_of_the_base_is_forgotten() -> None:
    kustomization = read(BASE / "kustomization.yaml")
    listed = set(kustomization["resources"]) | {patch["path"] for patch in kustomization["patches"]}
    there = {str(path.relative_to(BASE)) for path in BASE.rglob("*.yaml")} - {"kustomization.yaml"}
    assert there == listed - {"../../components"}


def test_the_topics_that_are_written_or_read_are_made_and_no_other() -> None:
    published = {event.topic_name for event in ALL}
    assert {topic for topic, _ in kafka_sources() | subscriptions()} | published | {DEAD_LETTERS} == set(topics())


def test_the_documentation_says_who_takes_and_who_publishes_each_topic() -> None:
    """By this table `learnflow remove` knows whether a topic is still somebody's."""
    told = flows((ROOT / "docs/data-model.md").read_text())
    taken = {(topic, folder(name)) for name in NAMES for topic in topics_taken(name) if topic}
    assert {(topic, taker) for topic, (_, _, takers) in told.items() for taker in takers} == taken
    rows = re.findall(r"^\| `(\w+)` \|.*; publishes (.*) \|$", (ROOT / "README.md").read_text(), flags=re.MULTILINE)
    published = {(topic.strip("`"), name) for name, sent in rows for topic in sent.split(", ")}
    assert {(topic, sender) for topic, (_, senders, _) in told.items() for sender in senders} == published | {
        (topic, "another system") for topic, (_, senders, _) in told.items() if "another system" in senders
    }


def test_ports_of_dapr_run_do_not_collide() -> None:
    kinds = ("appPort", "daprHTTPPort", "daprGRPCPort", "metricsPort")
    ports = [app[kind] for app in dapr_apps().values() for kind in kinds]
    assert len(ports) == len(set(ports))


def test_each_group_reads_a_topic_once() -> None:
    groups = [s["spec"]["consumerGroup"] for s in sources().values() if s["kind"] == "KafkaSource"]
    assert len(groups) == len(set(groups))
    assert not set(groups) & set(NAMES), "an app-id is the consumer group of its daprd with `dapr run`"


def test_on_kubernetes_are_the_components_and_not_what_dapr_run_needs_besides() -> None:
    files = {path.name for path in COMPONENTS.glob("*.yaml") if not path.name.startswith("subscription-")}
    listed = read(COMPONENTS / "kustomization.yaml")["resources"]
    assert set(listed) == files - {"kustomization.yaml", "secretstore.yaml", "conversation.yaml"}


def test_no_manifest_holds_a_secret() -> None:
    for path in [*COMPONENTS.glob("*.yaml"), *(ROOT / "knative").rglob("*.yaml"), *(ROOT / "tests").rglob("*.yaml")]:
        for document in yaml.safe_load_all(path.read_text()):
            if isinstance(document, dict):
                assert document.get("kind") != "Secret", path
                for item in (document.get("spec") or {}).get("metadata") or []:
                    assert "password" not in str(item.get("value", "")).lower(), path


@pytest.mark.parametrize("script", sorted((ROOT / "knative").glob("*.sh")), ids=lambda path: path.name)
def test_a_shell_script_parses_and_stops_at_the_first_error(script: Path) -> None:
    subprocess.run(["bash", "-n", script], check=True)
    assert "set -euo pipefail" in script.read_text()
    assert script.stat().st_mode & 0o111, "it is not executable"
