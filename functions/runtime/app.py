"""Makes a FastAPI app of a function's routes or event handlers: wiring, health, lifespan. Nothing else knows FastAPI().

The app starts without its sidecar; readiness waits for it, liveness never does.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from functions.runtime import describing, metrics, middleware, routes
from functions.runtime.auth import check_sidecar, warm_up
from functions.runtime.errors import InvalidRequest, Unavailable, UnsupportedMediaType
from functions.runtime.observing import observed
from functions.runtime.receive import On, Outcome, receive
from functions.runtime.refusing import note_refusal
from functions.runtime.routes import Route
from functions.runtime.settings import Settings
from functions.runtime.telemetry import configure_logging, log


@dataclass(frozen=True)
class Function:
    """What the embedded run needs of a function: its routes, to be added below a prefix, and its events."""

    name: str
    add_to: Callable[[APIRouter, str], None]
    takes: Sequence[On[Any]] = ()


def create_http_app(name: str, http_routes: Sequence[Route]) -> FastAPI:
    """A function that is called: `name` is its ksvc and Dapr app-id."""

    def add_to(router: APIRouter, prefix: str) -> None:
        for route in http_routes:
            routes.add(router, prefix, route, tag=name)

    return _app(Function(name, add_to))


def create_event_app(name: str, takes: Sequence[On[Any]]) -> FastAPI:
    """A function that takes events: Knative's at `POST /`, Dapr's at `POST /dapr`.

    The two want different answers for an event that can never be handled (400 sends it straight to Knative's dead
    letter sink, and would be retried for ever by Dapr), and the event cannot tell which of them brought it.
    """

    async def from_knative(request: Request) -> Response:
        outcome, why = await _receive(request, takes)
        match outcome:
            case Outcome.DONE:
                return Response(status_code=204)
            case Outcome.BAD:
                return middleware.problem_response(request, InvalidRequest(why))
        return middleware.problem_response(request, Unavailable(why))

    async def from_dapr(request: Request) -> Response:
        body = b""
        check_sidecar(request)
        try:
            body = await request.body()
            outcome, why = await _receive(request, takes)
        except (HTTPException, UnsupportedMediaType) as error:
            outcome, why = Outcome.BAD, error.detail
        match outcome:
            case Outcome.DONE:
                return Response(status_code=204)
            case Outcome.BAD:
                # daprd copies it to the dead letters, and does not know why
                await note_refusal(request.app.state.ports, name, request.headers, body, why)
                return JSONResponse({"status": "DROP"})
        return middleware.problem_response(request, Unavailable(why))

    def add_to(router: APIRouter, prefix: str) -> None:
        for path, endpoint, sender, answers, known_by in (
            ("/", from_knative, "Knative", describing.problems(400, 413, 415, 503), []),
            ("/dapr", from_dapr, "Dapr", describing.DROPPED | describing.problems(403, 503), [describing.SIDECAR]),
        ):
            router.add_api_route(
                prefix + path,
                endpoint,
                methods=["POST"],
                status_code=204,
                tags=[name],
                summary=f"Take an event that {sender} delivers",
                operation_id=f"{name}-{sender.lower()}",
                responses=answers,
                openapi_extra=describing.secured(*known_by) | {"requestBody": describing.event_body(takes)},
            )

    return _app(Function(name, add_to, takes))


async def _receive(request: Request, takes: Sequence[On[Any]]) -> tuple[Outcome, str]:
    if "cloudevents-batch" in request.headers.get("content-type", ""):
        raise UnsupportedMediaType("Events are taken one by one, not in batches.")
    return await receive(request.app.state.ports, takes, request.headers, await request.body())


def _app(function: Function) -> FastAPI:
    settings = Settings.from_env()
    configure_logging(settings.log_level)
    app = new_app(f"LearnFlow {function.name}", settings, _lifespan)
    app.state.function = function
    function.add_to(app.router, "")
    return app


def new_app(title: str, settings: Settings, lifespan: Any) -> FastAPI:
    """An app with health, metrics, problems and an OpenAPI that declares what is really answered."""
    # FastAPI's own telemetry tells the path and the query, which hold ids of people: ours is in middleware.py.
    silent: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
    app = FastAPI(title=title, version="1", lifespan=lifespan, redirect_slashes=False, telemetry=silent)
    app.state.settings = settings
    middleware.install(app)
    for path, endpoint, says, answers in (
        ("/health/live", live, "Whether the process answers", describing.status("alive")),
        ("/health/ready", ready, "Whether requests can be served, or why not", describing.status("ready", 503)),
        ("/metrics", metrics.answer, "Figures, for Prometheus", describing.METRICS | describing.problems(404)),
    ):
        app.add_api_route(
            path,
            endpoint,
            summary=says,
            tags=["operations"],
            response_class=Response,
            responses=answers,
            description="",
        )
    describe = app.openapi

    def openapi() -> dict[str, Any]:
        return describing.completed(describe())

    app.openapi = openapi  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    if hasattr(app.state, "ports"):  # a test's
        yield
        return
    from functions.runtime import sidecar  # gRPC is loaded while the server already listens to nothing else

    settings: Settings = app.state.settings
    async with spans_exported(settings, app.state.function.name), sidecar.ports(settings) as ports:
        app.state.ports = observed(ports, "postgresql")
        log.info("started", extra={"function": app.state.function.name})
        if app.state.settings.auth == "jwt" and not app.state.function.takes:
            app.state.warming = asyncio.create_task(warm_up(app.state))
        yield
        if warming := getattr(app.state, "warming", None):
            warming.cancel()


def spans_exported(settings: Settings, service: str) -> AbstractAsyncContextManager[None]:
    """Sends spans to the collector, where one is set. Raises RuntimeError where what that needs is not installed."""
    if not settings.otlp_endpoint:
        return nullcontext()
    try:
        from functions.runtime import otlp  # the SDK: only a function that uses it pays for it
    except ImportError as error:
        raise RuntimeError("a collector is set (OTEL_EXPORTER_OTLP_…), but not the extra otlp installed") from error

    return otlp.exporting(service)


async def live() -> Response:
    return JSONResponse({"status": "alive"})


async def ready(request: Request) -> Response:
    state = request.app.state
    called = not getattr(getattr(state, "function", None), "takes", ())  # events come without a token
    if called and state.settings.auth == "jwt" and (missing := state.settings.tokens.missing):
        return middleware.problem_response(request, Unavailable(f"AUTH is jwt, but {', '.join(missing)} not set."))
    # a pod that a request woke does not answer it before it could have the keys; nor does it wait for them for ever
    if (warming := getattr(state, "warming", None)) and not warming.done():
        return middleware.problem_response(request, Unavailable("the issuer's keys are being fetched"))
    if why := await request.app.state.ports.not_ready():
        return middleware.problem_response(request, Unavailable(why))
    return JSONResponse({"status": "ready"})
