"""What real things this machine has to test on, and how tests that need an absent one are treated."""

import os
import shutil
import socket
import subprocess
from importlib.util import find_spec
from pathlib import Path

KAFKA = os.environ.get("LEARNFLOW_KAFKA", "127.0.0.1:9092")
POSTGRES = os.environ.get(
    "LEARNFLOW_POSTGRES", "host=127.0.0.1 port=5432 user=learnflow password=learnflow database=learnflow"
)
NODE = os.environ.get("LEARNFLOW_NODE", "10.199.0.1")  # where the test cluster's pods find Kafka and PostgreSQL


def stack_is_missing() -> str | None:
    """Why tests marked `stack` cannot run, or None."""
    if shutil.which("daprd") is None:
        return "daprd is not on the PATH"
    settings = dict(part.split("=", 1) for part in POSTGRES.split())
    for name, address in (("Kafka", KAFKA), ("PostgreSQL", f"{settings['host']}:{settings['port']}")):
        host, _, port = address.rpartition(":")
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError as error:
            return f"{name} does not answer on {address} ({error})"
    return None


def kafka_jars() -> Path | None:
    """The folder of Kafka's jars: of the stack, or beside the scripts of a Kafka that is installed."""
    script = shutil.which("kafka-server-start.sh")
    folders = [Path(os.environ.get("LEARNFLOW_STACK", ""), "kafka-libs")]
    folders += [Path(script).resolve().parents[1] / "libs"] if script else []
    return next((folder for folder in folders if any(folder.glob("kafka_*.jar"))), None)


def postgres_program(name: str) -> str:
    """Where a program of PostgreSQL is, empty if nowhere. Debian keeps a server's outside of the PATH."""
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(packaged[-1]) if packaged else "")


def own_stack_is_missing() -> str | None:
    """Why tests marked `own_stack`, which start a Kafka and a PostgreSQL to kill them, cannot run, or None."""
    if shutil.which("daprd") is None:
        return "daprd is not on the PATH"
    for program in ("initdb", "postgres"):
        if not postgres_program(program):
            return f"PostgreSQL's {program} is not on the PATH"
    if shutil.which("java") is None:
        return "java is not on the PATH"
    return None if kafka_jars() else "Kafka's jars are neither in $LEARNFLOW_STACK/kafka-libs nor beside its scripts"


def cluster_is_missing() -> str | None:
    """Why tests marked `cluster` cannot run, or None."""
    if shutil.which("kubectl") is None:
        return "kubectl is not on the PATH"
    asked = subprocess.run(
        ["kubectl", "get", "crd", "services.serving.knative.dev", "--request-timeout=5s"],
        capture_output=True,
        text=True,
    )
    return None if asked.returncode == 0 else f"no cluster with Knative answers ({asked.stderr.strip()[:100]})"


def browser_is_missing() -> str | None:
    """Why tests marked `browser` cannot run, or None."""
    if find_spec("playwright") is None:
        return "the Python package playwright is not installed"
    return None if shutil.which("chromium") else "chromium is not on the PATH"


def node_is_missing() -> str | None:
    """Why tests marked `node` cannot run, or None."""
    if shutil.which("node") is None:
        return "node is not on the PATH"
    folder = Path(__file__).parents[1] / "conformance" / "node"
    return None if (folder / "node_modules").is_dir() else f"`npm ci` was not run in {folder.name}"


MISSING = {
    "stack": stack_is_missing,
    "own_stack": own_stack_is_missing,
    "cluster": cluster_is_missing,
    "browser": browser_is_missing,
    "node": node_is_missing,
}
