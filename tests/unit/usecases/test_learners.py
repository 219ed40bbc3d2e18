"""Saving a learner: one commit with events and ledger, guarded, and read back as it was."""

from datetime import timedelta

import pytest

from functions.learning.learner import Learner
from functions.learning.progress import Evidence, Update, apply
from functions.runtime.errors import Conflict, Unavailable
from functions.runtime.ports import Stored
from functions.usecases.learners import ATTEMPTS, commit_learner, learner_from, learner_key, until_committed
from tests.support.fakes import NOW, World
from tests.unit.usecases.test_publishing import event


def busy_learner() -> Learner:
    learner = Learner("maya", version=3, updated_at=NOW)
    evidence = [
        Evidence("e1", "quiz", "for-loops", {"kind": "quiz"}, score=53.33, quiz_id="Q"),
        Evidence("e2", "code_quality", "for-loops", {"kind": "code_quality"}, score=80.0),
        Evidence("e3", "exercise", "for-loops", {"kind": "exercise"}, exercise_id="sum-to-n", passed=True),
    ]
    metrics = {"stars": 3, "nested": {"deep": [1, None, "ü"]}}
    update = Update(
        "u1",
        "l1",
        "python",
        "for-loops",
        NOW - timedelta(days=1),
        100,
        "completed",
        achievement_metrics=metrics,
        timezone="Asia/Tokyo",
        evidence=evidence,
    )
    apply(learner, update)
    return learner


async def stored(world: World) -> Stored | None:
    return (await world.documents.load("learner:maya")).get("learner:maya")


async def test_a_learner_is_read_back_as_it_was_saved(world: World) -> None:
    learner = busy_learner()
    await commit_learner(world.ports, learner, None)
    assert learner_from(await stored(world), "maya") == learner


def test_nothing_is_known_of_a_new_learner() -> None:
    assert learner_from(None, "maya") == Learner("maya")
    assert learner_key("maya") == "learner:maya"


async def test_events_are_committed_with_the_learner_and_named_in_it(world: World) -> None:
    events = [event(1), event(2)]
    assert await commit_learner(world.ports, busy_learner(), None, events) == events
    [keys] = [[write.key for write in commit] for commit in world.documents.commits]
    assert keys == ["learner:maya", *(f"outbox:{e.id}" for e in events)]
    assert learner_from(await stored(world), "maya").pending == [e.id for e in events]


async def test_what_still_waits_comes_first_and_what_went_out_is_forgotten(world: World) -> None:
    learner = busy_learner()
    await commit_learner(world.ports, learner, None, [event(1)])
    learner.pending = ["went-out-long-ago", *learner.pending]
    assert await commit_learner(world.ports, learner, await stored(world), [event(2)]) == [event(1), event(2)]
    assert learner.pending == [event(1).id, event(2).id]


async def test_a_learner_who_changed_in_between_is_not_overwritten(world: World) -> None:
    learner = busy_learner()
    await commit_learner(world.ports, learner, None)
    read = await stored(world)
    await commit_learner(world.ports, learner, read)
    with pytest.raises(Conflict):
        await commit_learner(world.ports, Learner("maya"), read, [event(1)])
    assert (learner_from(await stored(world), "maya").version, await world.outbox()) == (3, [])


async def test_two_that_find_no_learner_cannot_both_make_one(world: World) -> None:
    await commit_learner(world.ports, busy_learner(), None)
    with pytest.raises(Conflict):
        await commit_learner(world.ports, Learner("maya"), None)


async def test_full_segments_of_the_ledger_are_committed_with_the_learner(world: World) -> None:
    learner = Learner("maya", ledger=[{"id": str(n)} for n in range(205)])
    await commit_learner(world.ports, learner, None)
    assert [write.key for write in world.documents.commits[0]] == ["learner:maya", "ledger:maya:0", "ledger:maya:1"]
    segment = await world.document("ledger:maya:1")
    assert segment is not None and [line["id"] for line in segment["entries"]] == [str(n) for n in range(100, 200)]
    assert learner_from(await stored(world), "maya").ledger_segments == 2


async def test_a_decision_is_taken_again_until_nobody_came_first() -> None:
    lost = [Conflict("k"), Conflict("k")]

    async def decide() -> str:
        if lost:
            raise lost.pop()
        return "done"

    assert await until_committed(decide) == "done"


async def test_races_are_given_up_after_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    async def decide() -> None:
        tried.append(1)
        raise Conflict("k")

    monkeypatch.setattr("functions.usecases.learners.random.uniform", lambda *_: 0)
    with pytest.raises(Conflict, match="lost every race"):
        await until_committed(decide)
    assert len(tried) == ATTEMPTS


async def test_a_store_that_is_down_is_not_asked_again() -> None:
    tried = []

    async def decide() -> None:
        tried.append(1)
        raise Unavailable("down")

    with pytest.raises(Unavailable):
        await until_committed(decide)
    assert len(tried) == 1
