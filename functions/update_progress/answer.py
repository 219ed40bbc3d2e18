"""The answer to one update: the figures, what changed, and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from functions.learning import next_step, streak
from functions.learning.curriculum import course
from functions.learning.facts import PROGRESS, VOID, Fact
from functions.learning.learner import Learner
from functions.learning.mastery import Mastery, mastery_by_topic
from functions.learning.struggle import Sighting
from functions.update_progress.models import (
    Change,
    LessonProgress,
    MasteryChange,
    RecordedEvidence,
    Step,
    Streak,
    Struggle,
)


@dataclass(frozen=True)
class Figures:
    """A learner's figures at one moment, to be compared with those of another. `mastery`: of some topics."""

    mastery: dict[str, Mastery]
    lessons: dict[str, tuple[float, str]]  # percentage and status
    streak: int
    active_on: date | None

    @classmethod
    def of(cls, learner: Learner, topics: Iterable[str]) -> "Figures":
        return cls(
            mastery_by_topic(learner, course(), topics),
            {e.lesson_id: (e.progress_percentage, e.status) for e in learner.lessons.values()},
            streak.at_last_activity(learner.days),
            learner.days[-1][1] if learner.days else None,
        )

    def lesson(self, lesson_id: str) -> tuple[float, str]:
        return self.lessons.get(lesson_id, (0.0, "not_started"))


def answer_for(
    before: Figures,
    after: Figures,
    learner: Learner,
    facts: Sequence[Fact],
    sightings: Sequence[Sighting],
    known: bool,
    now: datetime,
) -> LessonProgress:
    entry = learner.lessons[facts[0].lesson_id]
    old, new = before.mastery.get(entry.topic or ""), after.mastery.get(entry.topic or "")
    step = next_step.after(learner, course(), entry, now)
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
        changes=_changes(before, after, entry.lesson_id, old, new, facts),
        evidence=[RecordedEvidence(evidence_id=f.id, kind=f.kind) for f in facts if f.kind != PROGRESS],
        struggle=[
            Struggle(
                alert_id=s.alert.alert_id,
                trigger=s.alert.trigger,
                severity=s.alert.severity,
                topic=s.alert.topic,
                new=s.new,
            )
            for s in sightings
        ],
        streak=Streak(
            current=streak.current(learner.days, streak.day_of(now, learner.timezone)),
            longest=streak.longest(learner.days, learner.longest_before),
        ),
        next_step=Step(action=step.action, topic=step.topic, reason=step.reason),
    )


def _changes(
    before: Figures, after: Figures, lesson_id: str, old: Mastery | None, new: Mastery | None, facts: Sequence[Fact]
) -> list[Change]:
    (was_at, was), (is_at, status) = before.lesson(lesson_id), after.lesson(lesson_id)
    report = f"reported for {facts[0].at:%Y-%m-%d %H:%M} UTC"
    compared = [
        ("progress_percentage", was_at, is_at, report),
        ("status", was, status, report),
        ("mastery", old.score if old else None, new.score if new else None, _why(facts)),
        ("level", old.level.name if old else None, new.level.name if new else None, _why(facts)),
        ("streak", before.streak, after.streak, "consecutive days with an update"),
        ("active_on", before.active_on, after.active_on, "the last day with an update"),
    ]
    return [Change(field=f, before=b, after=a, reason=why) for f, b, a, why in compared if b != a]


def _why(facts: Sequence[Fact]) -> str:
    if facts[0].kind == VOID:
        return f"evidence taken back by {facts[0].data['by']}: {facts[0].data['reason']}"
    kinds = sorted({fact.kind for fact in facts if fact.kind != PROGRESS})
    return f"new evidence: {', '.join(kinds)}" if kinds else "the streak counts for consistency"
