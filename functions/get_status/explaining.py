"""Says where each figure comes from: its weights, its evidence, and a sentence that a parent can read."""

from collections.abc import Iterable
from typing import Any

from functions.get_status.models import ExplainedComponent, ExplainedTopic, Explanation
from functions.learning import streak
from functions.learning.curriculum import Topic, course
from functions.learning.learner import Learner, Scored, TopicRecord
from functions.learning.levels import LEVELS, Level
from functions.learning.mastery import ASSESSED, RECENCY, WEIGHTS, Mastery
from functions.runtime.models import rfc3339


def explained(learner: Learner, mastery: dict[str, Mastery], topics: Iterable[str]) -> Explanation:
    """`mastery` by topic, of those with evidence; explained are those of `topics` that are among them."""
    number = len(mastery)
    return Explanation(
        overall=f"The mean over the {number} topics that have evidence." if number else "No topic has evidence yet.",
        streak=_streak(learner),
        topics={
            topic_id: _topic(learner, course().topic(topic_id), learner.topics[topic_id], mastery[topic_id])
            for topic_id in topics
            if topic_id in mastery
        },
    )


def _topic(learner: Learner, topic: Topic, record: TopicRecord, mastery: Mastery) -> ExplainedTopic:
    told = {
        "exercises": _exercises(topic, record),
        "quiz": _quizzes(record),
        "code_quality": _code_quality(record),
        "consistency": (_streak(learner) + " Each day in a row is worth 10, at most 100.", []),
    }
    components = {
        name: ExplainedComponent(
            value=mastery.components[name],
            weight=float(weight),
            points=round(mastery.components[name] * float(weight), 2),
            reason=told[name][0],
            evidence=told[name][1],
        )
        for name, weight in WEIGHTS.items()
    }
    sum_of = " + ".join(f"{c.weight:g} x {c.value:g} {name.replace('_', ' ')}" for name, c in components.items())
    return ExplainedTopic(
        formula=f"{sum_of} = {mastery.score:g}",
        components=components,
        level_reason=_level(record, mastery),
    )


def _exercises(topic: Topic, record: TopicRecord) -> tuple[str, list[dict[str, Any]]]:
    required = topic.core_exercises
    missing = [exercise for exercise in required if exercise not in record.passed]
    evidence = [
        {"exercise_id": exercise, "evidence_id": evidence_id, "at": rfc3339(at), "counts": exercise in required}
        for exercise, (at, evidence_id) in sorted(record.passed.items())
    ]
    to_do = f"; not yet: {', '.join(missing)}" if missing else ""
    return f"{len(required) - len(missing)} of {len(required)} core exercises passed{to_do}.", evidence


def _quizzes(record: TopicRecord) -> tuple[str, list[dict[str, Any]]]:
    evidence = [{"quiz_id": quiz_id} | _scored(scored) for quiz_id, scored in sorted(record.quizzes.items())]
    older = record.older_quizzes.count
    number = len(evidence) + older
    if not number:
        return "No quiz was taken.", []
    rest = f" {older} older ones are not listed here." if older else ""
    return f"The mean of the latest attempts at {number} quiz{'zes' if number > 1 else ''}.{rest}", evidence


def _code_quality(record: TopicRecord) -> tuple[str, list[dict[str, Any]]]:
    weights = RECENCY[len(RECENCY) - len(record.code_quality) :]
    evidence = [_scored(s) | {"weight": float(w)} for s, w in zip(record.code_quality, weights, strict=True)]
    if not evidence:
        return "No code was assessed.", []
    return f"The last {len(evidence)} assessments of code, the newer the heavier.", evidence


def _level(record: TopicRecord, mastery: Mastery) -> str:
    few = [name.replace("_", " ") for name in ASSESSED if record.counts.get(name, 0) < 2]
    if mastery.capped:
        return f"At most Learning while {', '.join(few)} {'has' if len(few) == 1 else 'have'} fewer than two attempts."
    return f"{mastery.score:g} is {_range(mastery.level)}."


def _range(level: Level) -> str:
    below = LEVELS.index(level) - 1
    start = f"above {LEVELS[below].up_to:g}, " if below >= 0 else ""
    return f"{level.name}: {start}up to {level.up_to:g}"


def _streak(learner: Learner) -> str:
    if not learner.days:
        return "No active day yet."
    number, last = streak.at_last_activity(learner.days), learner.days[-1][1]
    return f"{number} day{'s' if number > 1 else ''} in a row up to {last}, the last active day ({learner.timezone})."


def _scored(scored: Scored) -> dict[str, Any]:
    return {"score": scored.score, "evidence_id": scored.evidence_id, "at": rfc3339(scored.at)}
