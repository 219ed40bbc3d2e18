"""Serves the embedded run until it is interrupted, and writes a line for each thing that happens."""

import logging
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from functions.refused import Refused
from functions.runtime.visible import visible

if TYPE_CHECKING:
    from fastapi import FastAPI

LONGEST = 1000  # characters of one part of a line


class Line(logging.Formatter):
    """For a person at a terminal: what happened, with its figures behind it; no caller's text makes another line."""

    SHOWN = ("method", "route", "status", "duration_ms", "event_type", "outcome", "why", "published", "failed")

    def formatMessage(self, record: logging.LogRecord) -> str:
        shown = [str(vars(record)[name]) for name in self.SHOWN if vars(record).get(name) not in (None, "")]
        return " ".join(visible(part)[:LONGEST] for part in (super().formatMessage(record), *shown))

    def formatException(self, ei: Any) -> str:
        return "\n".join(f"    {visible(line)}" for line in super().formatException(ei).split("\n"))


def serve(host: str, port: int, data: Path) -> None:
    """Serves until interrupted. Raises Refused for what cannot be served."""
    import uvicorn

    try:
        app = create(host, data)
    except (OSError, ValueError) as error:
        raise Refused(str(error)) from error
    log_to_terminal()
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=10)
    logging.getLogger("uvicorn.error").info("state in %s", data.resolve())
    uvicorn.Server(config).run()


def create(host: str, data: Path) -> "FastAPI":
    """The embedded run. Raises ValueError for settings that cannot be, OSError where no state can be kept."""
    from functions.embedded import create_app
    from functions.runtime.loopback import OwnHosts
    from functions.runtime.settings import Settings, is_loopback

    settings = Settings.embedded(host)
    make_place(data)
    app = create_app(data, settings)
    if settings.auth == "off" and is_loopback(host):
        app.add_middleware(OwnHosts)
    return app


def make_place(data: Path) -> None:
    """The directory of the state. Raises OSError, which says what is wrong with it."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"the state cannot be kept in {data}: {error.strerror}") from error


def log_to_terminal(quiet: Collection[str] = ()) -> None:
    """A line for each thing that happens; not for the messages in `quiet`."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Line("%(asctime)s %(message)s", "%H:%M:%S"))
    handler.addFilter(lambda record: record.getMessage() not in quiet)
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
