"""One lesson on the real stack is one trace: request, state, Kafka, handler, read model, and daprd's part of each."""

from collections.abc import Iterator

import pytest

from tests.support.backends import eventually, new_learner
from tests.support.collector import CollectedSpan, Collector, collector, tree
from tests.support.dapr_run import StackBackend

pytestmark = pytest.mark.stack
CALLER = "00f067aa0ba902b7"
TRACED = ("generate-lesson", "track-lesson")


@pytest.fixture
def traced(processes: StackBackend) -> Iterator[Collector]:
    """The two functions and their sidecars, told of a collector by OpenTelemetry's own variables."""
    with collector() as made:
        variables = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": made.endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
            "OTEL_EXPORTER_OTLP_INSECURE": "true",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
        }
        _restarted(processes, **variables)
        yield made
        _restarted(processes)


def _restarted(processes: StackBackend, **variables: str) -> None:
    for app_id in TRACED:
        for kind in ("daprd", "app"):
            processes.processes.restart(app_id, kind, **variables)
    for app_id in TRACED:
        processes.processes.wait(app_id)


def test_a_lesson_is_one_trace_from_the_request_to_the_read_model(processes: StackBackend, traced: Collector) -> None:
    user = new_learner()
    trace_id = user.partition("-")[2].rjust(32, "a")
    body = {"user_id": user, "topic": "for-loops"}
    assert processes.post("/generate-lesson", body, traceparent=f"00-{trace_id}-{CALLER}-01").status_code == 201

    def spans() -> list[CollectedSpan]:
        return traced.trace(trace_id)

    def complete() -> bool:
        return {("generate-lesson", "POST /generate-lesson"), ("track-lesson", "POST /dapr")} <= {
            (span.service, span.name) for span in spans()
        } and all(parent_of(span, spans()) or span.parent_id == CALLER for span in spans())

    eventually(complete)
    print(tree(spans()))  # noqa: T201  for `pytest -s`; a part of it is in docs/operations.md
    asked, publish = the("POST /generate-lesson", spans()), the("publish lesson-generated", spans())
    assert asked.parent_id == CALLER and parent_of(publish, spans()) == asked
    process = the("process com.learnflow.lesson.generated.v1", spans())
    assert [span.name for span in ancestors(process, spans())] == [
        "POST /dapr",
        "pubsub/lesson-generated",
        "/dapr.proto.runtime.v1.Dapr/PublishEvent",
        "publish lesson-generated",
        "POST /generate-lesson",
    ]
    assert process.attributes["learnflow.outcome"] == "done" and process.service == "track-lesson"
    below = {span.name for span in spans() if process in ancestors(span, spans())}
    assert {
        *("state load", "/dapr.proto.runtime.v1.Dapr/GetState"),
        *("state commit", "/dapr.proto.runtime.v1.Dapr/ExecuteStateTransaction"),
        *("sql write", "/dapr.proto.runtime.v1.Dapr/InvokeBinding"),
    } <= below
    told = " ".join(f"{span.name} {span.attributes}" for span in spans() if not span.name.startswith("/dapr"))
    assert user not in told


def the(name: str, spans: list[CollectedSpan]) -> CollectedSpan:
    [found] = [span for span in spans if span.name == name]
    return found


def parent_of(span: CollectedSpan, spans: list[CollectedSpan]) -> CollectedSpan | None:
    return next((each for each in spans if each.span_id == span.parent_id), None)


def ancestors(span: CollectedSpan, spans: list[CollectedSpan]) -> list[CollectedSpan]:
    """From the nearest."""
    parent = parent_of(span, spans)
    return [parent, *ancestors(parent, spans)] if parent else []
