"""What functions there are and what each takes, asked of folders, apps and manifests: no list is kept of them."""

from functools import cache
from threading import Lock
from typing import Any

import yaml

from functions.embedded import apps
from functions.runtime.app import Function
from tests.support.backends import ROOT

_asking = Lock()  # clients are threads, and FastAPI's OpenAPI is not made by two at once
SOURCES = ROOT / "knative" / "base" / "sources"


@cache
def functions() -> dict[str, Function]:
    """By name in Kubernetes."""
    return {name: app.state.function for name, app in apps().items()}


def event_functions() -> list[str]:
    return [name for name, function in functions().items() if function.takes]


def endpoints() -> dict[tuple[str, str], str]:
    """The function that serves each endpoint, by method (in capitals) and path."""
    with _asking:
        return _endpoints()


@cache
def _endpoints() -> dict[tuple[str, str], str]:
    return {
        (method.upper(), path): name
        for name, app in apps().items()
        if not app.state.function.takes
        for path, operations in app.openapi()["paths"].items()
        for method, operation in operations.items()
        if "operations" not in operation["tags"]  # health and figures, which every function has
    }


def app_id_of(path: str) -> str:
    """The function that serves a path, or one that begins as it does."""
    wanted = path.partition("?")[0].split("/")[1:]
    if wanted[0] == "functions":
        return wanted[1]

    def alike(template: str) -> tuple[bool, int]:
        parts = template.split("/")[1:]
        same = [part.startswith("{") or part == given for part, given in zip(parts, wanted, strict=False)]
        return len(parts) == len(wanted) and all(same), same.index(False) if False in same else len(same)

    found = max(endpoints(), key=lambda endpoint: alike(endpoint[1]))
    assert alike(found[1])[1], f"no function serves {path}"
    return endpoints()[found]


def kafka_sources() -> set[str]:
    """Their names in the manifests."""
    read = [yaml.safe_load(path.read_text()) for path in SOURCES.glob("*.yaml")]
    return {source["metadata"]["name"] for source in read if source["kind"] == "KafkaSource"}


def topics() -> list[str]:
    """Those that the set-up scripts make."""
    job: dict[str, Any] = yaml.safe_load((ROOT / "knative/backing/topics.yaml").read_text())
    [container] = job["spec"]["template"]["spec"]["containers"]
    made: str = container["args"][0].split(" in ")[1].split(";")[0]
    return made.split()
