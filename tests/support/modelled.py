"""The system with a language model: embedded, and on the stack beside the processes of dapr.yaml, which have none."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.backends import ROOT, Backend, embedded, environment, free_port, wait_for_http
from tests.support.dapr_run import StackBackend
from tests.support.model_server import ModelServer

DEADLINE, HASTY = 60, 5  # seconds; the second is what a test of a model that never answers takes
KEY = "sk-not-a-secret"


@dataclass
class Modelled:
    """`backend` asks `server` when it writes a lesson; `log` is what its Course Agent has logged."""

    backend: Backend
    server: ModelServer
    log: Path


def variables(server: ModelServer, **more: str) -> dict[str, str]:
    """What is set of a Course Agent that asks the server, and remembers no answer."""
    return {
        "LEARNFLOW_MODEL": "openai",
        "LEARNFLOW_MODEL_URL": server.url,
        "LEARNFLOW_MODEL_NAME": "local",
        "LEARNFLOW_MODEL_KEY": KEY,
        "LEARNFLOW_MODEL_DEADLINE_SECONDS": str(DEADLINE),
        "LEARNFLOW_MODEL_CACHE_DAYS": "0",
        # where a model wastes its tokens, it would be a matter of time which of the parts gets none any more
        "LEARNFLOW_MODEL_LESSON_TOKENS": "1000000",
        "LEARNFLOW_MODEL_DAILY_TOKENS": "1000000",
        **more,
    }


@contextmanager
def embedded_with(server: ModelServer, folder: Path, **more: str) -> Iterator[Modelled]:
    with embedded(folder, **variables(server, **more)) as backend:
        yield patiently(backend, server, folder)


def patiently(backend: Backend, server: ModelServer, folder: Path) -> Modelled:
    """As long as a model's deadline a busy machine may take, too."""
    backend.client.timeout = httpx.Timeout(DEADLINE + 10)
    return Modelled(backend, server, folder / "log")


@contextmanager
def stack_with(server: ModelServer, processes: StackBackend, folder: Path, **more: str) -> Iterator[Modelled]:
    """A second Course Agent on the daprd of the first."""
    with course_agent(processes, folder, variables(server, **more)) as backend:
        yield patiently(backend, server, folder)


@contextmanager
def course_agent(processes: StackBackend, folder: Path, env: dict[str, str]) -> Iterator[Backend]:
    """Everything of the stack, but lessons are written by a process with these variables."""
    app, port = processes.processes.apps["generate-lesson"], free_port()
    ports = {"DAPR_HTTP_PORT": str(app["daprHTTPPort"]), "DAPR_GRPC_PORT": str(app["daprGRPCPort"]), "AUTH": "off"}
    command = ["uv", "run", "--no-sync", "uvicorn", "functions.generate_lesson.main:app", "--port", str(port)]
    with (folder / "log").open("wb") as log, httpx.Client(timeout=20) as client:
        process = subprocess.Popen(command, cwd=ROOT, env=environment(**ports, **env), stdout=log, stderr=log)
        try:
            wait_for_http(f"http://127.0.0.1:{port}/health/ready", process)
            here = f"http://127.0.0.1:{port}"
            yield Backend(
                "stack",
                lambda path: here if path.startswith("/generate-lesson") else processes.url(path),
                client,
            )
        finally:
            process.terminate()
            process.wait(15)
