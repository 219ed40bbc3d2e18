"""Rows are guarded by version: whatever comes in whatever order, the newest stands."""

from datetime import timedelta
from itertools import permutations
from typing import Any

from functions.learning.curriculum import course
from functions.usecases.events import LessonGenerated
from functions.usecases.projection import put_lesson
from tests.support.fakes import NOW, World, lesson_event, new_world


def lesson(version: int, **fields: Any) -> LessonGenerated:
    known: dict[str, Any] = {"version": version, "title": f"Version {version}", "objectives": ["Repeat a Block"]}
    return lesson_event(**known | {"updated_at": NOW + timedelta(days=version)} | fields)


async def test_versions_in_any_order_and_twice_end_with_the_newest() -> None:
    for order in permutations([1, 2, 3, 2]):
        async with new_world() as world:
            for version in order:
                await put_lesson(world.read_model, lesson(version), NOW)
            [row] = await world.rows("lessons")
        assert (row[7], row[9]) == ("Version 3", 3)


async def test_what_is_searched_is_the_title_the_topic_and_the_objectives(world: World) -> None:
    await put_lesson(world.read_model, lesson(1), NOW)
    [row] = await world.rows("lessons")
    objectives = " ".join(course().topic("for-loops").objectives).lower()
    assert row[-2] == f"version 1 for-loops {objectives}"


async def test_the_tables_are_made_once_however_often_they_are_asked_for(world: World) -> None:
    for version in (1, 2):
        await put_lesson(world.read_model, lesson(version, lesson_id=f"l{version}"), NOW)
    assert len(await world.rows("lessons")) == 2
