"""Sees that a learner is stuck, from what arrives, and opens at most one alert for each topic and trigger (section 4).

What it remembers of a topic is its `Watch`. A trigger that fired starts counting anew, so the same difficulty is seen
again only when it goes on. Unlike the figures, alerts are facts of what was seen on arrival.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from functions.learning.facts import PROGRESS, VOID, Fact
from functions.learning.learner import Alert, Learner, Watch, written
from functions.learning.says_stuck import stuck_phrase

WINDOW = timedelta(minutes=30)  # for errors and wrong answers
KEPT = 30  # errors remembered of a topic, however many kinds of them come within the window
SAME_ERROR, FAILED_IN_A_ROW, WRONG_ANSWERS = 3, 5, 3
STUCK_SECONDS = 600
LOW_QUIZ, VERY_LOW_QUIZ = 50, 25
GOOD_QUIZ = 70  # a quiz of this score or more forgives wrong answers
SEVERITY = {
    "repeated_error": "medium",
    "stuck": "medium",
    "low_quiz": "medium",
    "says_stuck": "low",
    "failed_runs": "medium",
    "wrong_answers": "medium",
}
IN_WORDS = {
    "repeated_error": "the same error again and again",
    "stuck": "more than ten minutes on one exercise",
    "low_quiz": "a quiz below 50 %",
    "says_stuck": "says that they are stuck",
    "failed_runs": "five failed runs in a row",
    "wrong_answers": "three wrong quiz answers",
}
WATCHED = {
    "repeated_error": "errors", "stuck": "time_on", "failed_runs": "failed_runs", "wrong_answers": "wrong_answers",
}  # fmt: skip
Seen = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sighting:
    """A trigger that fired; `new` is False when its alert was open already."""

    alert: Alert
    new: bool


@dataclass(frozen=True, slots=True)
class _Fired:
    trigger: str
    evidence: list[Seen]
    severity: str = ""


def detect(learner: Learner, facts: Iterable[Fact], alert_ids: Any, now: datetime) -> list[Sighting]:
    """Looks at one update's evidence in the order it was given; opens alerts in the learner's document.

    Each alert is named once, however often it was seen. `alert_ids` makes an id of (topic, trigger, evidence id).
    """
    sightings: dict[str, Sighting] = {}
    for fact in facts:
        if fact.kind in (PROGRESS, VOID) or fact.topic is None:
            continue
        watch = learner.watch.setdefault(fact.topic, Watch())
        for fired in _look(watch, fact, _passed_before(learner, fact)):
            sighting = _sighting(learner, fact, fired, alert_ids, now)
            sightings.setdefault(sighting.alert.alert_id, sighting)
        if watch == Watch():
            del learner.watch[fact.topic]
    return list(sightings.values())


def forgive(learner: Learner, alert: Alert) -> None:
    """Forgets what led to an alert that is resolved, so that the next one needs fresh evidence."""
    watch = learner.watch.get(alert.topic or "")
    if watch and alert.trigger in WATCHED:
        name = WATCHED[alert.trigger]
        setattr(watch, name, getattr(Watch(), name))


def _passed_before(learner: Learner, fact: Fact) -> bool:
    record = learner.topics.get(fact.topic or "")
    return record is not None and fact.data.get("exercise_id") in record.passed


def _sighting(learner: Learner, fact: Fact, fired: _Fired, alert_ids: Any, now: datetime) -> Sighting:
    for alert in learner.alerts:
        if (alert.topic, alert.trigger) == (fact.topic, fired.trigger):
            return Sighting(alert, new=False)
    opened = Alert(
        alert_id=alert_ids(fact.topic, fired.trigger, fact.id),
        lesson_id=fact.lesson_id,
        topic=fact.topic,
        trigger=fired.trigger,
        severity=fired.severity or SEVERITY[fired.trigger],
        evidence=fired.evidence,
        opened_at=now,
    )
    learner.alerts.append(opened)
    return Sighting(opened, new=True)


def _look(watch: Watch, fact: Fact, passed: bool) -> Iterable[_Fired]:
    match fact.kind:
        case "execution":
            return _run(watch, fact)
        case "exercise":
            return _exercise(watch, fact)
        case "quiz":
            return _quiz(watch, fact)
        case "time_on_task" if not passed:
            return _time(watch, fact)
        case "message" if phrase := stuck_phrase(fact.data["text"]):
            return [_Fired("says_stuck", [_seen(fact, phrase=phrase)])]
    return []


def _run(watch: Watch, fact: Fact) -> Iterable[_Fired]:
    if fact.data["ok"]:
        watch.errors, watch.failed_runs = [], []
        return
    error = fact.data.get("error_type")
    seen = _seen(fact, **{k: fact.data[k] for k in ("error_type", "exercise_id") if k in fact.data})
    watch.failed_runs.append(seen)
    if len(watch.failed_runs) >= FAILED_IN_A_ROW:
        yield _Fired("failed_runs", watch.failed_runs)
        watch.failed_runs = []
    if error is None:
        return
    watch.errors = _recent([*watch.errors, seen])[-KEPT:]
    same = [one for one in watch.errors if one["error_type"] == error]
    if len(same) >= SAME_ERROR:
        yield _Fired("repeated_error", same)
        watch.errors = [one for one in watch.errors if one["error_type"] != error]


def _exercise(watch: Watch, fact: Fact) -> Iterable[_Fired]:
    if fact.passed:
        watch.errors, watch.failed_runs = [], []
        watch.time_on.pop(fact.data["exercise_id"], None)
    return ()


def _quiz(watch: Watch, fact: Fact) -> Iterable[_Fired]:
    score = fact.score
    if score is not None and score < LOW_QUIZ:
        severity = "high" if score < VERY_LOW_QUIZ else ""
        yield _Fired("low_quiz", [_seen(fact, score=score)], severity)
    if score is not None and score >= GOOD_QUIZ:
        watch.wrong_answers = []
        return
    wrong = [_seen(fact, question_id=question) for question in fact.data.get("wrong", ())]
    if wrong:
        watch.wrong_answers = _recent([*watch.wrong_answers, *wrong])
        if len(watch.wrong_answers) >= WRONG_ANSWERS:
            yield _Fired("wrong_answers", watch.wrong_answers)
            watch.wrong_answers = []


def _time(watch: Watch, fact: Fact) -> Iterable[_Fired]:
    exercise = fact.data.get("exercise_id")
    if exercise is None:
        return
    spent = [*watch.time_on.get(exercise, ()), _seen(fact, exercise_id=exercise, seconds=fact.data["seconds"])]
    watch.time_on[exercise] = _merged(spent)
    if round(sum(one["seconds"] for one in spent), 3) > STUCK_SECONDS:  # to the millisecond, as time on task adds up
        yield _Fired("stuck", watch.time_on.pop(exercise))


def _merged(spent: list[Seen]) -> list[Seen]:
    """At most five pieces: a front end that reports each second must not make the document grow."""
    if len(spent) <= 5:
        return spent
    first, second, *rest = spent
    return [second | {"seconds": first["seconds"] + second["seconds"]}, *rest]


def _recent(seen: list[Seen]) -> list[Seen]:
    """Those within the window before the newest of them."""
    moments = [datetime.fromisoformat(one["at"]) for one in seen]
    newest = max(moments)
    return [one for one, at in zip(seen, moments, strict=True) if newest - at <= WINDOW]


def _seen(fact: Fact, **facts: Any) -> Seen:
    """What an alert shows of a piece of evidence: never a learner's own words (of a message, which phrase it held)."""
    return {"evidence_id": fact.id, "kind": fact.kind, "at": written(fact.at), **facts}
