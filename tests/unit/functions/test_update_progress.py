"""Recording what a learner did: what is accepted, what it makes of the figures, and what is told to others."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.learning.curriculum import course
from functions.learning.progress import rebuild
from functions.learning.sealing import LEDGER_SEGMENT
from functions.runtime.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    KeyReused,
    PreconditionFailed,
    Unavailable,
)
from functions.runtime.ports import Call, Reply
from functions.update_progress.evidence import facts_of
from functions.update_progress.handler import update_progress
from functions.update_progress.models import EARLIEST, BatchProgress, LessonProgress, UpdateProgress
from functions.usecases.learners import ATTEMPTS, load_learner, load_ledger, reopen_topics
from tests.support.fakes import LOST, MAYA, NOW, TEACHER, World, lesson_for, report

TESTS = {name: fact.tests for name, fact in course().topic("for-loops").exercises.items()}
RIGHT = {"for-range-values": "2 3 4", "for-accumulate": "6", "for-how-often": "b", "for-step": "-3"}


def passed(exercise_id: str) -> dict[str, Any]:
    tests = TESTS[exercise_id]
    return {"kind": "exercise", "exercise_id": exercise_id, "passed_tests": tests, "total_tests": tests}


async def send(world: World, call: Call | None = None, /, **fields: Any) -> Reply:
    request = UpdateProgress.model_validate({"user_id": "maya"} | fields)
    return await update_progress(world.ports, call or world.call(), request)


def refused_field(error: InvalidRequest) -> str:
    [found] = error.errors
    return found.field


async def learner(world: World, user_id: str = "maya") -> dict[str, Any]:
    return await world.document(f"learner:{user_id}") or {}


# What is accepted


async def test_an_unknown_lesson_is_accepted_for_percentage_and_status(world: World) -> None:
    answer = await report(world, progress_percentage=30)
    assert (answer.lesson_known, answer.mastery.after, answer.mastery.level) == (False, None, None)
    assert (answer.progress_percentage, answer.status, answer.version) == (30, "in_progress", 1)
    [event] = world.publisher.data("progress-updated")
    assert (event["topic"], event["mastery"], event["level"]) == (None, None, None)


async def test_a_lesson_that_was_written_here_is_known_with_its_topic(world: World) -> None:
    lesson = await lesson_for(world)
    answer = await report(world, lesson_id=lesson.lesson_id, progress_percentage=30)
    assert answer.lesson_known
    assert world.publisher.data("progress-updated")[0]["topic"] == "for-loops"


async def test_evidence_for_an_unknown_lesson_needs_a_topic(world: World) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await report(world, evidence=[{"kind": "quiz", "score": 80}])
    assert refused_field(caught.value) == "evidence"
    assert (await report(world, topic="for-loops", evidence=[{"kind": "quiz", "score": 80}])).mastery.after == 25.0


async def test_a_lesson_made_elsewhere_stays_unknown_and_keeps_the_topic_it_was_told_with(world: World) -> None:
    await report(world, topic="for-loops", progress_percentage=10)
    answered = [{"kind": "quiz", "answers": {"for-step": "-3"}}]
    answer = await report(world, evidence=answered)
    assert (answer.lesson_known, answer.mastery.components["quiz"]) == (False, 100.0)
    with pytest.raises(InvalidRequest) as caught:
        await report(world, topic="while-loops", evidence=[{"kind": "quiz", "answers": {"while-swap-order": "1"}}])
    assert refused_field(caught.value) == "topic"


async def test_a_lesson_whose_event_has_not_come_yet_is_known(world: World) -> None:
    lesson = await lesson_for(world)
    for percentage in (10, 20):
        assert (await report(world, lesson_id=lesson.lesson_id, progress_percentage=percentage)).lesson_known


async def test_a_topic_told_early_in_a_batch_holds_for_the_rest_of_it(world: World) -> None:
    first, second = {"topic": "for-loops", "status": "started"}, {"evidence": [{"kind": "quiz", "score": 80}]}
    await send(world, updates=[{"lesson_id": "l1"} | first, {"lesson_id": "l1"} | second])
    assert (await learner(world))["topics"]["for-loops"]["attempts"] == 1
    with pytest.raises(InvalidRequest) as caught:
        await send(
            world,
            updates=[{"lesson_id": "l2"} | first, {"lesson_id": "l2", "topic": "while-loops"} | second],
        )
    assert refused_field(caught.value) == "updates.1.topic"


@pytest.mark.parametrize("topic", ["cooking", "for"])
async def test_a_topic_that_the_course_does_not_have_is_refused(world: World, topic: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await report(world, topic=topic, progress_percentage=1)
    assert refused_field(caught.value) == "topic"


async def test_another_topic_than_the_lessons_own_is_refused(world: World) -> None:
    lesson = await lesson_for(world)
    with pytest.raises(InvalidRequest) as caught:
        await report(world, lesson_id=lesson.lesson_id, topic="while-loops", progress_percentage=1)
    assert refused_field(caught.value) == "topic"


async def test_a_lesson_that_was_written_for_somebody_else_is_refused(world: World) -> None:
    lesson = await lesson_for(world, user_id="james")
    with pytest.raises(InvalidRequest):
        await report(world, lesson_id=lesson.lesson_id, progress_percentage=1)
    assert await learner(world) == {}


async def test_a_learner_may_not_report_for_another(world: World) -> None:
    with pytest.raises(Forbidden):
        await send(world, world.call(principal=MAYA), user_id="james", lesson_id="l1", progress_percentage=1)


@pytest.mark.parametrize(
    ("item", "field"),
    [
        (passed("sum-to-n") | {"exercise_id": "savings-goal"}, "evidence.0.exercise_id"),  # of while-loops
        (passed("sum-to-n") | {"total_tests": TESTS["sum-to-n"] + 1}, "evidence.0.total_tests"),
        (passed("sum-to-n") | {"total_tests": 1, "passed_tests": 1}, "evidence.0.total_tests"),
        ({"kind": "quiz", "answers": {"while-swap-order": "1"}}, "evidence.0.answers"),
        ({"kind": "time_on_task", "seconds": 5, "exercise_id": "nothing"}, "evidence.0.exercise_id"),
        ({"kind": "execution", "ok": False, "exercise_id": "nothing"}, "evidence.0.exercise_id"),
    ],
)
async def test_evidence_outside_the_topics_bounds_is_refused_by_its_field(
    world: World, item: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await report(world, topic="for-loops", progress_percentage=10, evidence=[item])
    assert refused_field(caught.value) == field
    assert (await learner(world), world.publisher.published) == ({}, [])


@pytest.mark.parametrize(
    "fields",
    [
        {"evidence": [passed("sum-to-n") | {"passed_tests": 9}]},
        {"evidence": [passed("sum-to-n") | {"passed_tests": -1}]},
        {"evidence": [{"kind": "quiz"}]},
        {"evidence": [{"kind": "quiz", "score": 80, "answers": {"for-step": "-3"}}]},
        {"evidence": [{"kind": "quiz", "score": 100.01}]},
        {"evidence": [{"kind": "code_quality", "score": float("nan")}]},
        {"evidence": [{"kind": "time_on_task", "seconds": -1}]},
        {"evidence": [{"kind": "telepathy"}]},
        {"evidence": [{"kind": "message", "text": ""}]},
        {"evidence": [{"kind": "execution", "ok": False, "error_type": "name 'maya_smith' is not defined"}]},
        {"progress_percentage": 101},
        {"progress_percentage": -1},
        {"status": "finished"},
        {"status": "completed", "progress_percentage": 40},
        {"progress_percentage": 40, "progress_data": {"completion_percentage": 50}},
        {"timezone": "Mars/Olympus", "status": "completed"},
        {"occurred_at": "2026-03-10T12:00:00", "status": "completed"},
        {"occurred_at": "1969-12-31T23:59:59Z", "status": "completed"},
        {"occurred_at": "0001-01-01T00:00:00+14:00", "status": "completed"},
        {"occurred_at": "9999-12-31T23:59:59-14:00", "status": "completed"},
        {},
    ],
)
async def test_what_is_malformed_or_contradicts_itself_is_no_update(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UpdateProgress.model_validate({"user_id": "maya", "lesson_id": "l1", "topic": "for-loops"} | fields)


async def test_started_is_another_word_for_in_progress(world: World) -> None:
    assert (await report(world, status="started")).status == "in_progress"


async def test_the_percentage_may_come_within_progress_data(world: World) -> None:
    data = {"completion_percentage": 40, "achievement_metrics": {"stars": 2}}
    assert (await report(world, progress_data=data)).progress_percentage == 40
    assert (await learner(world))["lessons"]["l1"]["achievement_metrics"] == {"stars": 2}


async def test_what_lies_in_the_future_is_refused_beyond_a_clocks_error(world: World) -> None:
    ahead = timedelta(minutes=5)
    with pytest.raises(InvalidRequest) as caught:
        await report(world, status="completed", occurred_at=NOW + ahead + timedelta(microseconds=1))
    assert refused_field(caught.value) == "occurred_at"
    await report(world, status="completed", occurred_at=NOW + ahead)


async def test_what_happened_long_ago_is_accepted(world: World) -> None:
    answer = await report(world, status="completed", occurred_at=NOW - timedelta(days=400))
    assert (answer.streak.current, answer.streak.longest) == (0, 1)


async def test_after_the_earliest_moment_that_is_accepted_updates_go_on_in_every_zone(world: World) -> None:
    for zone in ("Pacific/Niue", "Pacific/Kiritimati", "UTC"):
        await report(world, status="in_progress", occurred_at=EARLIEST, timezone=zone)
        assert (await report(world, progress_percentage=1, timezone=zone)).streak.current == 1


# Grading


async def quiz_score(world: World, answers: dict[str, Any], **fields: Any) -> float:
    answer = await report(world, **fields, evidence=[{"kind": "quiz", "answers": answers}])
    return answer.mastery.components["quiz"]


@pytest.mark.parametrize(
    ("answers", "score"),
    [
        (RIGHT, 100.0),
        (RIGHT | {"for-step": "3"}, 75.0),
        ({"for-how-often": "9 times"}, 100.0),  # the option's exact text
        ({"for-how-often": "9 TIMES"}, 0.0),
        ({"for-range-values": "2 3 4   \n\n"}, 100.0),  # trailing white space
        ({"for-range-values": " 2 3 4"}, 100.0),
        ({"for-range-values": "2  3 4"}, 0.0),
        ({"for-step": " -3 "}, 100.0),
        ({"for-step": -3}, 100.0),
        ({"for-accumulate": 6}, 100.0),
        ({"for-step": "-3", "for-accumulate": "7", "for-how-often": "a"}, 33.33),
    ],
)
async def test_a_quiz_is_graded_by_its_answers(world: World, answers: dict[str, Any], score: float) -> None:
    assert await quiz_score(world, answers, topic="for-loops") == score


async def test_a_question_of_the_lesson_that_is_not_answered_is_wrong(world: World) -> None:
    lesson = await lesson_for(world)
    questions = [question.question_id for question in lesson.quiz]
    keys = course().topic("for-loops").questions
    first = keys[questions[0]]
    right = first.correct or first.expected_output or first.accepted[0]
    score = await quiz_score(world, {questions[0]: right}, lesson_id=lesson.lesson_id)
    assert score == round(100 / len(questions), 2)


async def test_a_question_of_the_topic_that_the_lesson_does_not_ask_is_refused(world: World) -> None:
    lesson = await lesson_for(world)
    asked = {question.question_id for question in lesson.quiz}
    other = next(q for q in course().topic("for-loops").questions if q not in asked)
    with pytest.raises(InvalidRequest):
        await quiz_score(world, {other: "x"}, lesson_id=lesson.lesson_id)


def graded(answers: dict[str, Any]) -> dict[str, Any]:
    """What the ledger keeps of a quiz, in a curriculum where `for-step` has lost its key."""
    topic = course().topic("for-loops")
    keyless = replace(topic.questions["for-step"], accepted=())
    changed = replace(topic, questions=topic.questions | {"for-step": keyless})
    version = replace(course(), by_id=course().by_id | {"for-loops": changed})
    lesson = {"topic": "for-loops", "course_id": "python", "questions": ["for-step", "for-in-keyword", "long-gone"]}
    update = UpdateProgress.model_validate(
        {"user_id": "maya", "lesson_id": "l1", "evidence": [{"kind": "quiz", "answers": answers}]}
    )
    [_, fact] = facts_of(update, "l1", lesson, version, Call(TEACHER, NOW), "u", "")
    return fact.data


@pytest.mark.parametrize(
    ("answers", "graded_as"),
    [
        ({"for-step": "9", "for-in-keyword": "in", "long-gone": "x"}, {"score": 100.0}),
        ({"for-step": "9", "for-in-keyword": "of"}, {"score": 0.0, "wrong": ["for-in-keyword"]}),
        ({"for-step": "9"}, {"score": 0.0}),
    ],
)
def test_a_question_that_has_no_key_any_more_counts_neither_way(
    answers: dict[str, Any], graded_as: dict[str, Any]
) -> None:
    assert graded(answers) == {"answers": answers, "quiz_id": "l1"} | graded_as


def test_a_quiz_of_which_no_question_has_a_key_has_no_score() -> None:
    keyless = replace(course().topic("for-loops").questions["for-step"], accepted=())
    topic = replace(course().topic("for-loops"), questions={"for-step": keyless})
    version = replace(course(), by_id=course().by_id | {"for-loops": topic})
    fields = {"user_id": "maya", "lesson_id": "l1", "topic": "for-loops"}
    item = {"kind": "quiz", "answers": {"for-step": "-3"}}
    update = UpdateProgress.model_validate(fields | {"evidence": [item]})
    [_, fact] = facts_of(update, "l1", None, version, Call(TEACHER, NOW), "u", "")
    assert fact.data == {"answers": {"for-step": "-3"}, "quiz_id": "l1"}


async def test_a_quiz_without_an_id_is_the_lessons_own(world: World) -> None:
    for score in (40, 80):
        world.now += timedelta(minutes=1)
        answer = await report(world, topic="for-loops", evidence=[{"kind": "quiz", "score": score}])
    assert answer.mastery.components["quiz"] == 80.0
    answer = await report(world, topic="for-loops", evidence=[{"kind": "quiz", "score": 0, "quiz_id": "other"}])
    assert answer.mastery.components["quiz"] == 40.0


async def test_the_answer_lists_each_piece_of_evidence_by_an_id_of_its_own(world: World) -> None:
    items = [{"kind": "message", "text": "hello"}, {"kind": "message", "text": "hello"}]
    answer = await report(world, topic="for-loops", evidence=items)
    assert [e.kind for e in answer.evidence] == ["message", "message"]
    assert len({e.evidence_id for e in answer.evidence}) == 2


async def test_the_ledger_keeps_the_evidence_under_the_ids_of_the_answer(world: World) -> None:
    answer = await report(world, topic="for-loops", evidence=[{"kind": "quiz", "answers": {"for-step": "-3"}}])
    [_, line] = (await learner(world))["ledger"]
    assert line["id"] == answer.evidence[0].evidence_id
    assert (line["kind"], line["score"], line["answers"]) == ("quiz", 100.0, {"for-step": "-3"})


# Batches


def batch(*updates: dict[str, Any]) -> dict[str, Any]:
    return {"updates": [{"lesson_id": f"l{n}"} | update for n, update in enumerate(updates)]}


async def test_a_batch_is_one_change_with_an_answer_for_each_update(world: World) -> None:
    reply = await send(world, **batch({"progress_percentage": 10}, {"status": "completed"}))
    assert isinstance(reply.body, BatchProgress)
    assert [(r.lesson_id, r.status, r.version) for r in reply.body.results] == [
        ("l0", "in_progress", 1),
        ("l1", "completed", 1),
    ]
    assert [event["lesson_id"] for event in world.publisher.data("progress-updated")] == ["l0", "l1"]


async def test_a_batch_is_recorded_whole_or_not_at_all(world: World) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await send(world, **batch({"progress_percentage": 10}, {"evidence": [{"kind": "quiz", "score": 1}]}))
    assert refused_field(caught.value) == "updates.1.evidence"
    assert (await learner(world), world.publisher.published) == ({}, [])


async def test_an_update_of_a_batch_in_the_future_is_named(world: World) -> None:
    late = {"status": "completed", "occurred_at": NOW + timedelta(hours=1)}
    with pytest.raises(InvalidRequest) as caught:
        await send(world, **batch({"progress_percentage": 10}, late))
    assert refused_field(caught.value) == "updates.1.occurred_at"


async def test_two_updates_of_one_lesson_in_a_batch_make_one_event(world: World) -> None:
    updates = [{"lesson_id": "l1", "progress_percentage": n} for n in (30, 100)]
    await send(world, updates=updates)
    [event] = world.publisher.data("progress-updated")
    assert (event["status"], event["previous_status"]) == ("completed", "not_started")


@pytest.mark.parametrize("beside", [{"lesson_id": "l1"}, {"status": "completed"}, {"evidence": []}])
async def test_a_batch_has_nothing_beside_it(beside: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UpdateProgress.model_validate({"user_id": "maya"} | batch({"progress_percentage": 1}) | beside)


# Events


async def test_an_update_that_changes_nothing_publishes_nothing_and_is_still_kept(world: World) -> None:
    await report(world, progress_percentage=50)
    answer = await report(world, progress_percentage=20)
    assert (answer.changes, answer.version) == ([], 2)
    assert len(world.publisher.published) == 1
    assert len((await learner(world))["ledger"]) == 2


async def test_an_event_tells_of_the_status_before(world: World) -> None:
    for fields in ({"progress_percentage": 50}, {"progress_percentage": 70}, {"status": "completed"}):
        await report(world, **fields)
    events = world.publisher.data("progress-updated")
    assert [(e["previous_status"], e["status"]) for e in events] == [
        ("not_started", "in_progress"),
        ("in_progress", "in_progress"),
        ("in_progress", "completed"),
    ]
    assert [e["version"] for e in events] == [1, 2, 3]


async def test_an_event_holds_figures_and_ids_of_people_only(world: World) -> None:
    message = {"kind": "message", "text": "I am Maya Smith"}
    await report(world, topic="for-loops", progress_percentage=10, evidence=[message])
    [(topic, key, event)] = world.publisher.published
    assert (topic, key, event["partitionkey"], event["subject"]) == ("progress-updated", "maya", "maya", "maya")
    assert event["source"] == "/functions/update-progress"
    assert "Smith" not in json.dumps(event)
    assert event["data"].keys() == {
        "user_id", "lesson_id", "topic", "progress_percentage", "status", "previous_status",
        "mastery", "level", "streak_days", "timestamp", "version",
    }  # fmt: skip


async def test_a_published_event_leaves_the_outbox(world: World) -> None:
    await report(world, progress_percentage=10)
    assert (len(world.publisher.published), await world.outbox()) == (1, [])


async def test_when_the_broker_is_down_the_change_stands_and_its_event_waits(world: World) -> None:
    world.publisher.down = True
    answer = await report(world, progress_percentage=10)
    assert answer.progress_percentage == 10
    assert await world.outbox() == (await learner(world))["pending"]
    assert len(await world.outbox()) == 1


async def test_what_waits_is_published_before_what_is_new(world: World) -> None:
    world.publisher.down = True
    await report(world, progress_percentage=10)
    await report(world, progress_percentage=20)
    world.publisher.down = False
    await report(world, progress_percentage=30)
    assert [e["progress_percentage"] for e in world.publisher.data("progress-updated")] == [10, 20, 30]
    assert await world.outbox() == []


async def test_a_later_event_never_overtakes_one_that_fails(world: World) -> None:
    world.publisher.fail_at = {1, 2}
    await report(world, progress_percentage=10)
    await report(world, progress_percentage=20)
    assert (world.publisher.published, len(await world.outbox())) == ([], 2)
    await report(world, progress_percentage=30)
    assert [e["progress_percentage"] for e in world.publisher.data("progress-updated")] == [10, 20, 30]


async def test_an_update_without_news_still_publishes_what_waits(world: World) -> None:
    world.publisher.down = True
    await report(world, progress_percentage=10)
    world.publisher.down = False
    await report(world, progress_percentage=5)
    assert len(world.publisher.published) == 1


async def test_an_outbox_row_that_cannot_be_removed_means_the_same_event_twice(world: World) -> None:
    world.documents.fail_at = {2: LOST}  # the first commit is the change, the second removes the row
    await report(world, progress_percentage=10)
    await report(world, progress_percentage=20)
    ids = world.publisher.ids()
    assert len(ids) == 3 and ids[0] == ids[1] != ids[2]
    assert await world.outbox() == []


# Races and failures


async def test_a_lost_race_is_decided_again_on_what_the_winner_wrote(world: World) -> None:
    async def rival() -> None:
        await report(world, lesson_id="l2", progress_percentage=70)

    world.documents.before_commit = rival
    answer = await report(world, lesson_id="l1", progress_percentage=10)
    assert answer.version == 2
    assert (await learner(world))["lessons"].keys() == {"l1", "l2"}
    assert len((await learner(world))["ledger"]) == 2


async def test_evidence_has_the_same_ids_after_a_lost_race(world: World) -> None:
    world.documents.fail_at = {1: Conflict("learner:maya")}
    answer = await report(world, topic="for-loops", evidence=[{"kind": "quiz", "score": 80}])
    first, second = (next(w.value for w in commit if w.key == "learner:maya") for commit in world.documents.commits[:2])
    assert first and second
    assert [line["id"] for line in first["ledger"]] == [line["id"] for line in second["ledger"]]
    assert (await learner(world))["topics"]["for-loops"]["attempts"] == 1
    assert answer.version == 1


async def test_updates_at_the_same_time_are_all_applied_once(world: World) -> None:
    await asyncio.gather(*(report(world, lesson_id=f"l{n}", progress_percentage=n + 1) for n in range(6)))
    document = await learner(world)
    assert document["version"] == 6
    assert {k: e["progress_percentage"] for k, e in document["lessons"].items()} == {f"l{n}": n + 1 for n in range(6)}
    assert len(set(world.publisher.ids())) == 6


async def test_a_race_lost_every_time_is_given_up(world: World) -> None:
    world.documents.fail_at = {n: Conflict("learner:maya") for n in range(1, ATTEMPTS + 1)}
    with pytest.raises(Conflict):
        await report(world, progress_percentage=10)
    assert (len(world.documents.commits), await learner(world)) == (ATTEMPTS, {})


async def test_when_the_store_is_down_nothing_is_acknowledged_or_saved(world: World) -> None:
    world.documents.down = True
    with pytest.raises(Unavailable):
        await report(world, progress_percentage=10)
    assert (await learner(world), await world.outbox(), world.publisher.published) == ({}, [], [])


async def test_when_the_read_model_is_down_updates_go_on(world: World) -> None:
    world.read_model.down = True
    assert (await report(world, progress_percentage=10)).success


# If-Match


@pytest.mark.parametrize("if_match", ["1", '"1"', 'W/"1-2026-03-10-abc"', "*"])
async def test_if_match_with_the_current_version_goes_on(world: World, if_match: str) -> None:
    await report(world, progress_percentage=10)
    await send(world, world.call(if_match=if_match), lesson_id="l1", progress_percentage=20)
    assert (await learner(world))["version"] == 2


@pytest.mark.parametrize("if_match", ["0", '"2"', "10", "nonsense", '""'])
async def test_if_match_with_another_version_is_refused_and_saves_nothing(world: World, if_match: str) -> None:
    await report(world, progress_percentage=10)
    with pytest.raises(PreconditionFailed):
        await send(world, world.call(if_match=if_match), lesson_id="l1", progress_percentage=20)
    assert (await learner(world))["version"] == 1


async def test_if_match_anything_needs_something_that_exists(world: World) -> None:
    with pytest.raises(PreconditionFailed):
        await send(world, world.call(if_match="*"), lesson_id="l1", progress_percentage=20)


async def test_if_match_holds_even_when_somebody_comes_first(world: World) -> None:
    await report(world, progress_percentage=10)

    async def rival() -> None:
        await report(world, lesson_id="l2", progress_percentage=70)

    world.documents.before_commit = rival
    with pytest.raises(PreconditionFailed):
        await send(world, world.call(if_match="1"), lesson_id="l1", progress_percentage=20)


# Idempotency


def keyed(world: World, key: str | None = "key-1", body: str = "body-1") -> Call:
    return world.call(idempotency_key=key, fingerprint=body)


async def test_a_request_already_completed_is_answered_again_and_changes_nothing(world: World) -> None:
    first = await send(world, keyed(world), lesson_id="l1", progress_percentage=10)
    before = await learner(world)
    world.now += timedelta(hours=3)
    again = await send(world, keyed(world), lesson_id="l1", progress_percentage=10)
    assert first.headers == {}
    assert again.headers == {"Idempotency-Replayed": "true"}
    assert again.body == first.body
    assert await learner(world) == before
    assert len(world.publisher.published) == 1


async def test_a_batch_already_completed_is_answered_again(world: World) -> None:
    fields = batch({"progress_percentage": 10}, {"status": "completed"})
    first, again = [await send(world, keyed(world), **fields) for _ in range(2)]
    assert isinstance(again.body, BatchProgress)
    assert again.body == first.body


async def test_a_key_with_a_mutated_body_is_refused(world: World) -> None:
    await send(world, keyed(world), lesson_id="l1", progress_percentage=10)
    with pytest.raises(KeyReused):
        await send(world, keyed(world, body="body-2"), lesson_id="l1", progress_percentage=20)
    assert (await learner(world))["version"] == 1


async def test_a_refused_request_uses_no_key_up(world: World) -> None:
    with pytest.raises(InvalidRequest):
        await send(world, keyed(world), lesson_id="l1", evidence=[{"kind": "quiz", "score": 1}])
    reply = await send(world, keyed(world, body="body-2"), lesson_id="l1", progress_percentage=10)
    assert reply.headers == {}


async def test_a_crash_while_saving_leaves_no_key(world: World) -> None:
    world.documents.fail_at = {1: LOST}
    with pytest.raises(Unavailable):
        await send(world, keyed(world), lesson_id="l1", progress_percentage=10)
    reply = await send(world, keyed(world), lesson_id="l1", progress_percentage=10)
    assert (reply.headers, (await learner(world))["version"]) == ({}, 1)


async def test_a_retry_after_an_answer_that_was_lost_has_no_second_effect(world: World) -> None:
    world.documents.unknown_at = {1}
    item = {"kind": "quiz", "score": 80}
    with pytest.raises(Unavailable):
        await send(world, keyed(world), lesson_id="l1", topic="for-loops", evidence=[item])
    reply = await send(world, keyed(world), lesson_id="l1", topic="for-loops", evidence=[item])
    assert reply.headers == {"Idempotency-Replayed": "true"}
    assert (await learner(world))["topics"]["for-loops"]["attempts"] == 1


async def test_duplicates_at_the_same_time_have_one_effect_and_one_answer(world: World) -> None:
    item = {"kind": "quiz", "score": 80}
    replies = await asyncio.gather(
        *(send(world, keyed(world), lesson_id="l1", topic="for-loops", evidence=[item]) for _ in range(6))
    )
    assert (await learner(world))["topics"]["for-loops"]["attempts"] == 1
    assert sum(reply.headers == {} for reply in replies) == 1
    assert all(reply.body == replies[0].body for reply in replies)


async def test_a_header_and_a_request_id_that_differ_are_refused(world: World) -> None:
    with pytest.raises(InvalidRequest) as caught:
        await send(world, keyed(world), lesson_id="l1", progress_percentage=10, request_id="key-2")
    assert refused_field(caught.value) == "request_id"
    assert await learner(world) == {}


async def test_a_request_id_in_the_body_is_a_key_too(world: World) -> None:
    for _ in range(2):
        reply = await send(world, lesson_id="l1", progress_percentage=10, request_id="key-1")
    assert reply.headers == {"Idempotency-Replayed": "true"}


async def test_the_same_key_of_another_learner_is_another_key(world: World) -> None:
    await send(world, keyed(world), lesson_id="l1", progress_percentage=10)
    reply = await send(world, keyed(world, body="body-2"), user_id="james", lesson_id="l1", progress_percentage=20)
    assert (reply.headers, (await learner(world, "james"))["version"]) == ({}, 1)


async def test_without_a_key_the_same_request_counts_twice(world: World) -> None:
    for _ in range(2):
        await report(world, topic="for-loops", evidence=[{"kind": "quiz", "score": 80}])
    assert (await learner(world))["topics"]["for-loops"]["attempts"] == 2


async def test_a_replay_does_not_ask_for_the_version_again(world: World) -> None:
    call = keyed(world)
    await send(world, call, lesson_id="l1", progress_percentage=10)
    await report(world, progress_percentage=20)
    late = world.call(idempotency_key="key-1", fingerprint="body-1", if_match="0")
    reply = await send(world, late, lesson_id="l1", progress_percentage=10)
    assert isinstance(reply.body, LessonProgress)
    assert (reply.body.progress_percentage, reply.headers) == (10, {"Idempotency-Replayed": "true"})


# The ledger grows elsewhere


async def test_a_full_segment_of_the_ledger_leaves_the_document_in_the_same_commit(world: World) -> None:
    message = {"kind": "message", "text": "hello"}
    await report(world, topic="for-loops", evidence=[message] * (LEDGER_SEGMENT - 2))
    assert (await learner(world))["ledger_segments"] == 0
    await report(world, topic="for-loops", evidence=[message])
    document, segment = await learner(world), await world.document("ledger:maya:0")
    assert segment and len(segment["entries"]) == LEDGER_SEGMENT
    assert (document["ledger_segments"], len(document["ledger"])) == (1, 1)
    [keys] = [
        [w.key for w in commit] for commit in world.documents.commits if "ledger:maya:0" in [w.key for w in commit]
    ]
    assert keys[0] == "learner:maya"


# Of topics left alone the document keeps the figures only


async def visit_others(world: World) -> None:
    """Works on so many other topics, later, that the evidence of `for-loops` is sealed."""
    for number, topic in enumerate(("lists", "tuples", "sets"), start=1):
        quiz = [{"kind": "quiz", "score": 80}]
        await report(world, lesson_id=topic, topic=topic, occurred_at=NOW + timedelta(seconds=number), evidence=quiz)
    assert (await learner(world))["topics"]["for-loops"]["sealed"] is True


async def stays_what_the_ledger_gives(world: World) -> None:
    found, _ = await load_learner(world.documents, "maya")
    await reopen_topics(world.documents, found, found.topics)
    folded = rebuild("maya", await load_ledger(world.documents, found), course())
    assert (found.topics, found.reviews) == (folded.topics, folded.reviews)


async def test_work_on_a_topic_that_was_left_alone_goes_on_where_it_stood(world: World) -> None:
    first = await report(world, topic="for-loops", evidence=[{"kind": "quiz", "quiz_id": "q1", "score": 40}])
    await visit_others(world)
    again = [{"kind": "quiz", "quiz_id": "q1", "score": 80}, {"kind": "quiz", "quiz_id": "q2", "score": 60}]
    found = await report(world, topic="for-loops", occurred_at=NOW + timedelta(minutes=1), evidence=again)
    assert (first.mastery.components["quiz"], found.mastery.components["quiz"]) == (40, 70)
    assert found.mastery.before == first.mastery.after
    await stays_what_the_ledger_gives(world)


async def test_late_evidence_of_a_topic_that_was_left_alone_is_folded_where_it_belongs(world: World) -> None:
    await report(world, topic="for-loops", evidence=[{"kind": "quiz", "quiz_id": "q1", "score": 80}])
    await visit_others(world)
    late = [{"kind": "quiz", "quiz_id": "q1", "score": 10}]
    found = await report(world, topic="for-loops", occurred_at=NOW - timedelta(hours=1), evidence=late)
    assert found.mastery.components["quiz"] == 80
    await stays_what_the_ledger_gives(world)


async def test_what_was_seen_of_a_topic_that_was_left_alone_still_counts_after_a_correction(world: World) -> None:
    failed = {"kind": "execution", "ok": False}
    first = await report(world, topic="for-loops", evidence=[failed] * 4 + [{"kind": "quiz", "score": 90}])
    await visit_others(world)
    wrong = {"kind": "void", "evidence_id": first.evidence[-1].evidence_id, "reason": "another learner's"}
    await report(world, evidence=[wrong])
    found = await report(world, topic="for-loops", occurred_at=NOW + timedelta(minutes=1), evidence=[failed])
    assert [seen.trigger for seen in found.struggle] == ["failed_runs"]
