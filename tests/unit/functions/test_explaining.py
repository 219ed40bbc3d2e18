"""Where figures come from: points that add up, evidence that is in the ledger, and sentences for everybody."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.get_status.explaining import explained
from functions.get_status.handler import get_status
from functions.get_status.models import ExplainedTopic, Explanation, LearnerStatus, LessonStatus, StatusQuery
from functions.learning.curriculum import course
from functions.learning.learner import Learner
from functions.learning.mastery import mastery_by_topic
from functions.learning.progress import rebuild
from tests.support.fakes import NOW, World, report
from tests.support.histories import HISTORY, exercise, history, learner_after, piece, quiz, update

CORE = course().topic("for-loops").core_exercises


def explanation(learner: Learner) -> Explanation:
    mastery = mastery_by_topic(learner, course())
    return explained(learner, mastery, mastery)


def for_loops(*evidence: Any) -> ExplainedTopic:
    return explanation(learner_after(update(0, list(evidence)))).topics["for-loops"]


def reasons(topic: ExplainedTopic) -> dict[str, str]:
    return {name: component.reason for name, component in topic.components.items()}


@settings(deadline=None, max_examples=150)
@given(HISTORY, st.lists(st.integers(0, 100), max_size=2))
def test_points_add_up_to_the_score_and_the_evidence_is_in_the_ledger(drawn: list[Any], voids: list[int]) -> None:
    ledger = [fact for facts in history(drawn, voids) for fact in facts]
    learner = rebuild("maya", ledger, course())
    mastery = mastery_by_topic(learner, course())
    found = explanation(learner)
    assert found.topics.keys() == mastery.keys()
    kept = {fact.id: fact for fact in ledger} | {
        fact.data["evidence_id"]: None for fact in ledger if fact.kind == "void"
    }
    for topic_id, topic in found.topics.items():
        points = [component.points for component in topic.components.values()]
        assert sum(points) == pytest.approx(mastery[topic_id].score, abs=0.01)
        assert all(c.points == pytest.approx(c.value * c.weight, abs=1e-6) for c in topic.components.values())
        assert topic.formula.endswith(f"= {mastery[topic_id].score:g}")
        named = [kept[shown["evidence_id"]] for c in topic.components.values() for shown in c.evidence]
        assert all(fact is not None and fact.topic == topic_id for fact in named)


def test_the_formula_has_each_component_with_its_weight() -> None:
    topic = for_loops(quiz("a", 80), piece("b", "code_quality", score=66.67))
    assert topic.formula == (
        "0.4 x 0 exercises + 0.3 x 80 quiz + 0.2 x 66.67 code quality + 0.1 x 10 consistency = 38.33"
    )
    assert {name: c.points for name, c in topic.components.items()} == {
        "exercises": 0.0,
        "quiz": 24.0,
        "code_quality": 13.334,
        "consistency": 1.0,
    }


def test_what_is_missing_is_said() -> None:
    assert reasons(for_loops(piece("a", "message", text="hello"))) == {
        "exercises": "0 of 3 core exercises passed. Still to pass: sum-to-n, stars-in-a-row and count-vowels.",
        "quiz": "No quiz was taken.",
        "code_quality": "No code was assessed.",
        "consistency": "One active day, 2026-03-09 (UTC). Each day in a row counts 10, up to 100.",
    }


def test_what_there_is_one_of_is_said_as_one() -> None:
    found = reasons(for_loops(quiz("a", 80), piece("b", "code_quality", score=80.0)))
    assert (found["quiz"], found["code_quality"]) == (
        "The latest attempt at the one quiz that was taken.",
        "The one assessment of code.",
    )


def test_what_there_is_more_of_is_said_as_many() -> None:
    pieces = [quiz(f"q{n}", 80, f"Q{n}") for n in range(7)] + [piece(f"c{n}", "code_quality", score=n) for n in (1, 2)]
    topic = for_loops(*pieces)
    assert (reasons(topic)["quiz"], reasons(topic)["code_quality"]) == (
        "The mean over 7 quizzes, each by its latest attempt. Only the newest 5 are listed here.",
        "The last 2 assessments of code; the newer one is, the more it counts.",
    )
    assert [shown["weight"] for shown in topic.components["code_quality"].evidence] == [0.95, 1.0]
    assert len(topic.components["quiz"].evidence) == 5


def test_exercises_are_named_with_when_they_were_passed_and_whether_they_count() -> None:
    extra = next(e for e in course().topic("for-loops").exercises if e not in CORE)
    topic = for_loops(exercise("a", 4, CORE[0]), exercise("b", 4, extra))
    assert topic.components["exercises"].reason == (
        "1 of 3 core exercises passed. Still to pass: stars-in-a-row and count-vowels."
    )
    at = "2026-03-09T12:00:00.000000Z"
    assert sorted(topic.components["exercises"].evidence, key=lambda shown: str(shown["evidence_id"])) == [
        {"exercise_id": CORE[0], "evidence_id": "a", "at": at, "counts": True},
        {"exercise_id": extra, "evidence_id": "b", "at": at, "counts": False},
    ]


def test_a_topic_whose_exercises_are_not_written_yet_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    unwritten = replace(
        course(), by_id=course().by_id | {"for-loops": replace(course().topic("for-loops"), exercises={})}
    )
    monkeypatch.setattr("functions.get_status.explaining.course", lambda: unwritten)
    topic = for_loops(quiz("a", 80))
    assert topic.components["exercises"].reason == "The topic has no core exercises yet."


@pytest.mark.parametrize(
    ("evidence", "reason"),
    [
        ([quiz("a", 80)], "25 is Beginner, which is up to 40."),
        ([quiz("a", 100), piece("b", "code_quality", score=100.0)], "51 is Learning, which is above 40 and up to 70."),
        (
            [*(exercise(e, 4, e) for e in CORE), quiz("q", 100), piece("b", "code_quality", score=100.0)],
            "At most Learning until there are two attempts each at quiz and code quality.",
        ),
        (
            [
                *(exercise(e, 4, e) for e in CORE),
                *(quiz(f"q{n}", 100) for n in (1, 2)),
                piece("b", "code_quality", score=100.0),
            ],
            "At most Learning until there are two attempts at code quality.",
        ),
    ],
)
def test_the_level_is_explained_by_its_range_or_by_what_holds_it(evidence: list[Any], reason: str) -> None:
    assert for_loops(*evidence).level_reason == reason


async def explained_status(world: World, **query: Any) -> Explanation:
    request = StatusQuery.model_validate({"user_id": "maya", "explain": True} | query)
    body = (await get_status(world.ports, world.call(), request)).body
    assert isinstance(body, LearnerStatus | LessonStatus) and body.explain is not None
    return body.explain


async def test_of_a_learner_without_evidence_there_is_little_to_explain(world: World) -> None:
    found = await explained_status(world)
    assert (found.overall, found.streak, found.topics) == ("No topic has evidence yet.", "No active day yet.", {})


async def test_overall_and_streak_are_explained_too(world: World) -> None:
    await report(world, topic="for-loops", evidence=[{"kind": "quiz", "score": 80}], occurred_at=NOW - timedelta(1))
    found = await explained_status(world)
    assert (found.overall, found.streak) == (
        "The score of the one topic that has evidence.",
        "One active day, 2026-03-09 (UTC).",
    )
    await report(world, lesson_id="l2", topic="lists", evidence=[{"kind": "quiz", "score": 80}])
    found = await explained_status(world)
    assert (found.overall, found.streak) == (
        "The mean over 2 topics.",
        "2 active days in a row, the last of them 2026-03-10 (UTC).",
    )


async def test_of_one_lesson_its_topic_is_explained_and_no_other(world: World) -> None:
    await report(world, topic="for-loops", evidence=[{"kind": "quiz", "score": 80}])
    await report(world, lesson_id="l2", topic="lists", evidence=[{"kind": "quiz", "score": 80}])
    assert list((await explained_status(world, lesson_id="l1")).topics) == ["for-loops"]
    assert (await explained_status(world, lesson_id="unknown")).topics == {}
