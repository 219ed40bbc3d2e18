"""When nothing is on its way any more: published, handled, and what handling it published too."""

import time
from collections.abc import Mapping, Sequence

from functions.usecases.events import TOPICS
from tests.support import kafka
from tests.support.kept import outbox

SECONDS = 180.0  # at most; a consumer that is new begins with all that Kafka has


def until_quiet(groups: Mapping[str, Sequence[str]], place: dict[str, str], bootstrap: str) -> None:
    """`groups`: the topics of each consumer group; `place`: of the database with the outbox."""
    end, why = time.monotonic() + SECONDS, ""
    while time.monotonic() < end:
        before = kafka.ends(TOPICS, bootstrap)
        if left := kafka.not_consumed(groups, bootstrap):
            why = f"not consumed: {left}"
        elif waiting := outbox(place):
            why = f"{waiting} events wait in the outbox"
        elif kafka.ends(TOPICS, bootstrap) == before:
            return
        time.sleep(0.2)
    raise AssertionError(f"not quiet after {SECONDS} s: {why}")
