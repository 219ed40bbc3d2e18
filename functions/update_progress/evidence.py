"""Grades what came as evidence against the curriculum; nothing that a learner's front end claims exceeds its bounds."""

from collections.abc import Collection
from typing import Any

from functions.learning import progress
from functions.learning.curriculum import Topic
from functions.runtime.errors import invalid
from functions.runtime.events import stable_id
from functions.update_progress.models import Evidence, ExerciseEvidence, QuizEvidence


def graded(
    items: list[Evidence], topic: Topic, lesson_id: str, quiz_questions: Collection[str], update_id: str, path: str
) -> list[progress.Evidence]:
    """The evidence of one update, in its order. `quiz_questions`: those the lesson asks, which all count.

    Raises InvalidRequest that names the field below `path`.
    """
    return [
        _graded(item, topic, lesson_id, quiz_questions, stable_id(update_id, index), f"{path}evidence.{index}")
        for index, item in enumerate(items)
    ]


def _graded(
    item: Evidence, topic: Topic, lesson_id: str, questions: Collection[str], evidence_id: str, path: str
) -> progress.Evidence:
    facts: dict[str, Any] = item.model_dump(mode="json", exclude_none=True)
    exercise_id = getattr(item, "exercise_id", None)
    if exercise_id is not None and exercise_id not in topic.exercises:
        raise invalid(f"{path}.exercise_id", f"the topic {topic.topic_id} has no exercise {exercise_id}")
    score, quiz_id, passed = getattr(item, "score", None), None, False
    if isinstance(item, ExerciseEvidence):
        passed = _all_passed(item, topic, path)
    elif isinstance(item, QuizEvidence):
        quiz_id = item.quiz_id or lesson_id
        if item.answers is not None:
            score = _quiz_score(item.answers, topic, questions, path)
        facts |= {"quiz_id": quiz_id, "score": score}
    return progress.Evidence(
        evidence_id,
        item.kind,
        topic.topic_id,
        facts,
        score=score,
        quiz_id=quiz_id,
        exercise_id=exercise_id,
        passed=passed,
        seconds=getattr(item, "seconds", 0.0),
    )


def _all_passed(item: ExerciseEvidence, topic: Topic, path: str) -> bool:
    tests = topic.exercises[item.exercise_id].tests
    if item.total_tests != tests:
        raise invalid(f"{path}.total_tests", f"the exercise {item.exercise_id} has {tests} tests")
    return item.passed_tests == tests


def _quiz_score(answers: dict[str, Any], topic: Topic, questions: Collection[str], path: str) -> float:
    unknown = [q for q in answers if q not in topic.questions or (questions and q not in questions)]
    if unknown:
        raise invalid(f"{path}.answers", f"the quiz has no question {', '.join(unknown)}")
    right = sum(topic.questions[q].accepts(str(answer)) for q, answer in answers.items())
    return round(100 * right / len(questions or answers), 2)
