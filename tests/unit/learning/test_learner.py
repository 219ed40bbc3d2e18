"""A learner's document stays small: full segments of the ledger leave it, old event keys are forgotten."""

import pytest

from functions.learning.learner import LEDGER_SEGMENT, REMEMBERED_EVENTS, Learner, remember_event, seal_ledger


def learner_with(lines: int) -> Learner:
    return Learner("maya", ledger=[{"id": str(n)} for n in range(lines)])


@pytest.mark.parametrize("lines", [0, 1, 99])
def test_an_open_segment_stays_in_the_document(lines: int) -> None:
    learner = learner_with(lines)
    assert seal_ledger(learner) == []
    assert (len(learner.ledger), learner.ledger_segments) == (lines, 0)


def test_a_segment_is_sealed_at_a_hundred_lines() -> None:
    learner = learner_with(100)
    [(number, lines)] = seal_ledger(learner)
    assert (LEDGER_SEGMENT, number, [line["id"] for line in lines]) == (100, 0, [str(n) for n in range(100)])
    assert (learner.ledger, learner.ledger_segments) == ([], 1)


def test_what_is_beyond_a_full_segment_opens_the_next_one() -> None:
    learner = learner_with(101)
    seal_ledger(learner)
    assert learner.ledger == [{"id": "100"}]


def test_a_long_batch_seals_several_segments_in_order() -> None:
    learner = learner_with(250)
    learner.ledger_segments = 7
    assert [number for number, _ in seal_ledger(learner)] == [7, 8]
    assert (len(learner.ledger), learner.ledger_segments) == (50, 9)


def test_an_event_is_new_once() -> None:
    learner = Learner("maya")
    assert remember_event(learner, "/functions/a 1")
    assert not remember_event(learner, "/functions/a 1")
    assert remember_event(learner, "/functions/b 1")


def test_only_the_latest_events_are_remembered() -> None:
    learner = Learner("maya")
    for n in range(REMEMBERED_EVENTS + 5):
        remember_event(learner, str(n))
    assert len(learner.seen_events) == 200
    assert (learner.seen_events[0], learner.seen_events[-1]) == ("5", "204")
