"""Writes a new function with all that belongs to it: code, manifests, tests, and its place in the documentation."""

import argparse
from collections.abc import Sequence
from typing import Any

HELP = "write a new function, its manifests and its tests"


class _Topic(argparse.Action):
    """Adds a topic, whose type a `--type` behind it may say."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: str | None = None) -> None:  # noqa: ARG002
        topics = [*(getattr(namespace, self.dest) or []), [values, None]]
        setattr(namespace, self.dest, topics)
        namespace.last_topic = topics[-1]


class _Type(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: str | None = None) -> None:  # noqa: ARG002
        topic: list[Any] | None = getattr(namespace, "last_topic", None)
        if topic is None or topic[1]:
            parser.error("--type says what the events of the topic before it are: --on TOPIC --type TYPE")
        topic[1] = values


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="what it does, as cheer_learner: its folder, and cheer-learner in Kubernetes")
    woken = parser.add_argument_group("what wakes it (one of these)")
    woken.add_argument(
        "--http", metavar='"POST /path"', help="a call: GET, POST, PUT or DELETE; the path may hold {id}"
    )
    woken.add_argument("--on", metavar="TOPIC", action=_Topic, default=[], help="events of a topic (repeatable)")
    woken.add_argument("--every", metavar='"*/5 * * * *"', help="a schedule: minute, hour, day, month, weekday, in UTC")
    parser.add_argument(
        "--publishes",
        metavar="TOPIC",
        action=_Topic,
        default=[],
        help="a topic it publishes to, new or not (repeatable)",
    )
    parser.add_argument(
        "--type",
        metavar="TYPE",
        action=_Type,
        help="the event type of the topic before it, where that is not one of ours",
    )
    parser.add_argument(
        "--does", metavar="TEXT", help="what it does, in a few words, for docstrings and README's table"
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="show what would be written, as a diff, and write nothing"
    )


def run(arguments: argparse.Namespace) -> None:
    from functions.scaffold.command import new

    on: Sequence[tuple[str, str | None]] = [(topic, kind) for topic, kind in arguments.on]
    publishes = [(topic, kind) for topic, kind in arguments.publishes]
    wanted = {
        "http": arguments.http,
        "on": on,
        "every": arguments.every,
        "publishes": publishes,
        "does": arguments.does,
    }
    new(arguments.name, dry_run=arguments.dry_run, **wanted)
