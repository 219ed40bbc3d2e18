"""For `dapr run -f .`: Dapr, Kafka and its topics, PostgreSQL and its tables, each sidecar and its components."""

import asyncio
import json
import os
import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from functions.doctor import kafka, postgres
from functions.doctor.embedded import ROOT
from functions.doctor.finding import Check, Finding, last_line, missing, ok, output, warn

RUNTIME = "1.18"
DAPR_FILE = ROOT / "dapr.yaml"
ANSWER_SECONDS = 3
START = "dapr run -f ."
CLI = "https://docs.dapr.io/getting-started/install-dapr-cli/"
Yaml = dict[str, Any]


def checks(bootstrap_servers: str | None, connection: str | None) -> list[tuple[str, Check]]:
    servers = bootstrap_servers or os.environ.get("LEARNFLOW_KAFKA", "")
    database = connection or os.environ.get("LEARNFLOW_POSTGRES", "")
    return [
        ("dapr", dapr),
        ("kafka", lambda: _unset("kafka", "LEARNFLOW_KAFKA", servers) or asyncio.run(kafka.look(servers))),
        ("postgresql", lambda: _unset("postgresql", "LEARNFLOW_POSTGRES", database) or _in_postgres(database)),
        ("components", files),
        ("sidecars", sidecars),
    ]


def is_begun() -> bool:
    """Whether anything says that somebody wants to run it so. A daprd may be there for another project."""
    told = "LEARNFLOW_KAFKA" in os.environ or "LEARNFLOW_POSTGRES" in os.environ
    return told or any(_listens(app["daprHTTPPort"]) for app in _apps(DAPR_FILE))


def _in_postgres(connection: str) -> list[Finding]:
    return asyncio.run(postgres.look(connection))


def _unset(name: str, variable: str, value: str) -> list[Finding]:
    example = {
        "LEARNFLOW_KAFKA": "127.0.0.1:9092",
        "LEARNFLOW_POSTGRES": "'host=127.0.0.1 port=5432 user=learnflow password=… database=learnflow'",
    }[variable]
    return [] if value else [missing(name, f"{variable} is not set", f"export {variable}={example}")]


def dapr() -> Iterable[Finding]:
    own = os.path.expanduser("~/.dapr/bin/daprd")
    daprd = shutil.which("daprd") or (own if os.path.exists(own) else "")
    if not daprd:
        mend = "dapr init --slim" if shutil.which("dapr") else CLI
        yield missing("dapr", "there is no daprd on the PATH or in ~/.dapr/bin", mend)
        return
    code, said = output(daprd, "--version", seconds=ANSWER_SECONDS)
    version = last_line(said).removeprefix("v")
    if code:
        yield missing("dapr", f"{daprd} does not run: {version}", "dapr init --slim")
    elif not version.startswith(RUNTIME):
        mend = f"dapr init --slim --runtime-version {RUNTIME}.2"
        yield warn("dapr", f"daprd {version}, and {RUNTIME} is what was tested", mend)
    elif not shutil.which("dapr"):
        yield warn("dapr", f"daprd {version}, but no Dapr CLI, which `{START}` needs", CLI)
    else:
        yield ok("dapr", f"daprd {version}")


def files() -> Iterable[Finding]:
    """Every component that some function names is in the folder that daprd reads."""
    wanted = {"statestore", "pubsub", "readmodel"}
    there = {_name(component) for component in _read_all() if component["kind"] == "Component"}
    if gone := sorted(wanted - there):
        yield missing("components", f"components/ has no {', '.join(gone)}", "git restore components")
    else:
        yield ok("components", f"components/ has {', '.join(sorted(there))}")


def sidecars(file: Path | None = None) -> Iterable[Finding]:
    """Each that `dapr.yaml` names: does it answer, is it healthy, has it loaded what is scoped to its app."""
    apps = _apps(file or DAPR_FILE)
    scoped = [each for each in _read_all() if each["kind"] == "Component" and "scopes" in each]
    up = [app for app in apps if _listens(app["daprHTTPPort"])]
    if not up:
        yield from _ports_free(apps)
        yield warn("sidecars", "none of dapr.yaml's runs", START)
        return
    if down := [app["appID"] for app in apps if app not in up]:
        yield missing("sidecars", f"no daprd answers for {', '.join(down)}", START)
    healthy = 0
    for app in up:
        wanted = {_name(each) for each in scoped if app["appID"] in each["scopes"] and not _may_be_absent(each)}
        problem = _problem(app, wanted)
        healthy += not problem
        if problem:
            yield missing("sidecars", f"{app['appID']}: {problem}", f"dapr stop -f . && {START}")
    if healthy:
        yield ok("sidecars", f"{healthy} of {len(apps)} healthy, with their components")


def _problem(app: Yaml, wanted: set[str]) -> str:
    address = f"http://127.0.0.1:{app['daprHTTPPort']}/v1.0"
    try:
        with _asked(f"{address}/metadata") as answer:
            loaded = {component["name"] for component in json.load(answer).get("components", ())}
        if gone := sorted(wanted - loaded):
            return f"its daprd has not loaded {', '.join(gone)}"
        _asked(f"{address}/healthz/outbound").close()
    except urllib.error.HTTPError as error:
        return f"its daprd answers {error.code} ({error.url.rpartition('/v1.0/')[2]})"
    except (OSError, ValueError) as error:
        return f"its daprd does not answer ({error})"
    return ""


def _asked(url: str) -> Any:
    token = os.environ.get("DAPR_API_TOKEN", "")
    request = urllib.request.Request(url, headers={"dapr-api-token": token} if token else {})
    return urllib.request.urlopen(request, timeout=ANSWER_SECONDS)


def _ports_free(apps: list[Yaml]) -> Iterable[Finding]:
    taken = [str(app["appPort"]) for app in apps if _listens(app["appPort"])]
    if taken:
        yield missing("ports", f"taken, though no sidecar runs: {', '.join(taken)}", f"ss -ltnp 'sport = :{taken[0]}'")
    else:
        yield ok("ports", "those of dapr.yaml are free")


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _apps(file: Path) -> list[Yaml]:
    import yaml

    apps: list[Yaml] = yaml.safe_load(file.read_text())["apps"]
    return apps


def _read_all() -> list[Yaml]:
    import yaml

    return [yaml.safe_load(path.read_text()) for path in sorted((ROOT / "components").glob("*.yaml"))]


def _name(component: Yaml) -> str:
    return str(component["metadata"]["name"])


def _may_be_absent(component: Yaml) -> bool:
    return bool(component["spec"].get("ignoreErrors"))
