"""From an answer to items that a lesson may have: shape, text, topic, then proof by running, each item by itself.

The proof is that of the curriculum (`functions/proof`), at request time and in the strict sandbox. In addition a
question must agree with itself: what its author says that the code prints is what the code prints.
"""

import asyncio
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from functions.learning.curriculum import Example, Exercise, Question, same_output
from functions.learning.curriculum.answers import same_answer
from functions.model import checking
from functions.model.reasons import (
    CODE_FAILS,
    REPEATED,
    STARTER_PASSES,
    TOO_SHORT,
    UNPROVABLE,
    UNSTEADY,
    WEAK_TESTS,
    WRONG_KEY,
    Refused,
)
from functions.model.relevance import Subject
from functions.model.sources import Draft, Item, Slot, draft_of, items_in, missing
from functions.proof import sandbox
from functions.proof.prove import FENCED, Unproved, prove_example, prove_exercise, prove_question, prove_text, strict

SECONDS = 2.0  # for one program: somebody is waiting
SUBSTANTIAL = 1 / 3  # of the number of words of what it stands for
# What `functions/proof` says, and what that is called here; the first that fits.
SAID = (
    ("the starter already passes", STARTER_PASSES),
    ("slips in the solution", WEAK_TESTS),
    ("it prints something else each time", UNSTEADY),
    (r"with .* it prints ", WRONG_KEY),
    (r"the solution fails \w+ test \d+: expected ", WRONG_KEY),
)


@dataclass
class Judged:
    """What became of an answer, by slot."""

    items: dict[int, Item] = field(default_factory=dict)
    refused: dict[int, Refused] = field(default_factory=dict)


class Prover:
    """Judges answers for one lesson; programs run at most two at a time on a small machine."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._running: set[asyncio.Task[sandbox.Run]] = set()
        self._processors = asyncio.Semaphore(max(2, os.cpu_count() or 2))

    async def judge(self, part: str, slots: Sequence[Slot], answer: str, taken: Sequence[Item]) -> Judged:
        """Each item by itself, against its slot; `taken` is what the part has already."""
        judged = Judged()
        try:
            written = items_in(answer)
        except Refused as refused:
            judged.refused = {slot.number: refused for slot in slots}
            return judged
        judged.refused = {slot.number: refused for slot, refused in missing(slots, written).items()}
        pairs = list(zip(slots, written, strict=False))  # what is more than was asked for is dropped
        async with asyncio.TaskGroup() as group:  # one that fails for a fault of ours ends the others
            tasks = [group.create_task(self._judged(part, slot, item)) for slot, item in pairs]
        for (slot, _), result in zip(pairs, (task.result() for task in tasks), strict=True):
            if isinstance(result, Refused):
                judged.refused[slot.number] = result
            elif any(_same(result, other) for other in (*taken, *judged.items.values())):
                judged.refused[slot.number] = Refused(REPEATED, "There is the same one already.")
            else:
                judged.items[slot.number] = result
        return judged

    async def _judged(self, part: str, slot: Slot, written: Any) -> Item | Refused:
        try:
            draft = draft_of(part, slot, written)
            checking.check(draft)
            _substantial(draft.item, slot.item)
            self._subject.check(draft)
            proved = await self._prove(draft)
            checking.outputs([proved])
        except Refused as refused:
            return refused
        except Unproved as error:
            text = "; ".join(error.problems)
            return Refused(next((why for said, why in SAID if re.search(said, text)), CODE_FAILS), text[:500])
        except sandbox.SandboxUnavailable:
            return Refused(UNPROVABLE)
        return proved

    async def _prove(self, draft: Draft) -> Item:
        match draft.item:
            case str(text):
                await prove_text("text", text, self._run)
            case Example() as item:
                return await prove_example("lesson", item, self._run)
            case Exercise() as item:
                await prove_exercise("lesson", item, self._run)
            case Question() as item:
                return await self._question(item, draft.prints)
        return draft.item

    async def _question(self, question: Question, prints: str) -> Question:
        """The key by running the code, which has to be the answer that is called right."""
        if question.type == "multiple_choice":
            asked = replace(question, type="code_output")
            output = (await prove_question("lesson", asked, self._run)).expected_output or ""
            right = [option for option in question.options if same_answer(option.text, output)]
            if len(right) != 1 or not right[0].correct:
                raise Refused(WRONG_KEY, f"The program prints {output[:200]!r}: that has to be the answer.")
            proved = replace(question, expected_output=output)
        else:
            proved = await prove_question("lesson", question, self._run)
        if not same_output(prints, output := proved.expected_output or ""):
            raise Refused(WRONG_KEY, f"The program prints {output[:200]!r}, not {prints[:200]!r}.")
        return proved

    async def _run(self, code: str, stdin: str = "", *, hash_seed: int = 0, needs: str | None = None) -> sandbox.Run:
        if needs:  # no model can ask for it; and if it could, it would not be given
            return await strict(code, stdin, needs=needs)
        async with self._processors:
            running = asyncio.create_task(sandbox.run(code, stdin, hash_seed=hash_seed, seconds=SECONDS))
            self._running.add(running)
            running.add_done_callback(self._running.discard)
            return await running

    async def ended(self) -> None:
        """Waits for programs whose proof was given up: they have been killed, and are cleaned up after."""
        if self._running:
            await asyncio.wait(self._running)


def _substantial(item: Item, instead_of: Item) -> None:
    """An explanation is not a remark, and shows code where the curriculum's does. Raises Refused."""
    if isinstance(item, str) and isinstance(instead_of, str):
        if len(item.split()) < SUBSTANTIAL * len(instead_of.split()):
            raise Refused(TOO_SHORT, "It is much too short.")
        if FENCED.search(instead_of) and not FENCED.search(item):
            raise Refused(TOO_SHORT, "It shows no program.")


def _same(item: Item, other: Item) -> bool:
    if isinstance(item, Question) and isinstance(other, Question):
        return (item.prompt, item.code) == (other.prompt, other.code)
    if isinstance(item, Exercise) and isinstance(other, Exercise):
        return item.solution == other.solution
    return item == other
