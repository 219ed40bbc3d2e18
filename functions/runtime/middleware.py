"""What surrounds every request: body limit, trace context, one log line, and an answer to whatever went wrong."""

import logging
import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from opentelemetry.trace import Span, SpanKind, StatusCode
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from functions.runtime import metrics
from functions.runtime.errors import (
    BodyTooLarge,
    Conflict,
    FieldError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unavailable,
)
from functions.runtime.telemetry import entered, log

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

BODY_LIMIT = 1 << 20  # bytes
NOT_TRACED = ("/health/", "/metrics")  # asked every few seconds, and about nobody's work


class Envelope:
    """Pure ASGI, so that streamed answers stay streams."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if scope["path"].startswith(NOT_TRACED):
            with _told(scope, lambda: status):
                await self.app(scope, _limited(receive), observed)
            return
        incoming = Request(scope).headers.get("traceparent")
        about = {"http.request.method": scope["method"]}
        with entered(incoming, scope["method"], SpanKind.SERVER, about) as span, _told(scope, lambda: status):
            try:
                await self.app(scope, _limited(receive), observed)
            finally:
                _describe(span, scope, status)


@contextmanager
def _told(scope: Message, status: Callable[[], int]) -> Iterator[None]:
    """What became of a request, in the log and in the metrics."""
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds, route = time.perf_counter() - started, _template(scope)
        metrics.count_request(route, scope["method"], status(), seconds)
        duration = round(seconds * 1000, 1)
        fields = {"method": scope["method"], "route": route, "status": status(), "duration_ms": duration}
        log.log(logging.DEBUG if route.startswith(NOT_TRACED) else logging.INFO, "request", extra=fields)


def _describe(span: Span, scope: Message, status: int) -> None:
    """By its route: FastAPI's own spans, which are switched off, hold the path and the query, and so a person's id."""
    span.set_attribute("http.response.status_code", status)
    if scope.get("route"):
        span.update_name(f"{scope['method']} {_template(scope)}")
        span.set_attribute("http.route", _template(scope))
    if status >= 500:
        span.set_status(StatusCode.ERROR)


def _template(scope: Message) -> str:
    """The route's pattern, not the path: a path may hold a person's id."""
    return getattr(scope.get("route"), "path", "(no route)")


def _limited(receive: Receive) -> Receive:
    """Counts as the body arrives: a declared length may be missing, or a lie."""
    seen = 0

    async def limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > BODY_LIMIT:
            raise HTTPException(413)  # of this class, or FastAPI would make a 400 of it
        return message

    return limited


def problem_response(request: Request, problem: Problem) -> Response:
    return JSONResponse(
        problem.body(request.url.path),
        status_code=type(problem).status,
        headers=dict(problem.headers),
        media_type="application/problem+json",
    )


def install(app: FastAPI) -> None:
    """Puts the envelope around the app and gives every kind of failure its problem."""
    app.add_middleware(Envelope)

    async def answer(request: Request, error: Exception) -> Response:
        return problem_response(request, problem_of(request, error))

    for kind in (Problem, RequestValidationError, HTTPException, Conflict, Exception):
        app.add_exception_handler(kind, answer)


def problem_of(request: Request, error: Exception) -> Problem:
    """What an answer says of any failure; what nobody foresaw is logged, and shown as nothing but that."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            errors = [FieldError(_path(e["loc"], error.body), _message(e)) for e in error.errors()]
            texts = [f"{e.field}: {e.message}" if e.field else e.message for e in errors]
            return InvalidRequest("; ".join(texts), errors)
        case HTTPException(status_code=405):
            allow = ", ".join(sorted(_allowed(request)))
            return MethodNotAllowed(f"This path answers {allow}.", headers={"Allow": allow})
        case HTTPException(status_code=413):
            return BodyTooLarge(f"A request's body may have at most {BODY_LIMIT} bytes.")
        case HTTPException(status_code=400):
            return InvalidRequest(error.detail, [FieldError("", error.detail)])
        case HTTPException():
            return NotFound("There is nothing at this path.")
        case Conflict():
            return Unavailable("Others kept changing the same record; nothing was saved.")
    log.error("unexpected failure", exc_info=error)
    return Problem()


def _allowed(request: Request) -> set[str]:
    """All the methods of a path: Starlette names only those of the first route that matches."""
    methods: set[str] = set()
    for route in iter_route_contexts(request.app.routes):  # those of an included router too
        match, _ = route.matches(request.scope)
        if match is not Match.NONE:
            methods |= route.methods or set()
    return methods


def _path(location: tuple[int | str, ...], body: Any) -> str:
    """The field as the caller wrote it: pydantic also names which member of a union it tried."""
    where, *parts = location
    if where != "body":
        return ".".join(map(str, parts))
    found, names = body, []
    for number, part in enumerate(parts, start=1):
        if isinstance(found, dict) and part not in found and number < len(parts):
            continue  # the union's member
        names.append(str(part))
        inside = (isinstance(found, dict) and part in found) or (isinstance(found, list) and isinstance(part, int))
        found = found[part] if inside else None
    return ".".join(names) if isinstance(body, dict | list) else ""


def _message(error: dict[str, Any]) -> str:
    """pydantic's words, without its prefix for errors that a validator of ours raised."""
    text = str(error["msg"]).removeprefix("Value error, ")
    return f"{text} ({error['ctx']['error']})" if error["type"] == "json_invalid" else text
