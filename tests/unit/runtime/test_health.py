"""The app starts without its sidecar: alive, not ready and saying why, and every call a 503."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from fastapi import FastAPI

from functions.runtime import local
from functions.runtime.app import create_event_app, create_http_app
from functions.runtime.events import stable_id
from functions.runtime.local import Database
from functions.runtime.models import Answer, Id, Request
from functions.runtime.ports import Call, Ports, Received, Reply, Sql, Write
from functions.runtime.receive import On
from functions.runtime.routes import Route
from functions.runtime.settings import Settings, TokenSettings
from functions.runtime.sidecar import Sidecar
from functions.usecases.events import Ping
from tests.support.fakes import World, client_of


class Query(Request):
    what: Id


class Nothing(Answer):
    pass


async def use_the_port(ports: Ports, call: Call, request: Query) -> Reply:  # noqa: ARG001
    """Use the sidecar"""
    match request.what:
        case "load":
            await ports.documents.load("learner:maya")
        case "commit":
            await ports.documents.commit(Write("learner:maya", {}))
        case "scan":
            await ports.documents.scan("outbox:", 1)
        case "publish":
            await ports.publisher.publish("progress-updated", "maya", {})
        case "query":
            await ports.read_model.query(Sql("SELECT 1"))
    return Reply(Nothing())


async def load(ports: Ports, event: Received[Ping]) -> None:
    await ports.documents.load(event.id)


@pytest.fixture
def nowhere() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@asynccontextmanager
async def started(app: FastAPI, port: int) -> AsyncIterator[httpx.AsyncClient]:
    """The app with the real adapter, through its start-up and shut-down."""
    app.state.settings = Settings(auth="off", dapr_grpc_port=port, dapr_http_port=port, sidecar_timeout=0.5)
    async with app.router.lifespan_context(app), client_of(app) as client:
        yield client


def http_app() -> FastAPI:
    return create_http_app("probe", [Route("GET", "/use", use_the_port, Query, Nothing)])


async def test_without_a_sidecar_the_app_is_alive_and_not_ready(nowhere: int) -> None:
    async with started(http_app(), nowhere) as client:
        alive = await client.get("/health/live")
        assert (alive.status_code, alive.json()) == (200, {"status": "alive"})
        ready = await client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.headers["content-type"] == "application/problem+json"
    assert ready.headers["retry-after"] == "1"
    assert ready.json()["detail"].startswith("the Dapr sidecar is not ready: ")
    assert "refused" in ready.json()["detail"]


@pytest.mark.parametrize(
    ("what", "who"),
    [
        ("load", "state store"),
        ("commit", "state store"),
        ("scan", "read model"),
        ("publish", "message broker"),
        ("query", "read model"),
    ],
)
async def test_a_call_without_a_sidecar_is_a_503_that_says_who_did_not_answer(
    nowhere: int, what: str, who: str
) -> None:
    async with started(http_app(), nowhere) as client:
        answer = await client.get(f"/use?what={what}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["detail"] == f"The {who} did not answer (UNAVAILABLE)."


@pytest.mark.parametrize("path", ["/", "/dapr"])
async def test_an_event_without_a_sidecar_is_left_to_be_retried(nowhere: int, path: str) -> None:
    ping = {"specversion": "1.0", "id": stable_id("ping"), "source": "/tests", "type": Ping.type_name}
    async with started(create_event_app("probe-events", [On(Ping, load)]), nowhere) as client:
        answer = await client.post(path, json=ping, headers={"content-type": "application/cloudevents+json"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


class OnlyOutboundHealth(BaseHTTPRequestHandler):
    """A daprd whose `/v1.0/healthz` would wait for the app."""

    def do_GET(self) -> None:
        self.send_response(204 if self.path == "/v1.0/healthz/outbound" else 500)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Says nothing."""


async def test_a_sidecar_that_can_serve_makes_the_app_ready() -> None:
    server = HTTPServer(("127.0.0.1", 0), OnlyOutboundHealth)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        sidecar = Sidecar(Settings(dapr_http_port=server.server_port))
        assert await sidecar.not_ready() is None
        await sidecar.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class NotReadyYet(BaseHTTPRequestHandler):
    """A daprd that still waits for a component."""

    def do_GET(self) -> None:
        self.send_response(500)
        self.end_headers()
        self.wfile.write(b'{"message":"dapr outbound is not ready: [statestore]"}')

    def log_message(self, *args: object) -> None:
        """Says nothing."""


async def test_what_the_sidecar_says_of_its_components_is_passed_on() -> None:
    server = HTTPServer(("127.0.0.1", 0), NotReadyYet)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        sidecar = Sidecar(Settings(dapr_http_port=server.server_port))
        assert "not ready: [statestore]" in (await sidecar.not_ready() or "")
        await sidecar.close()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


async def test_the_embedded_run_is_ready_as_long_as_its_database_answers(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.sqlite3")
    ports = local.ports(database, {}, lambda: None)
    assert await ports.not_ready() is None
    await database.run(lambda connection: connection.execute("DROP TABLE documents"))
    assert await ports.not_ready() == "The database did not answer (no such table: documents)."
    await database.close()


async def test_readiness_follows_the_adapters_and_liveness_does_not(world: World) -> None:
    app = http_app()
    app.state.ports, app.state.settings = world.ports, Settings(auth="off")
    async with client_of(app) as client:
        assert (await client.get("/health/ready")).json() == {"status": "ready"}
        world.why_not_ready = "the disk is full"
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["detail"]) == (503, "the disk is full")
        assert (await client.get("/health/live")).status_code == 200


async def test_health_needs_no_token(world: World) -> None:
    app = http_app()
    app.state.ports, app.state.settings = world.ports, Settings(tokens=TokenSettings("i", "a", "https://i.example"))
    async with client_of(app) as client:
        assert [(await client.get(f"/health/{kind}")).status_code for kind in ("live", "ready")] == [200, 200]


async def test_a_function_that_could_check_no_token_is_not_ready_and_says_what_is_missing(world: World) -> None:
    app = http_app()
    app.state.ports, app.state.settings = world.ports, Settings(tokens=TokenSettings(issuer="https://i.example"))
    async with client_of(app) as client:
        answer = await client.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["detail"] == "AUTH is jwt, but LEARNFLOW_JWT_AUDIENCE, LEARNFLOW_JWKS_URL not set."
        assert (await client.get("/health/live")).status_code == 200


async def test_a_function_that_takes_events_needs_nothing_for_tokens_to_be_ready(world: World) -> None:
    app = create_event_app("probe-events", [On(Ping, load)])
    app.state.ports, app.state.settings = world.ports, Settings()
    async with client_of(app) as client:
        assert (await client.get("/health/ready")).status_code == 200


async def test_a_function_is_not_ready_while_the_issuers_keys_are_on_their_way(world: World) -> None:
    app = http_app()
    app.state.ports, app.state.settings = world.ports, Settings(tokens=TokenSettings("i", "a", "https://i.example"))
    come = asyncio.Event()
    app.state.warming = asyncio.create_task(come.wait())
    async with client_of(app) as client:
        answer = await client.get("/health/ready")
        assert (answer.status_code, answer.json()["detail"]) == (503, "the issuer's keys are being fetched")
        come.set()
        await app.state.warming
        assert (await client.get("/health/ready")).status_code == 200, "whether or not they came"
