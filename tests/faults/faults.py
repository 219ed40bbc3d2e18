"""A fault under load, the audit after it, and its line in the table."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.faults.system import System
from tests.support.audit import Findings, audit
from tests.support.backends import new_learner
from tests.support.front_ends import Told
from tests.support.kept import read
from tests.support.load import Load


@dataclass
class Line:
    """One of the table. `longest`: seconds that a client had to wait; `quiet`: from the last answer until all is."""

    fault: str
    times: int = 0
    refused: int = 0
    longest: float = 0.0
    quiet: float = 0.0
    findings: Findings = field(default_factory=Findings)

    def see(self, told: Sequence[Told], findings: Findings) -> None:
        self.longest, self.refused = max(each.waited for each in told), sum(each.refused for each in told)
        self.findings = findings


@dataclass
class Table:
    lines: list[Line] = field(default_factory=list)

    HEADER = ("fault", "times", "acknowledged", "refused", "lost", "twice", "other", "longest wait s", "quiet after s")

    def text(self) -> str:
        rows = [
            (line.fault, line.times, f.acknowledged, line.refused, *map(len, (f.lost, f.twice, f.other)), *seconds)
            for line in self.lines
            for f in [line.findings]
            for seconds in [(f"{line.longest:.1f}", f"{line.quiet:.1f}")]
        ]
        return "\n".join(f"| {' | '.join(map(str, row))} |" for row in (self.HEADER, ["---"] * 9, *rows))


@dataclass
class Fault:
    """What is going on while it lasts."""

    line: Line
    load: Load
    users: list[str]

    def happened(self) -> None:
        self.line.times += 1


@contextmanager
def under_load(system: System, table: Table, name: str, **load: Any) -> Iterator[Fault]:
    """Clients of new learners, while the fault happens; then the system gets quiet, and the audit finds nothing."""
    with audited(system, name, **load) as fault:
        yield fault
    table.lines.append(fault.line)
    assert not fault.line.findings.all(), "\n".join(fault.line.findings.all())


@contextmanager
def audited(system: System, name: str, learners: int = 4, clients: int = 3, pace: float = 0.15) -> Iterator[Fault]:
    """The same, whatever the audit finds."""
    users = [new_learner() for _ in range(learners)]
    load = Load(users, system.urls, system.random.randrange(1000), clients, pace)
    fault = Fault(Line(name), load, users)
    load.start()
    try:
        load.more(10)
        yield fault
    except BaseException:
        load.abandon()
        raise
    told = load.finish()
    ended = time.monotonic()
    system.quiet()
    fault.line.quiet = time.monotonic() - ended
    fault.line.see(told, audit(told, read(users, system.place, system.bootstrap)))
