"""Taking evidence back, and evidence that arrives late: the figures are those of the ledger, and nothing else moves."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.learning.learner import written
from functions.learning.sealing import LEDGER_SEGMENT
from functions.project_progress.handler import project_progress
from functions.runtime.errors import Forbidden, InvalidRequest, KeyReused
from functions.runtime.ports import Call, Principal, Sql
from functions.update_progress.handler import update_progress
from functions.update_progress.models import BatchProgress, LessonProgress, UpdateProgress
from functions.usecases.events import ProgressUpdated
from tests.support.fakes import MAYA, NOW, TEACHER, World, class_of, new_world, received, report

SERVICE = Principal("importer", "service")
MINUTE = timedelta(minutes=1)
DERIVED = ("lessons", "topics", "reviews", "days", "longest_before", "timezone", "time_on_task_seconds")


def quiz(score: float, quiz_id: str = "Q") -> dict[str, Any]:
    return {"kind": "quiz", "quiz_id": quiz_id, "score": score}


def void(evidence_id: str, **fields: Any) -> dict[str, Any]:
    return {"kind": "void", "evidence_id": evidence_id, "reason": "graded by mistake"} | fields


async def observe(world: World, *evidence: dict[str, Any], **fields: Any) -> list[str]:
    """Evidence recorded for l1, a minute after the last; its ids."""
    world.now += MINUTE
    answer = await report(world, **{"topic": "for-loops", "evidence": list(evidence)} | fields)
    return [piece.evidence_id for piece in answer.evidence]


async def correct(
    world: World, *evidence_ids: str, call: Call | None = None, lesson_id: str = "l1", **fields: Any
) -> LessonProgress:
    items = [void(evidence_id, **fields) for evidence_id in evidence_ids]
    request = UpdateProgress.model_validate({"user_id": "maya", "lesson_id": lesson_id, "evidence": items})
    body = (await update_progress(world.ports, call or world.call(), request)).body
    assert isinstance(body, LessonProgress)
    return body


async def learner(world: World) -> dict[str, Any]:
    return await world.document("learner:maya") or {}


async def figures(world: World) -> dict[str, Any]:
    document = await learner(world)
    return {name: document[name] for name in DERIVED}


def field_of(error: InvalidRequest) -> str:
    [found] = error.errors
    return found.field


# What a correction does


async def test_evidence_that_is_taken_back_leaves_the_figures_as_if_it_had_never_been(world: World) -> None:
    await observe(world, quiz(40))
    before = await figures(world)
    mistake = await observe(world, quiz(100), {"kind": "code_quality", "score": 90})
    answer = await correct(world, *mistake)
    assert (answer.mastery.before, answer.mastery.after) == (49.0, 13.0)
    after = await figures(world)
    assert {n: after[n] for n in DERIVED if n != "lessons"} == {n: before[n] for n in DERIVED if n != "lessons"}


async def test_a_correction_says_who_took_back_what_and_why(world: World) -> None:
    [mistake] = await observe(world, quiz(100))
    answer = await correct(world, mistake)
    assert [(c.field, c.before, c.after) for c in answer.changes] == [
        ("mastery", 31.0, None),
        ("level", "Beginner", None),
    ]
    assert {c.reason for c in answer.changes} == {"evidence taken back by teacher-1: graded by mistake"}
    line = (await learner(world))["ledger"][-1]
    assert line | {"id": None} == {
        "id": None,
        "at": written(world.now),
        "kind": "void",
        "lesson_id": "l1",
        "topic": "for-loops",
        "evidence_id": mistake,
        "reason": "graded by mistake",
        "by": "teacher-1",
    }
    assert [piece.kind for piece in answer.evidence] == ["void"]


async def test_a_correction_is_told_like_any_change(world: World) -> None:
    [first] = await observe(world, quiz(40))
    [mistake] = await observe(world, quiz(100))
    await correct(world, mistake)
    event = world.publisher.data("progress-updated")[-1]
    assert (event["mastery"], event["level"], event["topic"], event["version"]) == (13.0, "Beginner", "for-loops", 3)
    await correct(world, first)
    event = world.publisher.data("progress-updated")[-1]
    assert (event["mastery"], event["level"], event["version"]) == (None, None, 4)


async def test_the_read_model_shows_a_topic_whose_evidence_was_all_taken_back_as_empty(world: World) -> None:
    [mistake] = await observe(world, quiz(100))
    await correct(world, mistake)
    for topic, _, event in world.publisher.published:
        if topic == "progress-updated":
            await project_progress(world.ports, received(ProgressUpdated, event))
    shown = "SELECT topic, assessed, attempts, review_due FROM topic_progress"
    assert list(map(tuple, await world.read_model.query(Sql(shown)))) == [("for-loops", 0, 0, None)]
    shown = "SELECT overall_mastery, topics_started FROM learner_progress"
    assert list(map(tuple, await world.read_model.query(Sql(shown)))) == [(None, 0)]


async def test_a_correction_is_no_activity_of_the_learner(world: World) -> None:
    [mistake] = await observe(world, quiz(100))
    before = await learner(world)
    world.now += timedelta(days=1)
    answer = await correct(world, mistake)
    after = await learner(world)
    assert (after["days"], after["lessons"]) == (before["days"], before["lessons"])
    assert (answer.streak.current, answer.struggle, answer.status) == (1, [], "in_progress")


async def test_an_alert_stands_although_its_evidence_was_taken_back(world: World) -> None:
    [mistake] = await observe(world, quiz(10))
    await correct(world, mistake)
    assert [alert["trigger"] for alert in (await learner(world))["alerts"]] == ["low_quiz"]


async def test_evidence_in_a_sealed_segment_of_the_ledger_can_be_taken_back(world: World) -> None:
    [mistake] = await observe(world, quiz(100))
    message = {"kind": "message", "text": "hello"}
    await observe(world, *[message] * LEDGER_SEGMENT)
    assert (await learner(world))["ledger_segments"] == 1
    assert (await correct(world, mistake)).mastery.components["quiz"] == 0.0


async def test_several_pieces_can_be_taken_back_at_once_and_in_a_batch(world: World) -> None:
    first = await observe(world, quiz(100), quiz(80, "R"))
    other = await observe(world, quiz(60), lesson_id="l2")
    updates = [
        {"lesson_id": "l1", "evidence": [void(evidence_id) for evidence_id in first]},
        {"lesson_id": "l2", "evidence": [void(other[0])]},
        {"lesson_id": "l1", "topic": "for-loops", "evidence": [quiz(50)]},
    ]
    request = UpdateProgress.model_validate({"user_id": "maya", "updates": updates})
    body = (await update_progress(world.ports, world.call(), request)).body
    assert isinstance(body, BatchProgress)
    assert [result.mastery.after for result in body.results] == [19.0, None, 16.0]


# What is refused


async def test_a_learner_takes_nothing_back_not_even_their_own(world: World) -> None:
    [own] = await observe(world, quiz(10))
    with pytest.raises(Forbidden):
        await correct(world, own, call=world.call(principal=MAYA))
    assert (await learner(world))["version"] == 1


async def test_who_signs_is_the_caller_unless_a_service_acts_for_somebody(world: World) -> None:
    first, second = await observe(world, quiz(10), quiz(20, "R"))
    await class_of(world, "maya")
    teacher = world.call(principal=TEACHER)
    with pytest.raises(Forbidden, match="your own id"):
        await correct(world, first, by="somebody-else", call=teacher)
    await correct(world, first, by="teacher-1", call=teacher)
    await correct(world, second, by="teacher-2", call=world.call(principal=SERVICE))
    assert [line["by"] for line in (await learner(world))["ledger"] if line["kind"] == "void"] == [
        "teacher-1",
        "teacher-2",
    ]


async def test_what_was_never_there_cannot_be_taken_back(world: World) -> None:
    await observe(world, quiz(10))
    progress_id = (await learner(world))["ledger"][0]["id"]
    for unknown in ("nothing", progress_id):
        with pytest.raises(InvalidRequest, match="has no evidence") as caught:
            await correct(world, unknown)
        assert field_of(caught.value) == "evidence.0.evidence_id"
    with pytest.raises(InvalidRequest):
        await correct(world, "nothing", lesson_id="never-heard-of")


async def test_evidence_of_another_lesson_is_not_taken_back(world: World) -> None:
    [other] = await observe(world, quiz(10), lesson_id="l2")
    await observe(world, quiz(10))
    with pytest.raises(InvalidRequest, match="the lesson has no evidence"):
        await correct(world, other)


async def test_evidence_is_taken_back_once(world: World) -> None:
    first, second = await observe(world, quiz(10), quiz(20, "R"))
    await correct(world, first)
    with pytest.raises(InvalidRequest, match="was taken back before"):
        await correct(world, first)
    with pytest.raises(InvalidRequest, match="was taken back before") as caught:
        await correct(world, second, second)
    assert field_of(caught.value) == "evidence.1.evidence_id"
    assert (await learner(world))["version"] == 2


async def test_a_correction_itself_is_not_taken_back(world: World) -> None:
    [mistake] = await observe(world, quiz(10))
    [correction] = (await correct(world, mistake)).evidence
    with pytest.raises(InvalidRequest, match="has no evidence"):
        await correct(world, correction.evidence_id)


@pytest.mark.parametrize(
    "beside",
    [
        {"evidence": [void("e"), quiz(10)]},
        {"evidence": [void("e")], "progress_percentage": 10},
        {"evidence": [void("e")], "status": "completed"},
        {"evidence": [void("e")], "timezone": "Asia/Tokyo"},
        {"evidence": [void("e")], "topic": "for-loops"},
        {"evidence": [void("e") | {"reason": ""}]},
        {"evidence": [{"kind": "void", "evidence_id": "e"}]},
    ],
)
def test_a_correction_holds_nothing_else_and_has_a_reason(beside: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UpdateProgress.model_validate({"user_id": "maya", "lesson_id": "l1"} | beside)


async def test_a_batch_with_one_correction_that_is_refused_records_nothing(world: World) -> None:
    [mistake] = await observe(world, quiz(10))
    before = await learner(world)
    updates = [
        {"lesson_id": "l1", "topic": "for-loops", "evidence": [quiz(90)]},
        {"lesson_id": "l1", "evidence": [void(mistake), void("nothing")]},
    ]
    request = UpdateProgress.model_validate({"user_id": "maya", "updates": updates})
    with pytest.raises(InvalidRequest) as caught:
        await update_progress(world.ports, world.call(), request)
    assert field_of(caught.value) == "updates.1.evidence.1.evidence_id"
    assert await learner(world) == before


# Replays


def keyed(world: World, body: str = "body-1") -> Call:
    return world.call(idempotency_key="key-1", fingerprint=body)


async def test_a_correction_sent_again_with_its_key_is_answered_again(world: World) -> None:
    [mistake] = await observe(world, quiz(10))
    first, again = [await correct(world, mistake, call=keyed(world)) for _ in range(2)]
    assert first == again
    assert (await learner(world))["version"] == 2
    with pytest.raises(KeyReused):
        await correct(world, mistake, call=keyed(world, "body-2"))


async def test_corrections_at_the_same_time_have_one_effect(world: World) -> None:
    [mistake] = await observe(world, quiz(10))
    found = await asyncio.gather(*(correct(world, mistake) for _ in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in found) == ["InvalidRequest"] * 3 + ["LessonProgress"]
    assert [line["kind"] for line in (await learner(world))["ledger"]] == ["progress", "quiz", "void"]


async def test_late_evidence_sent_again_with_its_key_counts_once(world: World) -> None:
    await observe(world, quiz(10))
    late = {"occurred_at": NOW - timedelta(hours=1), "topic": "for-loops", "evidence": [quiz(90)]}
    for _ in range(2):
        request = UpdateProgress.model_validate({"user_id": "maya", "lesson_id": "l1"} | late)
        await update_progress(world.ports, keyed(world), request)
    assert (await learner(world))["topics"]["for-loops"]["attempts"] == 2


# Late evidence


def week() -> list[dict[str, Any]]:
    """Updates of a week, in the order in which they happened; the zone is named by the last."""
    passed = {"kind": "exercise", "exercise_id": "sum-to-n", "passed_tests": 4, "total_tests": 4}
    observed: list[dict[str, Any]] = [
        {"evidence": [quiz(40)], "progress_percentage": 20},
        {"evidence": [{"kind": "code_quality", "score": 80}], "progress_percentage": 40},
        {"evidence": [quiz(70, "R")], "lesson_id": "l2", "status": "completed"},
        {"evidence": [quiz(90)], "progress_data": {"achievement_metrics": {"stars": 2}}},
        {"evidence": [passed, {"kind": "time_on_task", "seconds": 60}], "status": "completed"},
        {"evidence": [{"kind": "message", "text": "done"}], "timezone": "Pacific/Auckland"},
    ]
    start = NOW - timedelta(days=7)
    return [
        {"topic": "for-loops", "occurred_at": start + n * timedelta(hours=25)} | update
        for n, update in enumerate(observed)
    ]


async def arrive(world: World, order: list[int]) -> dict[str, Any]:
    """The figures after these updates, each with a key of its own, so that its evidence has the same ids each time."""
    updates = week()
    for n in order:
        request = UpdateProgress.model_validate({"user_id": "maya", "lesson_id": "l1"} | updates[n])
        await update_progress(world.ports, world.call(idempotency_key=f"key-{n}"), request)
    return await figures(world)


@pytest.mark.parametrize("order", [[5, 4, 3, 2, 1, 0], [3, 0, 5, 1, 4, 2], [5, 0, 1, 2, 4, 3]])
async def test_updates_that_arrive_in_any_order_give_the_same_figures(world: World, order: list[int]) -> None:
    found = await arrive(world, order)
    async with new_world() as other:
        assert found == await arrive(other, [0, 1, 2, 3, 4, 5])


async def test_the_figures_of_a_week_are_those_of_when_things_happened(world: World) -> None:
    found = await arrive(world, [5, 4, 3, 2, 1, 0])
    topic, first, second = found["topics"]["for-loops"], found["lessons"]["l1"], found["lessons"]["l2"]
    assert topic["components"] == {"exercises": 33.33, "quiz": 80.0, "code_quality": 80.0}
    assert (topic["attempts"], topic["best"], found["time_on_task_seconds"]) == (7, 53.33, 60)
    assert (found["timezone"], found["days"]) == ("Pacific/Auckland", [["2026-03-04", "2026-03-09"]])
    assert (first["status"], first["achievement_metrics"], second["status"]) == ("completed", {"stars": 2}, "completed")
    assert found["reviews"]["for-loops"]["last_review"] == "2026-03-07T16:00:00Z"


async def test_a_zone_that_is_named_later_moves_the_days_before_it_and_is_told(world: World) -> None:
    for days in (2, 1):
        await report(world, progress_percentage=1, occurred_at=NOW - timedelta(days=days))
    answer = await report(world, progress_percentage=1, timezone="Pacific/Auckland")
    assert (await learner(world))["days"] == [["2026-03-09", "2026-03-11"]]
    assert (answer.streak.current, answer.streak.longest) == (3, 3)
    assert ("active_on", "2026-03-09", "2026-03-11") in [(c.field, c.before, c.after) for c in answer.changes]


async def test_evidence_for_a_lesson_that_was_sealed_long_ago_takes_it_back_into_the_document(world: World) -> None:
    await observe(world, quiz(40), lesson_id="first", progress_percentage=30)
    for n in range(60):
        await observe(world, lesson_id=f"l{n:02}", topic=None, progress_percentage=10)
    assert "first" not in (await learner(world))["lessons"]
    world.now += MINUTE
    answer = await report(world, lesson_id="first", evidence=[quiz(80)])
    assert (answer.progress_percentage, answer.status, answer.mastery.components["quiz"]) == (30, "in_progress", 80.0)
    document = await learner(world)
    assert document["lessons"]["first"]["topic"] == "for-loops"
    sealed = [await world.document(f"lessons:maya:{n}") or {} for n in range(len(document["sealed_lessons"]))]
    assert "first" not in [entry["lesson_id"] for segment in sealed for entry in segment["entries"]]
