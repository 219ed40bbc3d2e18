"""The contracts in the repository are those of the code, and the events that are sent keep to them."""

import copy
import json
from typing import Any

import jsonschema
import pytest

from functions.contracts import EVENTS, FOLDER, contracts, incompatibilities
from functions.usecases.events import LessonGenerated, ProgressUpdated, StruggleDetected
from tests.support import kafka
from tests.support.backends import new_learner
from tests.support.dapr_run import StackBackend

SCHEMA: dict[str, Any] = json.loads((FOLDER / "events" / f"{LessonGenerated.type_name}.json").read_text())


def test_the_contracts_in_the_repository_are_those_of_the_code() -> None:
    assert contracts(check=True) == 0
    assert {path.stem for path in (FOLDER / "events").iterdir()} == {event.type_name for event in EVENTS}


@pytest.mark.parametrize("change", ["remove", "retype", "make optional"])
def test_a_change_that_a_reader_would_stumble_over_is_named(change: str) -> None:
    new = copy.deepcopy(SCHEMA)
    if change == "remove":
        del new["properties"]["title"]
    elif change == "retype":
        new["properties"]["title"]["type"] = "integer"
    else:
        new["required"].remove("title")
    [problem] = incompatibilities(SCHEMA, new)
    assert problem.startswith("title ")


def test_a_schema_may_grow() -> None:
    new = copy.deepcopy(SCHEMA)
    new["properties"]["mood"] = {"type": "string"}
    new["required"].append("mood")
    assert incompatibilities(SCHEMA, new) == []


def test_a_limit_may_come_to_a_value_but_not_move() -> None:
    old = copy.deepcopy(SCHEMA)
    del old["properties"]["estimated_duration"]["maximum"]
    assert incompatibilities(old, SCHEMA) == []
    assert incompatibilities(SCHEMA, old) != []


@pytest.mark.stack
def test_the_events_on_kafka_keep_to_their_schemas(processes: StackBackend) -> None:
    user = new_learner()
    lesson = processes.post("/generate-lesson", {"user_id": user, "topic": "for-loops"}).json()
    evidence = [{"kind": "quiz", "score": 20}]
    body = {"user_id": user, "lesson_id": lesson["lesson_id"], "status": "completed", "evidence": evidence}
    processes.post("/update-progress", body).raise_for_status()
    for event in (LessonGenerated, ProgressUpdated, StruggleDetected):
        records = kafka.records(event.topic_name, lambda r: r.key == user)
        schema = json.loads((FOLDER / "events" / f"{event.type_name}.json").read_text())
        assert records
        for record in records:
            jsonschema.validate(record.value["data"], schema)
            assert record.value["dataschema"] == schema["$id"]
