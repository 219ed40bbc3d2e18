"""Handlers of events: any order, twice or late, ends in the same state."""

import asyncio
import random
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.learning.learner import REMEMBERED_EVENTS, Learner
from functions.learning.sealing import OPEN_LESSONS
from functions.project_progress.handler import project_progress
from functions.relay_events import handler
from functions.relay_events.handler import GRACE, relay_events
from functions.runtime import metrics
from functions.runtime.errors import Conflict, Unavailable
from functions.runtime.ports import Json, Sql, Write
from functions.track_lesson.handler import track_lesson
from functions.update_progress.handler import update_progress
from functions.update_progress.models import UpdateProgress
from functions.usecases.events import LessonGenerated, Ping, ProgressUpdated
from functions.usecases.learners import ATTEMPTS, commit_learner, load_learner
from functions.usecases.projection import learner_row, show
from functions.usecases.tables import MIGRATIONS
from tests.support.fakes import LOST, NOW, World, lesson_for, new_world, received, report

PING = {"specversion": "1.0", "id": "ping", "source": "/tests", "type": Ping.type_name}


async def generated(world: World, **fields: Any) -> Json:
    """The event of a new lesson."""
    await lesson_for(world, **fields)
    return world.publisher.published[-1][2]


async def learner(world: World, user_id: str = "maya") -> dict[str, Any]:
    return await world.document(f"learner:{user_id}") or {}


async def track(world: World, event: Json) -> None:
    await track_lesson(world.ports, received(LessonGenerated, event))


# track_lesson


async def test_a_new_lesson_becomes_an_entry_that_is_not_started(world: World) -> None:
    event = await generated(world)
    await track(world, event)
    document = await learner(world)
    [entry] = document["lessons"].values()
    assert (entry["lesson_id"], entry["status"], entry["topic"]) == (event["subject"], "not_started", "for-loops")
    assert (document["version"], document["days"]) == (1, [])


async def test_the_same_lesson_twice_has_no_second_effect(world: World) -> None:
    event = await generated(world)
    await track(world, event)
    before, commits = await learner(world), len(world.documents.commits)
    await track(world, event)
    assert (await learner(world), len(world.documents.commits)) == (before, commits)


async def test_an_update_that_came_before_the_event_is_kept(world: World) -> None:
    event = await generated(world)
    await report(world, lesson_id=event["subject"], progress_percentage=60)
    await track(world, event)
    [entry] = (await learner(world))["lessons"].values()
    assert (entry["progress_percentage"], entry["status"], entry["listed"]["title"]) == (60, "in_progress", "For Loops")


async def test_a_lesson_written_anew_is_shown_anew_and_an_older_version_is_not(world: World) -> None:
    first = await generated(world)
    second = await generated(world, lesson_id=first["subject"], lesson_type="review")
    for event in (second, first):
        await track(world, event)
    [entry] = (await learner(world))["lessons"].values()
    assert (entry["listed"]["version"], entry["listed"]["lesson_type"]) == (2, "review")


async def test_a_lesson_from_before_the_learner_was_forgotten_is_deleted(world: World) -> None:
    event = await generated(world)
    forgotten = Learner("maya", version=5, forgotten_at=NOW + timedelta(seconds=1))
    await commit_learner(world.ports, forgotten, None)
    await track(world, event)
    assert await world.document(f"lesson:{event['subject']}") is None
    assert (await learner(world))["version"] == 5
    later = await generated(world, user_id="maya") | {"time": "2026-03-10T13:00:00Z"}
    await track(world, later)
    assert len((await learner(world))["lessons"]) == 1


async def test_an_unknown_lesson_that_was_updated_first_gets_its_topic_from_the_event(world: World) -> None:
    async with new_world() as elsewhere:  # the lesson's document is not seen here
        event = await generated(elsewhere)
    await report(world, lesson_id=event["subject"], progress_percentage=60)
    await track(world, event)
    entry = (await learner(world))["lessons"][event["subject"]]
    assert (entry["topic"], entry["progress_percentage"], entry["status"]) == ("for-loops", 60, "in_progress")


async def test_a_duplicate_older_than_the_learner_remembers_has_no_second_effect(world: World) -> None:
    event = await generated(world)
    await track(world, event)
    before = await learner(world) | {"seen_events": [f"/tests {n}" for n in range(REMEMBERED_EVENTS)]}
    await world.documents.inner.commit(Write("learner:maya", before))
    await track(world, event)
    assert await learner(world) == before


async def test_the_entry_does_not_wait_for_the_read_model_which_is_tried_again(world: World) -> None:
    world.read_model.down = True
    event = await generated(world)
    with pytest.raises(Unavailable):
        await track(world, event)
    assert len((await learner(world))["lessons"]) == 1
    world.read_model.down = False
    await track(world, event)
    assert [row[0] for row in await world.rows("lessons")] == [event["subject"]]
    assert (await learner(world))["version"] == 1


async def test_a_lost_race_for_the_entry_is_decided_again(world: World) -> None:
    event = await generated(world)

    async def rival() -> None:
        await report(world, progress_percentage=10)

    world.documents.before_commit = rival
    await track(world, event)
    assert len((await learner(world))["lessons"]) == 2


async def test_a_store_that_is_down_leaves_the_event_to_be_retried(world: World) -> None:
    event = await generated(world)
    world.documents.down = True
    with pytest.raises(Unavailable):
        await track(world, event)


async def test_races_that_are_always_lost_leave_the_event_to_be_retried(world: World) -> None:
    event = await generated(world)
    start = len(world.documents.commits)
    world.documents.fail_at = {start + n: Conflict("learner:maya") for n in range(1, ATTEMPTS + 1)}
    with pytest.raises(Conflict):
        await track(world, event)
    assert await learner(world) == {}


@settings(deadline=None, max_examples=15)
@given(st.permutations([0, 1, 2, 3, 0, 2]))
async def test_lessons_tracked_in_any_order_with_duplicates_give_the_same_rows(order: list[int]) -> None:
    async with new_world() as made:
        events = [await generated(made) for _ in range(3)]
        lesson_id = events[0]["subject"]
        await lesson_for(made, lesson_id=lesson_id, lesson_type="review")
        events.append(made.publisher.published[-1][2])
        states = []
        for sequence in (order, sorted(order)):
            async with new_world() as world:
                for n in sequence:
                    await track(world, events[n])
                states.append((await world.rows("lessons"), sorted((await learner(world))["lessons"])))
        assert states[0] == states[1]


# project_progress


async def busy(world: World, seed: int) -> list[Json]:
    """Updates of three lessons; what `progress-updated` told of them."""
    chosen = random.Random(seed)
    for n in range(6):
        world.now = NOW + timedelta(minutes=n)
        updates = [
            {
                "lesson_id": f"l{chosen.randint(1, 3)}",
                "topic": "for-loops",
                "progress_percentage": chosen.choice([10, 50, 100]),
                "evidence": [{"kind": "quiz", "score": chosen.randint(0, 100)}],
            }
            for _ in range(chosen.randint(1, 3))
        ]
        request = UpdateProgress.model_validate({"user_id": "maya", "updates": updates})
        await update_progress(world.ports, world.call(), request)
    return [event for topic, _, event in world.publisher.published if topic == "progress-updated"]


async def rows_after(world: World, events: list[Json]) -> list[Any]:
    for event in events:
        await project_progress(world.ports, received(ProgressUpdated, event))
    rows = [await world.rows(f"{name}_progress") for name in ("lesson", "topic", "learner")]
    for name in ("lesson", "topic", "learner"):
        await world.read_model.inner.write(Sql(f"DELETE FROM {name}_progress"))
    return rows


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 1000))
async def test_any_order_of_events_with_duplicates_ends_in_the_same_rows(seed: int) -> None:
    async with new_world() as world:
        events = await busy(world, seed)
        chosen = random.Random(seed)
        shuffled = events + chosen.choices(events, k=4)
        chosen.shuffle(shuffled)
        assert await rows_after(world, shuffled) == await rows_after(world, events)


async def test_the_rows_tell_what_the_document_tells_now(world: World) -> None:
    await report(world, topic="for-loops", progress_percentage=50, evidence=[{"kind": "quiz", "score": 80}])
    first = world.publisher.published[0][2]
    await report(world, status="completed")
    await project_progress(world.ports, received(ProgressUpdated, first))  # the first event, late
    [lesson] = await world.rows("lesson_progress")
    assert lesson[:6] == ("maya", "l1", "python", "for-loops", 100, "completed")
    [topic] = await world.rows("topic_progress")
    assert topic[:8] == ("maya", "for-loops", 0.0, 80.0, 0.0, 24.0, 24.0, 1)
    [row] = await world.rows("learner_progress")
    assert row[:7] == ("maya", 25.0, 1, 0, 0, 1, 1)


async def test_a_late_event_brings_back_nothing_of_a_learner_who_was_forgotten(world: World) -> None:
    await report(world, progress_percentage=50)
    event = world.publisher.published[0][2]
    stored = (await world.documents.load("learner:maya"))["learner:maya"]
    await commit_learner(world.ports, Learner("maya", version=2, forgotten_at=NOW), stored)
    await project_progress(world.ports, received(ProgressUpdated, event))
    await world.read_model.migrate(MIGRATIONS)
    assert await world.rows("learner_progress") == await world.rows("lesson_progress") == []


async def test_rows_written_while_a_learner_is_being_forgotten_are_taken_away_again(world: World) -> None:
    await report(world, progress_percentage=50)
    read, _ = await load_learner(world.documents, "maya")
    stored = (await world.documents.load("learner:maya"))["learner:maya"]
    await commit_learner(world.ports, Learner("maya", version=2, forgotten_at=NOW), stored)
    await show(world.ports, read, [learner_row(read, NOW)])
    assert await world.rows("learner_progress") == []


async def test_progress_in_an_unknown_lesson_has_no_row_for_a_topic(world: World) -> None:
    await report(world, progress_percentage=50)
    await project_progress(world.ports, received(ProgressUpdated, world.publisher.published[0][2]))
    assert (len(await world.rows("lesson_progress")), await world.rows("topic_progress")) == (1, [])


async def test_a_read_model_that_is_down_leaves_the_event_to_be_retried(world: World) -> None:
    await report(world, progress_percentage=50)
    world.read_model.down = True
    with pytest.raises(Unavailable):
        await project_progress(world.ports, received(ProgressUpdated, world.publisher.published[0][2]))


# relay_events


async def relay(world: World, after: timedelta = GRACE) -> None:
    await relay_events(world.ports, received(Ping, PING, world.now + after))


async def test_an_empty_outbox_is_nothing_to_do(world: World) -> None:
    await relay(world)
    assert (world.publisher.attempts, world.documents.commits) == (0, [])


async def test_what_waits_is_published_in_the_order_in_which_it_happened(world: World) -> None:
    world.publisher.down = True
    for n in (10, 20, 30):
        world.now += timedelta(seconds=1)
        await report(world, progress_percentage=n)
    waiting = (await learner(world))["pending"]
    world.publisher.down = False
    await relay(world)
    assert (world.publisher.ids(), await world.outbox()) == (waiting, [])
    assert [e["progress_percentage"] for e in world.publisher.data("progress-updated")] == [10, 20, 30]


async def test_events_of_one_commit_keep_the_order_that_the_learner_holds(world: World) -> None:
    world.publisher.down = True
    updates = [{"lesson_id": f"l{n}", "progress_percentage": 10} for n in range(8)]
    request = UpdateProgress.model_validate({"user_id": "maya", "updates": updates})
    await update_progress(world.ports, world.call(), request)
    world.publisher.down = False
    await relay(world)
    assert [e["lesson_id"] for e in world.publisher.data("progress-updated")] == [f"l{n}" for n in range(8)]


async def test_what_was_written_just_now_is_left_to_its_writer(world: World) -> None:
    world.publisher.down = True
    await report(world, progress_percentage=10)
    world.publisher.down = False
    await relay(world, after=GRACE - timedelta(milliseconds=1))
    assert (world.publisher.published, len(await world.outbox())) == ([], 1)
    await relay(world)
    assert await world.outbox() == []


async def test_what_was_written_by_a_clock_that_is_ahead_does_not_wait_until_then(world: World) -> None:
    world.publisher.down, true = True, world.now
    world.now += timedelta(days=1)
    await report(world, progress_percentage=10)
    world.publisher.down, world.now = False, true
    await relay(world)
    assert await world.outbox() == []


async def test_an_event_that_is_due_does_not_overtake_one_that_is_not(world: World) -> None:
    world.publisher.down, true = True, world.now
    await report(world, progress_percentage=10)
    world.now -= timedelta(days=1)  # another replica's clock
    await report(world, progress_percentage=20)
    world.publisher.down, world.now = False, true
    await relay(world, after=GRACE / 2)
    await relay(world)
    assert [e["progress_percentage"] for e in world.publisher.data("progress-updated")] == [10, 20]


async def test_the_relay_stops_at_the_first_failure_of_a_learner_and_goes_on_with_the_next(world: World) -> None:
    world.publisher.down = True
    for user_id in ("maya", "james"):
        for n in (10, 20):
            await report(world, user_id=user_id, progress_percentage=n)
    world.publisher = type(world.publisher)(fail_at={1})
    with pytest.raises(Unavailable, match="2 events could not be published"):
        await relay(world)
    assert [(e["user_id"], e["progress_percentage"]) for e in world.publisher.data("progress-updated")] == [
        ("james", 10),
        ("james", 20),
    ]
    assert sorted(await world.outbox()) == sorted((await learner(world))["pending"])


async def test_a_row_that_could_not_be_removed_is_published_again_by_the_next_run_only(world: World) -> None:
    world.publisher.down = True
    await report(world, progress_percentage=10)
    world.publisher.down = False
    world.documents.fail_at = {len(world.documents.commits) + 1: LOST}  # the row could not be removed
    await relay(world)
    assert len(world.publisher.ids()) == 1
    await relay(world)
    assert len(set(world.publisher.ids())) == 1 and len(world.publisher.ids()) == 2
    assert await world.outbox() == []


async def test_relays_at_the_same_time_publish_the_same_ids_and_leave_nothing(world: World) -> None:
    world.publisher.down = True
    for user_id in ("maya", "james"):
        for n in (10, 20, 30):
            await report(world, user_id=user_id, progress_percentage=n)
    waiting = {user_id: (await learner(world, user_id))["pending"] for user_id in ("maya", "james")}
    world.publisher.down = False
    await asyncio.gather(*(relay(world) for _ in range(5)))
    for user_id, ids in waiting.items():
        sent = [event["id"] for _, key, event in world.publisher.published if key == user_id]
        assert list(dict.fromkeys(sent)) == ids, "the first time of each is in the order in which they happened"
    assert await world.outbox() == []


async def test_one_run_publishes_more_than_it_looks_at_in_one_step(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "BATCH", 3)
    world.publisher.down = True
    for n in range(10):
        await report(world, user_id=f"learner-{n}", progress_percentage=10)
    world.publisher.down = False
    await relay(world)
    assert (len(world.publisher.published), await world.outbox()) == (10, [])


async def test_learners_whose_events_are_refused_do_not_hide_those_behind_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "BATCH", 2)
    world.publisher.down = True
    for n in range(5):
        await report(world, user_id=f"stuck-{n}", progress_percentage=10)
    await report(world, progress_percentage=20)
    world.publisher = type(world.publisher)(fail_at={1, 2, 3, 4, 5})
    with pytest.raises(Unavailable, match="5 events could not be published"):
        await relay(world)
    assert [key for _, key, _ in world.publisher.published] == ["maya"]


async def test_a_step_that_ends_amid_the_events_of_one_commit_keeps_their_order(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handler, "BATCH", 1)
    world.publisher.down = True
    updates = [{"lesson_id": f"l{n}", "progress_percentage": 10} for n in range(8)]
    await update_progress(
        world.ports, world.call(), UpdateProgress.model_validate({"user_id": "maya", "updates": updates})
    )
    world.publisher.down = False
    await relay(world)
    assert [e["lesson_id"] for e in world.publisher.data("progress-updated")] == [f"l{n}" for n in range(8)]


async def test_the_relay_tells_how_much_is_left_and_since_when(world: World) -> None:
    await relay(world)
    assert (metrics.outbox_backlog.value, metrics.outbox_age.value) == (0, 0)
    world.publisher.down = True
    for n in (10, 20):
        await report(world, progress_percentage=n)
        world.now += timedelta(minutes=1)
    with pytest.raises(Unavailable):
        await relay(world)
    assert metrics.outbox_backlog.value == 2 and metrics.relay_run.value == world.now.timestamp()
    assert metrics.outbox_age.value == 120


async def test_a_lesson_and_progress_of_one_learner_both_go_out(world: World) -> None:
    world.publisher.down = True
    await lesson_for(world)
    await report(world, progress_percentage=10)
    world.publisher.down = False
    await relay(world)
    assert [topic for topic, _, _ in world.publisher.published] == ["lesson-generated", "progress-updated"]


async def test_a_lesson_told_of_so_late_that_it_is_sealed_at_once_is_not_taken_for_nobodys(world: World) -> None:
    event = await generated(world)
    for number in range(OPEN_LESSONS):
        await report(world, lesson_id=f"newer-{number}", occurred_at=NOW + timedelta(minutes=1), status="in_progress")
    await track(world, event)
    assert await world.document(f"lesson:{event['subject']}") is not None
    assert [row[0] for row in await world.rows("lessons")] == [event["subject"]]
