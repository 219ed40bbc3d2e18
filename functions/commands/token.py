"""Makes a bearer token for a deployment of your own that asks for them, signed with a key of your own."""

import argparse
import sys
from pathlib import Path

HELP = "a bearer token, signed with a key of your own"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("user_id", nargs="?", help="who it is for")
    what.add_argument("--jwks", action="store_true", help="write the public key for LEARNFLOW_JWKS_URL instead")
    parser.add_argument("--role", choices=("learner", "teacher", "service"), default="learner")
    parser.add_argument("--minutes", type=int, default=60, help="how long it is good for (default: %(default)s)")
    parser.add_argument("--key", type=Path, default=Path("learnflow-key.json"), help="made if it is not there")


def run(arguments: argparse.Namespace) -> None:
    from functions.developer_tokens import jwks, token

    if arguments.jwks:
        written = jwks(arguments.key)
    else:
        written = token(arguments.user_id, arguments.role, arguments.minutes, arguments.key)
    sys.stdout.write(f"{written}\n")
