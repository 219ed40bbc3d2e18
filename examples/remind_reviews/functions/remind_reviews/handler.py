"""Takes a schedule's `ping`: tells of every learner who has topics to review, once a day for each of them."""

import time
from functools import partial

from functions.learning.reviews import due
from functions.learning.streak import day_of
from functions.runtime.errors import Unavailable
from functions.runtime.ports import Ports, Received, Stored, Write
from functions.usecases.events import Ping, ReviewsDue
from functions.usecases.learners import commit_learner, learner_from, learner_key, load_learner, until_committed
from functions.usecases.own_documents import own_key
from functions.usecases.publishing import Outgoing, outgoing, publish

NAME = "remind-reviews"
AT_ONCE = 20  # documents of learners in one call: daprd answers at most 4 MB
LONG_ENOUGH = 30.0  # seconds: a run ends well before Knative's timeout of 60


async def remind_reviews(ports: Ports, event: Received[Ping]) -> None:
    """Raises Unavailable when it did not come to the end: the next run finds the others, and these reminded."""
    ends, after, learners = time.monotonic() + LONG_ENOUGH, "", learner_key("")
    while page := await ports.documents.page(learners, after, AT_ONCE):
        if time.monotonic() > ends:
            raise Unavailable("Not all learners were looked at; the schedule comes again.")
        for after, value in page.items():
            user_id = after.removeprefix(learners)
            if due(learner_from(Stored(value, ""), user_id).reviews, event.now):
                await publish(ports, await until_committed(partial(_remind, ports, user_id, event)))


async def _remind(ports: Ports, user_id: str, event: Received[Ping]) -> list[Outgoing]:
    learner, stored = await load_learner(ports.documents, user_id)
    own, today = own_key(NAME, user_id), day_of(event.now, learner.timezone).isoformat()
    found = await ports.documents.load(own)
    topics = due(learner.reviews, event.now)
    if not topics or (own in found and found[own].value["reminded_on"] >= today):
        return []
    data = ReviewsDue(user_id=user_id, topics=topics, timestamp=event.now)
    told = outgoing(data, source=NAME, subject=user_id, user_id=user_id, facts=(user_id, today), now=event.now)
    return await commit_learner(ports, learner, stored, [told], also=[Write(own, {"reminded_on": today})])
