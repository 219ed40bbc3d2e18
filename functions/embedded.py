"""All functions in one process over one SQLite file: what `uv run learnflow` serves. No sidecar, no broker, no account.

The handlers are the deployed ones; only the adapters differ.
"""

import asyncio
import json
import pkgutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from itertools import chain, repeat
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI
from starlette.requests import Request

import functions
from functions.page.serve import add_page
from functions.runtime.app import Function, new_app, spans_exported
from functions.runtime.auth import authenticate
from functions.runtime.broker import HEADERS, Broker
from functions.runtime.errors import Forbidden
from functions.runtime.events import stable_id
from functions.runtime.local import FILE, Database, ports
from functions.runtime.models import rfc3339
from functions.runtime.observing import observed
from functions.runtime.ports import Model, Ports
from functions.runtime.receive import receive
from functions.runtime.settings import ModelSettings, Settings
from functions.usecases.events import Ping

SOON_SECONDS = 6  # after the start: by then the relay takes up also what was committed right before a kill
PING_SECONDS = 30  # what each function's own PingSource does on Kubernetes


def apps() -> dict[str, FastAPI]:
    """The app of every folder of `functions` that has a `main.py`, by its name in Kubernetes."""
    found = {}
    for module in pkgutil.iter_modules(functions.__path__):
        if module.ispkg and find_spec(f"functions.{module.name}.main"):
            found[module.name.replace("_", "-")] = import_module(f"functions.{module.name}.main").app
    return found


def create_app(data: Path, settings: Settings) -> FastAPI:
    """The whole backend; `data` is the directory of its one database file, which is made if it is not there."""
    found: dict[str, Function] = {name: app.state.function for name, app in apps().items()}

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(data / FILE)
        broker = Broker(database, {name: function for name, function in found.items() if function.takes})
        async with spans_exported(settings, "learnflow"), _model(settings.model) as model:
            app.state.ports = observed(ports(database, broker.subscribers(), broker.wake, model), "sqlite")
            scheduled = [f for f in found.values() if any(on.data is Ping for on in f.takes)]
            work = broker.run(app.state.ports), *(_wake(app.state.ports, function) for function in scheduled)
            tasks = [asyncio.create_task(each) for each in work]
            yield
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await database.close()

    app = new_app("LearnFlow", settings, lifespan)
    events = APIRouter(dependencies=[Depends(_services_only)])  # elsewhere they have no address outside
    for function in found.values():
        function.add_to(
            events if function.takes else app.router, f"/functions/{function.name}" if function.takes else ""
        )
    app.include_router(events)
    add_page(app.router)
    return app


async def _services_only(request: Request) -> None:
    """An event is taken from whoever may act for everybody: it says itself what it is about."""
    if not (await authenticate(request)).sees_all:
        raise Forbidden("Events are taken from services only.")


@asynccontextmanager
async def _model(settings: ModelSettings) -> AsyncIterator[Model | None]:
    if not settings.kind:
        yield None
        return
    from functions.model.connecting import connected  # only where there is one

    async with connected(settings, None) as model:
        yield model


async def _wake(world: Ports, function: Function) -> None:
    """The schedule: at the start, so that what a killed process left is taken up soon, and again and again.

    Whatever its schedule is elsewhere: a job has to stand being woken oftener.
    """
    for pause in chain([SOON_SECONDS], repeat(PING_SECONDS)):
        now = rfc3339(world.now())
        ping = {
            "specversion": "1.0",
            "id": stable_id("ping", now),
            "source": "/embedded/schedule",
            "type": Ping.type_name,
            "time": now,
        }
        await receive(world, function.takes, HEADERS, json.dumps(ping).encode())
        await asyncio.sleep(pause)
