"""Takes `progress-updated`: a badge for a streak of 7, 30 and 100 days, each once for a learner."""

from functions.learning.learner import remember_event
from functions.runtime.ports import Ports, Received, Write
from functions.usecases.events import BadgeAwarded, ProgressUpdated
from functions.usecases.learners import commit_learner, load_learner, until_committed
from functions.usecases.own_documents import own_key
from functions.usecases.projection import is_forgotten
from functions.usecases.publishing import Outgoing, outgoing, publish

NAME = "award-badge"
BADGES = (7, 30, 100)  # days


async def award_badge(ports: Ports, event: Received[ProgressUpdated]) -> None:
    """Any order of events, with duplicates, ends in the same badges; who was forgotten gets none."""
    user_id, at = event.data.user_id, event.data.timestamp
    earned = {days for days in BADGES if days <= event.data.streak_days}
    own = own_key(NAME, user_id)

    async def decide() -> list[Outgoing]:
        learner, stored = await load_learner(ports.documents, user_id)
        found = await ports.documents.load(own)
        had = set(found[own].value["days"]) if own in found else set()
        if earned <= had or is_forgotten(learner, event.time or at) or not remember_event(learner, event.key):
            return []
        events = [
            outgoing(
                BadgeAwarded(user_id=user_id, streak_days=days, timestamp=at),
                source=NAME, subject=user_id, user_id=user_id, facts=(user_id, days), now=event.now,
            )
            for days in sorted(earned - had)
        ]  # fmt: skip
        badges = Write(own, {"days": sorted(earned | had)})  # guarded by the learner's document, with which it goes
        return await commit_learner(ports, learner, stored, events, also=[badges])

    await publish(ports, await until_committed(decide))
