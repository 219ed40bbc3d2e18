"""Serves the embedded run until it is interrupted, and writes a line for each thing that happens."""

import logging
import sys
from pathlib import Path
from typing import Any

from functions.runtime.visible import visible

LONGEST = 1000  # characters of one part of a line


class Line(logging.Formatter):
    """For a person at a terminal: what happened, with its figures behind it; no caller's text makes another line."""

    SHOWN = ("method", "route", "status", "duration_ms", "event_type", "outcome", "why", "published", "failed")

    def formatMessage(self, record: logging.LogRecord) -> str:
        shown = [str(vars(record)[name]) for name in self.SHOWN if vars(record).get(name) not in (None, "")]
        return " ".join(visible(part)[:LONGEST] for part in (super().formatMessage(record), *shown))

    def formatException(self, ei: Any) -> str:
        return "\n".join(f"    {visible(line)}" for line in super().formatException(ei).split("\n"))


def serve(host: str, port: int, data: Path) -> int:
    """Serves until interrupted."""
    import uvicorn

    from functions.embedded import create_app
    from functions.runtime.loopback import OwnHosts
    from functions.runtime.settings import Settings, is_loopback

    try:
        settings = Settings.embedded(host)
    except ValueError as error:
        sys.stderr.write(f"learnflow: {error}\n")
        return 1
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        sys.stderr.write(f"learnflow: the state cannot be kept in {data}: {error.strerror}\n")
        return 1
    app = create_app(data, settings)
    if settings.auth == "off" and is_loopback(host):
        app.add_middleware(OwnHosts)
    log = logging.getLogger("uvicorn.error")
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(Line("%(asctime)s %(message)s", "%H:%M:%S"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=10)
    log.info("state in %s", data.resolve())
    uvicorn.Server(config).run()
    return 0
