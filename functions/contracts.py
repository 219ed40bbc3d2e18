"""`learnflow contracts`: the OpenAPI of each function and the JSON Schema of each event, written or compared."""

import json
import sys
from pathlib import Path
from typing import Any

from functions.embedded import apps
from functions.usecases.events import ALL

FOLDER = Path(__file__).parent.parent / "docs" / "contracts"


def contracts(check: bool, folder: Path = FOLDER) -> int:
    """Exit code 1 when something is out of date and `check` forbids to write it."""
    stale = []
    for path, document in documents().items():
        text = json.dumps(document, indent=2, sort_keys=True) + "\n"
        target = folder / path
        if target.exists() and target.read_text() == text:
            continue
        stale.append(path)
        if not check:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
    for path in stale:
        sys.stdout.write(f"{path}: {'out of date; run learnflow contracts' if check else 'written'}\n")
    return 1 if check and stale else 0


def documents() -> dict[str, Any]:
    """What belongs into the folder, by path."""
    found: dict[str, Any] = {f"openapi/{name}.json": app.openapi() for name, app in apps().items()}
    for event in ALL:
        schema = event.model_json_schema(mode="serialization")
        schema |= {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:learnflow:schema:{event.type_name}",
        }
        found[f"events/{event.type_name}.json"] = schema
    return found
