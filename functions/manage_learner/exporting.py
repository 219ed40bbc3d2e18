"""Everything held about one learner as one JSON text, in an order that is always the same.

All of it is read before the first of it is sent: an answer is whole, or it is an error that says so.
"""

from dataclasses import asdict
from datetime import datetime

from pydantic import TypeAdapter

from functions.learning import streak
from functions.learning.curriculum import course
from functions.learning.facts import Fact, line_of
from functions.learning.learner import Alert, Learner, counts
from functions.learning.levels import level_of
from functions.learning.mastery import mastery_by_topic, mean_score
from functions.manage_learner.holdings import RECORDS, Holdings, holdings_of, own_lessons
from functions.manage_learner.models import (
    Figures,
    IdempotencyRecord,
    LearnerExport,
    ListedIn,
    TopicFigures,
    Unpublished,
)
from functions.runtime.errors import Conflict, NotFound
from functions.runtime.models import rfc3339
from functions.runtime.ports import Json, Ports
from functions.usecases.alert_models import alert_answer
from functions.usecases.learners import (
    bring_up_to_date,
    load_alerts,
    load_learner,
    load_ledger,
    reopen_topics,
    until_committed,
)
from functions.usecases.lesson_models import public_lesson

# shown whole, of all segments, beside the document
ELSEWHERE = (
    "lessons", "sealed_lessons", "ledger", "ledger_segments", "alerts", "resolved_alerts", "alert_segments",
)  # fmt: skip
_DOCUMENT = TypeAdapter(dict[str, object])


async def exported(ports: Ports, user_id: str) -> list[str]:
    """The text, in parts. Raises NotFound when nothing is known, or nothing any more."""

    async def read() -> tuple[Holdings, list[Fact], list[Alert]]:
        held = await holdings_of(ports, user_id)
        await reopen_topics(ports.documents, held.learner, held.learner.topics)
        await bring_up_to_date(ports.documents, held.learner)
        facts, alerts = (
            await load_ledger(ports.documents, held.learner),
            await load_alerts(ports.documents, held.learner),
        )
        _, now = await load_learner(ports.documents, user_id)
        if now != held.stored:  # an entry may have moved between two segments while they were read
            raise Conflict("the learner's document changed while it was read")
        return held, facts, alerts

    held, facts, alerts = await until_committed(read)
    # as texts: the objects of a thousand lessons would not fit into this function's memory
    lessons = [f",{public_lesson(lesson).model_dump_json()}" async for lesson in own_lessons(ports.documents, held)]
    elsewhere = lessons or held.events or held.records or held.own or held.classes or held.drafts or held.budgets
    if _is_blank(held.learner) and not elsewhere:
        raise NotFound(_unknown(held.learner))
    text = _without_lessons(held, facts, alerts, ports.now()).model_dump_json()
    return [text.removesuffix("]}"), *(part[number == 0 :] for number, part in enumerate(lessons)), "]}"]


def _is_blank(learner: Learner) -> bool:
    """A tombstone, or no document at all."""
    return learner == Learner(learner.user_id, learner.version, forgotten_at=learner.forgotten_at)


def _unknown(learner: Learner) -> str:
    if learner.forgotten_at is None:
        return f"Nothing is known of a learner {learner.user_id}."
    return f"The learner {learner.user_id} was forgotten at {rfc3339(learner.forgotten_at)}; nothing else is held."


def _without_lessons(held: Holdings, facts: list[Fact], alerts: list[Alert], now: datetime) -> LearnerExport:
    learner = held.learner
    document = _DOCUMENT.dump_python(asdict(learner), mode="json") if held.stored else None
    return LearnerExport(
        user_id=learner.user_id,
        exported_at=now,
        figures=_figures(learner) if held.stored else None,
        document={k: v for k, v in document.items() if k not in ELSEWHERE} if document else None,
        lesson_entries=[_DOCUMENT.dump_python(asdict(entry), mode="json") for entry in held.entries],
        facts=[line_of(fact) for fact in facts],
        alerts=[alert_answer(learner.user_id, alert) for alert in alerts],
        classes=[ListedIn(**_only(stored.value, "class_id", "title")) for _, stored in sorted(held.classes.items())],
        idempotency_records=[_record(key, record) for key, record in sorted(held.records.items())],
        own=dict(sorted(held.own.items())),
        model_tokens={key[-10:]: value["tokens"] for key, value in sorted(held.budgets.items())},
        drafts=[draft["items"] for _, draft in sorted(held.drafts.items())],
        unpublished_events=[
            Unpublished(**_only(row, "topic", "created_at", "event"))
            for _, row in sorted(held.events.items(), key=lambda item: (item[1]["created_at"], item[0]))
        ],
        lessons=[],
    )


def _figures(learner: Learner) -> Figures:
    mastery = mastery_by_topic(learner, course())
    overall = mean_score(found.score for found in mastery.values())
    topics = {
        topic_id: TopicFigures(
            mastery=found.score, level=found.level.name, components=found.components, coverage=found.coverage
        )
        for topic_id, found in sorted(mastery.items())
    }
    return Figures(
        overall_mastery=overall,
        level=level_of(overall).name if overall is not None else None,
        topics=topics,
        lessons=counts(learner),
        longest_streak=streak.longest(learner.days, learner.longest_before),
    )


def _record(key: str, record: Json) -> IdempotencyRecord:
    function, _, rest = key.removeprefix(RECORDS).partition(":")
    return IdempotencyRecord(function=function, key_hash=rest.rpartition(":")[2], result=record["result"])


def _only(value: Json, *names: str) -> Json:
    return {name: value[name] for name in names}
