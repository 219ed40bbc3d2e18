"""The table of faults on the cluster: what clients and events went through; printed by tests/cluster/conftest.py."""

from tests.support.clients import Told

HEAD = ("fault", "requests", "events", "lost", "twice", "declared 503", "other 5xx, cut", "longest wait")
_rows: list[tuple[str, ...]] = []


def seen(fault: str, told: Told, events: int) -> None:
    """A row for a fault that was audited: nothing is lost, and nothing there twice."""
    numbers = (len(told.said), events, 0, 0, told.declared, told.failures.total())
    waited = f"{told.longest_wait:.1f} s" if told.longest_wait else "(held on purpose)"
    _rows.append((fault, *map(str, numbers), waited))


def lines() -> list[str]:
    """As Markdown; none when no fault was seen."""
    table = [HEAD, ("---",) * len(HEAD), *_rows] if _rows else []
    return ["| " + " | ".join(row) + " |" for row in table]
