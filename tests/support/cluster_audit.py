"""Compares what clients were told during a fault with all that the cluster holds afterwards."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support import kafka, postgres
from tests.support.backends import eventually
from tests.support.clients import Told
from tests.support.cluster import DATABASE, kubectl

Json = dict[str, Any]
# Seconds, at most, until every event has had its effect: a source that is new begins with all that Kafka has.
SETTLED = 180.0
RELAY = "ping-relay-events"


@dataclass(frozen=True)
class Holds:
    """All that is held of some learners.

    `documents`: by key; `rows`: of `lesson_progress`; `events`: of `progress-updated`, `letters`: dead ones, as they
    are in Kafka; `outbox`: ids of events that are not known to be published.
    """

    documents: Mapping[str, Json]
    rows: Sequence[Json] = ()
    events: Sequence[Json] = ()
    letters: Sequence[object] = ()
    outbox: Sequence[str] = ()


@dataclass
class Findings:
    """One line each: what is not there, and what is there more than once, or though nobody was told that it is."""

    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)

    def number(self, what: str, expected: int, found: float) -> None:
        if found != expected:
            (self.lost if found < expected else self.twice).append(f"{what}: {found:g}, not {expected}")


def compare(told: Told, holds: Holds, lessons: Mapping[str, int]) -> Findings:
    """`lessons`: of each learner, how many events told of one that was written for them."""
    findings = Findings()
    findings.lost += [f"event {event} waits in the outbox" for event in holds.outbox]
    findings.lost += [f"dead letter: {letter}" for letter in holds.letters]
    for user in told.users:
        answers = [said.answer for said in told.of(user) if said.answer]
        document = holds.documents.get(f"learner:{user}", {})
        findings.number(f"{user} seconds", len(answers), document.get("time_on_task_seconds", 0))
        findings.number(f"{user} version", len(answers) + lessons.get(user, 0), document.get("version", 0))
        _facts(findings, user, answers, holds)
        _events(findings, user, answers, holds)
        _rows(findings, user, document, holds)
    return findings


def _facts(findings: Findings, user: str, answers: Sequence[Json], holds: Holds) -> None:
    """Each piece of evidence that was acknowledged is in the ledger, once, and no other is."""
    segments = [held["entries"] for key, held in holds.documents.items() if key.startswith(f"ledger:{user}:")]
    segments.append(holds.documents.get(f"learner:{user}", {}).get("ledger", []))
    found = Counter(fact["id"] for lines in segments for fact in lines if fact["kind"] == "time_on_task")
    promised = Counter(answer["evidence"][0]["evidence_id"] for answer in answers)
    findings.lost += [f"{user} fact {fact}" for fact in promised - found]
    findings.twice += [f"{user} fact {fact}" for fact in found - promised]


def _events(findings: Findings, user: str, answers: Sequence[Json], holds: Holds) -> None:
    """Each version that was told has one event, which Kafka may have more than once."""
    versions = Counter(answer["version"] for answer in answers)
    ids = {(event["data"]["version"], event["id"]) for event in holds.events if event["data"]["user_id"] == user}
    published = Counter(version for version, _ in ids)
    findings.lost += [f"{user} event of version {version}" for version in versions - published]
    findings.twice += [f"{user} event of version {version}" for version in published - versions]


def _rows(findings: Findings, user: str, document: Json, holds: Holds) -> None:
    """The read model shows what the document has."""
    shown = {row["lesson_id"]: float(row["progress_percentage"]) for row in holds.rows if row["user_id"] == user}
    for entry in document.get("lessons", {}).values():
        if shown.get(entry["lesson_id"]) != float(entry["progress_percentage"]):
            findings.lost.append(f"{user} row of {entry['lesson_id']}")


def held_of(users: Sequence[str]) -> Holds:
    """What documents, read model and Kafka hold of them now."""
    sql = (
        "SELECT key, convert_from(value, 'UTF8') AS value FROM state, unnest($1::text[]) AS u"
        " WHERE key = 'statestore||learner:' || u OR starts_with(key, 'statestore||ledger:' || u || ':')"
    )
    stored = postgres.rows(sql, list(users), database=DATABASE)
    documents = {row["key"].removeprefix("statestore||"): json.loads(row["value"]) for row in stored}
    sql = "SELECT user_id, lesson_id, progress_percentage FROM lesson_progress WHERE user_id = ANY($1)"
    rows = postgres.rows(sql, list(users), database=DATABASE)
    events = [record.value for record in kafka.records("progress-updated", lambda r: r.key in users)]
    about = lambda letter: any(user in json.dumps(letter.value, default=str) for user in users)  # noqa: E731
    letters = [record.value for record in kafka.records("learnflow-dead-letters", about)]
    return Holds(documents, rows, events, letters, outbox(users))


def outbox(users: Sequence[str]) -> list[str]:
    sql = "SELECT convert_from(value, 'UTF8') AS value FROM state WHERE starts_with(key, 'statestore||outbox:')"
    rows = [json.loads(row["value"]) for row in postgres.rows(sql, database=DATABASE)]
    return [row["event"]["id"] for row in rows if row["key"] in users]


def relayed(users: Sequence[str]) -> None:
    """What a kill left in the outbox is published: by the relay, whose next time is brought near."""
    if not outbox(users):
        return
    schedule = kubectl("get", "pingsource", RELAY, "-o", "jsonpath={.spec.schedule}")

    def every(when: str) -> None:
        kubectl("patch", "pingsource", RELAY, "--type=merge", "-p", json.dumps({"spec": {"schedule": when}}))

    every("@every 2s")
    try:
        eventually(lambda: not outbox(users), SETTLED)
    finally:
        every(schedule)


def audit(told: Told, lessons: Mapping[str, int] | None = None) -> int:
    """That every acknowledged update is held once and every event had its effect once; how many events there were."""
    relayed(told.users)
    findings, holds = Findings(["nobody looked yet"]), Holds({})

    def all_there() -> bool:
        nonlocal findings, holds
        holds = held_of(told.users)
        findings = compare(told, holds, lessons or {})
        return not findings.lost  # what is not there yet may come

    try:
        eventually(all_there, SETTLED)
    except AssertionError:
        raise AssertionError(str(findings)) from None
    assert not findings.twice, str(findings)
    return len({event["id"] for event in holds.events})
