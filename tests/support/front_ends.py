"""Clients as real ones are: they retry with the same idempotency key, and remember everything that they were told."""

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

Json = dict[str, Any]
PATIENCE = 180.0  # seconds until a client gives up, which is a finding
TOPICS = ("for-loops", "lists", "dictionaries", "variables")


@dataclass
class Told:
    """One request, and what was answered: each 2xx body in `answers`, what no client should see in `odd`."""

    kind: str
    user_id: str
    key: str
    body: Json
    answers: list[Json] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    refused: int = 0  # 503, or no answer at all
    waited: float = 0.0  # seconds, from the first try to the first answer


@dataclass
class Client:
    """One front end. `urls`: where a path is served, by as many replicas as there are."""

    number: int
    seed: int
    users: Sequence[str]
    urls: Callable[[str], Sequence[str]]
    stop: threading.Event
    pace: float  # seconds between two requests
    told: list[Told] = field(default_factory=list)
    patience: float = PATIENCE
    refused: int = 0

    def run(self) -> None:
        self.random, made = random.Random(self.seed), 0
        with httpx.Client(timeout=5) as self.http:
            while not self.stop.is_set():
                made += 1
                self._next(self.random.choice(self.users), made)
                self.stop.wait(self.random.uniform(0, 2 * self.pace))

    def _next(self, user: str, made: int) -> None:
        key = f"{user}-{self.number}-{made}"
        match self.random.random():
            case share if share < 0.16:
                self._post("lesson", user, key, "/generate-lesson", {"topic": self.random.choice(TOPICS)})
            case share if share < 0.26:
                self._list(user)
            case share if share < 0.34:
                self._acknowledge(user)
            case share:
                self._post("report", user, key, "/update-progress", self._report(key, share))

    def _report(self, key: str, share: float) -> Json:
        """Mostly time on a lesson that was made elsewhere; now and then one is completed, or a quiz goes badly."""
        evidence: list[Json] = [{"kind": "time_on_task", "seconds": 1}]
        if share > 0.90:
            evidence.append({"kind": "quiz", "quiz_id": key, "score": self.random.choice((20, 45, 80, 95))})
        percentage = 100 if share < 0.45 else self.random.randint(1, 99)
        return {
            "lesson_id": f"on-{key}",
            "topic": self.random.choice(TOPICS),
            "progress_percentage": percentage,
            "evidence": evidence,
        }

    def _post(self, kind: str, user: str, key: str, path: str, body: Json) -> None:
        told = Told(kind, user, key, {"user_id": user} | body)
        self.told.append(told)
        self._until_answered(told, path)
        if self.random.random() < 0.1:  # as one whose answer was lost on the way
            self._until_answered(told, path)

    def _until_answered(self, told: Told, path: str) -> None:
        started = time.monotonic()
        while time.monotonic() - started < self.patience:
            answer = self._try("POST", path, json=told.body, headers={"Idempotency-Key": told.key})
            if answer is not None and answer.is_success:
                told.waited = told.waited or time.monotonic() - started
                told.answers.append(answer.json())
                return
            told.refused += 1
            if answer is not None and answer.status_code != 503:
                told.odd.append(f"{path} {answer.status_code}: {answer.text[:300]}")
                return
        told.odd.append(f"{path}: given up after {self.patience} s")

    def _try(self, method: str, path: str, **request: Any) -> httpx.Response | None:
        """One try; after a 503, and after none, the pause that a client makes. None: no answer, or only a part."""
        try:
            answer = self.http.request(method, self.random.choice(self.urls(path)) + path, **request)
        except httpx.TransportError:
            self.refused += 1
            time.sleep(0.1)
            return None
        if answer.status_code == 503:
            self.refused += 1
            time.sleep(float(answer.headers["retry-after"]))
        return answer

    def _list(self, user: str) -> None:
        """What this client was told to be listed is in the list at once."""
        mine = [told for told in self.told if told.kind == "lesson" and told.user_id == user]
        listed = {body["lesson_id"] for told in mine for body in told.answers if body.get("listed") is not False}
        answer = self._try("GET", "/lessons", params={"user_id": user, "limit": 100})
        told = Told("list", user, "", {})
        self.told.append(told)
        if answer is not None and answer.status_code == 200:
            told.answers.append({})
            missing = listed - {row["lesson_id"] for row in answer.json()["lessons"]}
            told.odd += [f"{lesson_id} was acknowledged as listed, and is not" for lesson_id in missing]
        elif answer is not None and answer.status_code != 503:
            told.odd.append(f"/lessons {answer.status_code}: {answer.text[:300]}")

    def _acknowledge(self, user: str) -> None:
        answer = self._try("GET", "/alerts", params={"user_id": user, "state": "open"})
        if answer is not None and answer.status_code == 200:
            for alert in answer.json()["alerts"][:1]:
                told = Told("acknowledge", user, alert["alert_id"], {"note": f"by {self.number}"})
                self.told.append(told)
                self._until_answered(told, f"/alerts/{alert['alert_id']}/acknowledge")
                while told.answers and told.answers[-1].get("listed") is False:  # as the documentation says
                    self._until_answered(told, f"/alerts/{alert['alert_id']}/acknowledge")
