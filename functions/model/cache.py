"""What a model wrote and was proved, kept by all that was sent for it: the same question is not paid for twice.

An entry is everybody's, unless the question held words of a learner's: then it is theirs, under their id, and goes
when they are forgotten.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from datetime import datetime
from typing import Any

from functions.learning.curriculum.loader import content_from
from functions.model.sources import Item
from functions.runtime.ports import Documents, Json, Write
from functions.usecases.learners import forgotten_at

FIELDS = {"examples": "examples", "exercises": "exercises", "quiz": "quiz", "pitfalls": "misconceptions"}
NOTHING: Json = {"topic_id": "", "explanation": {}, "recap": "", "proof": None} | {name: [] for name in FIELDS.values()}


@dataclass(frozen=True)
class Entry:
    """Proved items by slot, and why the others are missing."""

    items: Mapping[int, Item]
    refused: Mapping[int, str]


async def recall(documents: Documents, key: str, part: str) -> Entry | None:
    """Raises Unavailable."""
    found = (await documents.load(key)).get(key)
    if found is None:
        return None
    numbers, kept = [int(number) for number in found.value["items"]], list(found.value["items"].values())
    items = dict(zip(numbers, _restored(part, kept), strict=True))
    return Entry(items, {int(number): why for number, why in found.value["refused"].items()})


async def keep(documents: Documents, key: str, entry: Entry, days: int, owner: str | None, since: datetime) -> None:
    """Raises Unavailable. Keeps nothing of a learner who was forgotten since they asked."""
    if owner:
        forgotten = await forgotten_at(documents, owner)
        if forgotten is not None and forgotten >= since:
            return
    value = {
        "items": {str(number): asdict(item) if is_dataclass(item) else item for number, item in entry.items.items()},
        "refused": {str(number): why for number, why in entry.refused.items()},
    }
    await documents.commit(Write(key, value, ttl_seconds=days * 86_400))


def _restored(part: str, kept: list[Any]) -> Iterable[Item]:
    if part == "reading":
        return kept
    found: Iterable[Item] = getattr(content_from(NOTHING | {FIELDS[part]: kept}), FIELDS[part])
    return found
