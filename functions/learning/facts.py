"""The ledger's lines: facts, each a flat JSON object that is never changed once written.

An update is one fact of kind `progress`; each piece of its evidence is another. All figures are folded from them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from functions.learning.learner import Key, written

PROGRESS, VOID = "progress", "void"
COMPONENT = {"exercise": "exercises", "quiz": "quiz", "code_quality": "code_quality"}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line. `data` is what its kind has besides: for a quiz its graded score, for an exercise its counts."""

    id: str
    at: datetime
    kind: str
    lesson_id: str
    topic: str | None
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> Key:
        return self.at, self.id

    @property
    def component(self) -> str | None:
        """The component of mastery that it is evidence for."""
        return COMPONENT.get(self.kind)

    @property
    def score(self) -> float | None:
        """0-100: what a quiz was graded with, the share of an exercise's tests that passed, a code quality."""
        if self.kind == "exercise":
            return 100 * float(self.data["passed_tests"]) / float(self.data["total_tests"])
        score = self.data.get("score")
        return None if score is None else float(score)

    @property
    def passed(self) -> bool:
        """An exercise counts as passed when one attempt passed all its tests."""
        return self.kind == "exercise" and self.data["passed_tests"] == self.data["total_tests"]


OWN = ("id", "at", "kind", "lesson_id", "topic")


def line_of(fact: Fact) -> dict[str, Any]:
    """As the ledger keeps it."""
    own = {"id": fact.id, "at": written(fact.at), "kind": fact.kind, "lesson_id": fact.lesson_id}
    return own | ({"topic": fact.topic} if fact.topic else {}) | fact.data


def fact_of(line: dict[str, Any]) -> Fact:
    """The fact that a line keeps."""
    data = {name: value for name, value in line.items() if name not in OWN}
    at = datetime.fromisoformat(line["at"]).astimezone(UTC)
    return Fact(line["id"], at, line["kind"], line["lesson_id"], line.get("topic"), data)


def voided(facts: Iterable[Fact]) -> set[str]:
    """Ids of the evidence that was taken back."""
    return {fact.data["evidence_id"] for fact in facts if fact.kind == VOID}


def in_order(facts: Iterable[Fact]) -> list[Fact]:
    """By when they happened, those of one moment by id (spec section 4)."""
    return sorted(facts, key=lambda fact: fact.key)
