"""A teacher's rosters: made and replaced whole, by their owner, and never over a version that was not seen."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.manage_classes.handler import put_class, read_class
from functions.manage_classes.models import ClassAnswer, ClassQuery, PutClass
from functions.runtime.errors import Conflict, Forbidden, InvalidRequest, NotFound, PreconditionFailed, Unavailable
from functions.runtime.ports import Call, Principal, Reply
from functions.usecases.access import CLASSES_AT_MOST
from functions.usecases.learners import ATTEMPTS
from tests.support.fakes import LOST, MAYA, NOW, TEACHER, World

OTHER = Principal("teacher-2", "teacher")
SERVICE = Principal("school", "service")
LOCAL = Principal("local", "teacher", known=False)
ROSTER = {"title": "Python, 7b", "user_ids": ["maya", "james"]}


async def put(world: World, call: Call | None = None, /, **fields: Any) -> Reply:
    return await put_class(world.ports, call or world.call(), PutClass.model_validate(ROSTER | fields), "7b")


async def read(world: World, call: Call | None = None) -> Reply:
    return await read_class(world.ports, call or world.call(), ClassQuery(), "7b")


def body(reply: Reply) -> ClassAnswer:
    assert isinstance(reply.body, ClassAnswer)
    return reply.body


# Made and replaced


async def test_a_new_class_is_201_with_where_it_is(world: World) -> None:
    reply = await put(world)
    assert (reply.status, reply.headers) == (201, {"ETag": '"1"', "Location": "/classes/7b"})
    assert body(reply).model_dump() == ROSTER | {
        "class_id": "7b",
        "owner": TEACHER.user_id,
        "version": 1,
        "created_at": "2026-03-10T12:00:00.000000Z",
        "updated_at": "2026-03-10T12:00:00.000000Z",
    }


async def test_the_location_is_absolute_when_the_public_address_is_known(world: World) -> None:
    reply = await put(world, world.call(public_url="https://classes.example"))
    assert reply.headers["Location"] == "https://classes.example/classes/7b"


async def test_a_replaced_class_is_200_and_the_next_version(world: World) -> None:
    await put(world)
    world.now = NOW + timedelta(hours=1)
    reply = await put(world, user_ids=["lena"])
    assert (reply.status, reply.headers) == (200, {"ETag": '"2"'})
    found = body(reply)
    assert (found.title, found.user_ids, found.version) == ("Python, 7b", ["lena"], 2)
    assert (found.created_at, found.updated_at) == (NOW, world.now)
    assert body(await read(world)) == found


@pytest.mark.parametrize("change", [{"title": "Python, 8b"}, {"user_ids": ["james", "maya"]}, {"user_ids": []}])
async def test_whatever_differs_is_a_new_version(world: World, change: dict[str, Any]) -> None:
    await put(world)
    found = body(await put(world, **change))
    assert found.version == 2 and found.model_dump().items() >= change.items()


async def test_the_same_content_again_changes_nothing(world: World) -> None:
    first = await put(world)
    world.now += timedelta(hours=1)
    again = await put(world)
    assert (again.status, body(again), again.headers["ETag"]) == (200, body(first), first.headers["ETag"])
    assert len(world.documents.commits) == 1


async def test_nothing_is_published_and_no_row_is_written(world: World) -> None:
    world.publisher.down = world.read_model.down = True
    assert (await put(world)).status == 201
    assert world.publisher.attempts == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "x" * 201},
        {"title": "7b\0"},
        {"user_ids": ["maya", "james", "maya"]},
        {"user_ids": ["no spaces"]},
        {"user_ids": [f"u{n}" for n in range(501)]},
        {"user_ids": None},
        {"owner": "teacher-2"},
    ],
)
def test_a_roster_that_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PutClass.model_validate(ROSTER | wrong)


async def test_a_class_may_have_500_learners_and_a_title_of_200_characters(world: World) -> None:
    reply = await put(world, title="ü" * 200, user_ids=[f"u{n}" for n in range(500)])
    assert len(body(reply).user_ids) == 500


# Whose it is


async def test_a_class_is_its_owners(world: World) -> None:
    await put(world)
    theirs = world.call(principal=OTHER)
    with pytest.raises(Forbidden, match="not yours"):
        await put(world, theirs, title="Mine now")
    with pytest.raises(NotFound, match="There is no class 7b"):
        await read(world, theirs)
    assert body(await read(world)).title == "Python, 7b"


async def test_a_service_may_replace_a_class_and_it_stays_its_owners(world: World) -> None:
    await put(world)
    found = body(await put(world, world.call(principal=SERVICE), title="Python, 8b"))
    assert (found.owner, found.version) == (TEACHER.user_id, 2)
    assert body(await read(world, world.call(principal=SERVICE))) == found


async def test_where_no_token_is_asked_for_every_class_can_be_managed(world: World) -> None:
    await put(world)
    assert body(await put(world, world.call(principal=LOCAL), user_ids=[])).version == 2


async def test_learners_are_not_told_whether_a_class_is_there(world: World) -> None:
    learner = world.call(principal=MAYA)
    for _ in range(2):
        with pytest.raises(Forbidden, match="for teachers"):
            await read(world, learner)
        with pytest.raises(Forbidden, match="for teachers"):
            await put(world, learner)
        await put(world)


# Versions


async def test_a_class_that_is_not_there_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="There is no class 7b"):
        await read(world)


async def test_a_version_that_the_caller_holds_is_not_sent_again(world: World) -> None:
    etag = (await put(world)).headers["ETag"]
    held = world.call(if_none_match=etag)
    reply = await read(world, held)
    assert (reply.status, reply.body, reply.headers) == (304, None, {"ETag": etag})
    await put(world, user_ids=[])
    assert (await read(world, held)).status == 200


@pytest.mark.parametrize("if_match", ['"1"', "*", '"7", "1"'])
async def test_a_class_whose_version_was_seen_can_be_replaced(world: World, if_match: str) -> None:
    await put(world)
    assert body(await put(world, world.call(if_match=if_match), user_ids=[])).version == 2


@pytest.mark.parametrize("if_match", ['"2"', 'W/"1"', "1", "", "anything"])
async def test_a_class_whose_version_was_not_seen_is_not_replaced(world: World, if_match: str) -> None:
    await put(world)
    with pytest.raises(PreconditionFailed, match="at version 1"):
        await put(world, world.call(if_match=if_match), user_ids=[])
    assert body(await read(world)).version == 1


@pytest.mark.parametrize("if_match", ['"1"', "*"])
async def test_a_class_that_is_not_there_has_no_version_to_match(world: World, if_match: str) -> None:
    with pytest.raises(PreconditionFailed, match="no such class yet"):
        await put(world, world.call(if_match=if_match))
    assert await world.document("class:7b") is None


async def test_a_class_that_must_be_new_replaces_nothing(world: World) -> None:
    new = world.call(if_none_match="*")
    assert (await put(world, new)).status == 201
    with pytest.raises(PreconditionFailed, match="there already"):
        await put(world, new, title="Another")
    assert body(await read(world)).title == "Python, 7b"


async def test_who_may_not_see_a_class_learns_nothing_of_its_version(world: World) -> None:
    await put(world)
    with pytest.raises(Forbidden):
        await put(world, world.call(principal=OTHER, if_match='"9"'))


# Failures


async def test_a_store_that_is_down_changes_nothing(world: World) -> None:
    await put(world)
    world.documents.down = True
    for attempt in (put(world, title="Lost"), read(world)):
        with pytest.raises(Unavailable):
            await attempt
    world.documents.down = False
    assert body(await read(world)).title == "Python, 7b"


async def test_a_commit_that_failed_changes_nothing(world: World) -> None:
    world.documents.fail_at = {1: LOST}
    with pytest.raises(Unavailable):
        await put(world)
    assert (await put(world)).status == 201


async def test_a_commit_whose_answer_was_lost_can_be_sent_again(world: World) -> None:
    world.documents.unknown_at = {1}
    with pytest.raises(Unavailable):
        await put(world)
    again = await put(world)
    assert (again.status, body(again).version) == (200, 1)


async def test_a_lost_race_is_decided_again(world: World) -> None:
    async def rival() -> None:
        await put(world, title="First")

    world.documents.before_commit = rival
    reply = await put(world)
    assert (reply.status, body(reply).title, body(reply).version) == (200, "Python, 7b", 2)


async def test_a_race_lost_to_another_teacher_is_refused(world: World) -> None:
    async def rival() -> None:
        await put(world, replace(world.call(), principal=OTHER))

    world.documents.before_commit = rival
    with pytest.raises(Forbidden):
        await put(world, world.call(principal=TEACHER))
    assert body(await read(world, world.call(principal=OTHER))).owner == OTHER.user_id


async def test_a_race_lost_for_a_version_that_was_seen_is_refused(world: World) -> None:
    await put(world)

    async def rival() -> None:
        await put(world, title="First")

    world.documents.before_commit = rival
    with pytest.raises(PreconditionFailed):
        await put(world, world.call(if_match='"1"'), title="Second")
    assert body(await read(world)).title == "First"


async def test_races_that_are_always_lost_give_up(world: World) -> None:
    world.documents.fail_at = {n: Conflict("class:7b") for n in range(1, ATTEMPTS + 1)}
    with pytest.raises(Conflict):
        await put(world)
    assert await world.document("class:7b") is None


# What a teacher may see of learners is found by their list of classes


async def test_a_teachers_classes_are_listed_in_the_commit_that_makes_them(world: World) -> None:
    teacher = world.call(principal=TEACHER)
    for class_id in ("7b", "8a", "7b"):
        await put_class(world.ports, teacher, PutClass.model_validate(ROSTER), class_id)
    assert await world.document("teacher:teacher-1") == {"user_id": "teacher-1", "class_ids": ["7b", "8a"]}
    world.documents.fail_at = {len(world.documents.commits) + 1: LOST}
    with pytest.raises(Unavailable):
        await put_class(world.ports, teacher, PutClass.model_validate(ROSTER), "9c")
    assert await world.document("class:9c") is None
    assert (await world.document("teacher:teacher-1") or {})["class_ids"] == ["7b", "8a"]


async def test_two_classes_that_a_teacher_makes_at_once_are_both_listed(world: World) -> None:
    async def rival() -> None:
        await put_class(world.ports, world.call(principal=TEACHER), PutClass.model_validate(ROSTER), "8a")

    world.documents.before_commit = rival
    await put(world, world.call(principal=TEACHER))
    assert (await world.document("teacher:teacher-1") or {})["class_ids"] == ["8a", "7b"]


async def test_a_teacher_has_a_hundred_classes_at_most(world: World) -> None:
    teacher = world.call(principal=TEACHER)
    for number in range(CLASSES_AT_MOST):
        await put_class(world.ports, teacher, PutClass.model_validate(ROSTER), f"c{number}")
    with pytest.raises(InvalidRequest, match="100 classes already"):
        await put_class(world.ports, teacher, PutClass.model_validate(ROSTER), "one-more")
    assert (await put_class(world.ports, teacher, PutClass(title="Renamed", user_ids=[]), "c7")).status == 200


@pytest.mark.parametrize("principal", [SERVICE, LOCAL])
async def test_who_sees_every_class_has_no_list_of_them(world: World, principal: Principal) -> None:
    await put(world, world.call(principal=principal))
    assert await world.document(f"teacher:{principal.user_id}") is None
