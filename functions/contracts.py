"""`learnflow contracts`: the OpenAPI of each function and the JSON Schema of each event, written or compared.

An event's schema may only grow: whoever reads it today must be able to read tomorrow's. Anything else is a new type.
"""

import json
import sys
from pathlib import Path
from typing import Any

from functions.embedded import apps
from functions.runtime.events import EventData
from functions.runtime.refusing import EventRefused, EventReplayed
from functions.usecases.events import ALL

EVENTS: tuple[type[EventData], ...] = (*ALL, EventRefused, EventReplayed)
LIMITS = ("minimum", "maximum", "format")
FOLDER = Path(__file__).parent.parent / "docs" / "contracts"


def contracts(check: bool, folder: Path = FOLDER) -> int:
    """Exit code 1 when an event's schema broke, or when something is out of date and `check` forbids to write it."""
    broken: list[str] = []
    stale: dict[str, str] = {}
    for path, document in documents().items():
        text = text_of(document)
        target = folder / path
        kept = target.read_text() if target.exists() else ""
        if kept and path.startswith("events/"):
            broken += [f"{path}: {problem}" for problem in incompatibilities(json.loads(kept), document)]
        if text != kept:
            stale[path] = text
    if not check and not broken:
        for path, text in stale.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
    verdict = "out of date; run learnflow contracts" if check else "written"
    sys.stdout.write("".join(f"{line}\n" for line in broken or [f"{path}: {verdict}" for path in stale]))
    return 1 if broken or (check and stale) else 0


def text_of(document: Any) -> str:
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def incompatibilities(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What a reader of the old schema would stumble over in events of the new one."""
    problems = []
    for name, schema in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            problems.append(f"{name} is gone; make a new event type instead")
        elif _without_limits(new["properties"][name], schema) != schema:
            problems.append(f"{name} is another type than before; make a new event type instead")
        elif name in old.get("required", ()) and name not in new.get("required", ()):
            problems.append(f"{name} may be absent now; make a new event type instead")
    return problems


def _without_limits(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    """Without the limits that are new: whoever read the value without them reads it with them."""
    return {name: value for name, value in new.items() if name in old or name not in LIMITS}


def documents() -> dict[str, Any]:
    """What belongs into the folder, by path."""
    found: dict[str, Any] = {f"openapi/{name}.json": app.openapi() for name, app in apps().items()}
    for event in EVENTS:
        head = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:learnflow:schema:{event.type_name}",
        }
        found[f"events/{event.type_name}.json"] = head | event.model_json_schema(mode="serialization")
    return found
