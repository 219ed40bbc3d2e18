"""What Prometheus is told: parsed as it parses it, and compared with what was just done."""

import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families

from functions.embedded import apps
from functions.runtime import metrics
from functions.runtime.errors import Conflict
from functions.runtime.observing import observed
from functions.runtime.ports import Write
from functions.runtime.receive import Outcome, receive
from functions.runtime.settings import Settings
from functions.usecases.events import LessonGenerated
from tests.support.fakes import NOW, World, client_of, lesson_for, report, structured

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def app(world: World) -> FastAPI:
    made = apps()["list-lessons"]
    made.state.ports, made.state.settings = world.ports, Settings(auth="off")
    return made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as made:
        yield made


def samples(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def seen(client: httpx.AsyncClient, name: str, **labels: str) -> float:
    found = samples((await client.get("/metrics")).text)
    return found.get((name, frozenset(labels.items())), 0)


async def test_a_request_is_counted_by_its_route_and_never_by_what_is_in_its_path(client: httpx.AsyncClient) -> None:
    labels = {"route": "/lessons/{lesson_id}", "method": "GET", "status": "404"}
    before = await seen(client, "learnflow_http_requests_total", **labels)
    await client.get("/lessons/of-maya")
    assert await seen(client, "learnflow_http_requests_total", **labels) == before + 1
    assert "of-maya" not in (await client.get("/metrics")).text


async def test_paths_that_are_not_there_are_one_label_and_so_are_strange_methods(client: httpx.AsyncClient) -> None:
    labels = {"route": "(no route)", "method": "other", "status": "404"}
    before = await seen(client, "learnflow_http_requests_total", **labels)
    for number in range(3):
        await client.request(f"INVENTED{number}", f"/invented/{number}")
    assert await seen(client, "learnflow_http_requests_total", **labels) == before + 3
    assert "INVENTED" not in (await client.get("/metrics")).text


async def test_how_long_requests_take_is_a_histogram(client: httpx.AsyncClient) -> None:
    labels = {"route": "/lessons", "method": "GET"}
    before = await seen(client, "learnflow_http_request_duration_seconds_count", **labels)
    await client.get("/lessons?user_id=maya")
    assert await seen(client, "learnflow_http_request_duration_seconds_count", **labels) == before + 1
    in_all = await seen(client, "learnflow_http_request_duration_seconds_bucket", le="+Inf", **labels)
    assert in_all == before + 1


def test_a_duration_is_in_every_bucket_that_it_does_not_exceed() -> None:
    made = metrics.Durations("probe", "", (), (0.1, 1))
    for seconds in (0.1, 0.5, 5):
        made.add(seconds)
    assert list(metrics._cumulative(made.bounds, made.counts[()])) == [("0.1", 1), ("1.0", 2), ("+Inf", 3)]
    assert made.sums[()] == pytest.approx(5.6)


async def test_deliveries_are_counted_by_outcome_and_bad_ones_as_dead_letters(
    world: World, client: httpx.AsyncClient
) -> None:
    await lesson_for(world)
    event = world.publisher.published[-1][2]
    takes, kind = apps()["track-lesson"].state.function.takes, LessonGenerated.type_name

    async def counted() -> list[float]:
        events = [await seen(client, "learnflow_events_total", type=kind, outcome=o.value) for o in Outcome]
        return [*events, await seen(client, "learnflow_dead_letters_total", type=kind, reason="bad")]

    before = await counted()
    await receive(world.ports, takes, *structured(event))
    await receive(world.ports, takes, *structured(event | {"data": {}}))
    world.documents.down = True
    await receive(world.ports, takes, *structured(event))
    assert [now - then for now, then in zip(await counted(), before, strict=True)] == [1, 1, 1, 1]


async def test_a_type_that_the_function_does_not_take_makes_no_label_of_its_own(
    world: World, client: httpx.AsyncClient
) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/x", "type": "com.example.invented"}
    before = await seen(client, "learnflow_events_total", type="other", outcome="bad")
    await receive(world.ports, apps()["track-lesson"].state.function.takes, *structured(event))
    assert await seen(client, "learnflow_events_total", type="other", outcome="bad") == before + 1
    assert "invented" not in (await client.get("/metrics")).text


async def test_the_lag_of_an_event_is_from_when_it_happened_until_it_was_handled(
    world: World, client: httpx.AsyncClient
) -> None:
    await lesson_for(world)
    event = world.publisher.published[-1][2]
    before = await seen(client, "learnflow_event_lag_seconds_sum", type=LessonGenerated.type_name)
    world.now = NOW + timedelta(seconds=90)
    await receive(world.ports, apps()["track-lesson"].state.function.takes, *structured(event))
    assert await seen(client, "learnflow_event_lag_seconds_sum", type=LessonGenerated.type_name) == before + 90


async def test_a_lost_race_and_a_broker_that_is_away_are_counted(world: World, client: httpx.AsyncClient) -> None:
    ports = observed(world.ports, "sqlite")
    conflicts = await seen(client, "learnflow_commit_conflicts_total")
    failures = await seen(client, "learnflow_publish_failures_total")
    with pytest.raises(Conflict):
        await ports.documents.commit(Write("learner:maya", {}, "an old etag"))
    world.publisher.down = True
    world.documents = ports.documents  # type: ignore[assignment]
    await report(World(world.documents, ports.publisher, world.read_model), progress_percentage=10)  # type: ignore[arg-type]
    assert await seen(client, "learnflow_commit_conflicts_total") == conflicts + 1
    assert await seen(client, "learnflow_publish_failures_total") == failures + 1


async def test_nothing_is_told_to_who_comes_through_the_ingress(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
    assert (answer.status_code, answer.json()["title"]) == (404, "Not found")


async def test_a_scraper_that_wants_openmetrics_gets_it(client: httpx.AsyncClient) -> None:
    answer = await client.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_a_function_starts_without_what_only_a_scraper_or_a_collector_needs() -> None:
    script = (
        "import sys, functions.update_progress.main\n"
        "print([m for m in ('prometheus_client', 'opentelemetry.sdk', 'requests', 'aiokafka') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
