"""Makes the read model anew from the documents, while the functions go on."""

import argparse
from pathlib import Path

HELP = "make the read model anew from the documents"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="directory of the state")
    parser.add_argument(
        "--sidecar", action="store_true", help="of the documents behind daprd (DAPR_GRPC_PORT), not those in --data"
    )


def run(arguments: argparse.Namespace) -> None:
    from functions.rebuild import rebuild

    rebuild(None if arguments.sidecar else arguments.data)
