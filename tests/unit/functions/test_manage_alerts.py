"""Who needs help: the list with its filters and pages, and what a teacher does about an alert."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from functions.learning.learner import Learner
from functions.learning.sealing import ALERT_SEGMENT
from functions.manage_alerts.handler import acknowledge_alert, list_alerts, resolve_alert
from functions.manage_alerts.models import AlertAction, AlertFilters, AlertList, ChangedAlert
from functions.manage_classes.handler import put_class
from functions.manage_classes.models import PutClass
from functions.raise_alert.handler import raise_alert
from functions.runtime.errors import Conflict, Forbidden, InvalidRequest, NotFound, Unavailable, WrongState
from functions.runtime.paging import cursor_after
from functions.runtime.ports import Call, Principal
from functions.usecases.events import StruggleDetected
from functions.usecases.learners import ATTEMPTS, commit_learner, load_alerts, load_learner
from tests.support.delivering import deliver
from tests.support.fakes import LOST, MAYA, NOW, TEACHER, World, class_of, received, report, struggle

OTHER = Principal("teacher-2", "teacher")
COLLEAGUE = Principal("teacher-2", "teacher", known=False)
SERVICE = Principal("school", "service")
ACTIONS = [acknowledge_alert, resolve_alert]


async def raised(world: World, user_id: str = "maya", topic: str = "for-loops") -> str:
    """The id of an alert that is in the list."""
    event = await struggle(world, user_id, topic)
    await raise_alert(world.ports, received(StruggleDetected, event, world.now))
    return str(event["data"]["alert_id"])


async def find(world: World, call: Call | None = None, /, **query: Any) -> AlertList:
    reply = await list_alerts(world.ports, call or world.call(), AlertFilters.model_validate(query))
    assert isinstance(reply.body, AlertList)
    return reply.body


def ids(found: AlertList) -> list[str]:
    return [alert.alert_id for alert in found.alerts]


async def do(world: World, action: Any, alert_id: str, call: Call | None = None, /, **fields: Any) -> ChangedAlert:
    reply = await action(world.ports, call or world.call(), AlertAction.model_validate(fields), alert_id)
    assert reply.status == 200 and isinstance(reply.body, ChangedAlert)
    return reply.body


async def learner(world: World, user_id: str = "maya") -> dict[str, Any]:
    return await world.document(f"learner:{user_id}") or {}


async def school(world: World) -> list[str]:
    """Four alerts on four days, the newest last: of Maya, of Maya (acknowledged), of James (resolved), of Lena."""
    found = []
    for days, (user_id, topic) in enumerate(
        [("maya", "for-loops"), ("maya", "while-loops"), ("james", "for-loops"), ("lena", "conditionals")]
    ):
        world.now = NOW + timedelta(days=days)
        found.append(await raised(world, user_id, topic))
    await do(world, acknowledge_alert, found[1])
    await do(world, resolve_alert, found[2])
    return found


async def make_class(world: World, *user_ids: str, call: Call | None = None) -> None:
    request = PutClass(title="Python, 7b", user_ids=list(user_ids))
    await put_class(world.ports, call or world.call(), request, "7b")


# The list


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, [3, 2, 1, 0]),
        ({"user_id": "maya"}, [1, 0]),
        ({"user_id": "nobody"}, []),
        ({"class_id": "7b"}, [3, 2]),
        ({"class_id": "7b", "user_id": "lena"}, [3]),
        ({"class_id": "7b", "user_id": "maya"}, []),
        ({"topic": "for-loops"}, [2, 0]),
        ({"trigger": "low_quiz"}, [3, 2, 1, 0]),
        ({"trigger": "stuck"}, []),
        ({"state": "open"}, [3, 0]),
        ({"state": "acknowledged"}, [1]),
        ({"state": "resolved"}, [2]),
        ({"state": "open", "topic": "for-loops", "user_id": "maya", "trigger": "low_quiz"}, [0]),
    ],
)
async def test_the_filters_that_are_given_all_hold(world: World, query: dict[str, Any], expected: list[int]) -> None:
    alerts = await school(world)
    await make_class(world, "lena", "james", "nobody-yet")
    found = await find(world, **query)
    assert (ids(found), found.total) == ([alerts[n] for n in expected], len(expected))
    assert found.next_cursor is None and "total_estimated" not in found.model_dump()


async def test_an_alert_is_shown_as_the_learners_document_has_it(world: World) -> None:
    alert_id = await raised(world)
    [shown] = (await find(world)).alerts
    [evidence] = shown.evidence
    assert (evidence["kind"], evidence["score"]) == ("quiz", 20.0)
    assert shown.model_dump(exclude={"evidence"}) == {
        "alert_id": alert_id,
        "user_id": "maya",
        "lesson_id": "on-for-loops",
        "topic": "for-loops",
        "trigger": "low_quiz",
        "severity": "high",
        "state": "open",
        "opened_at": "2026-03-10T12:00:00.000000Z",
        "acknowledged_at": None,
        "acknowledged_by": None,
        "resolved_at": None,
        "resolved_by": None,
        "note": None,
    }


async def test_a_class_without_learners_has_no_alerts(world: World) -> None:
    await raised(world)
    await make_class(world)
    assert ids(await find(world, class_id="7b")) == []


async def test_a_class_of_500_can_be_asked_for(world: World) -> None:
    alert_id = await raised(world)
    await make_class(world, *(f"u{n}" for n in range(499)), "maya")
    assert ids(await find(world, class_id="7b", topic="for-loops", state="open")) == [alert_id]


async def test_a_class_is_asked_for_by_those_who_may_see_it(world: World) -> None:
    alert_id = await raised(world)
    with pytest.raises(NotFound, match="There is no class 7b"):
        await find(world, class_id="7b")
    await make_class(world, "maya")
    with pytest.raises(NotFound, match="There is no class 7b"):
        await find(world, world.call(principal=OTHER), class_id="7b")
    assert ids(await find(world, world.call(principal=SERVICE), class_id="7b")) == [alert_id]


async def test_the_list_is_not_for_learners(world: World) -> None:
    await raised(world)
    for query in ({}, {"user_id": "maya"}, {"class_id": "7b"}):
        with pytest.raises(Forbidden, match="for teachers"):
            await find(world, world.call(principal=MAYA), **query)


@pytest.mark.parametrize(
    "query",
    [
        {"limit": 0},
        {"limit": 101},
        {"state": "closed"},
        {"trigger": "bored"},
        {"topic": "For Loops"},
        {"user_id": "a b"},
        {"class_id": ""},
        {"colour": "red"},
    ],
)
def test_a_filter_that_cannot_be_meant_is_refused(query: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AlertFilters.model_validate(query)


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 100])
async def test_pages_together_are_the_whole_list(world: World, limit: int) -> None:
    alerts = await school(world)
    pages = [await find(world, limit=limit)]
    while pages[-1].next_cursor:
        pages.append(await find(world, limit=limit, cursor=pages[-1].next_cursor))
    assert [alert_id for page in pages for alert_id in ids(page)] == alerts[::-1]
    assert {page.total for page in pages} == {4} and all(len(page.alerts) == limit for page in pages[:-1])


async def test_alerts_of_one_moment_are_all_shown_once(world: World) -> None:
    alerts = [await raised(world, f"u{n}") for n in range(5)]
    first = await find(world, limit=2)
    second = await find(world, limit=2, cursor=first.next_cursor)
    third = await find(world, limit=2, cursor=second.next_cursor)
    assert sorted(ids(first) + ids(second) + ids(third)) == sorted(alerts)


async def test_an_alert_that_is_opened_while_someone_pages_shifts_nothing(world: World) -> None:
    alerts = await school(world)
    first = await find(world, limit=2)
    world.now += timedelta(days=1)
    await raised(world, "lena", "for-loops")
    assert ids(await find(world, limit=2, cursor=first.next_cursor)) == [alerts[1], alerts[0]]


async def test_a_cursor_of_other_filters_or_a_forged_one_is_refused(world: World) -> None:
    await school(world)
    cursor = (await find(world, limit=1)).next_cursor
    for wrong in ({"cursor": cursor, "state": "open"}, {"cursor": "abc"}, {"cursor": cursor_after(["soon", "a"], {})}):
        with pytest.raises(InvalidRequest) as caught:
            await find(world, **wrong)
        assert [error.field for error in caught.value.errors] == ["cursor"]


async def test_a_read_model_that_is_down_is_not_an_empty_list(world: World) -> None:
    world.read_model.down = True
    with pytest.raises(Unavailable):
        await find(world)


# Acknowledging and resolving


async def test_an_alert_is_acknowledged_with_who_when_and_a_note(world: World) -> None:
    alert_id = await raised(world)
    world.now += timedelta(hours=1)
    answer = await do(world, acknowledge_alert, alert_id, note="Will call her.")
    assert (answer.state, answer.acknowledged_by, answer.acknowledged_at, answer.note) == (
        "acknowledged",
        "teacher-1",
        world.now,
        "Will call her.",
    )
    assert "listed" not in answer.model_dump()
    assert (await find(world)).alerts[0].model_dump() == answer.model_dump()
    document = await learner(world)
    assert (document["version"], document["alerts"][0]["version"], document["alerts"][0]["state"]) == (
        2,
        2,
        "acknowledged",
    )


async def test_a_resolved_alert_moves_to_the_resolved_ones(world: World) -> None:
    alert_id = await raised(world)
    answer = await do(world, resolve_alert, alert_id)
    assert (answer.state, answer.resolved_by, answer.resolved_at) == ("resolved", "teacher-1", world.now)
    assert (answer.acknowledged_by, answer.acknowledged_at, answer.note) == (None, None, None)
    document = await learner(world)
    assert document["alerts"] == [] and [alert["alert_id"] for alert in document["resolved_alerts"]] == [alert_id]
    assert [alert.model_dump() for alert in (await find(world, state="resolved")).alerts] == [answer.model_dump()]


async def test_resolving_keeps_who_acknowledged_and_the_note_unless_there_is_a_new_one(world: World) -> None:
    first, second = await raised(world), await raised(world, topic="while-loops")
    for alert_id in (first, second):
        await do(world, acknowledge_alert, alert_id, note="Will call her.")
    kept = await do(world, resolve_alert, first, world.call(principal=COLLEAGUE))
    assert (kept.acknowledged_by, kept.resolved_by, kept.note) == ("teacher-1", "teacher-2", "Will call her.")
    assert (await do(world, resolve_alert, second, note="Called.")).note == "Called."


async def test_the_same_difficulty_opens_another_alert_only_after_the_first_is_resolved(world: World) -> None:
    first = await raised(world)
    await do(world, acknowledge_alert, first)
    quiz = {"kind": "quiz", "score": 20}
    [again] = (await report(world, lesson_id="on-for-loops", evidence=[quiz])).struggle
    assert (again.alert_id, again.new) == (first, False)
    await do(world, resolve_alert, first)
    second = await raised(world)
    assert second != first
    assert ids(await find(world, state="open")) == [second]


@pytest.mark.parametrize("action", ACTIONS)
async def test_the_first_who_and_when_stand(world: World, action: Any) -> None:
    alert_id = await raised(world)
    first = await do(world, action, alert_id, note="Mine")
    before, commits = await learner(world), len(world.documents.commits)
    world.now += timedelta(hours=1)
    again = await do(world, action, alert_id, world.call(principal=COLLEAGUE), note="No, mine")
    assert again == first
    assert (await learner(world), len(world.documents.commits)) == (before, commits)


async def test_a_resolved_alert_cannot_be_acknowledged(world: World) -> None:
    alert_id = await raised(world)
    resolved = await do(world, resolve_alert, alert_id)
    with pytest.raises(WrongState, match="resolved by teacher-1"):
        await do(world, acknowledge_alert, alert_id)
    assert [alert.model_dump() for alert in (await find(world)).alerts] == [resolved.model_dump()]


async def test_an_alert_that_was_sealed_since_is_still_resolved(world: World) -> None:
    resolved = [await do(world, resolve_alert, await raised(world)) for _ in range(ALERT_SEGMENT)]
    document = await learner(world)
    assert (document["alert_segments"], document["resolved_alerts"]) == (1, [])
    world.now += timedelta(hours=1)
    for answer in (resolved[0], resolved[-1]):
        assert await do(world, resolve_alert, answer.alert_id) == answer
        with pytest.raises(WrongState):
            await do(world, acknowledge_alert, answer.alert_id)
    assert (await find(world, state="resolved")).total == ALERT_SEGMENT


@pytest.mark.parametrize("action", ACTIONS)
async def test_an_alert_that_is_not_there_is_not_found(world: World, action: Any) -> None:
    with pytest.raises(NotFound, match="There is no alert a9"):
        await do(world, action, "a9")


@pytest.mark.parametrize("action", ACTIONS)
async def test_an_alert_of_a_learner_who_was_forgotten_is_not_found(world: World, action: Any) -> None:
    alert_id = await raised(world)
    _, stored = await load_learner(world.documents, "maya")
    await commit_learner(world.ports, Learner("maya", version=2, forgotten_at=NOW), stored)
    with pytest.raises(NotFound):
        await do(world, action, alert_id)


@pytest.mark.parametrize("action", ACTIONS)
async def test_learners_change_no_alert_not_even_their_own(world: World, action: Any) -> None:
    alert_id = await raised(world)
    for some_id in (alert_id, "a9"):
        with pytest.raises(Forbidden, match="for teachers"):
            await do(world, action, some_id, world.call(principal=MAYA))


async def test_only_a_service_signs_for_somebody_else(world: World) -> None:
    alert_id = await raised(world)
    await class_of(world, "maya")
    teacher = world.call(principal=TEACHER)
    with pytest.raises(Forbidden, match="your own id"):
        await do(world, acknowledge_alert, alert_id, teacher, by="teacher-2")
    assert (await find(world)).alerts[0].state == "open"
    await do(world, acknowledge_alert, alert_id, teacher, by="teacher-1")
    answer = await do(world, resolve_alert, alert_id, world.call(principal=SERVICE), by="teacher-2")
    assert (answer.acknowledged_by, answer.resolved_by) == ("teacher-1", "teacher-2")


@pytest.mark.parametrize("wrong", [{"note": ""}, {"note": "x" * 501}, {"note": "\0"}, {"by": "a b"}, {"state": "open"}])
def test_an_action_that_cannot_be_meant_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AlertAction.model_validate(wrong)


# Failures


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_store_that_is_down_changes_nothing(world: World, action: Any) -> None:
    alert_id = await raised(world)
    before = await learner(world)
    world.documents.fail_at = {len(world.documents.commits) + 1: LOST}
    with pytest.raises(Unavailable):
        await do(world, action, alert_id)
    world.documents.down = True
    with pytest.raises(Unavailable):
        await do(world, action, alert_id)
    world.documents.down = False
    assert await learner(world) == before and (await find(world)).alerts[0].state == "open"


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_read_model_that_is_down_from_the_start_changes_nothing(world: World, action: Any) -> None:
    alert_id = await raised(world)
    before = await learner(world)
    world.read_model.down = True
    with pytest.raises(Unavailable):
        await do(world, action, alert_id)
    assert await learner(world) == before


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_change_stands_without_its_row_and_the_same_request_again_repairs_it(world: World, action: Any) -> None:
    alert_id = await raised(world)

    async def goes_down() -> None:
        world.read_model.down = True

    world.documents.before_commit = goes_down
    answer = await do(world, action, alert_id)
    assert answer.model_dump()["listed"] is False and answer.state != "open"
    world.read_model.down = False
    assert (await find(world)).alerts[0].state == "open"
    again = await do(world, action, alert_id)
    assert again.model_dump() == answer.model_dump(exclude={"listed"})
    assert (await find(world)).alerts[0].state == answer.state


@pytest.mark.parametrize("action", ACTIONS)
async def test_a_commit_whose_answer_was_lost_can_be_sent_again(world: World, action: Any) -> None:
    alert_id = await raised(world)
    world.documents.unknown_at = {len(world.documents.commits) + 1}
    with pytest.raises(Unavailable):
        await do(world, action, alert_id)
    first = world.now
    world.now += timedelta(hours=1)
    answer = await do(world, action, alert_id)
    assert first in (answer.acknowledged_at, answer.resolved_at)
    assert (await learner(world))["version"] == 2


@pytest.mark.parametrize("action", ACTIONS)
async def test_an_update_that_comes_first_is_kept(world: World, action: Any) -> None:
    alert_id = await raised(world)

    async def rival() -> None:
        await report(world, lesson_id="on-for-loops", progress_percentage=70)

    world.documents.before_commit = rival
    await do(world, action, alert_id)
    document = await learner(world)
    assert (document["version"], document["lessons"]["on-for-loops"]["progress_percentage"]) == (3, 70)


async def test_an_alert_that_somebody_resolves_first_is_not_acknowledged(world: World) -> None:
    alert_id = await raised(world)

    async def rival() -> None:
        await do(world, resolve_alert, alert_id, world.call(principal=COLLEAGUE))

    world.documents.before_commit = rival
    with pytest.raises(WrongState, match="resolved by teacher-2"):
        await do(world, acknowledge_alert, alert_id)


async def test_races_that_are_always_lost_change_nothing(world: World) -> None:
    alert_id = await raised(world)
    done = len(world.documents.commits)
    world.documents.fail_at = {done + n: Conflict("learner:maya") for n in range(1, ATTEMPTS + 1)}
    with pytest.raises(Conflict):
        await do(world, resolve_alert, alert_id)
    assert (await find(world)).alerts[0].state == "open"


async def test_many_at_once_resolve_it_once(world: World) -> None:
    alert_id = await raised(world)
    answers = await asyncio.gather(*(do(world, resolve_alert, alert_id) for _ in range(5)))
    assert all(answer == answers[0] for answer in answers)
    current, _ = await load_learner(world.documents, "maya")
    assert (current.version, len(await load_alerts(world.documents, current))) == (2, 1)


async def test_nothing_is_published_and_what_is_pending_stays_so(world: World) -> None:
    alert_id = await raised(world)
    world.publisher.down = True
    await report(world, lesson_id="on-for-loops", progress_percentage=70)
    attempts, waiting = world.publisher.attempts, await world.outbox()
    await do(world, acknowledge_alert, alert_id)
    await do(world, resolve_alert, alert_id)
    assert (world.publisher.attempts, await world.outbox()) == (attempts, waiting)
    assert (await learner(world))["pending"] == waiting


async def test_an_event_that_comes_late_takes_nothing_back(world: World) -> None:
    event = await struggle(world)
    await raise_alert(world.ports, received(StruggleDetected, event))
    await do(world, resolve_alert, event["data"]["alert_id"])
    await raise_alert(world.ports, received(StruggleDetected, event))
    assert (await find(world)).alerts[0].state == "resolved"


async def test_after_an_alert_is_resolved_only_fresh_evidence_opens_the_next(world: World) -> None:
    failed = {"kind": "execution", "ok": False}
    first = (await report(world, topic="for-loops", evidence=[failed] * 9)).struggle
    await deliver(world)
    await do(world, resolve_alert, first[0].alert_id)
    assert (await report(world, topic="for-loops", evidence=[failed] * 4)).struggle == []
    [again] = (await report(world, topic="for-loops", evidence=[failed])).struggle
    assert (again.trigger, again.new) == ("failed_runs", True)


async def test_what_led_to_an_alert_is_forgiven_in_a_topic_that_was_left_alone_too(world: World) -> None:
    failed = {"kind": "execution", "ok": False}
    first = (await report(world, topic="for-loops", evidence=[failed] * 9)).struggle
    for number, topic in enumerate(("lists", "tuples", "sets"), start=1):
        at = NOW + timedelta(seconds=number)
        await report(world, lesson_id=topic, topic=topic, occurred_at=at, evidence=[{"kind": "quiz", "score": 80}])
    assert (await learner(world))["topics"]["for-loops"]["sealed"] is True
    await deliver(world)
    await do(world, resolve_alert, first[0].alert_id)
    assert (await report(world, topic="for-loops", evidence=[failed] * 4)).struggle == []
