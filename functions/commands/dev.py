"""Serves as `learnflow` does, loads what you save, and shows each event as it is handled."""

import argparse
from pathlib import Path

HELP = "serve while you develop: loads what you save, shows events as they flow"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--port", type=int, default=argparse.SUPPRESS, help="port to listen on, 0 for a free one")
    parser.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="directory of the state")
    parser.add_argument(
        "--cluster",
        metavar="FUNCTION",
        nargs="+",
        help="instead, on Kubernetes: `skaffold dev` of these alone",
    )
    parser.add_argument("--overlay", default="knative/overlays/dev", help="with --cluster (default: %(default)s)")
    parser.add_argument("--namespace", default="learnflow", help="of that overlay (default: %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    if arguments.cluster:
        from functions.dev_loop import cluster

        return cluster.run(arguments.cluster, arguments.overlay, arguments.namespace)
    from functions.dev_loop import command

    command.run(arguments.host, arguments.port, arguments.data)
    return 0
