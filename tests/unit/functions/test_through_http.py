"""The deployed apps, called as a person would: what lies between HTTP and a handler, over a store in memory."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from functions.embedded import apps
from functions.runtime.app import new_app
from functions.runtime.settings import Settings
from tests.support.fakes import LOST, World, client_of

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def client(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """All functions that are called, in one app, as in the embedded run."""
    app: FastAPI = new_app("LearnFlow", Settings(auth="off"), None)
    app.state.ports = world.ports
    for found in apps().values():
        if not found.state.function.takes:
            found.state.function.add_to(app.router, "")
    async with client_of(app) as made:
        yield made


async def update(client: httpx.AsyncClient, /, **fields: Any) -> httpx.Response:
    return await client.post("/update-progress", json={"user_id": "maya", "lesson_id": "l1"} | fields)


async def test_the_trace_of_a_request_goes_on_in_the_event_that_it_publishes(
    world: World, client: httpx.AsyncClient
) -> None:
    body = {"user_id": "maya", "lesson_id": "l1", "progress_percentage": 10}
    await client.post("/update-progress", json=body, headers={"traceparent": TRACE})
    trace = world.publisher.published[0][2]["traceparent"]
    assert (trace[:36], trace[52:]) == (TRACE[:36], TRACE[52:])
    assert trace[36:52] != TRACE[36:52]


async def test_the_same_body_spelled_otherwise_is_the_same_request(world: World, client: httpx.AsyncClient) -> None:
    bodies = [
        '{"user_id": "maya", "lesson_id": "l1", "progress_percentage": 10}',
        '{"progress_percentage":10.0,"lesson_id":"l1",\n"user_id":"maya"}',
        '{"progress_percentage": 11, "lesson_id": "l1", "user_id": "maya"}',
    ]
    headers = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    first, again, other = [await client.post("/update-progress", content=b, headers=headers) for b in bodies]
    assert (again.headers["idempotency-replayed"], again.content) == ("true", first.content)
    assert (other.status_code, other.json()["type"]) == (409, "urn:learnflow:problem:idempotency-key-reused")
    assert len(world.publisher.published) == 1


async def test_metrics_that_are_kept_can_be_read_back(client: httpx.AsyncClient) -> None:
    metrics = {"stars": 3, "text": "ü\u0000\U0001f600", "nested": {"list": [1, 1.5, None, True]}}
    answer = await update(client, progress_data={"completion_percentage": 10, "achievement_metrics": metrics})
    assert answer.status_code == 200
    assert (await update(client, status="completed")).status_code == 200
    status = await client.get("/status?user_id=maya&lesson_id=l1")
    assert status.json()["progress_data"]["achievement_metrics"] == metrics


@pytest.mark.parametrize("value", ["NaN", '"\\ud800"', "[" * 250 + "]" * 250])
async def test_metrics_that_could_not_be_read_back_are_refused(client: httpx.AsyncClient, value: str) -> None:
    body = '{"user_id": "maya", "lesson_id": "l1", "progress_data": {"achievement_metrics": {"x": VALUE}}}'
    body = body.replace("VALUE", value)
    answer = await client.post("/update-progress", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert (await update(client, progress_percentage=10)).status_code == 200
    assert (await client.get("/status?user_id=maya&lesson_id=l1")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", "/update-progress", {"user_id": "maya"}, ""),
        ("POST", "/update-progress", {"user_id": "maya", "lesson_id": "l1", "timezone": "Mars"}, "timezone"),
        ("POST", "/update-progress", {"user_id": "maya", "updates": [{"lesson_id": "l1"}]}, "updates.0"),
        ("POST", "/generate-lesson", {"user_id": "maya", "time_budget_minutes": 4}, "time_budget_minutes"),
        ("GET", "/lessons?limit=0", None, "limit"),
        ("GET", "/lessons?cursor=forged", None, "cursor"),
        ("GET", "/lessons/a%20b", None, "lesson_id"),
        ("GET", "/lessons?date_range=2026-03-08..2026-03-07", None, ""),
        ("GET", "/status", None, "user_id"),
        ("GET", "/alerts?state=closed", None, "state"),
        ("POST", "/alerts/a1/resolve", {"by": "a b"}, "by"),
        ("PUT", "/classes/7b", {"title": "Python, 7b", "user_ids": ["maya", "maya"]}, "user_ids"),
        ("GET", "/status?user_id=maya&explain=perhaps", None, "explain"),
    ],
)
async def test_an_invalid_request_is_a_400_that_names_the_field(
    client: httpx.AsyncClient, method: str, path: str, body: object, field: str
) -> None:
    answer = await client.request(method, path, json=body) if body else await client.request(method, path)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == field


async def test_a_lesson_written_anew_for_another_is_named_in_the_problem(client: httpx.AsyncClient) -> None:
    made = await client.post("/generate-lesson", json={"user_id": "james", "topic": "for-loops"})
    again = {"user_id": "maya", "topic": "for-loops", "lesson_id": made.json()["lesson_id"]}
    answer = await client.post("/generate-lesson", json=again)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "lesson_id")
    assert answer.json()["instance"] == "/generate-lesson"


async def test_an_unchanged_lesson_is_a_304_without_a_body(client: httpx.AsyncClient) -> None:
    made = await client.post("/generate-lesson", json={"user_id": "maya", "topic": "for-loops"})
    found = await client.get(made.headers["location"])
    assert found.json() == {name: value for name, value in made.json().items() if name != "listed"}
    again = await client.get(made.headers["location"], headers={"If-None-Match": found.headers["etag"]})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", found.headers["etag"])


async def test_a_precondition_that_fails_is_a_412(client: httpx.AsyncClient) -> None:
    await update(client, progress_percentage=10)
    body = {"user_id": "maya", "lesson_id": "l1", "progress_percentage": 20}
    answer = await client.post("/update-progress", json=body, headers={"If-Match": '"7"'})
    assert (answer.status_code, answer.json()["type"]) == (412, "urn:learnflow:problem:precondition-failed")


async def test_a_lesson_as_a_stream_ends_with_the_whole_lesson(client: httpx.AsyncClient) -> None:
    answer = await client.post(
        "/generate-lesson", json={"user_id": "maya", "topic": "for-loops"}, headers={"Accept": "text/event-stream"}
    )
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (201, "text/event-stream")
    *_, last = [block.splitlines() for block in answer.text.strip().split("\n\n")]
    assert last[0] == "event: lesson"
    lesson = json.loads(last[1].removeprefix("data: "))
    assert answer.headers["location"] == f"/lessons/{lesson['lesson_id']}"


async def streamed(client: httpx.AsyncClient, /, **body: Any) -> tuple[httpx.Response, list[tuple[str, Any]]]:
    """The answer, and its events by name with their data."""
    headers = {"Accept": "text/event-stream"}
    answer = await client.post(
        "/generate-lesson", json={"user_id": "maya", "topic": "for-loops"} | body, headers=headers
    )
    blocks = [block.splitlines() for block in answer.text.strip().split("\n\n")] if answer.status_code == 201 else []
    return answer, [(block[0].removeprefix("event: "), json.loads(block[1].removeprefix("data: "))) for block in blocks]


async def test_what_is_refused_before_a_stream_begins_has_its_own_status(
    world: World, client: httpx.AsyncClient
) -> None:
    for body, status in (({"topic": "cooking"}, 404), ({"time_budget_minutes": 1}, 400), ({"lesson_id": "l1"}, 404)):
        answer, _ = await streamed(client, **body)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    world.documents.down = True
    assert (await streamed(client))[0].status_code == 503


async def test_a_lesson_that_could_not_be_kept_ends_its_stream_with_an_error_and_no_lesson(
    world: World, client: httpx.AsyncClient
) -> None:
    world.documents.fail_at = {2: LOST}  # the first one counts the request
    answer, events = await streamed(client)
    names = [name for name, _ in events]
    assert answer.status_code == 201 and set(names[:-1]) == {"section"} and names[-1] == "error"
    problem = events[-1][1]
    assert (problem["status"], problem["instance"], problem["title"]) == (
        503,
        "/generate-lesson",
        "Service unavailable",
    )
    assert (world.publisher.published, list(await world.documents.scan("", 10))) == ([], ["limit:generate-lesson:maya"])


async def test_a_stream_that_is_asked_for_again_with_its_key_brings_the_kept_lesson(
    client: httpx.AsyncClient,
) -> None:
    first, events = await streamed(client, request_id="once")
    again, replayed = await streamed(client, request_id="once")
    assert "idempotency-replayed" not in first.headers and again.headers["idempotency-replayed"] == "true"
    assert replayed == events and again.headers["location"] == first.headers["location"]


async def test_a_store_that_is_down_is_a_503_that_says_when_to_come_back(
    world: World, client: httpx.AsyncClient
) -> None:
    world.documents.down = True
    for answer in (await update(client, progress_percentage=10), await client.get("/status?user_id=maya")):
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    world.documents.down = False
    assert (await client.get("/status?user_id=maya")).json()["version"] == 0
