"""List, show, replay: what a person does with dead letters."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from functions.dead_letters.letters import Death, Letter, Replay, put_together
from functions.refused import Refused
from functions.runtime.models import rfc3339
from functions.runtime.visible import visible


class Letters(Protocol):
    """Where they are kept."""

    async def found(self) -> list[Death | Replay]: ...

    async def replay(self, letter: Letter, topic: str, now: datetime) -> None: ...


def run(arguments: argparse.Namespace) -> None:
    """Raises Refused for what cannot be done, Unavailable where nobody answers."""
    letters = _letters(arguments.bootstrap_servers, arguments.data)
    lines = asyncio.run(_run(letters, arguments))
    # what an event holds is its sender's: it shall not move the cursor
    sys.stdout.write("".join(f"{visible(line)}\n" for text in lines for line in text.split("\n")))


def _letters(bootstrap_servers: str | None, data: Path | None) -> Letters:
    if not bootstrap_servers:
        from functions.dead_letters.embedded import EmbeddedLetters
        from functions.runtime.local import FILE

        if data is None or not (data / FILE).exists():
            raise Refused(f"there is no state in {data}; --bootstrap-servers says where a deployment's Kafka is")
        return EmbeddedLetters(data)
    try:
        from functions.dead_letters.kafka import KafkaLetters
    except ImportError as error:
        raise Refused(f"{error.name} is not installed: uv run --extra kafka learnflow dead-letters …") from error
    return KafkaLetters(bootstrap_servers)


async def _run(letters: Letters, arguments: argparse.Namespace) -> Sequence[str]:
    if arguments.action != "list" and not arguments.id and not (arguments.all and arguments.action == "replay"):
        raise Refused(f"{arguments.action} needs --id" + (" or --all" if arguments.action == "replay" else ""))
    if arguments.id and arguments.all:
        raise Refused("--id or --all, not both")
    kept = put_together(await letters.found())
    chosen = [letter for letter in kept if not arguments.id or letter.id in arguments.id]
    if unknown := set(arguments.id) - {letter.id for letter in chosen}:
        raise Refused(f"there is no dead letter {', '.join(sorted(unknown))}")
    match arguments.action:
        case "list":
            return [*map(_line, chosen), _total(chosen)]
        case "show":
            return [json.dumps(_shown(letter), indent=2, ensure_ascii=False) for letter in chosen]
    if arguments.all:
        chosen = [letter for letter in chosen if letter.waits and letter.event is not None]
    plan = [(letter, _topic(letter, arguments.topic)) for letter in chosen]  # all can go, or none does
    return [await _replayed(letters, letter, topic) for letter, topic in plan] or ["there is nothing to replay"]


def _topic(letter: Letter, asked: str | None) -> str:
    if letter.event is None:
        raise Refused(f"{letter.id} cannot be replayed: {letter.verdict}")
    if topic := asked or letter.topic:
        return topic
    raise Refused(f"it is not known where {letter.id} came from; --topic says where it shall go")


async def _replayed(letters: Letters, letter: Letter, topic: str) -> str:
    before = f"; it was replayed before, {rfc3339(max(letter.replays))}" if letter.replays else ""
    await letters.replay(letter, topic, datetime.now(UTC))
    return f"{letter.id} is back in {topic}{before}"


def _line(letter: Letter) -> str:
    state = "waits" if letter.waits else "replayed"
    by = ",".join(letter.handlers) or "?"
    columns = f"{rfc3339(letter.last)[:19]}Z", f"{state:8}", f"{letter.topic or '?':18}", f"{by:18}", letter.id
    return "  ".join((*columns, letter.reason[:300]))


def _total(letters: Sequence[Letter]) -> str:
    return f"{len(letters)} dead letters, {sum(letter.waits for letter in letters)} wait for a replay"


def _shown(letter: Letter) -> dict[str, object]:
    return {
        "id": letter.id,
        "source": letter.of[0],
        "topic": letter.topic,
        "handlers": letter.handlers,
        "reasons": letter.reasons,
        "now": letter.verdict,
        "first_given_up": rfc3339(letter.first),
        "last_given_up": rfc3339(letter.last),
        "replayed": [rfc3339(at) for at in letter.replays],
        "waits": letter.waits,
        **({"event": letter.event} if letter.event else {"text": letter.text}),
    }
