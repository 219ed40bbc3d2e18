"""Histories of one learner, written by hand or drawn: updates with their evidence, and corrections of it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from functions.learning.curriculum import Course, course
from functions.learning.facts import Fact, fact_of
from functions.learning.learner import Learner
from functions.learning.progress import STATUSES, needs_ledger, record

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
Update = list[Fact]


def update(minutes: int = 0, evidence: list[Fact] | None = None, **told: Any) -> Update:
    """An update's facts; its evidence happened when it did."""
    at, lesson_id = told.pop("at", NOON + timedelta(minutes=minutes)), told.pop("lesson_id", "lesson-1")
    topic, update_id = told.pop("topic", "for-loops"), told.pop("id", f"u{minutes}")
    status = {"status": "in_progress"} if evidence and "status" not in told else {}
    own = Fact(update_id, at, "progress", lesson_id, topic, {"course_id": "python"} | told | status)
    return [own, *(replace(fact, at=at, lesson_id=lesson_id) for fact in evidence or ())]


def piece(evidence_id: str, kind: str, **data: Any) -> Fact:
    return Fact(evidence_id, NOON, kind, "lesson-1", "for-loops", data)


def quiz(evidence_id: str, score: float, quiz_id: str = "Q") -> Fact:
    return piece(evidence_id, "quiz", score=score, quiz_id=quiz_id)


def exercise(evidence_id: str, passed: int, exercise_id: str = "sum-to-n") -> Fact:
    return piece(evidence_id, "exercise", exercise_id=exercise_id, passed_tests=passed, total_tests=4)


def take(learner: Learner, facts: Update, of: Course | None = None) -> None:
    """As the handler does, with the whole ledger in the open segment; a fact that is there already is a replay."""
    of, known = of or course(), [fact_of(line) for line in learner.ledger]
    if facts[0].id not in {fact.id for fact in known}:
        record(learner, facts, of, known if needs_ledger(learner, facts, of) else None)


def learner_after(*updates: Update) -> Learner:
    learner = Learner("maya")
    for each in updates:
        take(learner, each)
    return learner


ZONES = ["Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati", "Pacific/Apia", "Asia/Kathmandu"]
EVIDENCE = st.one_of(
    st.builds(
        lambda q, s: ("quiz", {"quiz_id": q, "score": s}),
        st.sampled_from([f"Q{n}" for n in range(8)]),
        st.floats(0, 100).map(lambda s: round(s, 2)),
    ),
    st.builds(lambda s: ("code_quality", {"score": s}), st.floats(0, 100)),
    st.builds(
        lambda e, p: ("exercise", {"exercise_id": e, "passed_tests": p, "total_tests": 4}),
        st.sampled_from(["sum-to-n", "stars-in-a-row"]),
        st.integers(0, 4),
    ),
    st.builds(lambda s: ("time_on_task", {"seconds": s}), st.floats(0.001, 86_400)),
    st.just(("message", {"text": "hello"})),
)
REPORT = st.one_of(
    st.builds(lambda p: {"progress_percentage": p}, st.floats(0, 100)),
    st.builds(lambda s: {"status": s}, st.sampled_from(STATUSES)),
    st.builds(lambda n: {"achievement_metrics": {"stars": n}}, st.integers(0, 3)),
    st.builds(lambda z: {"timezone": z}, st.sampled_from(ZONES)),
    st.just({}),
)
HISTORY = st.lists(
    st.tuples(
        st.integers(0, 60 * 24 * 90) | st.integers(0, 3),
        st.sampled_from(["l1", "l2"]),
        REPORT,
        st.lists(EVIDENCE, max_size=4),
    ),
    min_size=1,
    max_size=14,
)


def history(drawn: list[Any], voids: list[int]) -> list[Update]:
    """Updates, and corrections that take back some of their evidence."""
    made = []
    for n, (minutes, lesson_id, report, pieces) in enumerate(drawn):
        topic = {"l1": "for-loops", "l2": "while-loops"}[lesson_id]  # a lesson has one: another is refused
        evidence = [replace(piece(f"{n}-{m}", kind, **data), topic=topic) for m, (kind, data) in enumerate(pieces)]
        made.append(update(minutes, evidence, id=f"u{n}", lesson_id=lesson_id, topic=topic, **report))
    evidence = [fact for facts in made for fact in facts[1:]]
    gone = {evidence[n % len(evidence)].id: evidence[n % len(evidence)] for n in voids} if evidence else {}
    data = {"reason": "a mistake", "by": "teacher"}
    return [
        *made,
        *([replace(f, id=f"v-{f.id}", kind="void", data=data | {"evidence_id": f.id})] for f in gone.values()),
    ]


def figures(learner: Learner) -> Learner:
    """All that is derived; the ledger is what it is derived from, in the order of its arrival."""
    return replace(learner, ledger=[])
