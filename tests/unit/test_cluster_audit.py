"""The audit of the cluster's faults finds what it is there for; without these it might find nothing of anything."""

from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from tests.support.clients import Said, Told, report
from tests.support.cluster_audit import Findings, Holds, compare

LESSONS = {"maya": 1}  # an event told of a lesson; its entry is version 1


def answered(number: int) -> Said:
    answer = {"version": number + 1, "evidence": [{"evidence_id": f"fact-{number}", "kind": "time_on_task"}]}
    return Said("maya", report("maya", number), ["done"], 0.1, answer)


TOLD = Told([answered(1), answered(2)])
FACTS = [{"id": f"fact-{number}", "kind": "time_on_task"} for number in (1, 2)]
ENTRIES = {
    "elsewhere": {"lesson_id": "elsewhere", "progress_percentage": 0.2},
    "written": {"lesson_id": "written", "progress_percentage": 0},
}
LEARNER: dict[str, Any] = {"version": 3, "time_on_task_seconds": 2.0, "ledger": FACTS[1:], "lessons": ENTRIES}
DOCUMENTS: dict[str, Any] = {"learner:maya": LEARNER, "ledger:maya:0": {"entries": FACTS[:1]}}
ROWS = [{"user_id": "maya", **entry} for entry in ENTRIES.values()]
EVENTS = [{"id": f"event-{version}", "data": {"user_id": "maya", "version": version}} for version in (2, 3)]
RIGHT = Holds(DOCUMENTS, ROWS, EVENTS)


def but(**changes: Any) -> Holds:
    """What is right, but for these fields of the learner's document."""
    return replace(RIGHT, documents=DOCUMENTS | {"learner:maya": LEARNER | changes})


def test_what_was_told_and_is_held_is_in_order_also_when_kafka_has_an_event_twice() -> None:
    assert compare(TOLD, RIGHT, LESSONS) == Findings()
    assert compare(TOLD, replace(RIGHT, events=[*EVENTS, *deepcopy(EVENTS)]), LESSONS) == Findings()


@pytest.mark.parametrize(
    ("holds", "line"),
    [
        (but(ledger=[]), "maya fact fact-2"),
        (replace(RIGHT, documents={"learner:maya": LEARNER}), "maya fact fact-1"),
        (but(time_on_task_seconds=1.0), "maya seconds: 1, not 2"),
        (but(version=2), "maya version: 2, not 3"),
        (replace(RIGHT, events=EVENTS[:1]), "maya event of version 3"),
        (replace(RIGHT, rows=ROWS[:1]), "maya row of written"),
        (replace(RIGHT, outbox=["event-3"]), "event event-3 waits in the outbox"),
        (replace(RIGHT, letters=["why"]), "dead letter: why"),
    ],
)
def test_what_is_lost_is_found(holds: Holds, line: str) -> None:
    assert compare(TOLD, holds, LESSONS) == Findings(lost=[line])


@pytest.mark.parametrize(
    ("holds", "line"),
    [
        (but(ledger=[*FACTS[1:], FACTS[1]]), "maya fact fact-2"),
        (but(time_on_task_seconds=3.0), "maya seconds: 3, not 2"),
        (but(version=4), "maya version: 4, not 3"),
        (replace(RIGHT, events=[*EVENTS, EVENTS[0] | {"id": "another"}]), "maya event of version 2"),
    ],
)
def test_what_happened_twice_is_found(holds: Holds, line: str) -> None:
    assert compare(TOLD, holds, LESSONS) == Findings(twice=[line])
