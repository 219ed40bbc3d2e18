"""The parts of a lesson that a model may write: slots that hold the curriculum's items until others are proved."""

from dataclasses import dataclass, field

from functions.learning.lessons.choosing import Plan
from functions.model.sources import Item, Slot


@dataclass
class Part:
    """One part of the lesson on its way: its slots, and what has been proved for them so far."""

    name: str
    slots: list[Slot]
    items: dict[int, Item] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
    cached: bool = False

    def open(self) -> list[Slot]:
        """What is still the curriculum's."""
        return [slot for slot in self.slots if slot.number not in self.items]

    def give_up(self, why: str) -> None:
        """For every slot that is still open, unless it is known already what was wrong there."""
        self.refused |= {slot.number: why for slot in self.open() if slot.number not in self.refused}


def parts_of(plan: Plan) -> list[Part]:
    """What a model may write, in the order of reading. Core exercises are the curriculum's: mastery counts them."""
    extra = [Slot(number, exercise) for number, exercise in enumerate(plan.exercises) if not exercise.core]
    parts = [
        Part("reading", [Slot(0, plan.reading)]),
        Part("examples", [Slot(number, item) for number, item in enumerate(plan.examples)]),
        Part("pitfalls", [Slot(number, item) for number, item in enumerate(plan.pitfalls)]),
        Part("exercises", extra),
        Part("quiz", [Slot(number, item) for number, item in enumerate(plan.quiz)]),
    ]
    return [part for part in parts if part.slots]


def put(plan: Plan, part: Part) -> None:
    """Puts what was proved of a part into the lesson's plan, in the place of the curriculum's."""
    if part.name == "reading":
        plan.reading = str(part.items.get(0, plan.reading))
        return
    kept = getattr(plan, part.name)
    setattr(plan, part.name, [part.items.get(number, item) for number, item in enumerate(kept)])
