"""From `learnflow new` to the first event handled, and what each part takes: `python -m bench.new_function [cluster]`.

In a copy of the project. On the cluster everything else is deployed and its images are built; nothing waits warm for
the new function but the layers that all images share.
"""

import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx

from functions.runtime.local import FILE
from tests.support.backends import eventually, free_port, new_learner, wait_for_http
from tests.support.project_copy import LEARNFLOW, ProjectCopy

NAME = ("cheer_learner", "--on", "progress-updated")
AGAIN = "import sys; from bench.new_function import on_the_cluster; on_the_cluster()"


class Clock:
    """Says when each part was done, in seconds since the start and since the part before."""

    def __init__(self) -> None:
        self.start = self.last = time.perf_counter()

    def done(self, part: str) -> None:
        now = time.perf_counter()
        sys.stdout.write(f"{now - self.start:6.1f} s  {part} ({now - self.last:.1f})\n")
        sys.stdout.flush()
        self.last = now


@contextmanager
def served(copy: ProjectCopy, data: Path) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-c", LEARNFLOW, "--port", str(port), "--data", str(data)]
    with (data / "log").open("wb") as log:
        env = os.environ | {"PYTHONPATH": str(copy.root)}
        process = subprocess.Popen(command, cwd=copy.root, env=env, stdout=log, stderr=log)
        try:
            wait_for_http(f"http://127.0.0.1:{port}/health/ready", process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(15)


def embedded(copy: ProjectCopy, data: Path) -> None:
    clock = Clock()
    copy.learnflow("new", *NAME)
    clock.done("new has written it")
    with served(copy, data) as url:
        clock.done("the embedded run serves it")
        body = {"user_id": "maya", "lesson_id": "l1", "progress_percentage": 10}
        httpx.post(f"{url}/update-progress", json=body).raise_for_status()
        sql = "SELECT 1 FROM documents WHERE key LIKE 'handled:cheer-learner:%'"
        with closing(sqlite3.connect(data / FILE)) as database:
            eventually(lambda: database.execute(sql).fetchall())
    clock.done("its first event is handled")


def on_the_cluster() -> None:
    """In the copy: with the copy's code, manifests and images."""
    from tests.support import cluster, postgres

    copy = Path.cwd()
    with cluster.deployed() as backend:
        sys.stdout.write("everything else is deployed\n")
        clock = Clock()
        subprocess.run([sys.executable, "-c", LEARNFLOW, "new", *NAME], cwd=copy, check=True, capture_output=True)
        clock.done("new has written it")
        cluster.run("skaffold", "run", "-p", "test", seconds=900)
        clock.done("its image is built, and it is deployed and ready")
        body: Any = {"user_id": new_learner(), "lesson_id": "l1", "progress_percentage": 10}
        assert backend.post("/update-progress", body).status_code == 200
        clock.done("an update is answered")
        sql = "SELECT 1 FROM state WHERE starts_with(key, 'statestore||handled:cheer-learner:')"
        eventually(lambda: postgres.rows(sql, database=cluster.DATABASE), 120)
        clock.done("its first event is handled")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        project = ProjectCopy(Path(made) / "project")
        if sys.argv[1:] == ["cluster"]:
            environment = os.environ | {"PYTHONPATH": str(project.root)}
            raise SystemExit(subprocess.call([sys.executable, "-c", AGAIN], cwd=project.root, env=environment))
        (Path(made) / "data").mkdir()
        embedded(project, Path(made) / "data")
