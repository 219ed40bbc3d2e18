"""`uv run learnflow`: serves the whole backend on this machine; and its commands, each a module of `commands`."""

import argparse
import pkgutil
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from functions import commands
from functions.refused import told

EPILOG = """\
Without a command: serve all functions in one process, on loopback, with the state in one SQLite file.
Where it listens it also has /docs (every endpoint, to try out), /openapi.json and /health/ready.
On loopback the embedded run has no accounts: every caller is a teacher called "local". With another --host it has to
be said who may come: AUTH=jwt with LEARNFLOW_JWT_ISSUER, LEARNFLOW_JWT_AUDIENCE and LEARNFLOW_JWKS_URL, or AUTH=off.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Exit code 2 for what is not understood, 1 for what was understood and cannot be done."""
    arguments = _parser().parse_args(argv)
    return told(lambda: arguments.run(arguments))


def _parser() -> argparse.ArgumentParser:
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
    parser.set_defaults(run=_serve)
    found = parser.add_subparsers(title="commands", metavar="COMMAND")
    for module in pkgutil.iter_modules(commands.__path__):
        command = import_module(f"functions.commands.{module.name}")
        its = found.add_parser(module.name.replace("_", "-"), help=command.HELP, description=command.__doc__)
        command.add_arguments(its)
        its.set_defaults(run=command.run)
    return parser


def _serve(arguments: argparse.Namespace) -> None:
    from functions.serving import serve

    serve(arguments.host, arguments.port, arguments.data)
