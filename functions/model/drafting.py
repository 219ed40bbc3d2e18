"""A lesson's parts drafted by a language model, all at once, while the lesson is read in order.

Whatever a model does, the lesson is whole: a part, or a single item, that it does not bring in time, within the budget
and past every check stays the curriculum's, and the lesson says so. The lesson's deadline is one for all parts.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.learning.curriculum import Content, Topic
from functions.learning.lessons.choosing import Plan
from functions.model.asking import Asker
from functions.model.cache import Entry, keep, recall
from functions.model.parts import Part, parts_of, put
from functions.model.prompting import PROMPT_VERSION, Prompt, Reader, prompt_for
from functions.model.proving import Judged, Prover
from functions.model.reasons import FAILED, TOO_LONG, TOO_SLOW, Refused
from functions.model.relevance import Subject
from functions.runtime.errors import NoAnswer, Unavailable
from functions.runtime.ports import Documents, Model
from functions.runtime.telemetry import log
from functions.usecases.drafts import cache_key


@dataclass(frozen=True)
class Commission:
    """What is to be drafted: the lesson's plan, the curriculum's until a draft takes the place of something in it."""

    user_id: str
    topic: Topic
    material: Content
    reader: Reader
    plan: Plan
    now: datetime


class Drafts:
    """The parts of one lesson."""

    def __init__(self, model: Model, documents: Documents, commission: Commission) -> None:
        self._model, self._documents, self._commission = model, documents, commission
        self._explanation = commission.plan.reading
        self._asker = Asker(model, documents, commission.user_id, commission.now)
        self._prover = Prover(Subject(commission.topic, commission.material))
        self._deadline = asyncio.get_running_loop().time() + model.settings.deadline
        self.parts = {part.name: part for part in parts_of(commission.plan)}
        self._tasks = {name: asyncio.create_task(self._write(part)) for name, part in self.parts.items()}

    async def settle(self, name: str) -> None:
        """Waits for a part, to the deadline at most, and puts what was proved of it into the plan."""
        if name not in self.parts:
            return
        task, part = self._tasks[name], self.parts[name]
        await asyncio.wait([task], timeout=max(0.0, self._deadline - asyncio.get_running_loop().time()))
        if not task.done():
            task.cancel()
            part.give_up(TOO_SLOW)
        put(self._commission.plan, part)
        for why in dict.fromkeys(part.refused.values()):
            log.info("a part of a lesson is the curriculum's", extra={"part": name, "why": why})

    async def close(self) -> None:
        """Ends what is still under way; what it reserved and did not use is given back."""
        for task in self._tasks.values():
            if not task.cancelling():  # once: what it cleans up must not be cancelled
                task.cancel()
        await asyncio.wait(self._tasks.values())
        await self._prover.ended()

    def provenance(self) -> dict[str, Any]:
        """Where each part came from, also when nothing of the model's was used."""
        used = [part for part in self.parts.values() if part.items]
        by_model = {"generator": "model", "model": self._model.settings.name, "prompt_version": PROMPT_VERSION}
        return (by_model if used else {}) | {
            "cache": "hit" if all(part.cached for part in self.parts.values()) else "miss",
            "parts": {part.name: "mixed" if part.open() else "model" for part in used},
            "fallbacks": [
                {"part": part.name, "why": why}
                for part in self.parts.values()
                for why in dict.fromkeys(why for _, why in sorted(part.refused.items()))
            ],
        }

    async def _write(self, part: Part) -> None:
        try:
            await self._draft(part)
        except NoAnswer as error:
            part.give_up(str(error))
        except Exception as error:  # a fault of ours: the lesson stands, and no words of anybody get into the log
            log.error("drafting failed", extra={"part": part.name, "error": type(error).__name__})
            part.give_up(FAILED)

    async def _draft(self, part: Part) -> None:
        """From the cache, or asked for; what does not hold is asked for once more, and told why."""
        one = self._commission
        prompt = prompt_for(part.name, part.slots, one.topic, self._explanation, one.reader)
        owner = one.user_id if prompt.private else None
        key = cache_key(prompt.digest(self._model.settings.name), owner)
        if (entry := await self._recalled(key, part.name)) is not None:
            part.items, part.refused, part.cached = dict(entry.items), dict(entry.refused), True
            return
        answer, judged = await self._attempt(part, prompt)
        if judged.refused:
            await self._attempt(part, prompt.again(answer, judged.refused))
        if part.items and self._model.settings.cache_days:
            await self._kept(key, Entry(part.items, part.refused), owner)

    async def _attempt(self, part: Part, prompt: Prompt) -> tuple[str, Judged]:
        slots = part.open()
        try:
            answer = await self._asker.ask(prompt)
            judged = await self._prover.judge(part.name, slots, answer, list(part.items.values()))
        except NoAnswer as error:
            if str(error) != TOO_LONG:
                raise
            answer, judged = "", Judged(refused={slot.number: Refused(TOO_LONG) for slot in slots})
        part.items |= judged.items
        part.refused = {number: refused.why for number, refused in judged.refused.items()}
        return answer, judged

    async def _recalled(self, key: str, part: str) -> Entry | None:
        try:
            return await recall(self._documents, key, part)
        except Unavailable:
            return None

    async def _kept(self, key: str, entry: Entry, owner: str | None) -> None:
        try:
            await keep(self._documents, key, entry, self._model.settings.cache_days, owner, self._commission.now)
        except Unavailable:
            log.warning("what a model wrote is not remembered")


@asynccontextmanager
async def drafting(model: Model, documents: Documents, commission: Commission) -> AsyncIterator[Drafts]:
    """Drafting goes on as long as the lesson is being written; who gives that up ends it."""
    drafts = Drafts(model, documents, commission)
    try:
        yield drafts
    finally:
        await drafts.close()
