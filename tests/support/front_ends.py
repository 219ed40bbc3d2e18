"""Clients as real ones are: they retry with the same idempotency key, and remember everything that they were told."""

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = dict[str, Any]
Send = Callable[..., httpx.Response]  # method, path, and httpx's options
PATIENCE = 180.0  # seconds until a client gives up, which is a finding
AGAIN = 0.1  # seconds until a client that got no answer tries again
PAGE = 100  # lessons, at most, in one answer
TOPICS = ("for-loops", "lists", "dictionaries", "variables")
LESSON, REPORT = "/generate-lesson", "/update-progress"
SHARES = {"lesson": 0.16, "list": 0.10, "acknowledge": 0.08}  # of all that clients do; the rest are reports
PROBLEM = "application/problem+json"


@dataclass
class Told:
    """One request, and what was answered: each 2xx body in `answers`, what no client should see in `odd`.

    `declared`: 503s of the function; `cut`: no answer, a part of one, or a gateway's word that it got none.
    """

    kind: str
    user_id: str
    key: str
    body: Json
    answers: list[Json] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    declared: int = 0
    cut: int = 0
    waited: float = 0.0  # seconds, from the first try to the first answer

    @property
    def refused(self) -> int:
        return self.declared + self.cut

    def hear(self, answer: httpx.Response | None) -> float:
        """Takes in one answer, None where there was none; how many seconds a client waits then."""
        if answer is None or _is_a_gateways(answer):
            self.cut += 1
            return AGAIN
        if answer.status_code == 503 and "retry-after" in answer.headers:
            self.declared += 1
            return float(answer.headers["retry-after"])
        if answer.is_success:
            self.answers.append(answer.json())
        else:
            self.odd.append(f"{answer.request.url.path} {answer.status_code}: {answer.text[:300]}")
        return 0.0

    def tried(self, send: Send, method: str, path: str, **request: Any) -> None:
        """One try; after a 503, and after none, the pause that a client makes."""
        try:
            answer = send(method, path, **request)
        except httpx.TransportError:
            answer = None
        time.sleep(self.hear(answer))

    def until_answered(self, send: Send, path: str, patience: Callable[[], float] = lambda: PATIENCE) -> None:
        started, enough = time.monotonic(), len(self.answers) + 1
        while time.monotonic() - started < patience():
            self.tried(send, "POST", path, json=self.body, headers={"Idempotency-Key": self.key})
            if len(self.answers) == enough:
                self.waited = self.waited or time.monotonic() - started
                return
            if self.odd:
                return
        self.odd.append(f"{path}: given up after {patience()} s")


def _is_a_gateways(answer: httpx.Response) -> bool:
    """Of something between the client and the function, which always answers a problem."""
    return answer.status_code in (502, 503, 504) and answer.headers.get("content-type") != PROBLEM


def report(user: str, key: str, rolled: random.Random) -> Told:
    """Mostly time on a lesson that was made elsewhere; now and then one is completed, or a quiz goes badly."""
    evidence: list[Json] = [{"kind": "time_on_task", "seconds": 1}]
    if rolled.random() < 0.15:
        evidence.append({"kind": "quiz", "quiz_id": key, "score": rolled.choice((20, 45, 80, 95))})
    percentage = 100 if rolled.random() < 0.17 else rolled.randint(1, 99)
    body = {"user_id": user, "lesson_id": f"on-{key}", "topic": rolled.choice(TOPICS), "evidence": evidence}
    return Told("report", user, key, body | {"progress_percentage": percentage})


@dataclass
class Client:
    """One front end. `shares`: of what it does; the rest are reports."""

    number: int
    seed: int
    users: Sequence[str]
    send: Send
    stop: threading.Event
    pace: float  # seconds between two requests
    shares: Mapping[str, float] = field(default_factory=lambda: SHARES)
    told: list[Told] = field(default_factory=list)
    patience: float = PATIENCE

    @property
    def refused(self) -> int:
        """How many of its requests had a 503 or no answer."""
        return sum(told.refused for told in self.told)

    def run(self) -> None:
        self.random, made = random.Random(self.seed), 0
        while not self.stop.is_set():
            made += 1
            self._next(self.random.choice(self.users), f"{self.number}-{made}")
            self.stop.wait(self.random.uniform(0, 2 * self.pace))

    def _next(self, user: str, number: str) -> None:
        key = f"{user}-{number}"
        [kind] = self.random.choices([*self.shares, "report"], [*self.shares.values(), 1 - sum(self.shares.values())])
        match kind:
            case "lesson":
                topic = self.random.choice(TOPICS)
                self._post(Told("lesson", user, key, {"user_id": user, "topic": topic}), LESSON)
            case "list":
                self._list(user)
            case "acknowledge":
                self._acknowledge(user)
            case _:
                self._post(report(user, key, self.random), REPORT)

    def _post(self, told: Told, path: str) -> None:
        self.told.append(told)
        self._until_answered(told, path)
        if self.random.random() < 0.1:  # as one whose answer was lost on the way
            self._until_answered(told, path)

    def _until_answered(self, told: Told, path: str) -> None:
        told.until_answered(self.send, path, lambda: self.patience)

    def _look(self, user: str, path: str, **params: object) -> Told:
        """One try to read."""
        self.told.append(told := Told("look", user, "", {}))
        told.tried(self.send, "GET", path, params={"user_id": user, **params})
        return told

    def _list(self, user: str) -> None:
        """What this client was told to be listed is in the list at once; of many lessons the page has the newest."""
        mine = [told for told in self.told if told.kind == "lesson" and told.user_id == user]
        bodies = [body for told in mine for body in told.answers if body.get("listed") is not False]
        told = self._look(user, "/lessons", limit=PAGE)
        for rows in [answer["lessons"] for answer in told.answers]:
            oldest = rows[-1]["created_at"] if len(rows) == PAGE else ""
            expected = {body["lesson_id"] for body in bodies if body["created_at"] > oldest}
            missing = expected - {row["lesson_id"] for row in rows}
            told.odd += [f"{lesson_id} was acknowledged as listed, and is not" for lesson_id in missing]

    def _acknowledge(self, user: str) -> None:
        answers = self._look(user, "/alerts", state="open").answers
        for alert in [alert for answer in answers for alert in answer["alerts"][:1]]:
            told = Told("acknowledge", user, alert["alert_id"], {"note": f"by {self.number}"})
            self.told.append(told)
            self._until_answered(told, f"/alerts/{alert['alert_id']}/acknowledge")
            while told.answers and told.answers[-1].get("listed") is False:  # as the documentation says
                self._until_answered(told, f"/alerts/{alert['alert_id']}/acknowledge")
