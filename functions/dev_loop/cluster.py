"""`learnflow dev --cluster FUNCTION…`: `skaffold dev` of a few functions instead of all: fewer builds, fewer pods.

Skaffold chooses among configurations, not among artifacts, so this writes one that holds what was asked for.
"""

import signal
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from functions.dev_loop.loading import ROOT
from functions.refused import Refused

SETTLED_MS = "200"  # after the last change; skaffold waits a whole second if nothing is said
SERVED = ("serving.knative.dev/", "Service")
Yaml = dict[str, Any]


def run(names: Sequence[str], overlay: str, namespace: str) -> int:
    """Skaffold's exit code. Raises Refused where there is no such function, or what it needs is missing."""
    try:
        import yaml
    except ImportError as error:
        raise Refused("PyYAML is not installed: it is one of the development tools (uv sync)") from error
    whole: Yaml = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
    there = [artifact["image"].rpartition("/")[2] for artifact in whole["build"]["artifacts"]]
    if unknown := [name for name in names if name not in there]:
        raise Refused(f"there is no function {', '.join(unknown)}; there are {', '.join(there)}")
    with tempfile.TemporaryDirectory() as folder:
        manifests, config = Path(folder, "manifests.yaml"), Path(folder, "skaffold.yaml")
        try:
            rendered = subprocess.run(["kubectl", "kustomize", overlay], cwd=ROOT, stdout=subprocess.PIPE, check=True)
            manifests.write_text(yaml.safe_dump_all(chosen(yaml.safe_load_all(rendered.stdout), names)))
            config.write_text(yaml.safe_dump(reduced(whole, names, str(manifests), namespace)))
            loop = subprocess.Popen(["skaffold", "dev", "-f", str(config), "-i", SETTLED_MS], cwd=ROOT)
        except FileNotFoundError as error:
            raise Refused(f"{error.filename} is not on the PATH") from error
        except subprocess.CalledProcessError as error:
            return error.returncode  # it said why
        return _until_end(loop)


def _until_end(loop: "subprocess.Popen[bytes]") -> int:
    signal.signal(signal.SIGTERM, lambda *_: loop.terminate())  # skaffold cleans up for that as well
    while True:
        try:
            return loop.wait()
        except KeyboardInterrupt:
            continue  # skaffold has it too, and takes away what it deployed


def chosen(manifests: Iterable[Yaml], names: Sequence[str]) -> list[Yaml]:
    """Without the other functions, and what brings them events."""
    return [manifest for manifest in manifests if _serves(manifest) in (None, *names)]


def _serves(manifest: Yaml) -> str | None:
    """The function that it is, or that it wakes; None for what all of them share."""
    group, kind = SERVED
    if manifest["apiVersion"].startswith(group) and manifest["kind"] == kind:
        return str(manifest["metadata"]["name"])
    sink = manifest.get("spec", {}).get("sink", {}).get("ref", {})
    return str(sink["name"]) if sink.get("kind") == kind else None


def reduced(whole: Yaml, names: Sequence[str], manifests: str, namespace: str) -> Yaml:
    """Skaffold's configuration with these functions alone."""
    build = whole["build"]
    artifacts = [each for each in build["artifacts"] if each["image"].rpartition("/")[2] in names]
    wait = f'kubectl --context "$SKAFFOLD_KUBE_CONTEXT" -n {namespace} wait ksvc {" ".join(names)}'
    after = [{"host": {"command": ["sh", "-c", f"{wait} --for=condition=Ready --timeout=300s"]}}]
    return {
        **{name: whole[name] for name in ("apiVersion", "kind", "metadata")},
        "build": build | {"artifacts": artifacts},
        "manifests": {"rawYaml": [manifests]},
        "deploy": whole["deploy"] | {"kubectl": {"hooks": {"after": after}}},
    }
