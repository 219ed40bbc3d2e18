"""The calendar of reviews: readable by what reads calendars, stable, and nobody else's to see."""

from datetime import date, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from functions.export_calendar.handler import CALENDAR, export_calendar
from functions.export_calendar.main import app
from functions.export_calendar.models import NoQuery, ReviewCalendar
from functions.runtime.errors import Forbidden
from functions.runtime.ports import Principal
from tests.support.fakes import MAYA, NOW, World, client_of, report


async def learnt(world: World) -> None:
    for topic, score in (("lists", 30), ("for-loops", 95)):
        await report(world, lesson_id=topic, topic=topic, evidence=[{"kind": "quiz", "score": score}])


async def planned(world: World) -> dict[str, tuple[str, date]]:
    """The days of the calendar and their ids, as a calendar program reads them."""
    reply = await export_calendar(world.ports, world.call(principal=MAYA, accept=CALENDAR), NoQuery(), "maya")
    assert isinstance(reply.body, str) and reply.body.endswith("END:VCALENDAR\r\n")
    events: list[Any] = Calendar.from_ical(reply.body).walk("VEVENT")
    return {str(event["SUMMARY"]): (str(event["UID"]), event["DTSTART"].dt) for event in events}


async def test_each_topic_is_an_event_on_the_day_of_its_review(world: World) -> None:
    await learnt(world)
    found = await planned(world)
    assert list(found) == ["Review: Lists", "Review: For Loops"]
    assert NOW.date() < found["Review: Lists"][1] < found["Review: For Loops"][1]


async def test_a_review_that_moved_is_the_same_event(world: World) -> None:
    await learnt(world)
    uid, day = (await planned(world))["Review: Lists"]
    world.now = NOW + timedelta(days=30)
    await learnt(world)
    moved_uid, moved_day = (await planned(world))["Review: Lists"]
    assert moved_uid == uid and moved_day > day


async def test_it_can_be_had_as_json_too(world: World) -> None:
    await learnt(world)
    body = (await export_calendar(world.ports, world.call(principal=MAYA), NoQuery(), "maya")).body
    assert isinstance(body, ReviewCalendar)
    assert [(review.topic, review.title) for review in body.reviews] == [("lists", "Lists"), ("for-loops", "For Loops")]


async def test_who_has_learnt_nothing_has_an_empty_calendar(world: World) -> None:
    assert await planned(world) == {}


async def test_it_is_nobody_elses(world: World) -> None:
    with pytest.raises(Forbidden):
        await export_calendar(world.ports, world.call(principal=Principal("james", "learner")), NoQuery(), "maya")


async def test_a_program_that_says_nothing_of_what_it_takes_gets_a_calendar(world: World) -> None:
    app.state.ports, settings = world.ports, app.state.settings
    object.__setattr__(settings, "auth", "off")
    async with client_of(app) as client:
        answer = await client.get("/calendar/maya", headers={"Accept": "*/*"})
    assert answer.headers["content-type"].startswith(CALENDAR)
