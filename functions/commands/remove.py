"""Takes a function away with all that belongs to it: `learnflow new`, undone, whatever came after it."""

import argparse

HELP = "take a function away, with its manifests and its tests"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the function's folder, or its name in Kubernetes")
    parser.add_argument("--force", action="store_true", help="also what was edited since, or what others need")
    parser.add_argument("--dry-run", action="store_true", help="show what would go, as a diff, and remove nothing")


def run(arguments: argparse.Namespace) -> None:
    from functions.scaffold.command import remove

    remove(arguments.name, dry_run=arguments.dry_run, force=arguments.force)
