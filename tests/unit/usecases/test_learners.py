"""Saving a learner: one commit with events and ledger, guarded, and read back as it was."""

from datetime import timedelta

import pytest

from functions.learning.curriculum import course
from functions.learning.facts import Fact, line_of
from functions.learning.learner import Alert, Learner, LessonEntry
from functions.learning.progress import record
from functions.learning.sealing import ALERT_SEGMENT, LEDGER_SEGMENT, OPEN_LESSONS
from functions.learning.struggle import detect
from functions.runtime.errors import Conflict, Unavailable
from functions.runtime.ports import Stored
from functions.usecases.learners import (
    ATTEMPTS,
    commit_learner,
    learner_from,
    learner_key,
    load_alerts,
    load_entries,
    load_ledger,
    reopen_lessons,
    until_committed,
)
from tests.support.fakes import NOW, World
from tests.unit.usecases.test_publishing import event


def busy_learner() -> Learner:
    """One with something in every field that is folded."""
    learner, at = Learner("maya", version=3, updated_at=NOW), NOW - timedelta(days=1)
    told = {"course_id": "python", "status": "completed", "timezone": "Asia/Tokyo"}
    metrics = {"stars": 3, "nested": {"deep": [1, None, "ü"]}}
    tests = {"exercise_id": "sum-to-n", "passed_tests": 4, "total_tests": 4}
    facts = [
        Fact("u1", at, "progress", "l1", "for-loops", told | {"achievement_metrics": metrics}),
        Fact("e1", at, "quiz", "l1", "for-loops", {"quiz_id": "Q", "score": 30.33, "wrong": ["a"]}),
        Fact("e2", at, "code_quality", "l1", "for-loops", {"score": 80.0}),
        Fact("e3", at, "exercise", "l1", "for-loops", tests),
    ]
    record(learner, facts, course(), None)
    detect(learner, facts, lambda *facts: "-".join(map(str, facts)), NOW)
    assert [alert.trigger for alert in learner.alerts] == ["low_quiz"] and learner.watch
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


async def test_full_segments_are_committed_with_the_learner_and_read_back_whole(world: World) -> None:
    facts = [Fact(str(n), NOW, "progress", "l1", None, {"course_id": "python"}) for n in range(2 * LEDGER_SEGMENT + 5)]
    lessons = {f"l{n:03}": LessonEntry(f"l{n:03}", "python", None) for n in range(OPEN_LESSONS + 1)}
    alerts = [Alert(str(n), "l1", None, "stuck", "low", [], NOW, "resolved") for n in range(ALERT_SEGMENT)]
    learner = Learner("maya", ledger=list(map(line_of, facts)), lessons=dict(lessons), resolved_alerts=list(alerts))
    await commit_learner(world.ports, learner, None)
    keys = ["learner:maya", "ledger:maya:0", "ledger:maya:1", "lessons:maya:0", "alerts:maya:0"]
    assert [write.key for write in world.documents.commits[0]] == keys
    read = learner_from(await stored(world), "maya")
    assert (read.ledger_segments, len(read.ledger), len(read.sealed_lessons), read.alert_segments) == (2, 5, 1, 1)
    assert await load_ledger(world.documents, read) == facts
    assert sorted(e.lesson_id for e in await load_entries(world.documents, read)) == sorted(lessons)
    assert await load_alerts(world.documents, read) == alerts


async def test_a_sealed_lesson_is_taken_back_with_the_commit_that_changes_it(world: World) -> None:
    lessons = {f"l{n:03}": LessonEntry(f"l{n:03}", "python", None) for n in range(OPEN_LESSONS + 1)}
    await commit_learner(world.ports, Learner("maya", lessons=dict(lessons)), None)
    read = learner_from(await stored(world), "maya")
    also = await reopen_lessons(world.documents, read, ["l000", "new"])
    assert "l000" in read.lessons and "new" not in read.lessons
    read.lessons["l000"].last_activity = NOW
    await commit_learner(world.ports, read, await stored(world), also=also)
    again = learner_from(await stored(world), "maya")
    ids = [entry.lesson_id for entry in await load_entries(world.documents, again)]
    assert sorted(ids) == sorted(lessons) and "l000" in again.lessons


async def test_a_segment_that_is_missing_is_not_an_empty_one(world: World) -> None:
    with pytest.raises(Unavailable):
        await load_ledger(world.documents, Learner("maya", ledger_segments=1))


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
