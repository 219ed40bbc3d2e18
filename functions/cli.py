"""`uv run learnflow`: serves the whole backend on this machine; and the maintenance commands."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from functions.dead_letters.arguments import add_arguments
from functions.runtime.visible import visible

LONGEST = 1000  # characters of one part of a line

EPILOG = """\
commands:
  learnflow                  serve all functions in one process, on loopback, state in one SQLite file
  learnflow verify           run every example, exercise and quiz key of the curriculum, compare with what ships
  learnflow rebuild          make the read model anew from the documents, while the functions go on
  learnflow dead-letters     list, show or replay the events that were given up
  learnflow token WHO        a bearer token for a deployment of your own that asks for them
  learnflow contracts        write docs/contracts (OpenAPI of each function, JSON Schema of each event)

Where it listens it also has /docs (every endpoint, to try out), /openapi.json and /health/ready.
On loopback the embedded run has no accounts: every caller is a teacher called "local". With another --host it has to
be said who may come: AUTH=jwt with LEARNFLOW_JWT_ISSUER, LEARNFLOW_JWT_AUDIENCE and LEARNFLOW_JWKS_URL, or AUTH=off.
"""


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="learnflow",
        description="LearnFlow's backend: lessons and progress for learners of Python.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8080, help="port to listen on, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--data", type=Path, default=Path("learnflow-data"), help="directory of the state (default: ./%(default)s)"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    verify = commands.add_parser("verify", help="prove the curriculum by running it")
    verify.add_argument("--write", action="store_true", help="write the compiled curriculum, proving what changed")
    contracts = commands.add_parser("contracts", help="write docs/contracts")
    contracts.add_argument("--check", action="store_true", help="only say what is out of date; exit 1 if anything is")
    rebuild = commands.add_parser("rebuild", help="make the read model anew from the documents")
    rebuild.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="directory of the state")
    rebuild.add_argument(
        "--sidecar", action="store_true", help="of the documents behind daprd (DAPR_GRPC_PORT), not those in --data"
    )
    dead_letters = commands.add_parser("dead-letters", help="list, show or replay the events that were given up")
    dead_letters.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="directory of the state")
    add_arguments(dead_letters)
    token = commands.add_parser("token", help="a bearer token, signed with a key of your own")
    token.add_argument("user_id", nargs="?", help="who it is for")
    token.add_argument("--role", choices=("learner", "teacher", "service"), default="learner")
    token.add_argument("--minutes", type=int, default=60, help="how long it is good for (default: %(default)s)")
    token.add_argument("--key", type=Path, default=Path("learnflow-key.json"), help="made if it is not there")
    token.add_argument("--jwks", action="store_true", help="write the public key for LEARNFLOW_JWKS_URL instead")
    arguments = parser.parse_args(argv)
    if arguments.command == "token" and arguments.jwks == bool(arguments.user_id):
        token.error("say who the token is for, or --jwks")
    match arguments.command:
        case "verify":
            from functions.proof.verify import verify as run_verify

            return run_verify(write=arguments.write)
        case "contracts":
            from functions.contracts import contracts as run_contracts

            return run_contracts(check=arguments.check)
        case "token":
            from functions.developer_tokens import print_jwks, print_token

            if arguments.jwks:
                return print_jwks(arguments.key)
            return print_token(arguments.user_id, arguments.role, arguments.minutes, arguments.key)
        case "rebuild":
            from functions.rebuild import rebuild as run_rebuild

            return run_rebuild(None if arguments.sidecar else arguments.data)
        case "dead-letters":
            from functions.dead_letters.command import run as run_dead_letters

            return run_dead_letters(arguments)
    return serve(arguments.host, arguments.port, arguments.data)


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
    root.handlers, root.level = [handler], logging.INFO
    config = uvicorn.Config(app, host=host, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=10)
    log.info("state in %s", data.resolve())
    uvicorn.Server(config).run()
    return 0
