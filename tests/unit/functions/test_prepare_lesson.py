"""A lesson written ahead: one for each cause, whatever events come twice, late, at once or never again."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.learning.learner import Alert
from functions.learning.sealing import OPEN_LESSONS
from functions.learning.struggle import SEVERITY
from functions.manage_alerts.changes import acknowledge, resolve
from functions.manage_learner.erasing import erase
from functions.prepare_lesson.handler import prepare_next
from functions.relay_events.handler import GRACE, relay_events
from functions.runtime.errors import Unavailable
from functions.runtime.events import EventData, new_event
from functions.runtime.models import rfc3339
from functions.runtime.ports import Json, Sql
from functions.usecases.events import Ping, ProgressUpdated, StruggleDetected
from functions.usecases.learners import commit_learner, load_learner
from functions.usecases.tables import query
from tests.support.delivering import deliver, hand_out
from tests.support.fakes import LOST, NOW, World, lesson_for, received, report, struggle
from tests.support.preparing import ahead, prepared

LOW = [{"kind": "quiz", "score": 20}]


async def completed(world: World, lesson_id: str = "l1", **fields: Any) -> Json:
    """The event of a lesson that was just completed."""
    await report(world, lesson_id=lesson_id, status="completed", **fields)
    return next(e for t, _, e in reversed(world.publisher.published) if t == "progress-updated")


async def listed(world: World) -> list[tuple[str, str, str]]:
    """Topic, type and who asked of each row of the list."""
    sql = Sql("SELECT topic, lesson_type, requested_by FROM lessons ORDER BY created_at")
    return [(topic, lesson_type, by) for topic, lesson_type, by in await query(world.read_model, sql)]


def shown(lesson: Json) -> tuple[str, str, str, int]:
    elements = lesson["lesson"]["curriculum_elements"]
    return elements["topic_id"], lesson["lesson"]["lesson_type"], lesson["requested_by"], lesson["version"]


# The next lesson


async def test_a_completed_lesson_makes_the_next_one(world: World) -> None:
    event = await completed(world, topic="for-loops")
    [lesson] = await prepared(world, event)
    topic, *rest = shown(lesson)
    assert topic != "for-loops" and rest == ["standard", "progress", 1]
    assert await listed(world) == [(topic, "standard", "progress")]
    [told] = world.publisher.data("lesson-generated")
    assert (told["lesson_id"], told["requested_by"], told["topic"]) == (lesson["lesson_id"], "progress", topic)
    assert (world.publisher.published[-1][2]["source"], await world.outbox()) == ("/functions/prepare-lesson", [])


async def test_progress_that_completes_nothing_makes_nothing(world: World) -> None:
    await report(world, progress_percentage=99)
    await completed(world)
    await report(world, evidence=[{"kind": "quiz", "score": 90}], topic="for-loops")  # after it is completed
    begun, _, later = [event for _, _, event in world.publisher.published]
    assert (later["data"]["status"], later["data"]["previous_status"]) == ("completed", "completed")
    assert await prepared(world, begun, later) == []


async def test_the_learners_document_is_only_read(world: World) -> None:
    events = [await completed(world, topic="for-loops", evidence=LOW), world.publisher.published[-1][2]]
    before = await world.document("learner:maya")
    assert len(await prepared(world, *events)) == 2
    assert await world.document("learner:maya") == before


async def test_the_same_completion_twice_or_at_once_makes_one_lesson_and_one_event(world: World) -> None:
    event = received(ProgressUpdated, await completed(world))
    await asyncio.gather(*(prepare_next(world.ports, event) for _ in range(5)))
    await prepare_next(world.ports, event)
    assert len(await ahead(world)) == len(world.publisher.data("lesson-generated")) == 1


async def test_of_two_replicas_the_second_leaves_the_lesson_as_it_is(world: World) -> None:
    event = await completed(world)

    async def rival() -> None:
        await prepared(world, event)

    world.documents.before_commit = rival
    assert len(await prepared(world, event)) == len(world.publisher.data("lesson-generated")) == 1


async def test_each_completed_lesson_has_a_next_one_of_its_own(world: World) -> None:
    first, second = await completed(world, "l1"), await completed(world, "l2")
    assert len(await prepared(world, first, second, first)) == 2


async def test_a_lesson_is_dated_by_its_cause_however_late_the_event_comes(world: World) -> None:
    event = await completed(world)
    world.now = NOW + timedelta(hours=3)
    [lesson] = await prepared(world, event)
    assert lesson["created_at"] == lesson["updated_at"] == event["data"]["timestamp"] == rfc3339(NOW)


async def test_a_lesson_that_nothing_is_known_of_has_a_next_one_too(world: World) -> None:
    event = await completed(world, "made-elsewhere")
    assert event["data"]["topic"] is None
    assert [shown(lesson)[2] for lesson in await prepared(world, event)] == ["progress"]


async def test_a_completed_lesson_that_is_sealed_by_now_has_a_next_one(world: World) -> None:
    event = await completed(world, "old", occurred_at=NOW - timedelta(days=1))
    for number in range(OPEN_LESSONS):
        await report(world, lesson_id=f"newer-{number}", progress_percentage=10)
    document = await world.document("learner:maya")
    assert document and "old" not in document["lessons"]
    assert len(await prepared(world, event)) == 1


async def test_a_completion_that_the_document_does_not_know_makes_nothing(world: World) -> None:
    event = await completed(world)
    for change in ({"lesson_id": "made-up"}, {"user_id": "nobody"}):
        assert await prepared(world, event | {"data": event["data"] | change}) == []


async def test_after_a_remedial_lesson_comes_an_ordinary_one(world: World) -> None:
    lesson = await lesson_for(world, lesson_type="remedial")
    await deliver(world)
    event = await completed(world, lesson.lesson_id)
    [following] = await prepared(world, event)
    assert shown(following)[1:] == ("standard", "progress", 1)


async def test_fifty_completions_make_fifty_lessons_and_then_it_is_quiet(world: World) -> None:
    await lesson_for(world)
    for number in range(50):
        await deliver(world)
        [waiting] = [id for id, entry in (await entries(world)).items() if entry["status"] != "completed"]
        world.now = NOW + timedelta(hours=number)
        await report(world, lesson_id=waiting, status="completed")
    await deliver(world)
    assert world.publisher.published == []
    assert len(await world.documents.inner.page("lesson:", "", 1000)) == len(await world.rows("lessons")) == 51
    assert {by for _, _, by in await listed(world)} == {"teacher", "progress"}


async def entries(world: World, user_id: str = "maya") -> dict[str, Json]:
    document = await world.document(f"learner:{user_id}")
    found: dict[str, Json] = document["lessons"] if document else {}
    return found


# A remedial lesson


async def test_a_struggle_makes_a_remedial_lesson_that_says_why(world: World) -> None:
    [lesson] = await prepared(world, await struggle(world))
    assert shown(lesson) == ("for-loops", "remedial", "alert", 1)
    assert "Written because of a quiz below 50 % in For Loops." in lesson["lesson"]["personalisation"]["reasons"]
    assert await listed(world) == [("for-loops", "remedial", "alert")]


async def test_no_word_of_the_learners_own_is_in_the_reason(world: World) -> None:
    said = "I am stuck, my name is Maya Okafor"
    await report(world, topic="for-loops", evidence=[{"kind": "message", "text": said}])
    [lesson] = await prepared(world, world.publisher.published[-1][2])
    assert "Written because of your message that you are stuck in For Loops." in reasons(lesson)
    assert "Okafor" not in str(lesson)


def reasons(lesson: Json) -> list[str]:
    found: list[str] = lesson["lesson"]["personalisation"]["reasons"]
    return found


@pytest.mark.parametrize("trigger", SEVERITY)
async def test_every_trigger_has_words_for_the_learner(world: World, trigger: str) -> None:
    event = await alerted(world, trigger=trigger)
    [lesson] = await prepared(world, event)
    assert any(why.startswith("Written because of ") and why.endswith(" in Lists.") for why in reasons(lesson))


async def alerted(world: World, topic: str | None = "lists", trigger: str = "stuck") -> Json:
    """The event of an alert that stands in Maya's document."""
    learner, stored = await load_learner(world.documents, "maya")
    alert = Alert(f"alert-{len(learner.alerts)}", "l1", topic, trigger, "low", [], world.now)
    learner.alerts.append(alert)
    learner.version += 1
    await commit_learner(world.ports, learner, stored)
    told = StruggleDetected(
        alert_id=alert.alert_id,
        user_id="maya",
        lesson_id="l1",
        topic=topic,
        trigger=trigger,
        severity="low",
        evidence=[],
        timestamp=world.now,
    )
    return event_of(told, world.now)


def event_of(data: EventData, at: datetime) -> Json:
    return new_event(data, source="update-progress", subject="maya", key="maya", facts=(data.model_dump(),), time=at)


async def test_two_alerts_of_a_topic_make_one_lesson(world: World) -> None:
    wrong, low = await alerted(world, trigger="wrong_answers"), await alerted(world, trigger="low_quiz")
    [lesson] = await prepared(world, low, wrong)
    assert "Written because of three wrong quiz answers in Lists." in reasons(lesson)  # it was opened first


async def test_two_topics_have_a_lesson_each(world: World) -> None:
    events = [await struggle(world, topic=topic) for topic in ("for-loops", "while-loops")]
    assert {shown(lesson)[0] for lesson in await prepared(world, *events)} == {"for-loops", "while-loops"}


async def test_while_a_remedial_lesson_is_not_completed_another_alert_makes_none_and_afterwards_a_new_one(
    world: World,
) -> None:
    first = await struggle(world)
    [lesson] = await prepared(world, first)
    await deliver(world)
    await report(world, lesson_id=lesson["lesson_id"], progress_percentage=50)
    world.now = NOW + timedelta(minutes=5)
    second = await alerted(world, topic="for-loops")
    assert len(await prepared(world, second)) == 1
    world.now = NOW + timedelta(minutes=10)
    await completed(world, lesson["lesson_id"])
    assert len(await prepared(world, first, second)) == 1  # what led to it, and what came meanwhile, come again
    world.now = NOW + timedelta(minutes=15)
    third = await alerted(world, topic="for-loops", trigger="failed_runs")
    assert len(await prepared(world, third, third, first, second)) == 2


async def test_a_lesson_completed_by_a_clock_that_is_slow_is_not_made_again_for_the_same_alert(world: World) -> None:
    event = await struggle(world)
    [lesson] = await prepared(world, event)
    await deliver(world)
    await completed(world, lesson["lesson_id"], occurred_at=NOW - timedelta(hours=2))
    assert len([one for one in await prepared(world, event) if one["requested_by"] == "alert"]) == 1


@pytest.mark.parametrize("told", [True, False])
async def test_a_remedial_lesson_that_was_asked_for_is_enough_also_before_its_event_has_come(
    world: World, told: bool
) -> None:
    await lesson_for(world, lesson_type="remedial")
    if told:
        await deliver(world)
    assert await prepared(world, await struggle(world)) == []


async def test_a_remedial_lesson_that_lies_sealed_and_unfinished_is_enough(world: World) -> None:
    asked = await lesson_for(world, lesson_type="remedial")
    await deliver(world)
    for number in range(OPEN_LESSONS + 1):
        world.now = NOW + timedelta(minutes=number + 1)
        await report(world, lesson_id=f"newer-{number}", progress_percentage=10)
    assert asked.lesson_id not in await entries(world)
    assert await prepared(world, await struggle(world)) == []


async def test_a_lesson_of_another_type_or_topic_is_not(world: World) -> None:
    await lesson_for(world)
    await lesson_for(world, topic="while-loops", lesson_type="remedial")
    assert len(await prepared(world, await struggle(world))) == 1


async def test_an_alert_that_was_resolved_meanwhile_makes_nothing_and_one_that_a_teacher_knows_of_does(
    world: World,
) -> None:
    events = []
    for topic, change in (("for-loops", resolve), ("while-loops", acknowledge)):
        events.append(await struggle(world, topic=topic))
        learner, stored = await load_learner(world.documents, "maya")
        change(learner, learner.alerts[-1], "teacher-1", None, world.now)
        await commit_learner(world.ports, learner, stored)
    assert [shown(lesson)[0] for lesson in await prepared(world, *events)] == ["while-loops"]


async def test_an_alert_that_the_document_does_not_know_makes_nothing(world: World) -> None:
    event = await struggle(world)
    for change in ({"alert_id": "made-up"}, {"user_id": "nobody"}):
        assert await prepared(world, event | {"data": event["data"] | change}) == []


async def test_a_topic_that_has_no_lessons_makes_nothing(world: World) -> None:
    assert await prepared(world, await alerted(world, topic="dropped")) == []


async def test_a_struggle_in_an_unknown_lesson_mends_the_weakest_topic_and_nothing_if_none_is_begun(
    world: World,
) -> None:
    assert await prepared(world, await alerted(world, topic=None)) == []
    await report(world, topic="while-loops", evidence=[{"kind": "quiz", "score": 60}])
    [lesson] = await prepared(world, await alerted(world, topic=None))
    assert (shown(lesson)[0], "Written because of more than ten minutes on one exercise." in reasons(lesson)) == (
        "while-loops",
        True,
    )


# Learners who are forgotten


async def test_a_learner_who_was_forgotten_gets_nothing(world: World) -> None:
    events = [await completed(world, topic="for-loops", evidence=LOW), world.publisher.published[-1][2]]
    await erase(world.ports, "maya")
    assert await prepared(world, *events) == []


async def test_what_was_prepared_while_its_learner_was_being_forgotten_is_gone_when_its_event_has_come(
    world: World,
) -> None:
    event = await completed(world)
    world.publisher.published.clear()

    async def forget() -> None:
        world.now = NOW
        await erase(world.ports, "maya")
        world.now = later

    world.now = later = NOW + timedelta(minutes=5)  # by another clock than the eraser's: only the cause is of before
    world.documents.before_commit = forget
    assert len(await prepared(world, event)) == 1
    await deliver(world)
    assert (await ahead(world), await listed(world), await entries(world)) == ([], [], {})


async def test_who_comes_back_and_completes_the_same_lesson_again_has_another_next_one(world: World) -> None:
    old = await completed(world)
    [before] = await prepared(world, old)
    await erase(world.ports, "maya")
    world.now = NOW + timedelta(days=1)
    new = await completed(world)
    [after] = await prepared(world, old, new)
    assert before["lesson_id"] != after["lesson_id"]
    for event in [event for topic, _, event in world.publisher.published if topic == "lesson-generated"]:
        await hand_out(world, event)  # that of before comes again too
    assert [lesson["lesson_id"] for lesson in await ahead(world)] == [after["lesson_id"]]


# Failures


async def test_a_store_that_is_down_leaves_the_event_to_be_retried(world: World) -> None:
    for event in (await completed(world), await struggle(world)):
        world.documents.down = True
        with pytest.raises(Unavailable):
            await prepared(world, event)
        world.documents.down = False
    assert len(await prepared(world, *(event for _, _, event in world.publisher.published))) == 2


async def test_a_commit_of_which_nobody_knows_how_it_ended_is_not_repeated_and_its_event_goes_out(world: World) -> None:
    event = await completed(world)
    world.documents.unknown_at = {len(world.documents.commits) + 1}
    with pytest.raises(Unavailable):
        await prepared(world, event)
    assert (len(await prepared(world, event)), world.publisher.data("lesson-generated")) == (1, [])
    ping = {"specversion": "1.0", "id": "ping", "source": "/tests", "type": Ping.type_name}
    await relay_events(world.ports, received(Ping, ping, world.now + GRACE))
    assert len(world.publisher.data("lesson-generated")) == 1
    await deliver(world)
    assert [by for _, _, by in await listed(world)] == ["progress"]


async def test_a_failed_commit_is_made_good_by_the_next_delivery(world: World) -> None:
    event = await completed(world)
    world.documents.fail_at = {len(world.documents.commits) + 1: LOST}
    with pytest.raises(Unavailable):
        await prepared(world, event)
    assert (await ahead(world), await world.outbox()) == ([], [])
    assert len(await prepared(world, event)) == 1


async def test_a_broker_that_is_away_leaves_the_event_in_the_outbox(world: World) -> None:
    event = await completed(world)
    world.publisher.down = True
    assert (len(await prepared(world, event)), len(await world.outbox())) == (1, 1)


async def test_a_next_lesson_stands_when_the_list_does_not_answer_and_a_remedial_one_waits_for_it(world: World) -> None:
    following, alert = await completed(world), await struggle(world)
    world.read_model.down = True
    assert [shown(lesson)[2] for lesson in await prepared(world, following)] == ["progress"]
    with pytest.raises(Unavailable):
        await prepared(world, alert)
    world.read_model.down = False
    assert len(await prepared(world, alert)) == 2
