"""A fault under load, wherever it happens: the clients, the audit after it, and its line in the table."""

import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import httpx

from tests.support.audit import Findings, audit
from tests.support.backends import new_learner
from tests.support.kept import Kept
from tests.support.load import Load


class Place(Protocol):
    """Where the functions run. `random`: of what clients do, and of what happens when."""

    random: random.Random

    def send(self, method: str, path: str, **options: Any) -> httpx.Response: ...

    def quiet(self) -> None:
        """Returns when every event was published and handled, and what handling it published too."""

    def kept(self, users: Sequence[str]) -> dict[str, Kept]:
        """All that is kept of these learners."""
        ...


@dataclass
class Line:
    """One of the table. `longest`: seconds that a client had to wait; `quiet`: from the last answer until all is."""

    fault: str
    times: int = 0
    declared: int = 0
    cut: int = 0
    longest: float = 0.0
    quiet: float = 0.0
    findings: Findings = field(default_factory=Findings)


@dataclass
class Table:
    lines: list[Line] = field(default_factory=list)

    HEADER = ("fault", "times", "acknowledged", "declared 503", "cut", "lost", "twice", "other")
    SECONDS = ("longest wait s", "quiet after s")

    def text(self) -> str:
        rows: list[tuple[object, ...]] = [(*self.HEADER, *self.SECONDS), ("---",) * 10]
        for line in self.lines:
            found, seconds = line.findings, (f"{line.longest:.1f}", f"{line.quiet:.1f}")
            numbers = (line.times, found.acknowledged, line.declared, line.cut)
            rows.append((line.fault, *numbers, *map(len, (found.lost, found.twice, found.other)), *seconds))
        return "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)


TABLE = Table()  # of one run of pytest, which prints it at its end


@dataclass
class Fault:
    """What is going on while it lasts."""

    line: Line
    load: Load
    users: list[str]

    def happened(self) -> None:
        self.line.times += 1


@contextmanager
def under_load(place: Place, name: str, **load: Any) -> Iterator[Fault]:
    """Clients of new learners, while the fault happens; then the system gets quiet, and the audit finds nothing."""
    with audited(place, name, **load) as fault:
        yield fault
    TABLE.lines.append(fault.line)
    assert not fault.line.findings.all(), "\n".join(fault.line.findings.all())


@contextmanager
def audited(place: Place, name: str, learners: int = 4, warm: int = 10, **load: Any) -> Iterator[Fault]:
    """The same, whatever the audit finds. `warm`: so many requests are answered before the fault."""
    users = [new_learner() for _ in range(learners)]
    fault = Fault(Line(name), Load(users, place.send, place.random.randrange(1000), **load), users)
    fault.load.start()
    try:
        fault.load.more(warm)
        yield fault
    except BaseException:
        fault.load.abandon()
        raise
    told, line = fault.load.finish(), fault.line
    ended = time.monotonic()
    place.quiet()
    line.quiet = time.monotonic() - ended
    line.declared, line.cut = sum(each.declared for each in told), sum(each.cut for each in told)
    line.longest = max(each.waited for each in told)
    line.findings = audit(told, place.kept(sorted({*users, *(each.user_id for each in told)})))
