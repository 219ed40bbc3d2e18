"""Runs every example, exercise and quiz key of the curriculum, and compares with what ships."""

import argparse

HELP = "prove the curriculum by running it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--write", action="store_true", help="write the compiled curriculum, proving what changed")


def run(arguments: argparse.Namespace) -> int:
    from functions.proof.verify import verify

    return verify(write=arguments.write)
