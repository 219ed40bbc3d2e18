"""The typed output: what a model is asked to write, in the terms of the curriculum's own source schema.

A model fills in what it is asked for; what is ours (ids, difficulty, whether an exercise counts for mastery) is added
here, so that it cannot be chosen by it.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from functions.learning.curriculum import Example, Exercise, Misconception, Question
from functions.model.reasons import NOT_JSON, TOO_FEW, TOO_LONG, WRONG_SHAPE, Refused
from functions.proof.schema import ExampleSource, ExerciseSource, MisconceptionSource, QuestionSource, Text
from functions.proof.source import example_of, exercise_of, question_of
from functions.usecases.lesson_documents import OWN

ANSWER_BYTES = 64 * 1024
Item = str | Example | Exercise | Misconception | Question


class ReadingSource(BaseModel):
    """An explanation, in Markdown."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    text: Text


@dataclass(frozen=True)
class Slot:
    """A place in the lesson that the model may fill instead of `item`, the curriculum's."""

    number: int
    item: Item

    @property
    def level(self) -> str:
        return getattr(self.item, "difficulty_level", "beginner")


SOURCES: dict[str, type[BaseModel]] = {
    "reading": ReadingSource,
    "examples": ExampleSource,
    "pitfalls": MisconceptionSource,
    "exercises": ExerciseSource,
    "quiz": QuestionSource,
}
OURS = ("id", "core", "difficulty", "level", "revisits", "errors", "needs")  # not asked for
# What JSON Schema can say and a strict response format may not (OpenAI's guide to structured outputs).
NOT_ON_THE_WIRE = ("default", "maxItems", "maxLength", "minItems", "minLength", "pattern", "title")


def wire_schema(part: str) -> dict[str, Any]:
    """The JSON Schema of an answer: an object with a list of items, all of whose fields have to be there."""
    schema = SOURCES[part].model_json_schema()
    definitions = {name: _plain(inner) for name, inner in schema.pop("$defs", {}).items()}
    wanted = _object({"items": {"type": "array", "items": _plain(schema)}})
    return wanted | ({"$defs": definitions} if definitions else {})


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in schema.items() if name not in NOT_ON_THE_WIRE}
    kept.pop("description", None)
    if kept.get("type") == "object":
        fields = {name: _plain(inner) for name, inner in schema["properties"].items() if name not in OURS}
        if "prompt" in fields:  # of a question: what it claims is compared with what its code does
            fields["prints"] = {"type": "string"}
        return _object(fields)
    if "items" in kept:
        kept["items"] = _plain(kept["items"])
    if "anyOf" in kept:
        kept["anyOf"] = [_plain(inner) for inner in kept["anyOf"]]
    return kept


def _object(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}


def items_in(text: str) -> list[Any]:
    """The list in an answer, bare or in the one fence that many models put around it. Raises Refused."""
    if len(text.encode()) > ANSWER_BYTES:
        raise Refused(TOO_LONG, "The answer was too long.")
    bare = text.strip()
    if bare.startswith("```json\n") and bare.endswith("```"):
        bare = bare[8:-3]
    try:
        found = json.loads(bare)
    except (ValueError, RecursionError) as error:
        raise Refused(NOT_JSON, "The answer was not one JSON object and nothing else.") from error
    if not isinstance(found, dict) or list(found) != ["items"] or not isinstance(found["items"], list):
        raise Refused(WRONG_SHAPE, "The answer has to be an object with one field, `items`, a list.")
    return found["items"]


@dataclass(frozen=True)
class Draft:
    """An item that fits the schema, not yet checked. `prints`: of a question, what its author says its code prints."""

    item: Item
    prints: str = ""


def draft_of(part: str, slot: Slot, written: Any) -> Draft:
    """What a model wrote for a slot, as the domain's own type. Raises Refused."""
    if not isinstance(written, dict):
        raise Refused(WRONG_SHAPE, "Each item has to be an object.")
    if ours := [name for name in OURS if name in written]:
        raise Refused(WRONG_SHAPE, f"Unknown fields: {', '.join(ours)}.")
    given = dict(written)
    prints = given.get("prints")
    if part == "quiz" and given.get("type") != "fill_blank":
        given.pop("prints", None)  # the schema of the sources has it for blanks only
    given |= _added(part, slot, written)
    try:
        source = SOURCES[part].model_validate(given)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)[:5])
        raise Refused(WRONG_SHAPE, told) from None
    if part == "quiz" and not (isinstance(prints, str) and prints.strip()):
        raise Refused(WRONG_SHAPE, "prints: say what the code prints.")
    return Draft(_item(source), str(prints or ""))


def _added(part: str, slot: Slot, written: dict[str, Any]) -> dict[str, Any]:
    if part == "examples":
        return {"level": slot.level}
    if part not in ("exercises", "quiz"):
        return {}
    # of the content: the same item has the same id, and no author can choose one that means something
    digest = hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()[:16]
    added: dict[str, Any] = {"id": OWN + digest, "difficulty": slot.level}
    if part == "quiz" and isinstance(written.get("options"), list):
        added["options"] = [
            option | {"id": letter} if isinstance(option, dict) else option
            for letter, option in zip(ascii_lowercase, written["options"], strict=False)
        ]
    return added


def _item(source: BaseModel) -> Item:
    match source:
        case ExampleSource():
            return example_of(source)
        case ExerciseSource():
            return exercise_of(source)
        case QuestionSource():
            return question_of(source)
        case MisconceptionSource():
            return Misconception(source.belief, source.correction, ())
    assert isinstance(source, ReadingSource)
    return source.text


def missing(slots: Sequence[Slot], items: Sequence[Any]) -> dict[Slot, Refused]:
    """The slots that nothing was written for."""
    return {slot: Refused(TOO_FEW, "It is missing.") for slot in slots[len(items) :]}
