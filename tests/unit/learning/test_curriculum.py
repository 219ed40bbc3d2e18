"""The course as shipped: complete, without circles, readable in two sizes, and graded by its keys."""

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from functions.learning.curriculum import NoContent, QuestionKey, UnknownModule, UnknownTopic, content, course, loader


def test_the_course_has_31_topics_in_8_modules() -> None:
    assert [len(module.topics) for module in course().modules] == [5, 4, 4, 4, 4, 3, 4, 3]
    assert course().course_id == "python"
    assert course().version


def test_every_topic_has_a_slug_a_title_three_objectives_and_minutes() -> None:
    for topic in course().topics:
        assert re.fullmatch("[a-z0-9-]+", topic.topic_id)
        assert topic.title
        assert len(set(topic.objectives)) == 3
        assert topic.minutes >= 5


def test_a_prerequisite_is_always_taught_before_what_needs_it() -> None:
    seen: set[str] = set()
    for topic in course().topics:
        assert set(topic.prerequisites) <= seen, topic.topic_id
        seen.add(topic.topic_id)


@pytest.mark.parametrize("topic_id", [topic.topic_id for topic in course().topics])
def test_every_topic_has_what_lessons_grading_and_mastery_need(topic_id: str) -> None:
    topic, material = course().topic(topic_id), content(topic_id)
    assert len(topic.core_exercises) == 3
    assert {e.exercise_id: len(e.tests) for e in material.exercises} == {
        name: fact.tests for name, fact in topic.exercises.items()
    }
    assert {question.question_id for question in material.quiz} == set(topic.questions)
    assert {exercise.difficulty_level for exercise in material.exercises} == {"beginner", "intermediate", "advanced"}
    assert {question.type for question in material.quiz} == {"multiple_choice", "code_output", "fill_blank"}
    assert len(set(material.explanation.values())) == 3
    assert all(example.expected_stdout for example in material.examples)
    assert material.proof and material.proof.exercises_proved == len(material.exercises)


@pytest.mark.parametrize("topic_id", [topic.topic_id for topic in course().topics])
def test_every_key_accepts_its_own_answer_and_refuses_an_empty_one(topic_id: str) -> None:
    for key in course().topic(topic_id).questions.values():
        right = key.correct or key.expected_output or key.accepted[0]
        assert key.accepts(right)
        assert not key.accepts("")


def test_the_right_choice_is_not_always_in_the_same_place() -> None:
    keys = [key for topic in course().topics for key in topic.questions.values() if key.correct]
    assert len({key.correct for key in keys}) > 1


def test_a_choice_is_answered_by_its_id_or_its_exact_text() -> None:
    key = QuestionKey("q", "multiple_choice", {"a": "one", "b": "two"}, "b", None, ())
    assert [key.accepts(answer) for answer in ("b", "two", "B", "a", "one", "Two")] == [True] * 3 + [False] * 3


def test_an_output_is_compared_without_trailing_white_space() -> None:
    key = QuestionKey("q", "code_output", {}, None, "1 \n2\n", ())
    assert [key.accepts(answer) for answer in ("1\n2", "1  \r\n2\n\n", "1\n 2", "1 2")] == [True, True, False, False]


def test_a_blank_is_compared_without_white_space_around_it_and_with_its_case() -> None:
    key = QuestionKey("q", "fill_blank", {}, None, None, ("break",))
    assert [key.accepts(answer) for answer in (" break ", "Break", "brea k")] == [True, False, False]


def test_a_module_is_found_by_slug_and_by_title() -> None:
    assert course().find_module("control-flow") is course().find_module("Control Flow")
    with pytest.raises(UnknownModule):
        course().find_module("cooking")


def test_an_unknown_topic_has_no_content() -> None:
    with pytest.raises(UnknownTopic):
        course().topic("cooking")
    with pytest.raises(UnknownTopic):
        content("../index")


def test_a_topic_whose_lessons_are_not_written_yet_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    unwritten = replace(course().topic("lists"), has_content=False)
    monkeypatch.setattr(loader, "course", lambda: replace(course(), by_id={"lists": unwritten}))
    with pytest.raises(NoContent):
        loader.content.__wrapped__("lists")


def test_reading_the_course_needs_neither_pydantic_nor_what_runs_code() -> None:
    program = (
        "import sys; from functions.learning.curriculum import course;"
        "from functions.learning.lessons import composing;"
        "course();"
        "sys.exit(any(name in sys.modules for name in ('pydantic', 'functions.proof', 'subprocess', 'tomllib')))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_only_who_writes_lessons_reads_the_material_of_a_topic() -> None:
    """An update and a status read the index and nothing else of the compiled course."""
    program = """
import asyncio, pathlib, sys
opened = set()
def hook(event, arguments):
    if event == "open" and "compiled" in str(arguments[0]):
        opened.add(pathlib.Path(str(arguments[0])).name)
sys.addaudithook(hook)
from functions.get_status.handler import get_status
from functions.get_status.models import StatusQuery
from tests.support.fakes import new_world, report
async def play():
    async with new_world() as world:
        quiz = {"kind": "quiz", "answers": {"for-range-values": "2 3 4"}}
        await report(world, topic="for-loops", status="completed", evidence=[quiz])
        await get_status(world.ports, world.call(), StatusQuery(user_id="maya", explain=True))
asyncio.run(play())
print(sorted(opened))
"""
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert done.stdout == "['index.json']\n", done.stderr
