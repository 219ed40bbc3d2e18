"""One question to the model, paid for: reserved before it is asked, corrected to what it cost, however it ends."""

import asyncio
from contextlib import suppress
from datetime import datetime

from functions.model.budget import Budget
from functions.model.prompting import Prompt
from functions.model.reasons import DAILY_BUDGET, FAILED, LESSON_BUDGET
from functions.runtime.errors import Conflict, NoAnswer, Unavailable
from functions.runtime.ports import Documents, Meter, Model
from functions.runtime.telemetry import log


class Asker:
    """Asks for one lesson of one learner, as long as the lesson's tokens and the learner's of that day last."""

    def __init__(self, model: Model, documents: Documents, user_id: str, now: datetime) -> None:
        self._model, self._left = model, model.settings.lesson_tokens
        self._budget = Budget(documents, user_id, model.settings.daily_tokens, now)

    async def ask(self, prompt: Prompt) -> str:
        """Raises NoAnswer."""
        limit, sent, meter = self._model.settings.answer_tokens, Meter(), Meter()
        for message in prompt.messages:
            sent.add(message.text)
        most = sent.tokens + limit
        if most > self._left:
            raise NoAnswer(LESSON_BUDGET)
        self._left -= most  # before anything is awaited: the other parts ask at the same time
        reserving = asyncio.create_task(self._reserve(most))  # of its own: who gives up has to know what it came to
        try:
            if not await asyncio.shield(reserving):
                raise NoAnswer(DAILY_BUDGET)
            return await self._model.language.ask(prompt.messages, prompt.schema, limit, meter)
        finally:
            self._left += most - meter.tokens
            with suppress(NoAnswer):
                if await reserving:
                    await self._settle(most, meter.tokens)

    async def _reserve(self, tokens: int) -> bool:
        try:
            return await self._budget.reserve(tokens)
        except (Unavailable, Conflict):
            raise NoAnswer(FAILED) from None

    async def _settle(self, reserved: int, cost: int) -> None:
        try:
            await self._budget.settle(reserved, cost)
        except (Unavailable, Conflict):
            log.warning("what a model did not use stays reserved for today")
