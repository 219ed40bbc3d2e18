"""The audit of a run in which nothing went wrong finds nothing, and finds what is changed in what is kept of it."""

from collections.abc import Callable, Iterator
from copy import deepcopy

import pytest

from tests.faults.test_embedded import running
from tests.support.audit import Findings, audit
from tests.support.backends import new_learner
from tests.support.front_ends import Told
from tests.support.kept import Kept
from tests.support.load import Load

Run = tuple[list[Told], dict[str, Kept]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """One learner's, with lessons that were asked for, prepared ones and alerts."""
    user = new_learner()
    with running(tmp_path_factory.mktemp("run")) as server:
        load = Load([user], server.send, seed=7, clients=2, pace=0)
        load.start()
        load.more(80)
        told = load.finish()
        server.quiet()
        yield told, server.kept([user])


def found(run: Run, change: Callable[[Kept], object]) -> Findings:
    told, [kept] = run[0], deepcopy(list(run[1].values()))
    change(kept)
    return audit(told, {kept.learner.user_id: kept})


def test_where_nothing_went_wrong_nothing_is_found(run: Run) -> None:
    [kept] = run[1].values()
    assert kept.alerts and len(kept.lessons) > sum(told.kind == "lesson" for told in run[0]), "there is much to look at"
    assert found(run, lambda _: None).all() == []


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        (lambda kept: kept.ledger.pop(), "fact of"),
        (lambda kept: kept.lessons.popitem(), "lesson of"),
        (lambda kept: kept.alerts.pop(), "alert of"),
        (lambda kept: kept.entries.pop(), "row"),
        (lambda kept: kept.rows["lesson_progress"].pop(), "row lesson_progress"),
    ],
)
def test_what_is_gone_is_lost(run: Run, change: Callable[[Kept], object], lost: str) -> None:
    findings = found(run, change)
    assert any(lost in each for each in findings.all()), findings


@pytest.mark.parametrize(
    ("change", "twice"),
    [
        (lambda kept: kept.ledger.append(kept.ledger[-1]), "fact of"),
        (lambda kept: kept.alerts.append(kept.alerts[0]), "alert of"),
        (lambda kept: kept.rows["lesson_progress"].append(kept.rows["lesson_progress"][0]), "row lesson_progress"),
    ],
)
def test_what_is_there_again_is_twice(run: Run, change: Callable[[Kept], object], twice: str) -> None:
    assert any(each.startswith(twice) for each in found(run, change).twice)


def test_a_figure_that_the_ledger_does_not_give_and_a_dead_letter_are_told(run: Run) -> None:
    def change(kept: Kept) -> None:
        kept.learner.time_on_task_seconds += 1
        kept.dead.append({"id": "poison"})

    other = found(run, change).other
    assert [each.partition(" of ")[0] for each in other] == ["time_on_task_seconds", "dead letter poison"]


def test_a_request_that_was_answered_in_two_ways_happened_twice(run: Run) -> None:
    told, kept = deepcopy(run)
    [first, *_] = [each for each in told if each.kind == "report" and each.answers]
    first.answers.append(first.answers[0] | {"version": 0})
    assert audit(told, kept).twice == [f"report {first.key} was answered in two ways"]
