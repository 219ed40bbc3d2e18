"""What an update tells, as facts for the ledger: graded against the curriculum, and within its bounds."""

from collections.abc import Collection
from typing import Any

from functions.learning.curriculum import Course, QuestionKey, Topic, UnknownTopic
from functions.learning.facts import PROGRESS, VOID, Fact, voided
from functions.runtime.errors import invalid
from functions.runtime.events import stable_id
from functions.runtime.ports import Call, Json
from functions.update_progress.evidence_models import Evidence, ExerciseEvidence, QuizEvidence, VoidEvidence
from functions.update_progress.models import Observed
from functions.usecases.signing import signed


def facts_of(
    update: Observed, lesson_id: str, lesson: Json | None, course: Course, call: Call, update_id: str, path: str
) -> list[Fact]:
    """The update's own fact, then one for each piece of its evidence, in its order.

    `lesson`: topic and course of one written here, with its questions, or told of before. Raises InvalidRequest that
    names the field below `path`.
    """
    topic = _topic(update, lesson, course, path)
    at = update.occurred_at or call.now
    told: dict[str, Any] = {
        "course_id": lesson["course_id"] if lesson else course.course_id,
        "progress_percentage": update.percentage,
        # evidence alone begins a lesson
        "status": "in_progress" if update.evidence and update.status in (None, "not_started") else update.status,
        "achievement_metrics": (update.progress_data and update.progress_data.achievement_metrics) or None,
        "timezone": update.timezone,
    }
    data = {name: value for name, value in told.items() if value is not None}
    facts = [Fact(update_id, at, PROGRESS, lesson_id, topic.topic_id if topic else None, data)]
    for index, item in enumerate(update.evidence):
        if topic is None:
            raise invalid(f"{path}evidence", "the lesson is not known here, so evidence needs a topic")
        data = _graded(item, topic, lesson_id, lesson, f"{path}evidence.{index}")
        facts.append(Fact(stable_id(update_id, index), at, item.kind, lesson_id, topic.topic_id, data))
    return facts


def voids_of(
    update: Observed, lesson_id: str, ledger: Collection[Fact], call: Call, update_id: str, path: str
) -> list[Fact]:
    """What takes evidence back: facts of their own, signed. Raises InvalidRequest, or Forbidden for another's name."""
    kept = {fact.id: fact for fact in ledger if fact.kind not in (PROGRESS, VOID) and fact.lesson_id == lesson_id}
    gone = voided(ledger)
    facts = []
    for index, item in enumerate(update.evidence):
        if not isinstance(item, VoidEvidence):
            continue  # `Observed` has seen to it that there is none
        where = f"{path}evidence.{index}.evidence_id"
        if item.evidence_id not in kept:
            raise invalid(where, f"the lesson has no evidence {item.evidence_id}")
        if item.evidence_id in gone:
            raise invalid(where, f"the evidence {item.evidence_id} was taken back before")
        gone.add(item.evidence_id)
        data = {"evidence_id": item.evidence_id, "reason": item.reason, "by": signed(call.principal, item.by)}
        at, topic = update.occurred_at or call.now, kept[item.evidence_id].topic
        facts.append(Fact(stable_id(update_id, index), at, VOID, lesson_id, topic, data))
    return facts


def _topic(update: Observed, lesson: Json | None, course: Course, path: str) -> Topic | None:
    topic_id = lesson["topic"] if lesson else update.topic
    if lesson and update.topic not in (None, topic_id):
        raise invalid(f"{path}topic", f"the lesson's topic is {topic_id}")
    try:
        return course.topic(topic_id) if topic_id else None
    except UnknownTopic as error:
        if lesson and not update.evidence:
            return None  # of a topic that left the course a lesson can still be finished
        raise invalid(f"{path}topic", f"there is no topic {topic_id}") from error


def _graded(item: Evidence, topic: Topic, lesson_id: str, lesson: Json | None, path: str) -> dict[str, Any]:
    facts: dict[str, Any] = item.model_dump(mode="json", exclude_none=True, exclude={"kind"})
    exercise_id = getattr(item, "exercise_id", None)
    tests = _tests(exercise_id, topic, lesson)
    if exercise_id is not None and tests is None:
        raise invalid(f"{path}.exercise_id", f"the topic {topic.topic_id} has no exercise {exercise_id}")
    if isinstance(item, ExerciseEvidence):
        if item.total_tests != tests:
            raise invalid(f"{path}.total_tests", f"the exercise {item.exercise_id} has {tests} tests")
    elif isinstance(item, QuizEvidence):
        facts["quiz_id"] = item.quiz_id or lesson_id
        if item.answers is not None:
            facts |= _quiz(item.answers, topic, lesson or {}, path)
    return facts


def _tests(exercise_id: str | None, topic: Topic, lesson: Json | None) -> int | None:
    """How many tests an exercise has: one of the topic's, or one that was written for this lesson."""
    known = topic.exercises.get(exercise_id or "")
    own: int | None = (lesson or {}).get("own_tests", {}).get(exercise_id)
    return known.tests if known else own


def _quiz(answers: dict[str, Any], topic: Topic, lesson: Json, path: str) -> dict[str, Any]:
    """The score over the questions that the lesson asks (else: that were answered), and which were answered wrong.

    A question that has no key any more counts neither way. Without any that has, there is no score.
    """
    asked, known = lesson.get("questions", ()), dict(topic.questions)
    known |= {question["question_id"]: _key(question) for question in lesson.get("own_questions", ())}
    unknown = [q for q in answers if (q not in asked if asked else q not in known)]
    if unknown:
        raise invalid(f"{path}.answers", f"the quiz has no question {', '.join(unknown)}")
    keys = {q: known[q] for q in asked or answers if q in known and known[q].gradable}
    right = [q for q, key in keys.items() if q in answers and key.accepts(answers[q])]
    wrong = [q for q in answers if q in keys and q not in right]
    score = {"score": round(100 * len(right) / len(keys), 2)} if keys else {}
    return score | ({"wrong": wrong} if wrong else {})


def _key(question: Json) -> QuestionKey:
    """Of a question that was written for its lesson alone: that keeps the key, the course's index does not know it."""
    key = question["key"]
    return QuestionKey(
        question_id=question["question_id"],
        type=question["type"],
        options={option["option_id"]: option["text"] for option in question["options"]},
        correct=key["correct"],
        expected_output=key["expected_output"] if question["type"] == "code_output" else None,
        accepted=tuple(key["accepted"]),
    )
