"""What a new function publishes until somebody says better: a value for each field that the event's model asks for."""

from typing import Any

from functions.scaffold.spec import Topic


def arguments(topic: Topic, user: str, now: str, taken: Topic | None) -> str:
    """The arguments of the event's class. A field that the event taken has too is handed on."""
    if topic.model is None:
        return f"user_id={user}, timestamp={now}"  # as own_event.py.tmpl has them
    schema = topic.model.model_json_schema()
    known = taken.model.model_json_schema()["properties"] if taken and taken.model else {}
    said = []
    for name in schema["required"]:
        wanted = schema["properties"][name]
        if name in ("user_id", "timestamp"):
            value = user if name == "user_id" else now
        elif name in known and _kind(known[name]) == _kind(wanted):
            value = f"event.data.{name}"
        else:
            value = _value(wanted, now)
        said.append(f"{name}={value}")
    return ", ".join(said)


def _kind(schema: dict[str, Any]) -> tuple[object, ...]:
    return tuple(str(schema.get(key)) for key in ("type", "format", "pattern", "anyOf", "items"))


def _value(schema: dict[str, Any], now: str) -> str:
    if "anyOf" in schema:
        return "None"
    if schema.get("format") == "date-time":
        return now
    of_type = {"string": '"unknown"', "integer": str(schema.get("minimum", 0)), "number": "0.0"}
    return of_type.get(schema["type"]) or {"array": "[]", "object": "{}", "boolean": "False"}[schema["type"]]
