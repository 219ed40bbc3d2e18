"""Watch, list, show, send, replay: what a person does with events."""

import argparse
import asyncio
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Protocol

from functions.events import making
from functions.events.embedded import EmbeddedEvents
from functions.events.seen import Seen, coloured, line, whole
from functions.refused import Refused
from functions.runtime.events import STRUCTURED
from functions.runtime.ports import Json
from functions.runtime.visible import visible

ANSWER_SECONDS = 10


class Events(Protocol):
    """Where they are kept."""

    async def last(self, topics: Sequence[str], limit: int) -> list[Seen]: ...

    async def called(self, beginning: str) -> list[Seen]: ...

    def watch(self, topics: Sequence[str]) -> AsyncIterator[Seen | None]: ...

    def put(self, topic: str, key: str, event: Json, to: str | None) -> AsyncIterator[str | Seen]: ...


def run(arguments: argparse.Namespace) -> None:
    """Raises Refused for what cannot be done, Unavailable where nobody answers."""
    try:
        asyncio.run(_run(_events(arguments.bootstrap_servers, arguments.data), arguments))
    except KeyboardInterrupt:
        pass  # the way to end `watch`
    except BrokenPipeError:  # … | head
        sys.stderr.close()


def _events(bootstrap_servers: str | None, data: Path) -> Events:
    if not bootstrap_servers:
        return EmbeddedEvents(data)
    try:
        from functions.events.kafka import KafkaEvents
    except ImportError as error:
        raise Refused(f"{error.name} is not installed: uv run --extra kafka learnflow events …") from error
    return KafkaEvents(bootstrap_servers)


async def _run(events: Events, arguments: argparse.Namespace) -> None:
    match arguments.action:
        case "list":
            for seen in await events.last(arguments.topic, max(0, arguments.limit)):
                _write(line(seen, coloured(sys.stdout)))
        case "show":
            _write(whole(await _one(events, arguments.id)))
        case "watch":
            await watch(events, arguments.topic)
        case "send":
            given = making.read(arguments.json, arguments.file)
            sent = making.made(arguments.type, given) if arguments.type else making.whole(given, arguments.topic)
            await _put(events, *sent, to=arguments.to)
        case "replay":
            past = (await _one(events, arguments.id))[-1]
            event = making.renewed(past.event) if arguments.new_id else past.event
            if not arguments.new_id:
                _write("the same id: who handled it before takes it for a duplicate (--new-id: as another event)")
            await _put(events, past.topic, str(event.get("partitionkey", "")), event, to=arguments.to)


async def watch(events: Events, topics: Sequence[str]) -> None:
    """A line for each, until cancelled."""
    async for seen in events.watch(topics):
        if seen:
            _write(line(seen, coloured(sys.stdout)))


async def _one(events: Events, beginning: str) -> list[Seen]:
    found = await events.called(beginning)
    match len({seen.of for seen in found}):
        case 0:
            raise Refused(f"there is no event {beginning}")
        case 1:
            return found
    ids = list(dict.fromkeys(seen.id for seen in found))
    raise Refused(f"{len(ids)} events begin with {beginning!r}: {', '.join(ids[:5])}{' …' if ids[5:] else ''}")


async def _put(events: Events, topic: str, key: str, event: Json, to: str | None) -> None:
    _write(f"{event['id']}")
    if to and to.startswith(("http://", "https://")):
        _write(await asyncio.to_thread(_posted, to, event))
        return
    async with aclosing(events.put(topic, key, event, to)) as told:  # type: ignore[type-var]
        async for each in told:
            _write(visible(each) if isinstance(each, str) else line(each, coloured(sys.stdout)))


def _posted(address: str, event: Json) -> str:
    import json

    request = urllib.request.Request(address, json.dumps(event).encode(), {"Content-Type": STRUCTURED})
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            status, body = answer.status, answer.read()
    except urllib.error.HTTPError as error:
        status, body = error.code, error.read()
    except (OSError, ValueError) as error:
        raise Refused(f"{address} did not answer ({getattr(error, 'reason', error)})") from error
    return visible(f"{address} answered {status} {body.decode(errors='replace')[:1000]}".rstrip())


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
