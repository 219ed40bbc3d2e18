"""Compares what clients were told with what is kept: what is lost, what happened twice, what is not as it should be.

Delivery may repeat an event; an effect may not. So an event that is in Kafka twice is no finding, a fact that is in the
ledger twice is one.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from functions.learning.curriculum import course
from functions.learning.progress import rebuild
from functions.runtime.events import EventData, stable_id
from functions.usecases.events import LessonGenerated, ProgressUpdated, StruggleDetected
from functions.usecases.projection import rows_of
from tests.support.front_ends import Told
from tests.support.kept import Kept
from tests.support.load import by_user

UNDATED = ("version", "written_at")  # of a row: when it was written, not what it shows


@dataclass
class Findings:
    """One sentence each."""

    acknowledged: int = 0
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)

    def all(self) -> list[str]:
        kinds = {"lost": self.lost, "twice": self.twice, "other": self.other}
        return [f"{kind}: {each}" for kind, found in kinds.items() for each in found]

    def compare(self, what: str, expected: Iterable[str], found: Iterable[str]) -> None:
        """Every expected one is there once, and nothing else."""
        want, have = Counter(list(expected)), Counter(list(found))
        self.lost += [f"{what} {each}" for each in want - have]
        self.twice += [f"{what} {each}" for each in have - want if each in want]
        self.other += [
            f"{what} {each} is of nothing that a client asked for" for each in have - want if each not in want
        ]


def audit(told: Sequence[Told], kept: dict[str, Kept]) -> Findings:
    """`kept`: all that is kept of every learner of the clients, once nothing is on its way any more."""
    findings = Findings(sum(len(each.answers) for each in told))
    findings.other += [f"{each.kind} {each.key}: {odd}" for each in told for odd in each.odd]
    for each in told:
        _same_answers(findings, each)
    kinds = ("report", "lesson", "acknowledge", "announce")
    reports, lessons, looked_after, announced = (by_user(told, kind) for kind in kinds)
    for user, its in kept.items():
        _ledger(findings, reports.get(user, []), its)
        elsewhere = [each.key for each in announced.get(user, [])]
        _lessons(findings, lessons.get(user, []), elsewhere, its)
        _alerts(findings, reports.get(user, []), looked_after.get(user, []), its)
        if its.broker:
            _events(findings, reports.get(user, []), elsewhere, its)
        _figures(findings, its)
        _rows(findings, its)
        findings.other += [f"dead letter {letter['id']} of {user}" for letter in its.dead]
    return findings


def _same_answers(findings: Findings, told: Told) -> None:
    shown = [{k: v for k, v in answer.items() if k != "listed"} for answer in told.answers]
    if told.kind != "acknowledge" and any(answer != shown[0] for answer in shown):
        findings.twice.append(f"{told.kind} {told.key} was answered in two ways")


def _ledger(findings: Findings, reports: Sequence[Told], kept: Kept) -> None:
    expected = []
    for told in reports:
        expected.append(stable_id(told.user_id, f"{told.key}/0"))
        expected += [piece["evidence_id"] for answer in told.answers[:1] for piece in answer["evidence"]]
    findings.compare(f"fact of {kept.learner.user_id}", expected, [fact.id for fact in kept.ledger])
    versions = Counter(answer["version"] for told in reports for answer in told.answers[:1])
    findings.lost += [f"one of {n} updates that are version {v}" for v, n in versions.items() if n > 1]


def _lessons(findings: Findings, asked: Sequence[Told], elsewhere: Sequence[str], kept: Kept) -> None:
    """One for each key, one for each lesson completed, one remedial one for each topic that is struggled with.

    `elsewhere`: lessons of which an event told that the test sent; there is no body of them.
    """
    user = kept.learner.user_id
    told = [answer["lesson_id"] for each in asked for answer in each.answers[:1]]
    own = [key for key, lesson in kept.lessons.items() if lesson["requested_by"] in ("learner", "teacher")]
    findings.compare(f"lesson of {user}", told, own)
    for each in asked:
        for answer in each.answers[:1]:
            body = kept.lessons.get(answer["lesson_id"], {})
            if body and (body["lesson"]["title"], body["version"]) != (answer["title"], answer["version"]):
                findings.other.append(f"lesson {answer['lesson_id']} is not the one that was answered")
    done = [entry.lesson_id for entry in kept.entries if entry.status == "completed"]
    helped = sorted({alert.topic for alert in kept.alerts if alert.topic})
    causes = [("next", lesson_id) for lesson_id in done] + [("remedial", topic, 0) for topic in helped]
    prepared = [stable_id("lesson", user, None, *cause) for cause in causes]
    findings.compare(f"prepared lesson of {user}", prepared, kept.lessons.keys() - set(own))
    listed = [entry.lesson_id for entry in kept.entries if entry.listed]
    findings.compare(f"entry of {user} for lesson", [*kept.lessons, *elsewhere], listed)


def _alerts(findings: Findings, reports: Sequence[Told], looked_after: Sequence[Told], kept: Kept) -> None:
    opened = {s["alert_id"] for told in reports for answer in told.answers for s in answer["struggle"] if s["new"]}
    findings.compare(f"alert of {kept.learner.user_id}", opened, [alert.alert_id for alert in kept.alerts])
    told = {each.key for each in looked_after if each.answers}
    states = {alert.alert_id: alert.state for alert in kept.alerts}
    findings.lost += [f"acknowledgement of {key}" for key in told if states.get(key) != "acknowledged"]


def _events(findings: Findings, reports: Sequence[Told], elsewhere: Sequence[str], kept: Kept) -> None:
    user = kept.learner.user_id
    changed = [answer for told in reports for answer in told.answers[:1] if answer["changes"]]
    lessons = kept.lessons | {lesson_id: {"version": 1} for lesson_id in elsewhere}
    facts: dict[type[EventData], list[tuple[object, ...]]] = {
        ProgressUpdated: [(user, answer["lesson_id"], answer["version"]) for answer in changed],
        LessonGenerated: [(key, n + 1) for key, body in lessons.items() for n in range(body["version"])],
        StruggleDetected: [(alert.alert_id,) for alert in kept.alerts],
    }
    for model, expected in facts.items():
        published = {event["id"]: event for event in kept.events.get(model.topic_name, [])}  # in the order of the first
        ids = [stable_id(model.type_name, *each) for each in expected]
        findings.compare(f"event of {user} in {model.topic_name}:", ids, published)
        if model is ProgressUpdated:
            versions = [event["data"]["version"] for event in published.values()]
            if versions != sorted(versions):
                findings.other.append(f"events of {user} are in the order {versions}")


def _figures(findings: Findings, kept: Kept) -> None:
    learner = kept.learner
    folded = rebuild(learner.user_id, kept.ledger, course())
    for name in ("days", "longest_before", "time_on_task_seconds"):
        if getattr(learner, name) != getattr(folded, name):
            findings.other.append(f"{name} of {learner.user_id} is not what the ledger gives")
    for topic, record in learner.topics.items():
        other = folded.topics.get(topic)
        if other is None or (record.components, record.attempts) != (other.components, other.attempts):
            findings.other.append(f"{topic} of {learner.user_id} is not what the ledger gives")


def _rows(findings: Findings, kept: Kept) -> None:
    """The tables show what the documents say."""
    shown = rows_of(kept.learner, kept.entries, kept.alerts, datetime.now(UTC))
    expected = [f"{row.table} {_text(row.values)}" for row in shown]
    found = [f"{table} {_text(row)}" for table, rows in kept.rows.items() for row in rows]
    findings.compare("row", expected, found)


def _text(row: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(row.items()) if name not in UNDATED)
