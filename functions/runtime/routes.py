"""HTTP routes from plain handlers: the contract's rules that hold for every endpoint are kept here, once.

A handler is `async def verb(ports, call, request, **path) -> Reply`; it never sees FastAPI.
"""

import inspect
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from types import UnionType
from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Path, Query
from fastapi.routing import APIRoute
from fastapi.sse import format_sse_event
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from functions.runtime import describing, middleware
from functions.runtime.auth import authenticate
from functions.runtime.errors import UnsupportedMediaType, invalid
from functions.runtime.idempotency import fingerprint, parsed
from functions.runtime.models import ID_PATTERN
from functions.runtime.negotiation import negotiated
from functions.runtime.ports import Call, Limit, Reply

Handler = Callable[..., Awaitable[Reply]]
JSON = "application/json"


@dataclass(frozen=True)
class Route:
    """One endpoint. `request` is the model of its body (POST, PUT) or of its query (GET, DELETE)."""

    method: str
    path: str
    handler: Handler
    request: type[BaseModel]
    answer: type[BaseModel] | UnionType | None  # None: an answer without a body (204)
    status: int = 200
    errors: Sequence[int] = ()  # besides those that every route can answer
    media_types: Sequence[str] = (JSON,)  # what it can answer, the default first
    headers: Sequence[str] = ()  # request headers that the handler reads, beyond Accept
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    creates: bool = False  # a PUT: 201 with Location, instead of `status`, when the thing was not there before

    @property
    def has_body(self) -> bool:
        return self.method in ("POST", "PUT")


def add(router: APIRouter, prefix: str, route: Route, tag: str) -> None:
    common = {400, 401, 403, 500, 503} | ({413, 415} if route.has_body else set()) | ({406} if route.answer else set())
    responses = describing.problems(*common, *route.errors)
    responses[route.status] = _success(route, "Done", route.answer_headers)
    if route.creates:
        responses[201] = _success(route, "Made", {"Location": "where it is", **route.answer_headers})
        responses[201]["model"] = route.answer
    if 304 in responses:
        responses[304] = {"description": "Not modified since the version in `If-None-Match`"}
    endpoint, guarded = _endpoint(route), _guarded(route)
    if route.method == "GET":  # the server leaves the body out of the answer
        router.add_api_route(
            prefix + route.path, endpoint, methods=["HEAD"], include_in_schema=False, route_class_override=guarded
        )
    router.add_api_route(
        prefix + route.path,
        endpoint,
        tags=[tag],
        methods=[route.method],
        response_model=route.answer,
        status_code=route.status,
        responses=responses,
        summary=(inspect.getdoc(route.handler) or "").split("\n")[0],
        operation_id=route.handler.__name__,
        openapi_extra=describing.secured(describing.TOKEN),
        route_class_override=guarded,
    )


def _success(route: Route, description: str, headers: Mapping[str, str]) -> dict[str, Any]:
    return {
        "description": description,
        **({"content": {kind: {} for kind in route.media_types if kind != JSON}} if route.answer else {}),
        "headers": describing.headers(headers),
    }


def _guarded(route: Route) -> type[APIRoute]:
    """Credentials, media types and query names are looked at before the body is parsed."""

    class Guarded(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            parse_and_answer = super().get_route_handler()

            async def handle(request: Request) -> Response:
                request.state.principal = await authenticate(request)
                # nothing is of every media type
                request.state.accept = negotiated(request, route.media_types) if route.answer else ""
                content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
                if route.has_body and content_type != JSON:
                    raise UnsupportedMediaType(f"Send {JSON}, not {content_type or 'a body without Content-Type'}.")
                _check_query(request, () if route.has_body else route.request.model_fields)
                # before it is parsed for its fields: that parser takes more than JSON
                request.state.json = parsed(await request.body()) if route.has_body else None
                return await parse_and_answer(request)

            return handle

    return Guarded


def _endpoint(route: Route) -> Callable[..., Awaitable[Response]]:
    async def endpoint(http: Request, request: BaseModel, **path_and_headers: Any) -> Response:
        path = {name: path_and_headers[name] for name in _path_names(route.path)}
        call = Call(
            principal=http.state.principal,
            now=http.app.state.ports.now(),
            accept=http.state.accept,
            idempotency_key=path_and_headers.get("idempotency_key"),
            fingerprint=fingerprint(http.state.json) if route.has_body else "",
            if_match=path_and_headers.get("if_match"),
            if_none_match=path_and_headers.get("if_none_match"),
            public_url=http.app.state.settings.public_url,
            limit=Limit(http.app.state.settings.lessons, http.app.state.settings.lesson_seconds),
        )
        return _response(http, await route.handler(http.app.state.ports, call, request, **path))

    kind = inspect.Parameter.KEYWORD_ONLY
    where = Body() if route.has_body else Query()
    parameters = [
        inspect.Parameter("http", kind, annotation=Request),
        inspect.Parameter("request", kind, annotation=Annotated[route.request, where]),
        *(
            inspect.Parameter(name, kind, annotation=Annotated[str, Path(pattern=ID_PATTERN)])
            for name in _path_names(route.path)
        ),
        *(
            inspect.Parameter(name, kind, default=None, annotation=Annotated[str | None, Header(max_length=255)])
            for name in route.headers
        ),
    ]
    endpoint.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return endpoint


def _path_names(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def _check_query(request: Request, known: Any) -> None:
    for name in request.query_params:
        if name not in known:
            raise invalid(name, "unknown query parameter")
        if len(request.query_params.getlist(name)) > 1:
            raise invalid(name, "given more than once")


def _response(http: Request, reply: Reply) -> Response:
    body = reply.body
    if body is None:
        return Response(status_code=reply.status, headers=dict(reply.headers))
    if isinstance(body, BaseModel):
        return Response(body.model_dump_json(), reply.status, dict(reply.headers), reply.media_type)
    if isinstance(body, str):
        return Response(body, reply.status, dict(reply.headers), reply.media_type)
    parts = _encoded(body) if isinstance(body, list) else _event_stream(http, body)
    return _Closing(parts, reply.status, dict(reply.headers), reply.media_type)


class _Closing(StreamingResponse):
    """Ends its parts with the answer: of a client that goes away while one is sent, Starlette only drops them."""

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self.body_iterator):  # type: ignore[type-var]
            await super().stream_response(send)


async def _encoded(parts: list[str]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part.encode()


async def _event_stream(http: Request, events: AsyncIterator[tuple[str, str]]) -> AsyncIterator[bytes]:
    """Server-sent events from pairs of a name and its data. What fails after the first is an event, `error`, too."""
    async with aclosing(events):  # type: ignore[type-var]
        try:
            async for name, data in events:
                yield format_sse_event(event=name, data_str=data)
        except Exception as error:
            problem = middleware.problem_of(http, error).body(http.url.path)
            yield format_sse_event(event="error", data_str=json.dumps(problem))
