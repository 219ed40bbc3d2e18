"""What goes to an endpoint and what comes back: over a real socket, well and badly answered."""

import asyncio
import json
import logging

import pytest

from functions.model.connecting import connected
from functions.model.openai import TOKEN_BYTES
from functions.runtime.errors import NoAnswer
from functions.runtime.ports import Message, Meter
from functions.runtime.settings import ModelSettings
from tests.support.model_server import TOKENS_USED, ModelServer, model_server

TASK = {"count": 1, "schema": {"properties": {"items": {"items": {"properties": {"text": {}}}}}}}
MESSAGES = [Message("system", "Rules."), Message("user", f"TASK\n{json.dumps(TASK)}"), Message("user", "Data.")]
SCHEMA = {"type": "object"}


async def ask(
    server: ModelServer, meter: Meter | None = None, limit: int = 2000, limit_field: str = "max_tokens"
) -> str:
    settings = ModelSettings("openai", url=server.url, name="local", key="sk-secret", limit_field=limit_field)
    async with connected(settings, None) as model:
        return await model.language.ask(MESSAGES, SCHEMA, limit, meter or Meter())


@pytest.mark.parametrize("streams", [True, False])
async def test_an_answer_is_put_together_and_its_tokens_are_those_that_were_counted(streams: bool) -> None:
    with model_server() as server:
        server.set("good", streams)
        meter = Meter(5)
        assert json.loads(await ask(server, meter))["items"]
        assert meter.tokens == 5 + TOKENS_USED


async def test_a_request_is_what_the_protocol_says() -> None:
    with model_server() as server:
        await ask(server)
        await ask(server, limit_field="max_completion_tokens")
        [first, second] = server.requests
    assert first["model"] == "local" and first["stream"] and first["stream_options"] == {"include_usage": True}
    assert [(m["role"], m["content"]) for m in first["messages"]] == [(m.role, m.text) for m in MESSAGES]
    assert first["response_format"]["json_schema"]["schema"] == SCHEMA
    assert (first["max_tokens"], second["max_completion_tokens"]) == (2000, 2000)
    assert "max_tokens" not in second and server.keys == ["Bearer sk-secret"] * 2


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("500", "unreachable"),
        ("429", "busy"),
        ("redirect", "unreachable"),
        ("another protocol", "unreachable"),
        ("half then cut", "cut_short"),
        ("1 MB", "too_long"),
    ],
)
async def test_what_is_no_answer_says_why_and_logs_neither_key_nor_text(
    mode: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    with model_server() as server, caplog.at_level(logging.DEBUG, "learnflow"):
        server.set(mode)
        with pytest.raises(NoAnswer, match=why):
            await ask(server)
    ours = [record for record in caplog.records if record.name == "learnflow"]
    assert "sk-secret" not in caplog.text and "Rules." not in str([vars(record) for record in ours])


async def test_more_than_was_asked_for_is_not_read() -> None:
    with model_server() as server:
        server.set("endless")
        meter = Meter()
        with pytest.raises(NoAnswer, match="too_long"):
            await ask(server, meter, limit=1000)
        assert await asyncio.to_thread(server.gone.acquire, timeout=10)
    assert meter.tokens * 3 < 1000 * TOKEN_BYTES + 10_000  # besides: what was sent, and one chunk


async def test_nobody_there_is_no_answer_and_costs_nothing() -> None:
    meter = Meter()
    with model_server() as server:
        url = server.url.replace(server.url.rsplit(":", 1)[1], "9/v1")
    async with connected(ModelSettings("openai", url=url, name="local"), None) as model:
        with pytest.raises(NoAnswer, match="unreachable"):
            await model.language.ask(MESSAGES, SCHEMA, 10, meter)
    assert meter.tokens == 0


@pytest.mark.parametrize("mode", ["never", "half then silent"])
async def test_giving_up_ends_the_request_and_keeps_count_of_what_came(mode: str) -> None:
    with model_server() as server:
        server.set(mode)
        meter = Meter()
        task = asyncio.create_task(ask(server, meter))
        await asyncio.to_thread(server.asked.acquire)
        while mode != "never" and meter.tokens < 100:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(server.gone.acquire, timeout=10)
        assert meter.tokens < TOKENS_USED


def test_a_key_shows_in_no_text_of_the_settings() -> None:
    assert "sk-secret" not in repr(ModelSettings("openai", key="sk-secret"))
