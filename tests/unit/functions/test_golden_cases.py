"""The cases and edges that section 4 of the specification names, through the handler."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.get_status.handler import get_status
from functions.get_status.models import LearnerStatus, StatusQuery
from functions.learning.curriculum import Course, ExerciseFacts, course
from functions.learning.mastery import mastery_by_topic
from functions.update_progress.models import LessonProgress
from tests.support.fakes import NOW, World, lesson_for, report
from tests.support.histories import learner_after, piece, take, update

TOPIC = course().topic("for-loops")
CORE = TOPIC.core_exercises


def passed(exercise_id: str) -> dict[str, Any]:
    tests = TOPIC.exercises[exercise_id].tests
    return {"kind": "exercise", "exercise_id": exercise_id, "passed_tests": tests, "total_tests": tests}


def quiz(score: float) -> dict[str, Any]:
    return {"kind": "quiz", "quiz_id": "Q", "score": score}


def quality(score: float) -> dict[str, Any]:
    return {"kind": "code_quality", "score": score}


def answers(right: int, wrong: int) -> dict[str, Any]:
    """A quiz of that many answers, the first of them right."""
    keys = list(TOPIC.questions.values())[: right + wrong]
    correct = {key.question_id: key.correct or key.expected_output or key.accepted[0] for key in keys}
    return {"kind": "quiz", "answers": correct | {key.question_id: "nonsense" for key in keys[right:]}}


async def status(world: World) -> LearnerStatus:
    body = (await get_status(world.ports, world.call(), StatusQuery(user_id="maya"))).body
    assert isinstance(body, LearnerStatus)
    return body


# Maya


async def test_maya_reaches_60_and_after_another_try_68(world: World) -> None:
    lesson_id = (await lesson_for(world)).lesson_id
    for exercise_id, days in zip(CORE, (3, 2, 1), strict=True):
        at = NOW - timedelta(days=days)
        await report(world, lesson_id=lesson_id, occurred_at=at, evidence=[passed(exercise_id)])
    first = await report(world, lesson_id=lesson_id, evidence=[quiz(53.33)])
    assert (first.mastery.after, first.mastery.level, first.streak.current) == (60.0, "Learning", 4)
    world.now += timedelta(hours=1)
    again = await report(world, lesson_id=lesson_id, evidence=[quiz(80)])
    assert (again.mastery.before, again.mastery.after, again.mastery.level) == (60.0, 68.0, "Learning")
    assert again.mastery.components == {"exercises": 100.0, "quiz": 80.0, "code_quality": 0.0, "consistency": 40.0}
    assert again.mastery.coverage == 0.8
    assert [(c.field, c.before, c.after) for c in again.changes] == [("mastery", 60.0, 68.0)]
    assert again.changes[0].reason == "new evidence: quiz"


async def test_four_of_five_right_is_80(world: World) -> None:
    answer = await report(world, topic="for-loops", evidence=[answers(right=4, wrong=1)])
    assert answer.mastery.components["quiz"] == 80.0


# James


async def james(world: World, right: int, wrong: int) -> LessonProgress:
    return await report(world, user_id="james", topic="for-loops", evidence=[answers(right, wrong)])


async def test_james_who_gives_three_wrong_answers_has_one_alert_and_it_is_told(world: World) -> None:
    answer = await james(world, right=3, wrong=3)
    assert [(s.trigger, s.topic, s.new) for s in answer.struggle] == [("wrong_answers", "for-loops", True)]
    [event] = world.publisher.data("struggle-detected")
    assert (event["alert_id"], event["user_id"], event["lesson_id"], event["topic"], event["trigger"]) == (
        answer.struggle[0].alert_id, "james", "l1", "for-loops", "wrong_answers",
    )  # fmt: skip
    assert [piece.keys() for piece in event["evidence"]] == [{"evidence_id", "kind", "at", "question_id"}] * 3


async def test_james_whose_quiz_is_below_fifty_too_has_a_second_alert(world: World) -> None:
    answer = await james(world, right=2, wrong=3)
    assert [s.trigger for s in answer.struggle] == ["low_quiz", "wrong_answers"]
    assert len(world.publisher.data("struggle-detected")) == 2


async def test_james_who_goes_on_has_no_other_alert_and_no_other_event(world: World) -> None:
    for new in (True, False):
        answer = await james(world, right=3, wrong=3)
        assert [s.new for s in answer.struggle] == [new]
    assert len(world.publisher.data("struggle-detected")) == 1


async def test_questions_that_are_not_answered_are_wrong_for_the_score_and_no_wrong_answers(world: World) -> None:
    lesson = await lesson_for(world)
    first = TOPIC.questions[lesson.quiz[0].question_id]
    right = {first.question_id: first.correct or first.expected_output or first.accepted[0]}
    answer = await report(world, lesson_id=lesson.lesson_id, evidence=[{"kind": "quiz", "answers": right}])
    assert [s.trigger for s in answer.struggle] == ["low_quiz"]


# Levels at their edges


@pytest.mark.parametrize(
    ("exercises", "quiz_score", "quality_score", "score", "level"),
    [
        (0, 100, 45, 40.0, "Beginner"),  # 30 + 9 + 1 for the first day
        (0, 100, 45.05, 40.01, "Learning"),
        (0, 100, 47.5, 40.5, "Learning"),
        (3, 80, 25, 70.0, "Learning"),  # 40 + 24 + 5 + 1
        (3, 80, 25.05, 70.01, "Proficient"),
        (3, 80, 27.5, 70.5, "Proficient"),
        (3, 100, 95, 90.0, "Proficient"),  # 40 + 30 + 19 + 1
        (3, 100, 95.05, 90.01, "Mastered"),
        (3, 100, 97.5, 90.5, "Mastered"),
    ],
)
async def test_an_edge_belongs_to_the_level_below_it(
    world: World, exercises: int, quiz_score: float, quality_score: float, score: float, level: str
) -> None:
    pieces = [*map(passed, CORE[:exercises]), *[quiz(quiz_score)] * 2, *[quality(quality_score)] * 2]
    answer = await report(world, topic="for-loops", evidence=pieces)
    assert (answer.mastery.after, answer.mastery.level) == (score, level)


async def test_a_topic_without_evidence_has_neither_mastery_nor_level(world: World) -> None:
    answer = await report(world, topic="for-loops", status="completed")
    assert (answer.mastery.after, answer.mastery.level, answer.mastery.components) == (None, None, {})
    found = await status(world)
    assert (found.overall_mastery, found.level, found.topics_started) == (0, "Beginner", 0)


@pytest.mark.parametrize(
    ("pieces", "score", "coverage"),
    [
        ([passed(e) for e in CORE], 41.0, 0.5),
        ([quiz(100)], 31.0, 0.4),
        ([quality(100)], 21.0, 0.3),
        ([{"kind": "message", "text": "hello"}], 1.0, 0.1),
    ],
)
async def test_a_missing_component_counts_nothing_and_is_not_redistributed(
    world: World, pieces: list[dict[str, Any]], score: float, coverage: float
) -> None:
    answer = await report(world, topic="for-loops", evidence=pieces)
    assert (answer.mastery.after, answer.mastery.coverage) == (score, coverage)


@pytest.mark.parametrize("missing", [1, 0])
async def test_without_a_second_look_at_code_quality_the_level_is_held_and_the_score_is_not(
    world: World, missing: int
) -> None:
    pieces = [*map(passed, CORE), quiz(100), quiz(100), quality(100), *[quality(100)] * (1 - missing)]
    answer = await report(world, topic="for-loops", evidence=pieces)
    assert (answer.mastery.after, answer.mastery.level) == (91.0, "Learning" if missing else "Mastered")


# A topic that gains exercises


def grown() -> Course:
    """The course with one more core exercise in for-loops."""
    fourth = ExerciseFacts("a-fourth", core=True, difficulty_level="beginner", tests=2)
    topic = replace(TOPIC, exercises=TOPIC.exercises | {fourth.exercise_id: fourth})
    return replace(course(), version="the next", by_id=course().by_id | {"for-loops": topic})


def test_a_topic_that_gains_a_core_exercise_asks_for_it_from_the_next_update_on() -> None:
    everything = [piece(e, "exercise", exercise_id=e, passed_tests=1, total_tests=1) for e in CORE]
    learner = learner_after(update(0, everything))
    assert learner.topics["for-loops"].components["exercises"] == 100.0
    before = mastery_by_topic(learner, grown())["for-loops"].score
    assert before == 41.0  # no figure moves without an accepted update
    take(learner, update(1, progress_percentage=5), grown())
    assert (learner.figures, learner.topics["for-loops"].components["exercises"]) == ("the next", 75.0)
    take(learner, update(2, [piece("f", "exercise", exercise_id="a-fourth", passed_tests=2, total_tests=2)]), grown())
    assert learner.topics["for-loops"].components["exercises"] == 100.0
