"""The answer to one update: the figures, what changed, and why."""

from datetime import datetime

from functions.learning import next_step, streak
from functions.learning.curriculum import course
from functions.learning.learner import Learner
from functions.learning.mastery import Mastery
from functions.learning.progress import Update
from functions.update_progress.models import (
    Change,
    LessonProgress,
    MasteryChange,
    RecordedEvidence,
    Step,
    Streak,
)


def answer_for(before: Learner, learner: Learner, update: Update, known: bool, now: datetime) -> LessonProgress:
    entry = learner.lessons[update.lesson_id]
    old = next_step.levels(before, course()).get(entry.topic or "")
    new = next_step.levels(learner, course()).get(entry.topic or "")
    step = next_step.after(learner, course(), entry)
    return LessonProgress(
        user_id=learner.user_id,
        lesson_id=entry.lesson_id,
        lesson_known=known,
        progress_percentage=entry.progress_percentage,
        status=entry.status,
        last_updated=now,
        version=learner.version,
        mastery=MasteryChange(
            before=old.score if old else None,
            after=new.score if new else None,
            level=new.level.name if new else None,
            components=new.components if new else {},
            coverage=new.coverage if new else 0.0,
        ),
        changes=_changes(before, learner, update, old, new),
        evidence=[RecordedEvidence(evidence_id=e.evidence_id, kind=e.kind) for e in update.evidence],
        struggle=[],
        streak=Streak(
            current=streak.current(learner.days, streak.day_of(now, learner.timezone)),
            longest=streak.longest(learner.days),
        ),
        next_step=Step(action=step.action, topic=step.topic, reason=step.reason),
    )


def _changes(
    before: Learner, learner: Learner, update: Update, old: Mastery | None, new: Mastery | None
) -> list[Change]:
    entry, was = learner.lessons[update.lesson_id], before.lessons.get(update.lesson_id)
    report = f"reported for {update.occurred_at:%Y-%m-%d %H:%M} UTC"
    kinds = sorted({e.kind for e in update.evidence})
    evidence = f"new evidence: {', '.join(kinds)}" if kinds else "the streak counts for consistency"
    compared = [
        ("progress_percentage", was.progress_percentage if was else 0.0, entry.progress_percentage, report),
        ("status", was.status if was else "not_started", entry.status, report),
        ("mastery", old.score if old else None, new.score if new else None, evidence),
        ("level", old.level.name if old else None, new.level.name if new else None, evidence),
        (
            "streak",
            streak.at_last_activity(before.days),
            streak.at_last_activity(learner.days),
            "consecutive days with an update",
        ),
    ]
    return [Change(field=f, before=b, after=a, reason=why) for f, b, a, why in compared if b != a]
