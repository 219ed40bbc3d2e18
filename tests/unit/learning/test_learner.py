"""The learner's document stays small: what fills up is sealed, and what was sealed is found again."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions.learning.learner import (
    REMEMBERED_EVENTS,
    Alert,
    Learner,
    LessonEntry,
    TopicRecord,
    Watch,
    counts,
    remember_event,
)
from functions.learning.sealing import (
    ALERT_SEGMENT,
    LEDGER_SEGMENT,
    LESSON_SEGMENT,
    OPEN_LESSONS,
    OPEN_TOPICS,
    Sealed,
    TopicEvidence,
    seal,
    segments_with,
    take_back,
    take_topic_back,
)

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
STATUSES = ("not_started", "in_progress", "completed")


def learner_with(lines: int) -> Learner:
    return Learner("maya", ledger=[{"id": str(n)} for n in range(lines)])


def entry(number: int, status: str = "completed") -> LessonEntry:
    return LessonEntry(f"l{number}", "python", None, status=status, last_activity=NOON + timedelta(minutes=number))


@pytest.mark.parametrize("lines", [0, 1, LEDGER_SEGMENT - 1])
def test_an_open_segment_stays_in_the_document(lines: int) -> None:
    learner = learner_with(lines)
    assert (seal(learner), len(learner.ledger), learner.ledger_segments) == ([], lines, 0)


def test_a_full_segment_of_the_ledger_is_sealed_and_the_rest_opens_the_next() -> None:
    learner = learner_with(2 * LEDGER_SEGMENT + 5)
    first, second = seal(learner)
    assert (first.kind, first.part, second.part, learner.ledger_segments) == ("ledger", 0, 1, 2)
    ids = [line["id"] for sealed in (first, second) for line in sealed.entries if isinstance(line, dict)]
    assert ids + [line["id"] for line in learner.ledger] == [str(n) for n in range(2 * LEDGER_SEGMENT + 5)]


def test_resolved_alerts_are_sealed_in_their_order() -> None:
    alerts = [Alert(str(n), "l", None, "stuck", "low", [], NOON, "resolved") for n in range(ALERT_SEGMENT + 1)]
    learner = Learner("maya", resolved_alerts=list(alerts))
    assert seal(learner) == [Sealed("alerts", 0, list(alerts[:-1]))]
    assert (learner.resolved_alerts, learner.alert_segments) == (alerts[-1:], 1)


def test_the_lessons_that_were_left_alone_longest_are_sealed() -> None:
    learner = Learner("maya", lessons={f"l{n}": entry(n) for n in reversed(range(OPEN_LESSONS + 1))})
    [sealed] = seal(learner)
    assert (sealed.kind, sealed.part, sealed.entries) == ("lessons", 0, [entry(n) for n in range(LESSON_SEGMENT)])
    assert sorted(learner.lessons) == sorted(f"l{n}" for n in range(LESSON_SEGMENT, OPEN_LESSONS + 1))
    assert learner.sealed_lessons[0].latest == entry(LESSON_SEGMENT - 1).recency


@settings(deadline=None)
@given(st.lists(st.sampled_from(STATUSES), min_size=1, max_size=150), st.data())
def test_a_lesson_is_found_wherever_it_is_and_none_is_lost_or_counted_twice(
    statuses: list[str], data: st.DataObject
) -> None:
    learner, segments = Learner("maya"), dict[int, list[LessonEntry]]()
    for number, status in enumerate(statuses):
        learner.lessons[f"l{number}"] = entry(number, status)
        for sealed in seal(learner):
            segments[int(sealed.part)] = [e for e in sealed.entries if isinstance(e, LessonEntry)]
    wanted = f"l{data.draw(st.integers(0, len(statuses) - 1))}"
    for number in segments_with(learner, [wanted]):
        take_back(learner, number, segments[number], [wanted])
    assert wanted in learner.lessons and segments_with(learner, [wanted]) == []
    everywhere = [*learner.lessons, *(e.lesson_id for kept in segments.values() for e in kept)]
    assert sorted(everywhere) == sorted(f"l{n}" for n in range(len(statuses)))
    assert counts(learner) == {s: statuses.count(s) for s in STATUSES} | {"total": len(statuses)}


def test_an_event_is_new_once() -> None:
    learner = Learner("maya")
    assert [remember_event(learner, "/f 1"), remember_event(learner, "/f 1"), remember_event(learner, "/f 2")] == [
        True,
        False,
        True,
    ]


def test_only_the_latest_events_are_remembered() -> None:
    learner = Learner("maya")
    for number in range(REMEMBERED_EVENTS + 1):
        remember_event(learner, str(number))
    assert len(learner.seen_events) == REMEMBERED_EVENTS
    assert [remember_event(learner, str(number)) for number in (1, 0)] == [False, True]


def test_of_topics_left_alone_longest_only_the_figures_stay_and_their_evidence_can_be_taken_back() -> None:
    days = [NOON + timedelta(days=n) for n in range(OPEN_TOPICS + 1)]
    records = {f"t{n}": TopicRecord({"e": (day, "1")}, attempts=1, last_activity=day) for n, day in enumerate(days)}
    learner = Learner("maya", topics=deepcopy(records), watch={"t0": Watch(errors=[{"error_type": "NameError"}])})
    [sealed] = seal(learner)
    assert (sealed.kind, sealed.part, learner.watch) == ("topics", "t0", {})
    assert learner.topics["t0"] == TopicRecord(attempts=1, last_activity=NOON, sealed=True)
    [evidence] = sealed.entries
    assert isinstance(evidence, TopicEvidence)
    take_topic_back(learner, "t0", evidence)
    assert learner.topics == records and learner.watch["t0"].errors == [{"error_type": "NameError"}]
