"""What a learner's lessons may cost in a day: reserved before a model is asked, corrected to what it cost afterwards.

One document for each learner and day, which goes away by itself; guarded by its ETag, so that two lessons at once
cannot spend the same tokens.
"""

from datetime import datetime

from functions.runtime.ports import ABSENT, Documents, Write
from functions.usecases.drafts import KEPT_DAYS, budget_key
from functions.usecases.learners import forgotten_in, learner_key, until_committed


class Budget:
    """One learner's tokens of the day on which their lesson was begun."""

    def __init__(self, documents: Documents, user_id: str, daily: int, now: datetime) -> None:
        self._documents, self._user_id, self._daily, self._now = documents, user_id, daily, now
        self._key = budget_key(user_id, now.date())

    async def reserve(self, tokens: int) -> bool:
        """Takes the tokens, if there are as many left. Raises Unavailable."""

        async def decide() -> bool:
            own = learner_key(self._user_id)
            stored = await self._documents.load(self._key, own)
            forgotten = forgotten_in(stored.get(own))
            if forgotten is not None and forgotten >= self._now:
                return False  # meanwhile: nothing of them may be written any more
            found = stored.get(self._key)
            spent = found.value["tokens"] + tokens if found else tokens
            if spent > self._daily:
                return False
            await self._commit(spent, found.etag if found else ABSENT)
            return True

        return await until_committed(decide)

    async def settle(self, reserved: int, cost: int) -> None:
        """Gives back what was not used. Raises Unavailable; then it stays reserved, for that day."""

        async def decide() -> None:
            found = (await self._documents.load(self._key)).get(self._key)
            if found is not None:  # otherwise the learner was forgotten, or the day is long over
                await self._commit(max(0, found.value["tokens"] - reserved + cost), found.etag)

        if reserved != cost:
            await until_committed(decide)

    async def _commit(self, tokens: int, guard: str) -> None:
        await self._documents.commit(Write(self._key, {"tokens": tokens}, guard, KEPT_DAYS * 86_400))
