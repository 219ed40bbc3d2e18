"""Events made up from their models, for tests that only want one that is valid."""

import secrets
from typing import Any

from functions.runtime.events import EventData
from functions.runtime.models import rfc3339
from functions.runtime.ports import Json
from tests.support.fakes import NOW


def event_of(model: type[EventData], **fields: Any) -> Json:
    """A structured event with an id that no other has; of its data what has to be there, and these fields."""
    schema = model.model_json_schema()
    data = {name: _value(schema["properties"][name]) for name in schema.get("required", ())} | fields
    return {
        "specversion": "1.0",
        "id": secrets.token_hex(8),
        "source": "/tests",
        "type": model.type_name,
        "time": rfc3339(NOW),
        "data": data,
    }


def _value(schema: Json) -> Any:
    if "anyOf" in schema:  # something, or null
        return None
    by_type = {"integer": schema.get("minimum", 0), "number": 0.0, "array": [], "object": {}, "boolean": False}
    if schema.get("type") == "string":
        return rfc3339(NOW) if schema.get("format") == "date-time" else "sample"
    return by_type[schema["type"]]
