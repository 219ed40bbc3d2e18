"""An event made by hand: from data, which is checked as its handlers check it, or a whole CloudEvent."""

import json
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from functions.refused import Refused
from functions.runtime.errors import BadEvent
from functions.runtime.events import DEEPEST, STRUCTURED, EventData, decode, new_event
from functions.runtime.ports import Json
from functions.runtime.receive import checked
from functions.runtime.strict_json import parse
from functions.usecases.events import ALL


def read(text: str | None, file: str) -> Any:
    """JSON from the command line, a file, or (`-`) standard input. Raises Refused."""
    where = "--json" if text is not None else "standard input" if file == "-" else file
    try:
        raw = text.encode() if text is not None else sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return parse(raw, DEEPEST)
    except OSError as error:
        raise Refused(f"{where}: {error.strerror}") from error
    except ValueError as error:
        raise Refused(f"{where} is not JSON: {error}") from error


def made(kind: str, data: Any) -> tuple[str, str, Json]:
    """Topic, key and an event of this type (or of this topic's). Raises Refused."""
    model = next((model for model in ALL if kind in (model.type_name, model.topic_name)), None)
    if model is None:
        raise Refused(f"there is no event type {kind}; there are {', '.join(each.type_name for each in ALL)}")
    try:
        valid = model.model_validate(data)
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc'])) or 'data'}: {e['msg']}" for e in error.errors()]
        schema = f"docs/contracts/events/{model.type_name}.json"
        raise Refused("\n  ".join([f"this is no {model.type_name} ({schema}):", *problems])) from error
    key = str(getattr(valid, "user_id", ""))
    subject = str(getattr(valid, "lesson_id", key)) if model.topic_name == "lesson-generated" else key
    now = datetime.now(UTC)
    event = new_event(valid, source="events", subject=subject, key=key, facts=(uuid.uuid4(),), time=now)
    return model.topic_name, key, event


def whole(event: Any, topic: str | None) -> tuple[str, str, Json]:
    """Topic, key and the event as it was given, or as `show` tells it. Raises Refused."""
    if isinstance(event, dict) and isinstance(event.get("event"), dict):
        event, topic = event["event"], topic or str(event.get("topic", ""))
    try:
        decoded = decode({"content-type": STRUCTURED}, json.dumps(event).encode())
        model = model_of(decoded.get_type())
        if model:
            checked(model, decoded)
    except BadEvent as error:
        raise Refused(str(error)) from error
    if not topic and not model:
        raise Refused(f"nobody takes events of type {decoded.get_type()}; --topic says where it shall go")
    return topic or (model.topic_name if model else ""), str(event.get("partitionkey", "")), event


def model_of(kind: str) -> type[EventData] | None:
    return next((model for model in ALL if model.type_name == kind), None)


def renewed(event: Json) -> Json:
    """Another event with the same content."""
    return event | {"id": str(uuid.uuid4()), "time": datetime.now(UTC).isoformat()}
