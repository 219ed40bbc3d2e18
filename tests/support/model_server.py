"""A small server that speaks OpenAI's chat completions, and answers well or in one of many bad ways.

It writes what it is asked for: the task in the prompt says which part, and how many items. `mode` says how; it counts
what was asked, keeps the prompts, and knows when a caller has gone.
"""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.model_answers import MODES, items_for

Json = dict[str, Any]
TOKENS_USED = 1_234  # what the server says that one answer has cost


@dataclass
class ModelServer:
    """`url` is what `LEARNFLOW_MODEL_URL` takes. `requests`: the bodies that came; `gone`: callers that left early."""

    url: str
    mode: str = "good"
    streams: bool = True
    requests: list[Json] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    gone: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go: threading.Event = field(default_factory=threading.Event)  # what the mode `when told` waits for

    def set(self, mode: str, streams: bool = True) -> None:
        """From now on it answers like this; what came before is forgotten."""
        self.mode, self.streams = mode, streams
        self.requests.clear()
        self.keys.clear()
        self.gone, self.asked = threading.Semaphore(0), threading.Semaphore(0)
        self.go.clear()

    def prompts(self) -> list[list[Json]]:
        """The messages of each request."""
        return [request["messages"] for request in self.requests]

    def parts(self) -> list[str]:
        return [part_of(request) for request in self.requests]

    async def answer(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        self.keys.append(request.headers.get("authorization", ""))
        self.asked.release()
        match self.mode:
            case "500" | "429":
                return JSONResponse({"error": {"message": "no"}}, int(self.mode))
            case "redirect":
                return Response(status_code=307, headers={"Location": "http://127.0.0.1:9/elsewhere"})
            case "another protocol":
                return JSONResponse(["hello"])
            case "never":
                await self._until_gone(request)
                return Response()
            case "when told":
                await asyncio.to_thread(self.go.wait, 30)
        text = text_of(self.mode, body)
        if not self.streams:
            return JSONResponse(_whole(text))
        return StreamingResponse(self._chunks(text, self.mode), media_type="text/event-stream")

    async def _until_gone(self, request: Request) -> None:
        while not await request.is_disconnected():
            await asyncio.sleep(0.01)
        self.gone.release()

    async def _chunks(self, text: str, mode: str) -> AsyncIterator[str]:
        size = 16_384 if len(text) > 100_000 else 200
        try:
            for start in range(0, len(text) // 2 if mode.startswith("half") else len(text), size):
                yield _event({"choices": [{"index": 0, "delta": {"content": text[start : start + size]}}]})
                await asyncio.sleep(0)
            while mode == "endless":
                yield _event({"choices": [{"index": 0, "delta": {"content": "x" * 1000}}]})
                await asyncio.sleep(0)
            if mode == "half then cut":
                raise ConnectionResetError("cut, as was asked for")
            if mode == "half then silent":
                await asyncio.Event().wait()
        except (asyncio.CancelledError, GeneratorExit):
            self.gone.release()
            raise
        yield _event({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
        yield _event({"choices": [], "usage": {"total_tokens": TOKENS_USED}})
        yield "data: [DONE]\n\n"


def task_of(body: Json) -> Json:
    """What is asked for, as a model reads it out of the prompt."""
    text = next(m["content"] for m in body["messages"] if m["content"].startswith("TASK\n"))
    task: Json = json.loads(text.removeprefix("TASK\n"))
    return task


def part_of(body: Json) -> str:
    fields = task_of(body)["schema"]["properties"]["items"]["items"]["properties"]
    known = {"text": "reading", "stdin": "examples", "belief": "pitfalls", "solution": "exercises", "prints": "quiz"}
    return next(part for name, part in known.items() if name in fields)


def text_of(mode: str, body: Json) -> str:
    task, part = task_of(body), part_of(body)
    repairing = len(body["messages"]) > 3
    count = task["count"]
    if repairing:
        count = int(body["messages"][-1]["content"].split("\nWrite ")[-1].split()[0])
    return MODES[mode](part, count, repairing) if mode in MODES else json.dumps({"items": items_for(part, count)})


def _whole(text: str) -> Json:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return {"object": "chat.completion", "choices": [choice], "usage": {"total_tokens": TOKENS_USED}}


def _event(data: Json) -> str:
    return f"data: {json.dumps(data)}\n\n"


@contextmanager
def model_server() -> Iterator[ModelServer]:
    """On a free port of loopback, in a thread of its own."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # at once: a caller may come before the server does
        made = ModelServer(f"http://127.0.0.1:{listening.getsockname()[1]}/v1")
        app = Starlette(routes=[Route("/v1/chat/completions", made.answer, methods=["POST"])])
        config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=1, lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.should_exit = True
            thread.join(10)
