"""What an update tells others: its events, made of what changed."""

from collections.abc import Sequence
from datetime import datetime

from functions.learning.learner import Learner
from functions.learning.struggle import Sighting
from functions.runtime.events import EventData
from functions.update_progress.answer import Figures
from functions.update_progress.models import LessonProgress
from functions.usecases.events import ProgressUpdated, StruggleDetected
from functions.usecases.publishing import Outgoing, outgoing

NAME = "update-progress"


def events_of(
    before: Figures,
    after: Figures,
    learner: Learner,
    results: Sequence[LessonProgress],
    sightings: Sequence[Sighting],
    now: datetime,
) -> list[Outgoing]:
    """One event for each lesson in which something changed, all of them telling the learner's final state, and one for
    each alert that was opened."""
    events = []
    for lesson_id in dict.fromkeys(result.lesson_id for result in results):
        if not any(result.changes for result in results if result.lesson_id == lesson_id):
            continue
        entry = learner.lessons[lesson_id]
        known = after.mastery.get(entry.topic or "")
        data = ProgressUpdated(
            user_id=learner.user_id,
            lesson_id=lesson_id,
            topic=entry.topic,
            progress_percentage=entry.progress_percentage,
            status=entry.status,
            previous_status=before.lesson(lesson_id)[1],
            mastery=known.score if known else None,
            level=known.level.name if known else None,
            streak_days=after.streak,
            timestamp=now,
            version=learner.version,
        )
        events.append(_outgoing(data, learner, (learner.user_id, lesson_id, learner.version), now))
    opened = [_opened(learner, sighting, now) for sighting in sightings if sighting.new]
    return [*events, *opened]


def _opened(learner: Learner, sighting: Sighting, now: datetime) -> Outgoing:
    alert = sighting.alert
    data = StruggleDetected(
        alert_id=alert.alert_id,
        user_id=learner.user_id,
        lesson_id=alert.lesson_id,
        topic=alert.topic,
        trigger=alert.trigger,
        severity=alert.severity,
        evidence=alert.evidence,
        timestamp=now,
    )
    return _outgoing(data, learner, (alert.alert_id,), now)


def _outgoing(data: EventData, learner: Learner, facts: tuple[object, ...], now: datetime) -> Outgoing:
    return outgoing(data, source=NAME, subject=learner.user_id, user_id=learner.user_id, facts=facts, now=now)
