"""Days of learners, by chance: whatever order their events come in, and come again in, the same lessons are there."""

import random
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.runtime.ports import Json
from functions.update_progress.handler import update_progress
from functions.update_progress.models import UpdateProgress
from tests.support.delivering import hand_out
from tests.support.fakes import World, lesson_for, new_world
from tests.support.preparing import ahead, prepared

ELSEWHERE = {"e0": "for-loops", "e1": "while-loops"}  # lessons that were made elsewhere, and their topics
SEEDS = st.integers(0, 10_000)


def something(chosen: random.Random, number: int, lesson_ids: list[str]) -> Json:
    """An update: perhaps a lesson is completed, a quiz goes badly, the learner says that they are stuck."""
    lesson_id = chosen.choice(lesson_ids)
    quiz: Json = {"kind": "quiz", "score": chosen.choice([10, 30, 60, 90])}
    evidence: list[Json] = [quiz, {"kind": "message", "text": "I am stuck"}][: chosen.randint(0, 2)]
    done: Json = {"status": "completed"} if chosen.random() < 0.5 else {"progress_percentage": 40}
    about: Json = {"topic": ELSEWHERE[lesson_id]} if lesson_id in ELSEWHERE else {}
    own = {"user_id": "maya", "lesson_id": lesson_id, "request_id": f"update-{number}", "evidence": evidence}
    return own | done | about


async def update(world: World, body: Json) -> list[Json]:
    """The events of an update, a minute after the one before."""
    world.now += timedelta(minutes=1)
    await update_progress(world.ports, world.call(), UpdateProgress.model_validate(body))
    return taken(world)


def taken(world: World) -> list[Json]:
    """What was published since the last time."""
    events = [event for _, _, event in world.publisher.published]
    world.publisher.published.clear()
    return events


def disordered(events: list[Json], chosen: random.Random) -> list[Json]:
    """All of the events and some of them twice."""
    shuffled = events + chosen.choices(events, k=4)
    chosen.shuffle(shuffled)
    return shuffled


def content(lessons: list[Json]) -> list[Any]:
    return sorted((one["lesson_id"], one["requested_by"], one["created_at"], str(one["lesson"])) for one in lessons)


@settings(deadline=None, max_examples=25)
@given(SEEDS)
async def test_events_that_come_in_any_order_with_duplicates_make_the_same_lessons(seed: int) -> None:
    chosen, made = random.Random(seed), []
    day = [something(chosen, number, list(ELSEWHERE)) for number in range(6)]
    for shuffled in (False, True, True):
        async with new_world() as world:
            events = [event for body in day for event in await update(world, body)]
            made.append(content(await prepared(world, *(disordered(events, chosen) if shuffled else events))))
    assert made[0] == made[1] == made[2]


@settings(deadline=None, max_examples=25)
@given(SEEDS)
async def test_a_day_whose_events_all_come_again_makes_nothing_new(seed: int) -> None:
    chosen = random.Random(seed)
    async with new_world() as world:
        asked = await lesson_for(world, lesson_type="remedial")
        day, handled = taken(world), 0
        lesson_ids = [*ELSEWHERE, asked.lesson_id]
        for number in range(15):
            day += await update(world, something(chosen, number, lesson_ids))
            until = len(day) if number == 14 else chosen.randint(handled, len(day))  # some are late
            while handled < until:
                await hand_out(world, day[handled])
                handled += 1
                day += taken(world)
                until = len(day) if number == 14 else until
            lesson_ids = [*ELSEWHERE, asked.lesson_id, *(lesson["lesson_id"] for lesson in await ahead(world))]
        before = content(await ahead(world))
        for event in disordered(day, chosen):
            await hand_out(world, event)
        assert content(await ahead(world)) == before and taken(world) == []
        completions = {e["data"]["lesson_id"] for e in day if e["data"].get("status") == "completed"}
        assert sum(by == "progress" for _, by, _, _ in before) == len(completions)
