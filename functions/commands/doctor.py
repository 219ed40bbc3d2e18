"""Says what is missing or wrong for each way to run, with the command that mends it."""

import argparse
from pathlib import Path

from functions.doctor import WAYS

HELP = "say what is missing for each way to run, and how to mend it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ways", metavar="WAY", nargs="*", type=_way, help=f"{', '.join(WAYS)} (default: all)")
    parser.add_argument("--port", type=int, default=argparse.SUPPRESS, help="of the embedded run")
    parser.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="directory of its state")
    parser.add_argument("--bootstrap-servers", metavar="HOST:PORT,…", help="of the stack (default: LEARNFLOW_KAFKA)")
    parser.add_argument("--postgres", metavar="STRING", help="of the stack (default: LEARNFLOW_POSTGRES)")
    parser.add_argument("--namespace", default="learnflow", help="in the cluster (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="for a program")


def run(arguments: argparse.Namespace) -> int:
    from functions.doctor import command

    return command.run(arguments)


def _way(text: str) -> str:
    if text not in WAYS:  # argparse's `choices` refuse that none is named
        raise argparse.ArgumentTypeError(f"{text!r} is no way to run; there are {', '.join(WAYS)}")
    return text
