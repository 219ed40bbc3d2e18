"""One trace from a request to the handlers of its events: who is whose child, and that no span names a person."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from functions.embedded import apps
from functions.runtime import otlp
from functions.runtime.errors import Unavailable
from functions.runtime.observing import observed
from functions.runtime.settings import Settings, otlp_endpoint
from functions.runtime.telemetry import entered, span, traceparent
from tests.support.fakes import World, client_of, structured

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@asynccontextmanager
async def recorded() -> AsyncIterator[Callable[[], Sequence[ReadableSpan]]]:
    exporter = InMemorySpanExporter()
    async with otlp.exporting("tests", exporter):
        yield exporter.get_finished_spans


def app_of(name: str, world: World) -> FastAPI:
    app = apps()[name]
    app.state.ports, app.state.settings = observed(world.ports, "sqlite"), Settings(auth="off")
    return app


def parent_of(found: ReadableSpan, spans: Sequence[ReadableSpan]) -> str | None:
    return next((s.name for s in spans if found.parent and s.context.span_id == found.parent.span_id), None)


def named(name: str, spans: Sequence[ReadableSpan]) -> ReadableSpan:
    return next(s for s in spans if s.name == name)


async def spans_of_a_lesson(world: World, user_id: str = "maya") -> Sequence[ReadableSpan]:
    """Asked for by HTTP in the trace TRACE, its event then delivered by HTTP in that of the event."""
    async with recorded() as finished:
        async with client_of(app_of("generate-lesson", world)) as client:
            body = {"user_id": user_id, "topic": "for-loops"}
            answer = await client.post("/generate-lesson", json=body, headers={"traceparent": TRACE})
            assert answer.status_code == 201
        [(_, _, event)] = world.publisher.published
        headers, content = structured(event)
        async with client_of(app_of("track-lesson", world)) as client:
            delivered = await client.post("/", content=content, headers=headers | {"traceparent": event["traceparent"]})
            assert delivered.status_code == 204
    return finished()


async def test_a_lesson_is_one_trace_from_the_request_to_the_handler_of_its_event(world: World) -> None:
    spans = await spans_of_a_lesson(world)
    assert {format(s.context.trace_id, "032x") for s in spans} == {TRACE[3:35]}
    request, delivery = named("POST /generate-lesson", spans), named("POST /", spans)
    assert request.parent is not None and format(request.parent.span_id, "016x") == TRACE[36:52]
    assert parent_of(named("publish lesson-generated", spans), spans) == "POST /generate-lesson"
    assert parent_of(delivery, spans) == "POST /generate-lesson"
    process = named("process com.learnflow.lesson.generated.v1", spans)
    assert parent_of(process, spans) == "POST /"
    assert process.kind is SpanKind.CONSUMER and (process.attributes or {})["learnflow.outcome"] == "done"
    under = {s.name for s in spans if parent_of(s, spans) == process.name}
    assert {"state load", "state commit", "sql write"} <= under


async def test_no_span_names_a_person(world: World) -> None:
    spans = await spans_of_a_lesson(world, "somebody-in-particular")
    async with recorded() as finished, client_of(app_of("list-lessons", world)) as client:
        assert (await client.get("/lessons?user_id=somebody-in-particular")).status_code == 200
    for found in (*spans, *finished()):
        assert "somebody" not in f"{found.name} {json.dumps(dict(found.attributes or {}))} {found.status.description}"


async def test_an_event_of_another_trace_than_its_delivery_belongs_to_its_own() -> None:
    async with recorded() as finished:
        with entered(OTHER, "POST /", SpanKind.SERVER, {}), entered(TRACE, "process", SpanKind.CONSUMER, {}):
            assert traceparent()[3:35] == TRACE[3:35]
    process, delivery = named("process", finished()), named("POST /", finished())
    assert process.parent is not None and format(process.parent.span_id, "016x") == TRACE[36:52]
    assert [link.context.span_id for link in process.links] == [delivery.context.span_id]


async def test_what_the_relay_publishes_is_linked_to_the_request_that_committed_it(world: World) -> None:
    async with recorded() as finished:
        with entered(OTHER, "process ping", SpanKind.CONSUMER, {}):
            await observed(world.ports, "sqlite").publisher.publish("t", "maya", {"id": "1", "traceparent": TRACE})
    [link] = named("publish t", finished()).links
    assert format(link.context.trace_id, "032x") == TRACE[3:35]


async def test_a_failure_is_told_by_its_class_and_not_by_its_text() -> None:
    async with recorded() as finished:
        with pytest.raises(Unavailable), entered("", "part", SpanKind.SERVER, {}), span("of it", SpanKind.CLIENT, {}):
            raise Unavailable("maya's store did not answer")
    for found in finished():
        assert found.status.status_code is StatusCode.ERROR and (found.attributes or {})["error.type"] == "Unavailable"
        assert not found.events and not found.status.description


async def test_probes_and_scrapes_make_no_spans(world: World) -> None:
    async with recorded() as finished, client_of(app_of("list-lessons", world)) as client:
        for path in ("/health/live", "/health/ready", "/metrics"):
            assert (await client.get(path)).status_code == 200
    assert finished() == ()


async def test_a_caller_that_is_not_sampled_stays_so(world: World) -> None:
    async with recorded() as finished, client_of(app_of("list-lessons", world)) as client:
        await client.get("/lessons?user_id=maya", headers={"traceparent": TRACE[:-1] + "0"})
    assert finished() == ()


async def test_without_a_collector_the_context_goes_on_all_the_same() -> None:
    with entered(TRACE, "POST /", SpanKind.SERVER, {}), span("part", SpanKind.CLIENT, {}):
        assert traceparent()[:36] == TRACE[:36] and traceparent() != TRACE
    assert traceparent() == ""


@pytest.mark.parametrize(
    ("env", "endpoint"),
    [
        ({}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, "http://c:4318"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t:4318/v1/traces"}, "http://t:4318/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318", "OTEL_SDK_DISABLED": "true"}, ""),
    ],
)
def test_spans_go_where_opentelemetrys_own_variables_say(env: dict[str, str], endpoint: str) -> None:
    assert otlp_endpoint(env) == endpoint
