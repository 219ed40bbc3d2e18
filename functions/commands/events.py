"""Watches, lists, shows, sends and replays events: of the embedded run, or of a deployment's Kafka."""

import argparse

from functions.events import arguments as own

HELP = "watch, list, show, send or replay events"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    own.add_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    from functions.events import command

    command.run(arguments)
