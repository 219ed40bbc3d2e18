"""The options of the command, which its help needs before anything of it is loaded."""

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--data", type=Path, default=argparse.SUPPRESS, help="directory of the state")
    where.add_argument("--bootstrap-servers", metavar="HOST:PORT,…", help="of a deployment's Kafka, instead of --data")
    some = argparse.ArgumentParser(add_help=False)
    some.add_argument("--topic", action="append", default=[], help="only of this one; may be given several times")
    to = argparse.ArgumentParser(add_help=False)
    to.add_argument("--to", metavar="FUNCTION", help="for this function alone; or the address at which it takes events")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("watch", parents=[where, some], help="a line for each event as it is handled, until Ctrl+C")
    listing = actions.add_parser("list", parents=[where, some], help="the last events, and what became of them")
    listing.add_argument("--limit", type=int, default=20, help="how many (default: %(default)s)")
    showing = actions.add_parser("show", parents=[where], help="one event, whole")
    showing.add_argument("id", metavar="ID", help="its id, or how it begins")
    send = actions.add_parser("send", parents=[where, to], help="your own: a CloudEvent, or --type with data")
    send.add_argument("file", metavar="FILE", nargs="?", default="-", help="JSON (default: standard input)")
    send.add_argument("--json", metavar="TEXT", help="instead of a file")
    send.add_argument("--type", metavar="TYPE", help="type or topic of the event that is made around the JSON")
    send.add_argument("--topic", help="for a CloudEvent of a type that nobody takes yet")
    replay = actions.add_parser("replay", parents=[where, to], help="a past event once more")
    replay.add_argument("id", metavar="ID", help="its id, or how it begins")
    replay.add_argument("--new-id", action="store_true", help="as another event: whoever knows this one acts again")
