"""Writes docs/contracts: the OpenAPI of each function, the JSON Schema of each event."""

import argparse

HELP = "write docs/contracts"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--check", action="store_true", help="only say what is out of date; exit 1 if anything is")


def run(arguments: argparse.Namespace) -> int:
    from functions.contracts import contracts

    return contracts(check=arguments.check)
