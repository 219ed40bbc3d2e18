"""Writing a lesson: one commit with its event, published and listed if it can be, the same lesson for the same key."""

import asyncio
import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.generate_lesson.handler import NAME, STREAM, generate_lesson
from functions.generate_lesson.models import GenerateLesson
from functions.learning.curriculum import NoContent, content
from functions.relay_events.handler import GRACE, relay_events
from functions.runtime.errors import Conflict, Forbidden, InvalidRequest, KeyReused, NotFound, Unavailable
from functions.runtime.ports import Call, Reply
from functions.usecases.events import Ping
from functions.usecases.lesson_documents import LessonDocument
from functions.usecases.lesson_models import LessonAnswer
from functions.usecases.making_lessons import event_of
from tests.support.backends import ROOT
from tests.support.fakes import LOST, MAYA, NOW, World, lesson_for, received, report

PING = {"specversion": "1.0", "id": "ping", "source": "/tests", "type": Ping.type_name}


async def send(world: World, call: Call | None = None, /, **fields: Any) -> Reply:
    request = GenerateLesson.model_validate({"user_id": "maya", "topic": "for-loops"} | fields)
    return await generate_lesson(world.ports, call or world.call(), request)


def lesson_of(reply: Reply) -> LessonAnswer:
    assert isinstance(reply.body, LessonAnswer)
    return reply.body


def keyed(world: World, key: str = "key-1", body: str = "body-1") -> Call:
    return world.call(idempotency_key=key, fingerprint=body)


async def lessons(world: World) -> list[str]:
    return list(await world.documents.inner.scan("lesson:", 1000))


# What is written


async def test_a_lesson_is_answered_whole_and_kept(world: World) -> None:
    reply = await send(world)
    lesson = lesson_of(reply)
    assert (reply.status, reply.headers["Location"]) == (201, f"/lessons/{lesson.lesson_id}")
    assert (lesson.user_id, lesson.version, lesson.state, lesson.listed) == ("maya", 1, "available", True)
    assert lesson.content and lesson.exercises and lesson.quiz
    assert lesson.created_at == lesson.updated_at == NOW
    assert lesson.quiz_id == lesson.lesson_id
    assert await lessons(world) == [f"lesson:{lesson.lesson_id}"]


async def test_the_location_is_absolute_where_the_public_address_is_known(world: World) -> None:
    reply = await send(world, world.call(public_url="https://learn.example"))
    assert reply.headers["Location"] == f"https://learn.example/lessons/{lesson_of(reply).lesson_id}"


async def test_solutions_keys_and_hidden_outputs_stay_in_the_document(world: World) -> None:
    lesson = await lesson_for(world)
    shown = lesson.model_dump_json()
    for exercise in content("for-loops").exercises:
        assert json.dumps(exercise.solution)[1:-1] not in shown
    stored = await world.document(f"lesson:{lesson.lesson_id}")
    assert any(json.dumps(e.solution)[1:-1] in json.dumps(stored) for e in content("for-loops").exercises)
    assert all(c.expected_output is None for e in lesson.exercises for c in e.test_cases if c.hidden)


async def test_the_document_and_its_event_are_one_commit(world: World) -> None:
    lesson = await lesson_for(world)
    keys = [write.key for write in world.documents.commits[0]]
    assert keys[0] == f"lesson:{lesson.lesson_id}"
    assert [key.partition(":")[0] for key in keys] == ["lesson", "outbox"]


async def test_the_event_is_published_and_its_row_removed(world: World) -> None:
    lesson = await lesson_for(world)
    [(topic, key, event)] = world.publisher.published
    assert (topic, key, event["subject"], event["source"]) == (
        "lesson-generated",
        "maya",
        lesson.lesson_id,
        "/functions/generate-lesson",
    )
    assert event["data"] | {"objectives": []} == {
        "lesson_id": lesson.lesson_id,
        "user_id": "maya",
        "course_id": "python",
        "module": "control-flow",
        "topic": "for-loops",
        "lesson_type": "standard",
        "difficulty_level": "beginner",
        "title": lesson.title,
        "objectives": [],
        "estimated_duration": lesson.metadata.estimated_duration,
        "requested_by": "teacher",
        "version": 1,
        "created_at": "2026-03-10T12:00:00.000000Z",
        "updated_at": "2026-03-10T12:00:00.000000Z",
        "timestamp": "2026-03-10T12:00:00.000000Z",
    }
    assert await world.outbox() == []


async def test_the_learners_document_is_never_written(world: World) -> None:
    await lesson_for(world)
    await report(world, progress_percentage=10)
    count = len(world.documents.commits)
    await lesson_for(world)
    assert not [w for commit in world.documents.commits[count:] for w in commit if w.key.startswith("learner:")]


async def test_a_lesson_that_the_learner_asked_for_says_so(world: World) -> None:
    await send(world, world.call(principal=MAYA))
    assert world.publisher.data("lesson-generated")[0]["requested_by"] == "learner"


async def test_a_learner_may_not_ask_for_another(world: World) -> None:
    with pytest.raises(Forbidden):
        await send(world, world.call(principal=MAYA), user_id="james")
    assert await lessons(world) == []


# What is chosen


async def test_without_a_topic_the_best_next_one_is_chosen_and_why(world: World) -> None:
    yesterday = (world.now - timedelta(days=1)).isoformat()
    quiz = {"kind": "quiz", "score": 90}
    await report(
        world, lesson_id="first", topic="while-loops", evidence=[quiz], status="completed", occurred_at=yesterday
    )
    await report(world, lesson_id="second", topic="conditionals", evidence=[quiz | {"score": 10}])
    lesson = await lesson_for(world, topic=None)  # type: ignore[arg-type]
    assert lesson.curriculum_elements.topic_id == "while-loops"
    assert "While Loops is begun and at 29 %; above 40 % others can build on it." in lesson.personalisation.reasons


async def test_the_difficulty_follows_the_learners_mastery_unless_asked_for(world: World) -> None:
    assert (await lesson_for(world)).difficulty_level == "beginner"
    tests = {"passed_tests": 4, "total_tests": 4}
    passed = [{"kind": "exercise", "exercise_id": name} | tests for name in ("sum-to-n", "stars-in-a-row")]
    await report(world, topic="for-loops", evidence=[*passed, {"kind": "quiz", "score": 100}])
    lesson = await lesson_for(world)
    assert (lesson.difficulty_level, lesson.personalisation.mastery) == ("intermediate", 57.67)
    assert (await lesson_for(world, difficulty_level="hard")).difficulty_level == "advanced"


@pytest.mark.parametrize(("word", "level"), [("easy", "beginner"), ("medium", "intermediate"), ("hard", "advanced")])
async def test_other_words_for_the_difficulty_are_understood(world: World, word: str, level: str) -> None:
    assert (await lesson_for(world, difficulty_level=word)).difficulty_level == level


async def test_a_topic_that_the_course_does_not_have_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="The course python has no topic cooking"):
        await send(world, topic="cooking")


async def test_a_topic_whose_lessons_are_not_written_yet_is_not_found_and_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(topic_id: str) -> None:
        raise NoContent(topic_id)

    monkeypatch.setattr("functions.usecases.writing_lessons.content", nothing)
    with pytest.raises(NotFound, match="The topic for-loops is in the course, but its lessons are not written yet"):
        await send(world)
    assert (await lessons(world), world.publisher.published) == ([], [])


@pytest.mark.parametrize(
    "fields",
    [
        {"time_budget_minutes": 4},
        {"time_budget_minutes": 121},
        {"lesson_type": "exam"},
        {"difficulty_level": "impossible"},
        {"topic": "For Loops"},
        {"course_id": "rust"},
        {"user_id": "a b"},
        {"request_id": ""},
        {"solution": True},
    ],
)
def test_what_is_out_of_bounds_is_no_request(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GenerateLesson.model_validate({"user_id": "maya"} | fields)


# Failures


async def test_when_the_broker_is_down_the_lesson_stands_and_the_relay_publishes_its_event_later(world: World) -> None:
    world.publisher.down = True
    reply = await send(world)
    assert (reply.status, lesson_of(reply).listed) == (201, True)
    waiting = await world.outbox()
    assert len(waiting) == 1
    world.publisher.down = False
    await relay_events(world.ports, received(Ping, PING, NOW + GRACE))
    assert (world.publisher.ids(), await world.outbox()) == (waiting, [])


async def test_when_the_read_model_is_down_the_lesson_stands_and_says_that_it_is_not_listed(world: World) -> None:
    world.read_model.down = True
    reply = await send(world)
    assert (reply.status, lesson_of(reply).listed) == (201, False)
    assert len(world.publisher.published) == 1


async def test_when_the_store_is_down_nothing_is_answered_as_written(world: World) -> None:
    world.documents.fail_at = {1: LOST}
    with pytest.raises(Unavailable):
        await send(world)
    assert (await lessons(world), await world.outbox(), world.publisher.published) == ([], [], [])


# Writing anew


async def test_a_lesson_written_anew_keeps_its_id_and_birth_and_is_the_next_version(world: World) -> None:
    first = await lesson_for(world)
    world.now += timedelta(days=1)
    again = await lesson_for(world, lesson_id=first.lesson_id, lesson_type="review")
    assert (again.lesson_id, again.version, again.lesson_type) == (first.lesson_id, 2, "review")
    assert (again.created_at, again.updated_at) == (NOW, NOW + timedelta(days=1))
    ids = world.publisher.ids()
    assert [e["version"] for e in world.publisher.data("lesson-generated")] == [1, 2]
    assert ids[0] != ids[1]
    assert len(await world.rows("lessons")) == 1


async def test_a_lesson_that_is_not_there_cannot_be_written_anew(world: World) -> None:
    with pytest.raises(NotFound, match="There is no lesson l1 to write anew"):
        await send(world, lesson_id="l1")


async def test_somebody_elses_lesson_cannot_be_written_anew(world: World) -> None:
    lesson = await lesson_for(world, user_id="james")
    with pytest.raises(InvalidRequest) as caught:
        await send(world, lesson_id=lesson.lesson_id)
    assert [error.field for error in caught.value.errors] == ["lesson_id"]
    stored = await world.document(f"lesson:{lesson.lesson_id}")
    assert stored and (stored["user_id"], stored["version"]) == ("james", 1)


async def test_two_that_write_anew_at_the_same_time_make_two_versions(world: World) -> None:
    first = await lesson_for(world)
    answers = await asyncio.gather(*(lesson_for(world, lesson_id=first.lesson_id) for _ in range(3)))
    assert sorted(answer.version for answer in answers) == [2, 3, 4]


# Idempotency


async def test_a_request_already_completed_gets_the_same_lesson_again(world: World) -> None:
    first = await send(world, keyed(world))
    world.now += timedelta(hours=1)
    again = await send(world, keyed(world))
    assert again.body == first.body
    assert (again.status, again.headers) == (201, {**first.headers, "Idempotency-Replayed": "true"})
    assert "Idempotency-Replayed" not in first.headers
    assert (len(await lessons(world)), len(world.publisher.published)) == (1, 1)


async def test_a_key_with_a_mutated_body_is_refused(world: World) -> None:
    await send(world, keyed(world))
    with pytest.raises(KeyReused):
        await send(world, keyed(world, body="body-2"), topic="while-loops")
    assert len(await lessons(world)) == 1


async def test_a_refused_request_uses_no_key_up(world: World) -> None:
    with pytest.raises(NotFound):
        await send(world, keyed(world), topic="cooking")
    assert "Idempotency-Replayed" not in (await send(world, keyed(world, body="body-2"))).headers


async def test_a_crash_while_saving_leaves_no_key(world: World) -> None:
    world.documents.fail_at = {1: LOST}
    with pytest.raises(Unavailable):
        await send(world, keyed(world))
    assert "Idempotency-Replayed" not in (await send(world, keyed(world))).headers
    assert len(await lessons(world)) == 1


async def test_a_retry_after_an_answer_that_was_lost_gets_the_lesson_and_the_event_waits(world: World) -> None:
    world.documents.unknown_at = {1}
    with pytest.raises(Unavailable):
        await send(world, keyed(world))
    assert (await send(world, keyed(world))).headers["Idempotency-Replayed"] == "true"
    assert (len(await lessons(world)), len(await world.outbox())) == (1, 1)


async def test_duplicates_at_the_same_time_make_one_lesson(world: World) -> None:
    replies = await asyncio.gather(*(send(world, keyed(world)) for _ in range(6)))
    assert len({lesson_of(reply).lesson_id for reply in replies}) == 1
    assert sum("Idempotency-Replayed" in reply.headers for reply in replies) == 5
    assert (len(await lessons(world)), len(world.publisher.published)) == (1, 1)


async def test_a_header_and_a_request_id_that_differ_are_refused(world: World) -> None:
    with pytest.raises(InvalidRequest):
        await send(world, keyed(world), request_id="key-2")


async def test_the_same_key_of_another_learner_makes_another_lesson(world: World) -> None:
    first = lesson_of(await send(world, keyed(world)))
    other = lesson_of(await send(world, keyed(world, body="body-2"), user_id="james"))
    assert first.lesson_id != other.lesson_id


async def test_without_a_key_each_request_makes_a_new_lesson(world: World) -> None:
    assert (await lesson_for(world)).lesson_id != (await lesson_for(world)).lesson_id


async def test_a_lost_race_with_another_key_is_decided_again(world: World) -> None:
    world.documents.fail_at = {1: Conflict("lesson")}
    assert "Idempotency-Replayed" not in (await send(world, keyed(world))).headers
    assert len(await lessons(world)) == 1


# As a stream


async def test_a_stream_has_each_section_and_then_the_whole_lesson(world: World) -> None:
    reply = await send(world, world.call(accept=STREAM))
    assert (reply.status, reply.media_type, reply.headers["Cache-Control"]) == (201, STREAM, "no-store")
    assert (
        reply.body is not None and not isinstance(reply.body, str | LessonAnswer) and hasattr(reply.body, "__aiter__")
    )
    events = [event async for event in reply.body]
    lesson = LessonAnswer.model_validate_json(events[-1][1])
    assert [name for name, _ in events] == ["section"] * len(lesson.sections) + ["lesson"]
    assert [json.loads(data)["title"] for _, data in events[:-1]] == [s.title for s in lesson.sections]


async def test_the_event_of_a_lesson_has_the_source_of_its_function(world: World) -> None:
    lesson = await lesson_for(world)
    stored = await world.document(f"lesson:{lesson.lesson_id}")
    assert event_of(LessonDocument(**stored or {})).lesson_id == lesson.lesson_id
    assert NAME == "generate-lesson"


def test_a_cold_start_without_a_model_loads_nothing_of_one() -> None:
    """Nor does the first lesson."""
    script = (
        "import asyncio, sys; from tests.support.fakes import *\n"
        "async def run():\n"
        "    async with new_world() as world: await lesson_for(world)\n"
        "import functions.generate_lesson.main; asyncio.run(run())\n"
        "names = 'functions.model', 'functions.proof', 'aiohttp', 'markdown_it'\n"
        "sys.exit(any(name in sys.modules for name in names))"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT).returncode == 0
