"""A learner's status as xAPI 1.0.3 statements, for a Learning Record Store: the facts of `GET /status`, said its way.

Loaded only when they are asked for. The store's own `stored` and `authority` are absent, and so is a result's `null`:
xAPI has none. With a filter or a lesson, topics are those of the lessons that fit.

An account's home page is `LEARNFLOW_PUBLIC_URL` where that is set, else `urn:learnflow:accounts`. It is a part of who
the actor is: a deployment whose statements are kept sets it once and leaves it. Activities are URNs and stay what they
are wherever the functions run.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from functions.learning.curriculum import course
from functions.learning.learner import Learner, LessonEntry
from functions.learning.levels import MASTERED, PROFICIENT
from functions.learning.mastery import Mastery
from functions.runtime.events import stable_id
from functions.runtime.models import Answer, rfc3339
from functions.runtime.ports import Json

LANGUAGE, HOME = "en", "urn:learnflow:accounts"
# xAPI 1.0.3, Data 2.4.10: whoever sets the version sets 1.0.0, whatever the patch level; the note there says why.
VERSION = "1.0.0"
VERBS = "http://adlnet.gov/expapi/verbs/"
ACTIVITIES = "http://adlnet.gov/expapi/activities/"
PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"  # cmi5, 9.5.5.1: an integer, 0-100


class Statements(Answer):
    """What a store answers to a query; there is never more."""

    statements: list[dict[str, Any]]
    more: str = ""


def statements_of(
    learner: Learner, entries: list[LessonEntry], mastery: dict[str, Mastery], narrowed: bool, home: str
) -> Statements:
    """`mastery` by topic. `narrowed`: only topics of these lessons; `home`: the account's home page, or empty."""
    actor = {"objectType": "Agent", "account": {"homePage": home or HOME, "name": learner.user_id}}
    of_lessons = {entry.topic for entry in entries}
    topics = [topic_id for topic_id in sorted(mastery) if not narrowed or topic_id in of_lessons]
    lessons = (statement for entry in entries for statement in _of_lesson(actor, entry))
    passed = (_passed(actor, learner, topic_id, mastery[topic_id]) for topic_id in topics)
    return Statements(statements=[*lessons, *filter(None, passed)])


def _of_lesson(actor: Json, entry: LessonEntry) -> Iterable[Json]:
    activity = {"objectType": "Activity", "id": f"urn:learnflow:lesson:{entry.lesson_id}", "definition": _lesson(entry)}
    context = _context(entry.course_id, entry.topic)
    if entry.last_activity is not None:
        result = {"extensions": {PROGRESS: int(entry.progress_percentage)}}
        exactly = entry.progress_percentage  # two that round to one integer are still two facts
        yield _statement(actor, "progressed", activity, result, context, entry.last_activity, exactly)
    if entry.completed_at is not None:
        yield _statement(actor, "completed", activity, {"completion": True}, context, entry.completed_at)


def _passed(actor: Json, learner: Learner, topic_id: str, mastery: Mastery) -> Json | None:
    """A topic counts as passed from Proficient on: by its level, which little evidence holds down."""
    at = learner.topics[topic_id].last_activity
    if mastery.level not in (PROFICIENT, MASTERED) or at is None:
        return None
    score = {"scaled": round(mastery.score / 100, 4), "raw": mastery.score, "min": 0, "max": 100}
    result = {"score": score, "success": True}
    return _statement(actor, "passed", _topic(topic_id), result, _context(course().course_id, None), at)


def _statement(
    actor: Json, verb: str, activity: Json, result: Json, context: Json, at: datetime, *facts: object
) -> Json:
    """Its id is made of all that a store compares: names in a definition may change, the rest makes it another one."""
    said = {
        "actor": actor,
        "verb": {"id": VERBS + verb, "display": {LANGUAGE: verb}},
        "object": activity,
        "result": result,
        "context": context,
        "timestamp": rfc3339(at),
        "version": VERSION,
    }
    around = {kind: [one["id"] for one in found] for kind, found in context["contextActivities"].items()}
    compared = [actor, verb, activity["id"], result, around, said["timestamp"]]
    return {"id": stable_id("xapi", json.dumps(compared, sort_keys=True), *facts)} | said


def _context(course_id: str, topic_id: str | None) -> Json:
    around = {"grouping": [_course(course_id)]} | ({"parent": [_topic(topic_id)]} if topic_id else {})
    return {"platform": "LearnFlow", "language": LANGUAGE, "contextActivities": around}


def _lesson(entry: LessonEntry) -> Json:
    topic = course().by_id.get(entry.topic or "")
    title = entry.listed["title"] if entry.listed else topic.title if topic else entry.lesson_id
    return {"type": f"{ACTIVITIES}lesson", "name": {LANGUAGE: title}}


def _topic(topic_id: str) -> Json:
    known = course().by_id.get(topic_id)
    definition = {"type": f"{ACTIVITIES}objective", "name": {LANGUAGE: known.title if known else topic_id}}
    return {"objectType": "Activity", "id": f"urn:learnflow:topic:{topic_id}", "definition": definition}


def _course(course_id: str) -> Json:
    definition = {"type": f"{ACTIVITIES}course", "name": {LANGUAGE: course_id}}
    return {"objectType": "Activity", "id": f"urn:learnflow:course:{course_id}", "definition": definition}
