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
    return Explanation(
        overall=_overall(len(mastery)),
        streak=_streak(learner),
        topics={
            topic_id: _topic(learner, course().topic(topic_id), learner.topics[topic_id], mastery[topic_id])
            for topic_id in topics
            if topic_id in mastery
        },
    )


def _overall(number: int) -> str:
    if not number:
        return "No topic has evidence yet."
    return "The score of the one topic that has evidence." if number == 1 else f"The mean over {number} topics."


def _topic(learner: Learner, topic: Topic, record: TopicRecord, mastery: Mastery) -> ExplainedTopic:
    told = {
        "exercises": _exercises(topic, record),
        "quiz": _quizzes(record),
        "code_quality": _code_quality(record),
        "consistency": (_streak(learner) + " Each day in a row counts 10, up to 100.", []),
    }
    components = {
        name: ExplainedComponent(
            value=mastery.components[name],
            weight=float(weight),
            points=round(mastery.components[name] * float(weight), 3),  # exact, so that they add up
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
    if not required:
        return "The topic has no core exercises yet.", evidence
    to_do = f" Still to pass: {_listed(missing)}." if missing else ""
    return f"{len(required) - len(missing)} of {len(required)} core exercises passed.{to_do}", evidence


def _quizzes(record: TopicRecord) -> tuple[str, list[dict[str, Any]]]:
    evidence = [{"quiz_id": quiz_id} | _scored(scored) for quiz_id, scored in sorted(record.quizzes.items())]
    older = record.older_quizzes.count
    number = len(evidence) + older
    if not number:
        return "No quiz was taken.", []
    rest = f" Only the newest {len(evidence)} are listed here." if older else ""
    if number == 1:
        return "The latest attempt at the one quiz that was taken.", evidence
    return f"The mean over {number} quizzes, each by its latest attempt.{rest}", evidence


def _code_quality(record: TopicRecord) -> tuple[str, list[dict[str, Any]]]:
    weights = RECENCY[len(RECENCY) - len(record.code_quality) :]
    evidence = [_scored(s) | {"weight": float(w)} for s, w in zip(record.code_quality, weights, strict=True)]
    if not evidence:
        return "No code was assessed.", []
    if len(evidence) == 1:
        return "The one assessment of code.", evidence
    return f"The last {len(evidence)} assessments of code; the newer one is, the more it counts.", evidence


def _level(record: TopicRecord, mastery: Mastery) -> str:
    if mastery.capped:
        few = [name.replace("_", " ") for name in ASSESSED if record.counts.get(name, 0) < 2]
        each = " each" if len(few) > 1 else ""
        return f"At most {mastery.level.name} until there are two attempts{each} at {_listed(few)}."
    return f"{mastery.score:g} is {mastery.level.name}, which is {_range(mastery.level)}."


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _range(level: Level) -> str:
    below = LEVELS.index(level) - 1
    start = f"above {LEVELS[below].up_to:g} and " if below >= 0 else ""
    return f"{start}up to {level.up_to:g}"


def _streak(learner: Learner) -> str:
    if not learner.days:
        return "No active day yet."
    number, last = streak.at_last_activity(learner.days), learner.days[-1][1]
    if number == 1:
        return f"One active day, {last} ({learner.timezone})."
    return f"{number} active days in a row, the last of them {last} ({learner.timezone})."


def _scored(scored: Scored) -> dict[str, Any]:
    return {"score": scored.score, "evidence_id": scored.evidence_id, "at": rfc3339(scored.at)}
