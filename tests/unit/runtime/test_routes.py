"""The rules that hold for every endpoint: what is refused and how it is said, media types, traces, logs."""

import asyncio
import io
import json
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import Field

from functions.runtime.app import create_http_app
from functions.runtime.errors import Conflict, Forbidden, NotFound, Unavailable, invalid
from functions.runtime.middleware import BODY_LIMIT
from functions.runtime.models import Answer, Id, Request
from functions.runtime.ports import Call, Ports, Reply
from functions.runtime.routes import Route
from functions.runtime.settings import Settings
from functions.runtime.telemetry import configure_logging, traceparent
from tests.support.fakes import World, client_of

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
KINDS = ("application/json", "text/markdown", "text/event-stream", "text/csv")


class Things(Request):
    user_id: Id
    limit: int = Field(default=20, ge=1, le=100)


class MakeThing(Request):
    user_id: Id
    size: float = 1.0
    more: dict[str, Any] = Field(default_factory=dict)


class Thing(Answer):
    user_id: str
    accept: str
    trace: str
    fingerprint: str


class Recorder:
    """The handler of every route of the app under test; raises `error` when one is set."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.requests: list[Request] = []
        self.call: Call | None = None

    async def answer(self, call: Call, request: Things | MakeThing) -> Reply:
        self.call = call
        if self.error:
            raise self.error
        self.requests.append(request)
        if call.accept == "text/markdown":
            return Reply("# Grüße", media_type="text/markdown; charset=utf-8")
        if call.accept == "text/csv":
            return Reply(["name\n", "Zoë\n"], media_type="text/csv; charset=utf-8")
        if call.accept == "text/event-stream":
            return Reply(self.stream(), 201, media_type="text/event-stream")
        thing = Thing(user_id=request.user_id, accept=call.accept, trace=traceparent(), fingerprint=call.fingerprint)
        return Reply(thing, headers={"X-Thing": "1"})

    async def stream(self) -> AsyncIterator[tuple[str, str]]:
        yield "section", "one"
        yield "lesson", "two"


@pytest.fixture
def handler() -> Recorder:
    return Recorder()


@pytest.fixture
def app(world: World, handler: Recorder) -> FastAPI:
    async def list_things(ports: Ports, call: Call, request: Things) -> Reply:  # noqa: ARG001
        """List things"""
        return await handler.answer(call, request)

    async def make_thing(ports: Ports, call: Call, request: MakeThing) -> Reply:  # noqa: ARG001
        """Make a thing"""
        return await handler.answer(call, request)

    async def read_thing(ports: Ports, call: Call, request: Things, thing_id: str) -> Reply:  # noqa: ARG001
        """Read a thing"""
        return await handler.answer(call, request)

    async def drop_thing(ports: Ports, call: Call, request: Things, thing_id: str) -> Reply:  # noqa: ARG001
        """Drop a thing"""
        await handler.answer(call, request)
        return Reply(None, 204)

    made = create_http_app(
        "things",
        [
            Route("GET", "/things", list_things, Things, Thing, media_types=KINDS),
            Route("POST", "/things", make_thing, MakeThing, Thing, headers=("idempotency_key", "if_match")),
            Route("GET", "/things/{thing_id}", read_thing, Things, Thing),
            Route("DELETE", "/things/{thing_id}", drop_thing, Things, None, 204),
        ],
    )
    made.state.settings = Settings(auth="off", public_url="https://things.example")
    made.state.ports = world.ports
    return made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as made:
        yield made


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The answer as RFC 9457 has it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body.keys() == {"type", "title", "status", "detail", "instance", "errors"}
    assert body["status"] == status
    assert body["type"].startswith("urn:learnflow:problem:")
    assert body["title"] and body["detail"]
    assert body["instance"] == answer.url.path
    assert "Traceback" not in answer.text and "site-packages" not in answer.text
    return body


def fields(answer: httpx.Response) -> list[str]:
    return [error["field"] for error in problem(answer, 400)["errors"]]


# The query


async def test_a_query_reaches_the_handler_as_its_model(client: httpx.AsyncClient, handler: Recorder) -> None:
    answer = await client.get("/things?user_id=maya&limit=5")
    assert (answer.status_code, answer.headers["x-thing"]) == (200, "1")
    assert handler.requests == [Things(user_id="maya", limit=5)]


@pytest.mark.parametrize("query", ["user_id=maya&colour=red", "user_id=maya&Limit=5", "user_id=maya&=5"])
async def test_an_unknown_query_parameter_is_refused(client: httpx.AsyncClient, query: str) -> None:
    body = problem(await client.get(f"/things?{query}"), 400)
    assert body["errors"][0]["message"] == "unknown query parameter"


async def test_a_repeated_query_parameter_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/things?user_id=maya&user_id=james")
    assert problem(answer, 400)["errors"] == [{"field": "user_id", "message": "given more than once"}]


@pytest.mark.parametrize("limit", ["0", "101", "-1", "many", "1.5", "", "NaN", "1e2"])
async def test_a_parameter_out_of_bounds_is_refused_by_its_name(client: httpx.AsyncClient, limit: str) -> None:
    assert fields(await client.get(f"/things?user_id=maya&limit={limit}")) == ["limit"]


@pytest.mark.parametrize("user_id", ["", "a b", "a/b", "ä", "x" * 129, "a\n", "a%00", "*"])
async def test_an_id_of_other_characters_is_refused(client: httpx.AsyncClient, user_id: str) -> None:
    assert fields(await client.get("/things", params={"user_id": user_id})) == ["user_id"]


async def test_an_id_in_the_path_is_checked_too(client: httpx.AsyncClient) -> None:
    assert fields(await client.get("/things/a%20b?user_id=maya")) == ["thing_id"]


async def test_a_missing_parameter_is_refused(client: httpx.AsyncClient) -> None:
    assert fields(await client.get("/things")) == ["user_id"]


async def test_a_post_has_no_query(client: httpx.AsyncClient) -> None:
    assert fields(await client.post("/things?user_id=maya", json={"user_id": "maya"})) == ["user_id"]


# The body


async def test_a_body_reaches_the_handler_as_its_model(client: httpx.AsyncClient, handler: Recorder) -> None:
    headers = {"Idempotency-Key": "k1", "If-Match": '"3"'}
    assert (await client.post("/things", json={"user_id": "maya"}, headers=headers)).status_code == 200
    assert handler.requests == [MakeThing(user_id="maya")]
    assert handler.call is not None
    assert (handler.call.idempotency_key, handler.call.if_match) == ("k1", '"3"')
    assert (handler.call.principal.user_id, handler.call.public_url) == ("local", "https://things.example")


async def post(client: httpx.AsyncClient, body: bytes, content_type: str = "application/json") -> httpx.Response:
    return await client.post("/things", content=body, headers={"content-type": content_type})


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"user_id": "maya",}',
        b"{'user_id': 'maya'}",
        b"",
        b"user_id=maya",
        b'{"user_id": "\xff"}',
        b"[]",
        b"null",
        b'"maya"',
        b"1" * 5000,
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    problem(await post(client, body), 400)


async def test_broken_json_says_what_is_wrong_with_it(client: httpx.AsyncClient) -> None:
    assert "JSON" in problem(await post(client, b'{"user_id": }'), 400)["detail"]


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1e999"])
@pytest.mark.parametrize("where", [b'{"user_id": "maya", "size": %s}', b'{"user_id": "maya", "more": {"n": [%s]}}'])
async def test_a_number_that_is_none_is_refused(
    client: httpx.AsyncClient, handler: Recorder, number: bytes, where: bytes
) -> None:
    problem(await post(client, where % number), 400)
    assert handler.requests == []


async def test_a_lone_surrogate_is_refused_because_no_utf_8_answer_could_hold_it(
    client: httpx.AsyncClient, handler: Recorder
) -> None:
    problem(await post(client, b'{"user_id": "maya", "more": {"n": "\\ud800"}}'), 400)
    assert handler.requests == []


@pytest.mark.parametrize("depth", [100, 250, 400, 900, 100_000])
async def test_nesting_without_end_is_refused(client: httpx.AsyncClient, handler: Recorder, depth: int) -> None:
    problem(await post(client, b'{"user_id": "maya", "more": {"n": %s%s}}' % (b"[" * depth, b"]" * depth)), 400)
    assert handler.requests == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"user_id": "maya", "colour": "red"}, "colour"),
        ({"user_id": 5}, "user_id"),
        ({"user_id": None}, "user_id"),
        ({"user_id": "maya", "size": "big"}, "size"),
        ({"user_id": "maya", "more": [1]}, "more"),
        ({}, "user_id"),
    ],
)
async def test_a_wrong_field_is_refused_by_its_name(client: httpx.AsyncClient, body: object, field: str) -> None:
    assert fields(await client.post("/things", json=body)) == [field]


async def test_every_wrong_field_is_named_at_once(client: httpx.AsyncClient) -> None:
    assert fields(await client.post("/things", json={"size": "big", "colour": 1})) == ["user_id", "size", "colour"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
async def test_a_body_of_another_media_type_is_a_415(client: httpx.AsyncClient, content_type: str) -> None:
    problem(await post(client, b'{"user_id": "maya"}', content_type), 415)


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
async def test_json_may_be_spelled_with_parameters_and_capitals(client: httpx.AsyncClient, content_type: str) -> None:
    assert (await post(client, b'{"user_id": "maya"}', content_type)).status_code == 200


def body_of(size: int) -> bytes:
    start, end = b'{"user_id": "maya", "more": {"x": "', b'"}}'
    return start + b"x" * (size - len(start) - len(end)) + end


async def test_a_body_of_a_mebibyte_is_taken_and_one_byte_more_is_a_413(
    client: httpx.AsyncClient, handler: Recorder
) -> None:
    assert (await post(client, body_of(BODY_LIMIT))).status_code == 200
    problem(await post(client, body_of(BODY_LIMIT + 1)), 413)
    assert len(handler.requests) == 1


async def test_a_chunked_body_is_counted_as_it_arrives(client: httpx.AsyncClient, handler: Recorder) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        body = body_of(BODY_LIMIT + 1)
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    answer = await client.post("/things", content=chunks(), headers={"content-type": "application/json"})
    assert "content-length" not in answer.request.headers
    problem(answer, 413)
    assert handler.requests == []


# Failures


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (invalid("size", "too big"), 400),
        (Forbidden("Not yours."), 403),
        (NotFound("There is no thing t1."), 404),
        (Unavailable("The state store did not answer.", retry_after=3), 503),
        (Conflict("learner:maya"), 503),
        (KeyError("maya's secret"), 500),
    ],
)
async def test_every_failure_of_a_handler_is_a_problem(
    client: httpx.AsyncClient, handler: Recorder, error: Exception, status: int
) -> None:
    handler.error = error
    answer = await client.get("/things?user_id=maya")
    problem(answer, status)
    assert "secret" not in answer.text and "learner:" not in answer.text


async def test_a_503_says_when_to_try_again(client: httpx.AsyncClient, handler: Recorder) -> None:
    handler.error = Unavailable("The state store did not answer.", retry_after=3)
    assert (await client.get("/things?user_id=maya")).headers["retry-after"] == "3"
    handler.error = Conflict("learner:maya")
    answer = await client.get("/things?user_id=maya")
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["detail"].endswith("nothing was saved.")


@pytest.mark.parametrize("path", ["/nothing", "/things/", "/things/a/b", "/"])
async def test_an_unknown_path_is_a_404(client: httpx.AsyncClient, path: str) -> None:
    problem(await client.get(path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/things", "GET, HEAD, POST"),
        ("PATCH", "/things", "GET, HEAD, POST"),
        ("POST", "/things/t1", "DELETE, GET, HEAD"),
    ],
)
async def test_another_method_is_a_405_that_names_all_that_are_allowed(
    client: httpx.AsyncClient, method: str, path: str, allow: str
) -> None:
    answer = await client.request(method, path)
    problem(answer, 405)
    assert answer.headers["allow"] == allow


async def test_without_credentials_every_call_is_a_401_unless_said_otherwise(app: FastAPI, handler: Recorder) -> None:
    app.state.settings = Settings()
    async with client_of(app) as client:
        for answer in (
            await client.get("/things?user_id=maya"),
            await client.post("/things", content=b"{"),
            await client.get("/things/t1", headers={"Authorization": "Basic bWF5YTo=", "Accept": "image/png"}),
        ):
            problem(answer, 401)
            assert answer.headers["www-authenticate"] == 'Bearer realm="learnflow"'
    assert handler.requests == []


async def test_a_deployment_that_says_nothing_of_accounts_demands_a_token(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUTH", raising=False)
    made = create_http_app("closed", [Route("GET", "/things", Recorder().answer, Things, Thing)])
    made.state.ports = world.ports
    async with client_of(made) as client:
        problem(await client.get("/things?user_id=maya"), 401)


# Media types


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        ("application/*", "application/json"),
        ("text/markdown", "text/markdown"),
        ("text/*", "text/markdown"),
        ("TEXT/MARKDOWN", "text/markdown"),
        ("text/html, text/markdown;q=0.2", "text/markdown"),
        ("application/json;q=0.5, text/markdown;q=0.9", "text/markdown"),
        ("text/markdown;q=0.5, application/json;q=0.9", "application/json"),
        ("text/markdown, application/json", "application/json"),  # equally liked: ours
        ("*/*;q=0.1, text/markdown", "text/markdown"),
        ("application/json;q=0, */*", "text/markdown"),  # the most specific range counts
        ("text/*;q=0.3, text/event-stream;q=0.9", "text/event-stream"),
        ("application/json;charset=utf-8;q=0.4", "application/json"),
        ("application/json;q=1.0, ,", "application/json"),
    ],
)
async def test_what_the_caller_likes_best_is_answered(client: httpx.AsyncClient, accept: str, chosen: str) -> None:
    answer = await client.get("/things?user_id=maya", headers={"accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == chosen


async def test_several_accept_headers_are_one_list(client: httpx.AsyncClient) -> None:
    answer = await client.get("/things?user_id=maya", headers=[("accept", "image/png"), ("accept", "text/markdown")])
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"


@pytest.mark.parametrize("accept", ["image/png", "application/json;q=0", "text/html, application/xml", "*/*;q=0"])
async def test_nothing_acceptable_is_a_406(client: httpx.AsyncClient, handler: Recorder, accept: str) -> None:
    body = problem(await client.get("/things?user_id=maya", headers={"accept": accept}), 406)
    assert body["detail"] == "This endpoint answers application/json or text/markdown or text/event-stream or text/csv."
    assert handler.requests == []


async def test_text_is_answered_as_utf_8(client: httpx.AsyncClient) -> None:
    answer = await client.get("/things?user_id=maya", headers={"accept": "text/markdown"})
    assert answer.content.decode() == "# Grüße"


async def test_a_stream_is_answered_as_named_events(client: httpx.AsyncClient) -> None:
    answer = await client.get("/things?user_id=maya", headers={"accept": "text/event-stream"})
    assert answer.status_code == 201
    assert answer.text == "event: section\ndata: one\n\nevent: lesson\ndata: two\n\n"


# Traces and logs


async def test_the_callers_trace_goes_on_with_a_span_of_our_own(client: httpx.AsyncClient) -> None:
    answer = await client.get("/things?user_id=maya", headers={"traceparent": TRACE})
    trace = answer.json()["trace"]
    assert (trace[:36], trace[52:]) == (TRACE[:36], TRACE[52:])
    assert trace[36:52] != TRACE[36:52]


@pytest.mark.parametrize(
    "incoming",
    [
        None,
        "",
        "nonsense",
        TRACE.upper(),
        TRACE + "-more",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        "ff" + TRACE[2:],
    ],
)
async def test_an_invalid_trace_starts_a_new_one(client: httpx.AsyncClient, incoming: str | None) -> None:
    headers = {"traceparent": incoming} if incoming is not None else {}
    traces = [(await client.get("/things?user_id=maya", headers=headers)).json()["trace"] for _ in range(2)]
    assert traces[0][3:35] != traces[1][3:35]
    assert all(len(trace) == len(TRACE) and trace[3:35] != TRACE[3:35] for trace in traces)


async def test_requests_at_the_same_time_have_traces_of_their_own(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.get("/things?user_id=maya") for _ in range(5)))
    assert len({answer.json()["trace"] for answer in answers}) == 5


LogLines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def log_lines(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> LogLines:  # noqa: ARG001  making an app sets up logging
    written = io.StringIO()
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stderr", written)
        configure_logging("INFO")
    return lambda: [json.loads(line) for line in written.getvalue().splitlines()]


@pytest.mark.parametrize("path", ["/things?user_id=maya", "/things/maya?user_id=maya", "/maya", "/things?maya=1"])
async def test_a_request_is_one_line_of_json_that_names_nobody(
    log_lines: LogLines, client: httpx.AsyncClient, path: str
) -> None:
    answer = await client.get(path, headers={"traceparent": TRACE})
    lines = [line for line in log_lines() if line["name"] == "learnflow"]
    [line] = lines
    assert (line["level"], line["message"], line["method"]) == ("INFO", "request", "GET")
    assert (line["status"], line["trace_id"]) == (answer.status_code, TRACE[3:35])
    assert "maya" not in json.dumps(lines)


async def test_the_log_shows_the_pattern_of_the_route(log_lines: LogLines, client: httpx.AsyncClient) -> None:
    await client.get("/things/t1?user_id=maya")
    assert [line["route"] for line in log_lines() if line["name"] == "learnflow"] == ["/things/{thing_id}"]


async def test_a_failure_is_logged_with_its_trace_back_within_one_line(
    log_lines: LogLines, client: httpx.AsyncClient, handler: Recorder
) -> None:
    handler.error = KeyError("bug")
    await client.get("/things?user_id=maya")
    [failure] = [line for line in log_lines() if line["message"] == "unexpected failure"]
    assert "KeyError" in failure["exc_info"]


async def test_health_checks_are_not_in_the_log(log_lines: LogLines, client: httpx.AsyncClient) -> None:
    await client.get("/health/live")
    assert [line for line in log_lines() if line["name"] == "learnflow"] == []


# What is declared


async def test_the_openapi_document_declares_what_is_answered(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    posted = document["paths"]["/things"]["post"]
    assert posted["responses"].keys() == {"200", "400", "401", "403", "406", "413", "415", "500", "503"}
    assert document["paths"]["/things"]["get"]["responses"].keys() == {"200", "400", "401", "403", "406", "500", "503"}
    assert document["paths"]["/things"]["get"]["responses"]["200"]["content"].keys() == set(KINDS)
    assert posted["summary"] == "Make a thing"
    assert {"/health/live", "/health/ready", "/metrics"} < document["paths"].keys()


async def test_text_in_parts_is_sent_as_one(client: httpx.AsyncClient) -> None:
    answer = await client.get("/things?user_id=maya", headers={"accept": "text/csv"})
    assert (answer.text, answer.headers["content-type"]) == ("name\nZo\u00eb\n", "text/csv; charset=utf-8")


async def test_what_answers_nothing_is_acceptable_to_everybody(client: httpx.AsyncClient, handler: Recorder) -> None:
    answer = await client.delete("/things/t1?user_id=maya", headers={"accept": "image/png"})
    assert (answer.status_code, answer.content, len(handler.requests)) == (204, b"", 1)
    problem(await client.delete("/things/t1?user_id=maya&limit=0"), 400)
    problem(await client.delete("/things/t1?user_id=maya&force=yes"), 400)


def test_openapi_says_that_nothing_is_answered(app: FastAPI) -> None:
    responses = app.openapi()["paths"]["/things/{thing_id}"]["delete"]["responses"]
    assert "content" not in responses["204"] and "406" not in responses
