"""Lessons: fitted to the learner, the same for the same brief, and without what must stay on the server."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from functions.learning.curriculum import LEVELS, content, course
from functions.learning.lessons.composing import compose
from functions.learning.lessons.showing import redact
from functions.learning.lessons.storing import document, public
from functions.learning.lessons.types import LESSON_TYPES, Brief, Lesson

TOPICS = [topic.topic_id for topic in course().topics if topic.has_content]
SECRET_NAMES = {"solution", "key", "correct", "accepted", "reason", "explanation", "proof"}


def lesson(topic_id: str = "for-loops", **brief: Any) -> Lesson:
    return compose(course().topic(topic_id), content(topic_id), Brief(**brief))


def ids(lesson: Lesson) -> set[str]:
    return {exercise.exercise_id for exercise in lesson.exercises}


def walk(value: Any) -> Iterator[tuple[str | None, Any]]:
    """Every (name, value) of a JSON structure, at any depth."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield name, item
            yield from walk(item)
    elif isinstance(value, list):
        for item in value:
            yield None, item
            yield from walk(item)


ALL = list(itertools.product(TOPICS, LESSON_TYPES, LEVELS))


@pytest.mark.parametrize(("topic_id", "lesson_type", "level"), ALL)
def test_a_public_lesson_holds_no_solution_no_key_and_no_hidden_output(
    topic_id: str, lesson_type: str, level: str
) -> None:
    made = lesson(topic_id, lesson_type=lesson_type, level=level, time_budget_minutes=120)
    shown = public(made)
    assert json.loads(json.dumps(shown)) == shown
    assert not {name for name, _ in walk(shown)} & SECRET_NAMES
    texts = [value for _, value in walk(shown) if isinstance(value, str)]
    for exercise in content(topic_id).exercises:
        assert not any(exercise.solution.strip() in text for text in texts), exercise.exercise_id
    for question in content(topic_id).quiz:
        secrets = [question.explanation, *(option.reason for option in question.options)]
        assert not any(secret in text for secret in secrets for text in texts), question.question_id
    for exercise_shown in shown["exercises"]:
        for case in exercise_shown["test_cases"]:
            assert (case["expected_output"] is None) == case["hidden"]
    for question_shown in shown["quiz"]:
        assert question_shown.keys() <= {"question_id", "type", "prompt", "code", "options"}
        assert ("options" in question_shown) == (question_shown["type"] == "multiple_choice")
        assert all(option.keys() == {"option_id", "text"} for option in question_shown.get("options", []))


@pytest.mark.parametrize(("topic_id", "lesson_type", "level"), ALL)
def test_the_same_brief_gives_an_equal_lesson(topic_id: str, lesson_type: str, level: str) -> None:
    brief = {"lesson_type": lesson_type, "level": level, "recent_errors": ("TypeError",)}
    assert lesson(topic_id, **brief) == lesson(topic_id, **brief)


@pytest.mark.parametrize(("topic_id", "level", "budget"), list(itertools.product(TOPICS, LEVELS, (None, 5, 30, 120))))
def test_a_standard_lesson_has_every_core_exercise_whatever_the_budget(
    topic_id: str, level: str, budget: int | None
) -> None:
    made = lesson(topic_id, level=level, time_budget_minutes=budget)
    assert set(course().topic(topic_id).core_exercises) <= ids(made)
    assert made.code_examples and made.quiz and made.content.strip()


def test_an_output_hidden_in_a_lesson_stays_in_its_document_for_the_server() -> None:
    made = lesson()
    stored = document(made)
    first = stored["exercises"][0]
    assert first["solution"] == made.exercises[0].solution
    assert all(case["expected_output"] for case in first["test_cases"])
    assert json.loads(json.dumps(stored)) == stored


def test_a_document_says_nothing_of_what_the_prover_needed() -> None:
    assert not any(key == "needs" for key, _ in walk(document(lesson())))


def test_what_the_caller_adds_to_a_document_is_kept_and_what_is_secret_in_it_is_not() -> None:
    stored = document(lesson()) | {"lesson_id": "l1"}
    stored["exercises"][0]["new_secret"] = "s"
    shown = redact(stored)
    assert shown["lesson_id"] == "l1"
    assert "new_secret" not in shown["exercises"][0]
    assert "solution" in stored["exercises"][0], "the stored lesson itself must not change"


def test_more_time_gives_more_and_never_less() -> None:
    sizes = [len(lesson(time_budget_minutes=budget).exercises) for budget in (5, 30, 60, 120)]
    assert sizes == sorted(sizes) and sizes[0] == 3 and sizes[-1] == 4


def test_a_lesson_keeps_to_its_budget_or_says_why_not() -> None:
    for topic_id, kind, level, budget in itertools.product(TOPICS, LESSON_TYPES, LEVELS, (5, 20, 40, 90)):
        made = lesson(topic_id, lesson_type=kind, level=level, time_budget_minutes=budget)
        minutes = made.metadata.estimated_duration
        said = any(f"About {minutes} minutes rather than {budget}" in why for why in made.personalisation.reasons)
        assert said == (minutes > budget)


def test_the_levels_are_explained_differently() -> None:
    assert len({lesson(level=level).content for level in LEVELS}) == 3
    for level in LEVELS:
        assert content("for-loops").explanation[level].strip() in lesson(level=level).content


def test_a_remedial_lesson_starts_from_the_beginning_with_mistakes_hints_and_easier_exercises() -> None:
    made = lesson(lesson_type="remedial", level="advanced", time_budget_minutes=60)
    material = content("for-loops")
    assert material.explanation["beginner"].strip() in made.content
    assert all(item.correction in made.content for item in material.misconceptions)
    assert all(hint in made.content for exercise in made.exercises for hint in exercise.hints)
    assert "advanced" not in {exercise.difficulty_level for exercise in made.exercises}


def test_a_review_is_a_short_recap_with_the_quiz_before_the_exercises() -> None:
    made = lesson(lesson_type="review")
    kinds = [section.kind for section in made.sections]
    assert content("for-loops").recap.strip() in made.content
    assert kinds.index("quiz") == 1 < kinds.index("exercise")
    assert len(made.quiz) == 8
    assert made.metadata.estimated_duration < lesson().metadata.estimated_duration


def test_a_challenge_has_the_hardest_exercises_and_the_explanation_in_depth() -> None:
    made = lesson(lesson_type="challenge", level="beginner")
    hardest = {e.exercise_id for e in content("for-loops").exercises if e.difficulty_level == "advanced"}
    assert hardest <= ids(made)
    assert content("for-loops").explanation["advanced"].strip() in made.content
    assert not any(hint in made.content for exercise in made.exercises for hint in exercise.hints)


def test_missing_and_weak_prerequisites_are_named_before_the_start() -> None:
    made = lesson(missing_prerequisites=("conditionals",), weak_topics=("variables", "json"))
    callout = next(section for section in made.sections if section.title == "Before you start")
    assert "Conditionals" in callout.body and "Variables" in callout.body and "JSON" not in callout.body
    assert made.personalisation.weak_topics == ("variables", "json")


def test_a_known_error_is_taken_up_and_an_invented_one_is_not_repeated() -> None:
    made = lesson(recent_errors=("TypeError", "<script>", "TypeError"), time_budget_minutes=5)
    assert any(section.title == "Your recent errors" for section in made.sections)
    assert any(section.title == "A common mistake" for section in made.sections)
    assert "script" not in json.dumps(public(made))


def test_an_example_that_helps_with_a_recent_error_or_a_weak_topic_is_taken_before_one_that_is_as_near() -> None:
    material = content("for-loops")
    nearest = next(e for e in reversed(material.examples) if e.difficulty_level == "beginner")
    for tagged in (replace(nearest, errors=("NameError",)), replace(nearest, revisits=("conditionals",))):
        examples = tuple(tagged if example is nearest else example for example in material.examples)
        brief = Brief(recent_errors=("NameError",), weak_topics=("conditionals",), time_budget_minutes=5)
        made = compose(course().topic("for-loops"), replace(material, examples=examples), brief)
        assert [example.title for example in made.code_examples] == [nearest.title]


def test_an_extra_exercise_that_practises_a_weak_topic_is_taken_first_and_the_lesson_says_so() -> None:
    material = content("for-loops")
    extra = next(e for e in material.exercises if not e.core and e.difficulty_level == "intermediate")
    exercises = tuple(replace(e, revisits=("conditionals",)) if e is extra else e for e in material.exercises)
    brief = Brief(weak_topics=("conditionals",), time_budget_minutes=40)
    made = compose(course().topic("for-loops"), replace(material, exercises=exercises), brief)
    assert extra.exercise_id in ids(made)
    assert "Its examples and exercises practise again: Conditionals." in made.personalisation.reasons


def test_exercises_that_were_passed_before_come_last_and_the_lesson_says_so() -> None:
    first = lesson().exercises[0].exercise_id
    made = lesson(passed=(first,))
    assert made.exercises[-1].exercise_id == first
    assert "You have passed 1 of its exercises before; they come last." in made.personalisation.reasons


def test_a_beginner_gets_no_advanced_exercise_however_much_time_there_is() -> None:
    made = lesson(time_budget_minutes=120)
    assert "advanced" not in {e.difficulty_level for e in made.exercises if not e.core}


def test_a_missing_prerequisite_comes_with_what_to_ask_for() -> None:
    reasons = lesson(missing_prerequisites=("conditionals",)).personalisation.reasons
    assert (
        "Not yet secure, and needed here: Conditionals. Before this lesson, or when you are lost in it, "
        "ask for a remedial one (topic conditionals)."
    ) in reasons


def test_the_reasons_already_known_come_first() -> None:
    assert lesson(reasons=("It is next in the course.",)).personalisation.reasons[0] == "It is next in the course."


def test_verification_counts_what_is_in_this_lesson() -> None:
    made = lesson(time_budget_minutes=5)
    assert made.verification.examples_executed == len(made.code_examples) == 1
    assert made.verification.exercises_proved == 3
    assert made.verification.quiz_keys_computed == sum(q.type != "multiple_choice" for q in made.quiz)
    assert made.verification.python


def test_material_without_proof_claims_none() -> None:
    unproved = replace(content("for-loops"), proof=None)
    assert compose(course().topic("for-loops"), unproved, Brief()).verification.exercises_proved == 0


def test_sections_show_the_same_examples_exercises_and_questions_as_the_lists() -> None:
    made = lesson()
    assert tuple(s.exercise_id for s in made.sections if s.kind == "exercise") == tuple(
        exercise.exercise_id for exercise in made.exercises
    )
    assert tuple(s.code for s in made.sections if s.kind == "code") == tuple(e.code for e in made.code_examples)
    asked = next(section for section in made.sections if section.kind == "quiz").question_ids
    assert asked == tuple(question.question_id for question in made.quiz)


def test_code_with_a_fence_in_it_does_not_break_out_of_its_block() -> None:
    material = content("for-loops")
    code = 'print("""\n```\n# not a heading\n""")\n'
    tricky = replace(material, examples=tuple(replace(example, code=code) for example in material.examples))
    assert f"````python\n{code}````" in compose(course().topic("for-loops"), tricky, Brief()).content


def test_a_brief_with_an_unknown_level_or_type_is_refused() -> None:
    with pytest.raises(ValueError, match="expert"):
        Brief(level="expert")
