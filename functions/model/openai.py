"""An endpoint that speaks OpenAI's chat completions: OpenAI, vLLM, llama.cpp, Ollama, …

Asks for a stream, so that giving up ends the work at the other end too, and takes a whole answer where a server knows
no streams. What comes is bounded while it is read.
"""

import json
from collections.abc import AsyncIterator, Sequence
from typing import Any

import aiohttp

from functions.model.reasons import BUSY, CUT_SHORT, TOO_LONG, UNREACHABLE
from functions.runtime.errors import NoAnswer
from functions.runtime.ports import Json, Message, Meter
from functions.runtime.settings import ModelSettings
from functions.runtime.telemetry import log

TOKEN_BYTES = 8  # of text, at most: an answer of more is one that keeps to no limit
WIRE_BYTES = 2 * 1024 * 1024  # in a stream each token comes wrapped in a few hundred bytes
LINE_BYTES = 256 * 1024
CONNECT_SECONDS = 5


class ChatCompletions:
    """One endpoint and one model of it; `session` is the caller's, and holds the connections."""

    def __init__(self, session: aiohttp.ClientSession, settings: ModelSettings) -> None:
        self._session, self._settings = session, settings

    async def ask(self, messages: Sequence[Message], schema: Json, max_tokens: int, meter: Meter) -> str:
        body = {
            "model": self._settings.name,
            "messages": [{"role": message.role, "content": message.text} for message in messages],
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "part_of_a_lesson", "schema": schema, "strict": True},
            },
            self._settings.limit_field: max_tokens,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        headers = {"Authorization": f"Bearer {self._settings.key}"} if self._settings.key else {}
        before = meter.tokens
        try:
            async with self._session.post(
                f"{self._settings.url}/chat/completions", json=body, headers=headers, allow_redirects=False
            ) as answer:
                if answer.status != 200:
                    log.warning("the model did not answer", extra={"code": answer.status})
                    raise NoAnswer(BUSY if answer.status == 429 else UNREACHABLE)
                for message in messages:
                    meter.add(message.text)
                return await _read(answer, max_tokens * TOKEN_BYTES, meter, before)
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
            log.warning("the model did not answer", extra={"code": type(error).__name__})
            raise NoAnswer(CUT_SHORT if meter.tokens > before else UNREACHABLE) from None
        except (aiohttp.ClientError, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            # not the protocol: the error's own text may quote the answer
            log.warning("the model's endpoint does not speak the protocol", extra={"code": type(error).__name__})
            raise NoAnswer(UNREACHABLE) from None


async def _read(answer: aiohttp.ClientResponse, limit: int, meter: Meter, before: int) -> str:
    streamed = answer.content_type == "text/event-stream"
    text, size, ended = "", 0, False
    async for chunk in _chunks(answer) if streamed else _whole(answer):
        for choice in chunk.get("choices") or ():
            more = (choice.get("delta") or choice.get("message") or {}).get("content") or ""
            meter.add(more)
            text, size = text + more, size + len(more.encode())
            if size > limit:
                raise NoAnswer(TOO_LONG)  # leaving closes the connection: the rest is never read
            if choice.get("finish_reason") == "length":
                raise NoAnswer(CUT_SHORT)
            ended = ended or bool(choice.get("finish_reason"))
        if told := (chunk.get("usage") or {}).get("total_tokens"):
            meter.tokens = before + max(0, int(told))
    if not ended:
        raise NoAnswer(CUT_SHORT)
    return text


async def _whole(answer: aiohttp.ClientResponse) -> AsyncIterator[Any]:
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > LINE_BYTES:
            raise NoAnswer(TOO_LONG)
    yield json.loads(body)


async def _chunks(answer: aiohttp.ClientResponse) -> AsyncIterator[Any]:
    """The JSON of each server-sent event, up to `[DONE]`."""
    waiting, seen = bytearray(), 0
    async for piece in answer.content.iter_any():
        waiting += piece
        seen += len(piece)
        *lines, rest = waiting.split(b"\n")
        waiting = bytearray(rest)
        if seen > WIRE_BYTES or len(waiting) > LINE_BYTES:
            raise NoAnswer(TOO_LONG)
        for line in lines:
            data = line.strip()
            if data.startswith(b"data:"):
                if data[5:].strip() == b"[DONE]":
                    return
                yield json.loads(data[5:])
