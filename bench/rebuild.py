"""`learnflow rebuild` of a large school: 100,000 learners with ten lessons each, made anew behind daprd from their
documents, while one client keeps asking for lists and reporting progress.

The documents are written past daprd, by COPY; the tables are empty at the start. Statuses other than 200 are counted.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import asyncpg
import httpx

from bench.common import HOST, machine, table, write
from bench.stack import Place, address, functions_and_daprds, require_stack
from functions.learning.curriculum import course
from functions.learning.learner import Learner, LessonEntry, TopicRecord, written
from functions.learning.mastery import assess
from tests.support.postgres import own_database

DATABASE = "learnflow_bench_rebuild"
LESSONS, TOPICS = 10, 5
USER = "learner-0"
LEARNFLOW = str(Path(sys.executable).with_name("learnflow"))


def documents(number: int) -> Iterator[tuple[str, bytes, uuid.UUID]]:
    """Rows of Dapr's state table, all alike but for their ids."""
    text = json.dumps(asdict(_learner()), default=lambda moment: moment.isoformat())
    for n in range(number):
        key = f"statestore||learner:learner-{n}"
        yield key, text.replace("USER", f"learner-{n}").encode(), uuid.uuid4()


def _learner() -> Learner:
    now = datetime.now(UTC)
    learner = Learner("USER", 20, now, figures=course().version, days=[(now.date() - timedelta(days=3), now.date())])
    for n, topic in enumerate(course().topics[:LESSONS]):
        made = written(now - timedelta(days=30 - n))
        listed = {"title": topic.title, "module": topic.module_id, "lesson_type": "standard", "version": 1}
        listed |= {"difficulty_level": "beginner", "estimated_duration": 30, "requested_by": "learner"}
        listed |= {"created_at": made, "updated_at": made}
        entry = LessonEntry(f"USER-lesson-{n}", "python", topic.topic_id, 50.0, "in_progress", listed=listed)
        entry.last_activity = now
        learner.lessons[entry.lesson_id] = entry
    for topic in course().topics[:TOPICS]:
        record = TopicRecord(attempts=4, counts={"quiz": 2}, last_activity=now)
        assess(record, topic.core_exercises)
        learner.topics[topic.topic_id] = record
    return learner


async def _fill(number: int) -> None:
    connection = await asyncpg.connect(address(DATABASE))
    columns = ("key", "value", "etag")
    await connection.copy_records_to_table("state", records=documents(number), columns=columns)
    await connection.execute("VACUUM ANALYZE state")
    await connection.close()


async def _counted() -> list[list[str]]:
    connection = await asyncpg.connect(address(DATABASE))
    names = ("lessons", "lesson_progress", "topic_progress", "learner_progress")
    found = [[name, f"{await connection.fetchval(f'SELECT count(*) FROM {name}'):,}"] for name in names]
    await connection.close()
    return found


def _asking(places: dict[str, Place], over: Event, statuses: Counter[str], took: dict[str, list[float]]) -> None:
    with httpx.Client(timeout=10) as client:
        while not over.is_set():
            body = {"user_id": USER, "lesson_id": f"{USER}-lesson-0", "evidence": [{"kind": "message", "text": "hi"}]}
            calls: list[tuple[str, str, str, Any]] = [
                ("list-lessons", "GET", f"/lessons?user_id={USER}", None),
                ("update-progress", "POST", "/update-progress", body),
            ]
            for app, method, path, content in calls:
                begun = time.perf_counter()
                answer = client.request(method, f"http://{HOST}:{places[app].port}{path}", json=content)
                took.setdefault(path.partition("?")[0], []).append((time.perf_counter() - begun) * 1000)
                statuses[f"{path.partition('?')[0]} {answer.status_code}"] += 1
            over.wait(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learners", type=int, default=100_000, help="default: %(default)s")
    arguments = parser.parse_args()
    require_stack()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        connection_string = stack.enter_context(own_database(DATABASE))
        apps = ("list-lessons", "project-progress", "update-progress")
        places = stack.enter_context(functions_and_daprds(folder, connection_string, *apps))
        asyncio.run(_fill(arguments.learners))
        over, statuses, took = Event(), Counter[str](), dict[str, list[float]]()
        asking = Thread(target=_asking, args=(places, over, statuses, took))
        asking.start()
        environment = os.environ | {"DAPR_GRPC_PORT": str(places["project-progress"].dapr)}
        done = subprocess.run([LEARNFLOW, "rebuild", "--sidecar"], env=environment, capture_output=True, text=True)
        over.set()
        asking.join()
        counted = asyncio.run(_counted())
    write(machine() + (done.stdout or done.stderr).splitlines()[-1] + "\n\n" + table(["table", "rows"], counted) + "\n")
    rows = [[path, f"{len(ms)}", f"{statistics.median(ms):.1f}", f"{max(ms):.1f}"] for path, ms in took.items()]
    write(table(["asked meanwhile", "times", "p50, ms", "slowest, ms"], rows) + f"\n{dict(statuses)}\n")


if __name__ == "__main__":
    main()
