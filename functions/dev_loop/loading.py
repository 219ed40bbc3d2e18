"""Loads an app, or one that says why there is none: in the terminal once, and in the answer to every request."""

import json
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import Any

from functions.dev_loop.supervising import say

ROOT = Path(__file__).parents[2]
STARTING = ("embedded.py", "serving.py")
Message = MutableMapping[str, Any]
App = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]


def load(make: Callable[[], App]) -> App:
    """What `make` makes; if it raises, an app that answers 503 until a saved file is loaded in its place."""
    begun = time.perf_counter()
    try:
        app = make()
    except (Exception, SystemExit) as error:
        where = shown(error)
        say(f"it does not load:\n{where}\ndev: requests are answered 503 until what you save does")
        return refusing(f"The code does not load: {where.splitlines()[-1].strip()}{_place(error)}")
    say(f"loaded in {time.perf_counter() - begun:.2f} s")
    return app


def shown(error: BaseException) -> str:
    """The traceback without what is not the developer's: importlib, libraries, this loop, what starts the server."""
    lines = [*traceback.format_list(_theirs(error)), *traceback.format_exception_only(error)]
    return "".join(lines).replace(f"{ROOT}/", "").rstrip()


def _theirs(error: BaseException) -> list[traceback.FrameSummary]:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(ROOT / "functions")]
    starting = (Path(__file__).parent, *(ROOT / "functions" / file for file in STARTING))
    edited = [frame for frame in ours if not any(Path(frame.filename).is_relative_to(path) for path in starting)]
    return edited or ours


def _place(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.filename:
        return f" ({Path(error.filename).name}, line {error.lineno})"
    frames = _theirs(error)
    return f" ({frames[-1].filename.removeprefix(f'{ROOT}/')}, line {frames[-1].lineno})" if frames else ""


def refusing(detail: str) -> App:
    """Alive and ready, or Kubernetes would end the container, and Knative would let nobody see the answer."""

    async def app(scope: Message, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        well = scope["path"] in ("/health/live", "/health/ready")
        problem = {
            "type": "urn:learnflow:problem:unavailable",
            "title": "Unavailable",
            "status": 503,
            "detail": detail,
            "instance": scope["path"],
            "errors": [],
        }
        body = json.dumps({"status": "broken"} if well else problem).encode()
        kind = b"application/json" if well else b"application/problem+json"
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode()), (b"retry-after", b"1")]
        await send({"type": "http.response.start", "status": 200 if well else 503, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def _lifespan(receive: Callable[..., Any], send: Callable[..., Any]) -> None:
    for step in ("startup", "shutdown"):
        await receive()
        await send({"type": f"lifespan.{step}.complete"})


def refuse_all(reason: str) -> App:
    """For a server that loads, and then ends."""
    sys.stderr.flush()
    say("requests are answered 503 until you save a file")
    return refusing(reason)
