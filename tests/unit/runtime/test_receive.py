"""What becomes of a delivery, and what Knative and Dapr are each told: the two want different answers."""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, ClassVar

import httpx
import pytest
from fastapi import FastAPI

from functions.runtime.app import create_event_app
from functions.runtime.errors import Conflict, Unavailable
from functions.runtime.events import KAFKA_EVENT, STRUCTURED, EventData
from functions.runtime.middleware import BODY_LIMIT
from functions.runtime.models import Id
from functions.runtime.ports import Ports, Received
from functions.runtime.receive import On, Outcome, receive
from functions.runtime.settings import Settings
from functions.runtime.telemetry import traceparent
from tests.support.fakes import NOW, World, client_of

EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "/functions/tests",
    "type": "com.learnflow.probed.v1",
    "data": {"user_id": "maya"},
}
HEADERS = {"content-type": STRUCTURED}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Probed(EventData):
    topic_name: ClassVar[str] = "probed"
    type_name: ClassVar[str] = "com.learnflow.probed.v1"

    user_id: Id
    number: int = 0


class Handler:
    """Remembers what it got; raises `error` instead of taking it."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.taken: list[Received[Probed]] = []
        self.traces: list[str] = []

    async def __call__(self, ports: Ports, event: Received[Probed]) -> None:  # noqa: ARG002  a handler's signature
        self.traces.append(traceparent())
        if self.error:
            raise self.error
        self.taken.append(event)


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
def deliver(world: World, handler: Handler) -> Callable[..., Awaitable[tuple[Outcome, str]]]:
    async def delivered(event: object = EVENT, **headers: str) -> tuple[Outcome, str]:
        return await receive(world.ports, [On(Probed, handler)], HEADERS | headers, json.dumps(event).encode())

    return delivered


Deliver = Callable[..., Awaitable[tuple[Outcome, str]]]


async def test_an_event_reaches_its_handler_as_valid_data(deliver: Deliver, handler: Handler) -> None:
    assert await deliver() == (Outcome.DONE, "")
    [event] = handler.taken
    assert (event.data.user_id, event.type, event.now) == ("maya", EVENT["type"], NOW)
    assert event.key == "/functions/tests e1"


async def test_a_field_that_a_newer_writer_added_is_ignored(deliver: Deliver, handler: Handler) -> None:
    assert (await deliver(EVENT | {"data": {"user_id": "maya", "added": "later"}}))[0] is Outcome.DONE
    assert len(handler.taken) == 1


async def test_an_event_of_another_type_is_bad_and_not_handled(deliver: Deliver, handler: Handler) -> None:
    outcome, why = await deliver(EVENT | {"type": "com.example.other"})
    assert (outcome, why) == (Outcome.BAD, "this function does not take events of type com.example.other")
    assert handler.taken == []


@pytest.mark.parametrize("data", [None, {}, {"user_id": 5}, {"user_id": "a b"}, {"user_id": "maya", "number": "x"}, []])
async def test_invalid_data_is_bad_and_says_which_field(deliver: Deliver, handler: Handler, data: object) -> None:
    outcome, why = await deliver(EVENT | {"data": data})
    assert outcome is Outcome.BAD
    assert why.startswith("data.")
    assert handler.taken == []


async def test_the_reason_does_not_repeat_what_was_sent(deliver: Deliver) -> None:
    _, why = await deliver(EVENT | {"data": {"user_id": "somebody's secret"}})
    assert "secret" not in why


async def test_a_store_that_does_not_answer_is_worth_a_retry(deliver: Deliver, handler: Handler) -> None:
    handler.error = Unavailable("The state store did not answer.")
    assert await deliver() == (Outcome.RETRY, "The state store did not answer.")


async def test_lost_races_are_worth_a_retry(deliver: Deliver, handler: Handler) -> None:
    handler.error = Conflict("learner:maya")
    assert await deliver() == (Outcome.RETRY, "others kept changing the same record")


async def test_a_bug_in_the_handler_is_retried_and_shows_nothing_of_itself(deliver: Deliver, handler: Handler) -> None:
    handler.error = KeyError("maya's secret")
    assert await deliver() == (Outcome.RETRY, "unexpected KeyError")


async def test_the_handler_works_in_the_trace_of_the_event(deliver: Deliver, handler: Handler) -> None:
    await deliver(EVENT | {"traceparent": TRACE})
    [trace] = handler.traces
    assert trace[:36] == TRACE[:36] and trace[52:] == TRACE[52:] and trace != TRACE


async def test_without_one_in_the_event_the_trace_is_that_of_the_request(deliver: Deliver, handler: Handler) -> None:
    await deliver(EVENT, traceparent=TRACE)
    assert handler.traces[0][:36] == TRACE[:36]


@pytest.mark.parametrize("trace", [5, True, "nonsense", "00-" + "0" * 32 + "-b7ad6b7169203331-01"])
async def test_a_trace_that_is_none_does_not_stop_the_event(deliver: Deliver, handler: Handler, trace: object) -> None:
    assert (await deliver(EVENT | {"traceparent": trace}))[0] is Outcome.DONE
    assert len(handler.traces[0]) == len(TRACE)


# The two routes


@pytest.fixture
def app(world: World, handler: Handler) -> FastAPI:
    made = create_event_app("probe-events", [On(Probed, handler)])
    made.state.ports, made.state.settings = world.ports, Settings(auth="off")
    return made


async def post(app: FastAPI, path: str, event: object = EVENT, **headers: str) -> httpx.Response:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    async with client_of(app) as client:
        sent = HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}
        return await client.post(path, content=body, headers=sent)


def assert_problem(answer: httpx.Response, status: int, path: str = "/") -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.json()["status"], answer.json()["instance"]) == (status, path)


@pytest.mark.parametrize("path", ["/", "/dapr"])
async def test_a_handled_event_is_answered_with_nothing(app: FastAPI, handler: Handler, path: str) -> None:
    answer = await post(app, path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert len(handler.taken) == 1


@pytest.mark.parametrize("path", ["/", "/dapr"])
async def test_a_duplicate_is_answered_like_the_first(app: FastAPI, path: str) -> None:
    assert [(await post(app, path)).status_code for _ in range(2)] == [204, 204]


@pytest.mark.parametrize("path", ["/", "/dapr"])
async def test_a_binary_event_is_taken_on_both_routes(app: FastAPI, handler: Handler, path: str) -> None:
    attributes = {f"ce_{name}": value for name, value in EVENT.items() if name != "data"}
    answer = await post(app, path, EVENT["data"], content_type="application/json", **attributes)
    assert answer.status_code == 204
    assert handler.taken[0].id == "e1"


@pytest.mark.parametrize("path", ["/", "/dapr"])
async def test_what_dapr_published_is_taken_on_both_routes(app: FastAPI, handler: Handler, path: str) -> None:
    envelope = EVENT | {"pubsubname": "pubsub", "topic": "probed", "traceid": TRACE, "traceparent": TRACE}
    assert (await post(app, path, envelope)).status_code == 204
    assert handler.taken[0].data.user_id == "maya"


BAD = [
    pytest.param(b"not json", id="not JSON"),
    pytest.param({"user_id": "maya"}, id="no CloudEvent"),
    pytest.param(EVENT | {"specversion": "0.3"}, id="an old specversion"),
    pytest.param(EVENT | {"type": "com.example.other"}, id="another type"),
    pytest.param(EVENT | {"data": {}}, id="invalid data"),
    pytest.param(EVENT | {"type": KAFKA_EVENT}, id="a Kafka record without an event"),
]


@pytest.mark.parametrize("event", BAD)
async def test_a_bad_event_is_a_400_to_knative_which_does_not_retry_it(app: FastAPI, event: object) -> None:
    answer = await post(app, "/", event)
    assert_problem(answer, 400)
    assert answer.json()["detail"]


@pytest.mark.parametrize("event", BAD)
async def test_a_bad_event_is_dropped_by_dapr_which_would_retry_a_400(app: FastAPI, event: object) -> None:
    answer = await post(app, "/dapr", event)
    assert (answer.status_code, answer.json()) == (200, {"status": "DROP"})


@pytest.mark.parametrize("path", ["/", "/dapr"])
@pytest.mark.parametrize("error", [Unavailable("The state store did not answer."), Conflict("k"), KeyError("bug")])
async def test_what_may_succeed_later_is_a_503_on_both_routes(
    app: FastAPI, handler: Handler, path: str, error: Exception
) -> None:
    handler.error = error
    answer = await post(app, path)
    assert_problem(answer, 503, path)
    assert answer.headers["retry-after"] == "1"
    assert "Traceback" not in answer.text


async def test_a_batch_is_a_415_to_knative_and_dropped_by_dapr(app: FastAPI, handler: Handler) -> None:
    batch = "application/cloudevents-batch+json"
    assert_problem(await post(app, "/", [EVENT], content_type=batch), 415)
    answer = await post(app, "/dapr", [EVENT], content_type=batch)
    assert (answer.status_code, answer.json()) == (200, {"status": "DROP"})
    assert handler.taken == []


async def test_an_event_over_a_mebibyte_is_a_413_to_knative_and_dropped_by_dapr(app: FastAPI, handler: Handler) -> None:
    large = EVENT | {"data": {"user_id": "maya", "more": "x" * BODY_LIMIT}}
    assert_problem(await post(app, "/", large), 413)
    answer = await post(app, "/dapr", large)
    assert (answer.status_code, answer.json()) == (200, {"status": "DROP"})
    assert handler.taken == []


async def test_an_event_route_answers_only_post(app: FastAPI) -> None:
    async with client_of(app) as client:
        answer = await client.get("/dapr")
    assert_problem(answer, 405, "/dapr")
    assert answer.headers["allow"] == "POST"


async def test_the_log_of_an_event_has_its_ids_and_outcome_and_nobody(
    app: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "learnflow"):
        logging.getLogger().addHandler(caplog.handler)
        await post(app, "/")
    [record] = [vars(r) for r in caplog.records if r.message == "event"]
    assert (record["event_id"], record["event_source"], record["outcome"]) == ("e1", "/functions/tests", "done")
    assert "maya" not in " ".join(str(vars(r)) for r in caplog.records)


@pytest.mark.parametrize("text", ["\\u0000", "\\ud800"])
async def test_a_text_that_no_table_can_hold_is_bad_data_and_not_tried_for_ever(
    world: World, handler: Handler, text: str
) -> None:
    body = json.dumps(EVENT).replace('"maya"', f'"maya", "more": [{{"within": "a{text}b"}}]')
    outcome, why = await receive(world.ports, [On(Probed, handler)], HEADERS, body.encode())
    assert (outcome, handler.taken) == (Outcome.BAD, [])
    assert "none to PostgreSQL" in why
