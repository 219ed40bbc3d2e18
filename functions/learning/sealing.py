"""Keeps a learner's document small: what fills up goes into segments, documents of their own.

The ledger and the resolved alerts are sealed in the order they came; of lessons and topics those that were left alone
longest. A sealed lesson is found by a short mark of its id, and both are taken back when the learner returns to them.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from functions.learning.learner import (
    Alert,
    Key,
    Learner,
    LessonEntry,
    OlderQuizzes,
    Scored,
    SealedLessons,
    TopicRecord,
    Watch,
)

LEDGER_SEGMENT = 32  # facts in a full segment of the ledger
ALERT_SEGMENT = 5
OPEN_LESSONS = 36  # entries that a document holds at the most; after sealing still more than a page has
LESSON_SEGMENT = 16
OPEN_TOPICS = 3  # of which a document holds the evidence too
TAKEN_OUT = ("passed", "quizzes", "older_quizzes", "code_quality", "latest")
MARK = 6  # hexadecimal digits; two ids that share one cost a look into a segment, no more


def mark_of(text: str) -> str:
    """A short fingerprint of an id."""
    return hashlib.sha256(text.encode()).hexdigest()[:MARK]


def marked(marks: str, text: str) -> bool:
    """Whether the id may be among those that the marks stand for."""
    wanted = mark_of(text)
    return any(marks[at : at + MARK] == wanted for at in range(0, len(marks), MARK))


@dataclass(frozen=True, slots=True)
class Sealed:
    """A segment, to be stored in the same commit. `kind` is ledger, lessons, alerts or, by topic id, topics."""

    kind: str
    part: int | str
    entries: list[object]


@dataclass(slots=True)
class TopicEvidence:
    """What is taken out of a topic's record; `watch`, what struggle detection remembers of it, goes along."""

    passed: dict[str, Key] = field(default_factory=dict)
    quizzes: dict[str, Scored] = field(default_factory=dict)
    older_quizzes: OlderQuizzes = field(default_factory=OlderQuizzes)
    code_quality: list[Scored] = field(default_factory=list)
    latest: Key | None = None
    watch: Watch = field(default_factory=Watch)


def seal(learner: Learner) -> list[Sealed]:
    """Takes full segments out of the document."""
    return [*_seal_ledger(learner), *_seal_lessons(learner), *_seal_alerts(learner), *_seal_topics(learner)]


def segments_of(learner: Learner) -> Iterable[tuple[str, int | str]]:
    """Kind and part of every segment that a learner may have; one of a topic may be there and outdated."""
    numbers = {
        "ledger": learner.ledger_segments,
        "lessons": len(learner.sealed_lessons),
        "alerts": learner.alert_segments,
    }
    yield from ((kind, number) for kind, many in numbers.items() for number in range(many))
    yield from (("topics", topic_id) for topic_id in learner.topics)


def _seal_ledger(learner: Learner) -> Iterable[Sealed]:
    while len(learner.ledger) >= LEDGER_SEGMENT:
        yield Sealed("ledger", learner.ledger_segments, list(learner.ledger[:LEDGER_SEGMENT]))
        learner.ledger, learner.ledger_segments = learner.ledger[LEDGER_SEGMENT:], learner.ledger_segments + 1


def _seal_alerts(learner: Learner) -> Iterable[Sealed]:
    while len(learner.resolved_alerts) >= ALERT_SEGMENT:
        full: list[Alert] = learner.resolved_alerts[:ALERT_SEGMENT]
        yield Sealed("alerts", learner.alert_segments, list(full))
        learner.resolved_alerts, learner.alert_segments = (
            learner.resolved_alerts[ALERT_SEGMENT:],
            learner.alert_segments + 1,
        )


def _seal_lessons(learner: Learner) -> Iterable[Sealed]:
    while len(learner.lessons) > OPEN_LESSONS:
        oldest = sorted(learner.lessons.values(), key=lambda e: (e.recency, e.lesson_id))[:LESSON_SEGMENT]
        yield Sealed("lessons", len(learner.sealed_lessons), list(oldest))
        learner.sealed_lessons.append(described(oldest))
        for entry in oldest:
            del learner.lessons[entry.lesson_id]


def _seal_topics(learner: Learner) -> Iterable[Sealed]:
    held = [topic_id for topic_id, record in learner.topics.items() if not record.sealed]
    newest = sorted(held, key=lambda t: (learner.topics[t].last_activity or datetime.min.replace(tzinfo=UTC), t))
    for topic_id in newest[:-OPEN_TOPICS]:
        record, watch = learner.topics[topic_id], learner.watch.pop(topic_id, Watch())
        taken = {name: getattr(record, name) for name in TAKEN_OUT}
        yield Sealed("topics", topic_id, [TopicEvidence(**taken, watch=watch)])
        _put(record, TopicEvidence(), sealed=True)


def take_topic_back(learner: Learner, topic_id: str, evidence: TopicEvidence) -> None:
    """Puts the evidence of a sealed topic into the document again; its segment is outdated from the next commit on."""
    _put(learner.topics[topic_id], evidence, sealed=False)
    if evidence.watch != Watch():
        learner.watch[topic_id] = evidence.watch


def _put(record: TopicRecord, evidence: TopicEvidence, *, sealed: bool) -> None:
    for name in TAKEN_OUT:
        setattr(record, name, getattr(evidence, name))
    record.sealed = sealed


def described(entries: Iterable[LessonEntry]) -> SealedLessons:
    """What the document keeps of a segment of lessons."""
    found = list(entries)
    statuses = [entry.status for entry in found]
    return SealedLessons(
        marks="".join(mark_of(entry.lesson_id) for entry in found),
        counts={status: statuses.count(status) for status in sorted(set(statuses))},
        latest=max((entry.recency for entry in found), default=""),
    )


def segments_with(learner: Learner, lesson_ids: Iterable[str]) -> list[int]:
    """The segments that may hold entries of these lessons."""
    missing = [lesson_id for lesson_id in lesson_ids if lesson_id not in learner.lessons]
    return [
        number
        for number, sealed in enumerate(learner.sealed_lessons)
        if any(marked(sealed.marks, lesson_id) for lesson_id in missing)
    ]


def take_back(learner: Learner, number: int, entries: list[LessonEntry], lesson_ids: Iterable[str]) -> bool:
    """Moves the wanted entries of a segment back into the document; False if there were none.

    `entries` keeps those that stay, and is what the segment has to be stored as.
    """
    wanted = [entry for entry in entries if entry.lesson_id in set(lesson_ids)]
    for entry in wanted:
        learner.lessons[entry.lesson_id] = entry
        entries.remove(entry)
    if wanted:
        learner.sealed_lessons[number] = described(entries)
    return bool(wanted)
