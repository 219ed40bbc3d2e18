"""The options of the command, which its help needs before anything of it is loaded."""

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", choices=["list", "show", "replay"], help="`replay`: have an event handled again")
    parser.add_argument("--id", action="append", default=[], help="id of an event; may be given several times")
    parser.add_argument("--all", action="store_true", help="replay all that were not replayed since they were given up")
    parser.add_argument(
        "--bootstrap-servers", metavar="HOST:PORT,…", help="of the Kafka of a deployment, not those in --data"
    )
    parser.add_argument("--topic", help="replay into this one, where it is not known where an event came from")
