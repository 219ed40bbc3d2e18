"""Lists, shows or replays the events that were given up."""

import argparse
from pathlib import Path

from functions.dead_letters import arguments as own

HELP = "list, show or replay the events that were given up"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="directory of the state")
    own.add_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    from functions.dead_letters import command

    command.run(arguments)
