"""The typed output: what may be asked for on the wire, what is taken, and what no model can choose."""

import json
from typing import Any

import jsonschema
import pytest

from functions.learning.curriculum import Exercise, Question, content
from functions.model.reasons import NOT_JSON, TOO_LONG, WRONG_SHAPE, Refused
from functions.model.sources import SOURCES, Slot, draft_of, items_in, wire_schema
from tests.support.model_answers import items_for

MATERIAL = content("for-loops")
SLOTS: dict[str, Slot] = {
    "reading": Slot(0, MATERIAL.recap),
    "examples": Slot(0, MATERIAL.examples[-1]),
    "pitfalls": Slot(0, MATERIAL.misconceptions[0]),
    "exercises": Slot(0, next(e for e in MATERIAL.exercises if e.difficulty_level == "advanced")),
    "quiz": Slot(0, MATERIAL.quiz[0]),
}


def objects(schema: Any) -> list[dict[str, Any]]:
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    own = [schema] if isinstance(schema, dict) and schema.get("type") == "object" else []
    return own + [found for value in inner for found in objects(value)]


@pytest.mark.parametrize("part", SOURCES)
def test_a_schema_is_one_that_strict_response_formats_take(part: str) -> None:
    schema = wire_schema(part)
    jsonschema.Draft202012Validator.check_schema(schema)
    for found in objects(schema):
        assert found["additionalProperties"] is False and found["required"] == list(found["properties"])
    assert not {"minLength", "pattern", "default", "minItems"} & set(json.dumps(schema).replace('"', " ").split())


@pytest.mark.parametrize("part", SOURCES)
def test_what_fits_the_schema_on_the_wire_is_taken(part: str) -> None:
    for item in items_for(part, 3):
        jsonschema.validate({"items": [item]}, wire_schema(part))
        draft_of(part, SLOTS[part], item)


def test_ids_difficulty_and_what_counts_are_not_the_models_to_choose() -> None:
    [item] = items_for("exercises", 1)
    made = draft_of("exercises", SLOTS["exercises"], item).item
    assert isinstance(made, Exercise)
    assert (made.core, made.difficulty_level, made.exercise_id[:6]) == (False, "advanced", "model-")
    for given in ({"id": "sum-to-n"}, {"core": True}, {"difficulty": "beginner"}, {"revisits": ["lists"]}):
        with pytest.raises(Refused):
            draft_of("exercises", SLOTS["exercises"], item | given)


def test_the_same_item_has_the_same_id_and_another_has_another() -> None:
    ids = []
    for item in (*items_for("quiz", 3), *items_for("quiz", 3)):
        made = draft_of("quiz", SLOTS["quiz"], item).item
        assert isinstance(made, Question)
        ids.append(made.question_id)
    assert ids[:3] == ids[3:] and len(set(ids)) == 3


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", NOT_JSON),
        ("Certainly!", NOT_JSON),
        ('Certainly! {"items": []}', NOT_JSON),
        ("[" * 100_000, TOO_LONG),
        ("[" * 10_000, NOT_JSON),
        ("[]", WRONG_SHAPE),
        ('{"items": {}}', WRONG_SHAPE),
        ('{"items": [], "more": 1}', WRONG_SHAPE),
        (json.dumps({"items": ["x" * 70_000]}), TOO_LONG),
    ],
)
def test_an_answer_is_one_object_with_a_list_and_nothing_around_it(answer: str, why: str) -> None:
    with pytest.raises(Refused) as caught:
        items_in(answer)
    assert caught.value.why == why


def test_the_fence_that_many_models_put_around_json_is_no_harm() -> None:
    assert items_in('```json\n{"items": [1]}\n```') == [1]


@pytest.mark.parametrize("item", [None, 1, "text", [], {}, {"text": 1}, {"text": "a", "html": "b"}, {"text": " "}])
def test_an_item_of_another_shape_is_refused(item: Any) -> None:
    with pytest.raises(Refused) as caught:
        draft_of("reading", SLOTS["reading"], item)
    assert caught.value.why == WRONG_SHAPE
