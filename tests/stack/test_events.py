"""Events on real Kafka, through real daprd: what is in the records, who gets them, and what a failure leaves behind."""

import asyncio
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from functions.relay_events.handler import relay_events
from functions.runtime import sidecar
from functions.runtime.ports import Received
from functions.runtime.settings import Settings
from functions.usecases.events import Ping
from tests.support import kafka, postgres
from tests.support.backends import eventually, new_learner
from tests.support.dapr_run import StackBackend

pytestmark = pytest.mark.stack
STRUCTURED = "application/cloudevents+json"


def update(backend: StackBackend, user: str, lesson: str, percentage: float) -> httpx.Response:
    return backend.post("/update-progress", {"user_id": user, "lesson_id": lesson, "progress_percentage": percentage})


def outbox(user: str) -> list[dict[str, Any]]:
    sql = "SELECT convert_from(value, 'UTF8') AS value FROM state WHERE starts_with(key, 'statestore||outbox:')"
    return [row for row in (json.loads(found["value"]) for found in postgres.rows(sql)) if row["key"] == user]


def ping() -> dict[str, Any]:
    return {"specversion": "1.0", "id": "1", "source": "/test/schedule", "type": "dev.knative.sources.ping"}


def relay(backend: StackBackend) -> httpx.Response:
    url = backend.url("/functions/relay-events/")
    return backend.client.post(url + "/", content=json.dumps(ping()), headers={"content-type": STRUCTURED})


def test_a_lesson_is_a_structured_event_with_its_header_and_the_learner_as_key(processes: StackBackend) -> None:
    user = new_learner()
    lesson = processes.post("/generate-lesson", {"user_id": user, "topic": "for-loops"}).json()
    [record] = kafka.records("lesson-generated", lambda r: r.key == user)
    assert record.headers["content-type"] == STRUCTURED
    event = record.value
    assert event["type"] == "com.learnflow.lesson.generated.v1" and event["source"] == "/functions/generate-lesson"
    assert (event["subject"], event["partitionkey"]) == (lesson["lesson_id"], user)
    assert event["dataschema"] == "urn:learnflow:schema:com.learnflow.lesson.generated.v1"
    assert event["data"]["title"] == "For Loops" and event["data"]["version"] == 1
    assert outbox(user) == []


def test_the_documents_of_a_lesson_are_rows_under_one_prefix(processes: StackBackend) -> None:
    user = new_learner()
    lesson = processes.post("/generate-lesson", {"user_id": user, "topic": "for-loops"}).json()
    eventually(lambda: postgres.rows("SELECT 1 FROM state WHERE key = $1", f"statestore||learner:{user}"))
    [row] = postgres.rows(
        "SELECT convert_from(value, 'UTF8') AS value FROM state WHERE key = $1",
        f"statestore||lesson:{lesson['lesson_id']}",
    )
    assert json.loads(row["value"])["user_id"] == user
    [listed] = postgres.rows("SELECT version, topic FROM lessons WHERE lesson_id = $1", lesson["lesson_id"])
    assert listed == {"version": 1, "topic": "for-loops"}


def test_a_trace_goes_from_the_request_into_the_event(processes: StackBackend) -> None:
    user, trace = new_learner(), "4bf92f3577b34da6a3ce929d0e0e4736"
    processes.post(
        "/generate-lesson", {"user_id": user, "topic": "for-loops"}, traceparent=f"00-{trace}-00f067aa0ba902b7-01"
    )
    [record] = kafka.records("lesson-generated", lambda r: r.key == user)
    assert record.value["traceparent"].split("-")[1] == trace


def test_what_can_never_be_handled_goes_to_the_dead_letters_and_holds_up_nothing(processes: StackBackend) -> None:
    user = new_learner()
    bad = {
        "specversion": "1.0",
        "id": f"bad-{user}",
        "source": "/test",
        "type": "com.learnflow.progress.updated.v1",
        "data": {"user_id": "no spaces allowed"},
    }
    kafka.send("progress-updated", json.dumps(bad).encode(), user, {"content-type": STRUCTURED})
    update(processes, user, "after-the-poison", 50)
    eventually(lambda: postgres.rows("SELECT 1 FROM lesson_progress WHERE user_id = $1", user))
    letters = eventually(
        lambda: kafka.records(
            "learnflow-dead-letters", lambda r: isinstance(r.value, dict) and r.value.get("id") == f"bad-{user}"
        )
    )
    # delivered at least once: a consumer group that is joined anew meanwhile gets it, and drops it, again
    assert [letter.value["data"] for letter in letters] == [bad["data"]] * len(letters)


def test_an_event_delivered_twice_has_one_effect(processes: StackBackend) -> None:
    user = new_learner()
    update(processes, user, "lesson-1", 40)
    eventually(lambda: postgres.rows("SELECT 1 FROM lesson_progress WHERE user_id = $1", user))
    [record] = kafka.records("progress-updated", lambda r: r.key == user)
    url = processes.url("/functions/project-progress/") + "/"
    shown = (
        "SELECT lesson_id, progress_percentage, status, last_activity, version FROM lesson_progress WHERE user_id = $1"
    )
    before = postgres.rows(shown, user)
    for path in ("", "dapr"):
        answer = processes.client.post(
            url + path, content=json.dumps(record.value), headers={"content-type": STRUCTURED}
        )
        assert (answer.status_code, answer.content) == (204, b"")
    assert postgres.rows(shown, user) == before


def test_what_was_left_in_the_outbox_is_relayed_in_order_with_the_same_ids(processes: StackBackend) -> None:
    user = new_learner()
    update(processes, user, "lesson-1", 40)
    eventually(lambda: postgres.rows("SELECT 1 FROM lesson_progress WHERE user_id = $1", user))
    [first] = kafka.records("progress-updated", lambda r: r.key == user)
    # as a kill right after the commit leaves it: the row is there, the event was never published
    left = first.value | {"id": f"left-{user}"}
    row = {"topic": "progress-updated", "key": user, "event": left, "created_at": "2026-01-01T00:00:00.000000Z"}
    store = f"http://127.0.0.1:{processes.processes.apps['relay-events']['daprHTTPPort']}/v1.0/state/statestore"
    assert processes.client.post(store, json=[{"key": f"outbox:left-{user}", "value": row}]).status_code == 204
    assert len(outbox(user)) == 1
    postgres.rows("DELETE FROM lesson_progress WHERE user_id = $1", user)
    assert relay(processes).status_code == 204
    assert outbox(user) == []
    assert [r.value["id"] for r in kafka.records("progress-updated", lambda r: r.key == user)][-1] == f"left-{user}"
    eventually(lambda: postgres.rows("SELECT 1 FROM lesson_progress WHERE user_id = $1", user))


def leave(backend: StackBackend, user: str, number: int, padding: int = 0) -> str:
    """A row as a kill after the commit leaves it; `padding`: bytes more than Kafka takes."""
    event = ping() | {"id": f"{number}-{user}", "type": "com.learnflow.left.v1", "data": {"text": "x" * padding}}
    created = f"2026-01-01T00:00:{number:02}.000000Z"
    row = {"topic": "struggle-detected", "key": user, "event": event, "created_at": created}
    store = f"http://127.0.0.1:{backend.processes.apps['relay-events']['daprHTTPPort']}/v1.0/state/statestore"
    assert backend.client.post(store, json=[{"key": f"outbox:{event['id']}", "value": row}]).status_code == 204
    return str(event["id"])


def published(user: str) -> list[str]:
    return [r.value["id"] for r in kafka.records("struggle-detected", lambda r: r.key == user)]


async def test_relays_of_several_replicas_at_once_lose_nothing_and_keep_each_learners_order(
    processes: StackBackend,
) -> None:
    learners = [new_learner() for _ in range(6)]
    left = {user: [leave(processes, user, number) for number in range(10)] for user in learners}
    app = processes.processes.apps["update-progress"]  # another replica: this process, by another function's daprd
    settings = Settings(dapr_grpc_port=app["daprGRPCPort"], dapr_http_port=app["daprHTTPPort"])
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(relay, processes) for _ in range(4)]
        async with sidecar.ports(settings) as ports:
            received = Received("1", "/test", Ping.type_name, Ping(), ports.now())
            await asyncio.gather(*(relay_events(ports, received) for _ in range(2)), return_exceptions=True)
        assert {run.result().status_code for run in runs} <= {204, 503}
    eventually(lambda: relay(processes).status_code == 204)
    for user, ids in left.items():
        assert outbox(user) == []
        assert list(dict.fromkeys(published(user))) == ids, "by the first time of each"


def test_an_event_that_kafka_refuses_holds_back_its_learners_later_ones_and_nobody_elses(
    processes: StackBackend,
) -> None:
    stuck, other = new_learner("stuck"), new_learner("other")
    before = leave(processes, stuck, 1)
    leave(processes, stuck, 2, padding=1_200_000)
    leave(processes, stuck, 3)
    last = leave(processes, other, 4)
    try:
        answer = relay(processes)
        assert (answer.status_code, answer.json()["title"]) == (503, "Service unavailable")
        assert (published(stuck), published(other)) == ([before], [last])
        told = processes.client.get(processes.url("/functions/relay-events/") + "/metrics").text
        figures = dict(line.split() for line in told.splitlines() if line.startswith("learnflow_outbox"))
        assert float(figures["learnflow_outbox_backlog"]) >= 2
        assert float(figures["learnflow_outbox_oldest_age_seconds"]) > 0
    finally:
        keys = [f"statestore||outbox:{number}-{stuck}" for number in (2, 3)]
        postgres.rows("DELETE FROM state WHERE key = ANY($1)", keys)


def test_a_thousand_updates_of_fifty_learners_are_all_there_once(processes: StackBackend) -> None:
    learners = [new_learner("crowd") for _ in range(50)]
    work = [(user, step) for step in range(20) for user in learners]

    def one(item: tuple[str, int]) -> tuple[str, int, httpx.Response]:
        user, step = item
        body = {
            "user_id": user,
            "lesson_id": f"lesson-{step % 4}",
            "progress_percentage": step * 5,
            "request_id": f"step-{step}",
            "evidence": [{"kind": "time_on_task", "seconds": 1}],
            "topic": "for-loops",
        }
        return user, step, processes.post("/update-progress", body)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(one, work))
    assert Counter(answer.status_code for _, _, answer in answers) == {200: 1000}
    for user in learners:
        status = processes.get("/status", user_id=user).json()
        assert (status["version"], status["time_on_task_seconds"]) == (20, 20)
    versions = {user: max(a.json()["version"] for u, _, a in answers if u == user) for user in learners}

    def projected() -> bool:
        found = postgres.rows("SELECT user_id, version FROM learner_progress WHERE user_id = ANY($1)", learners)
        return {row["user_id"]: row["version"] for row in found} == versions

    eventually(projected, 60)
    published = Counter(r.key for r in kafka.records("progress-updated", lambda r: r.key in learners))
    ids = Counter(r.value["id"] for r in kafka.records("progress-updated", lambda r: r.key in learners))
    changed = Counter(user for user, _, answer in answers if answer.json()["changes"])
    assert published == changed and set(ids.values()) == {1}
    assert all(outbox(user) == [] for user in learners[:5])
