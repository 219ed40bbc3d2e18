"""Events that come twice, in any order, or broken."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx
import pytest

from functions.usecases.events import TOPICS
from tests.faults.system import System, subscriptions
from tests.support import kafka
from tests.support.backends import eventually
from tests.support.faults import under_load
from tests.support.kept import Kept

pytestmark = [pytest.mark.stack, pytest.mark.own_stack]

STRUCTURED = {"content-type": "application/cloudevents+json"}


def deliver(system: System, client: httpx.Client, event: dict[str, Any], topic: str) -> list[int]:
    """To every function that takes what is in the topic, as Knative delivers."""
    takers = [app_id for app_id, topics in subscriptions().items() if topic in topics]
    urls = [f"http://127.0.0.1:{system.functions.apps[app_id]['appPort']}/" for app_id in takers]
    return [client.post(url, content=json.dumps(event), headers=STRUCTURED).status_code for url in urls]


def shown(kept: dict[str, Kept]) -> dict[str, Kept]:
    """Without when rows were written, and by which version of what they show."""
    undated = {"written_at", "version"}
    rows = {
        user: {
            table: sorted(({k: v for k, v in row.items() if k not in undated} for row in found), key=repr)
            for table, found in its.rows.items()
        }
        for user, its in kept.items()
    }
    return {user: replace(its, rows=rows[user]) for user, its in kept.items()}


def test_a_whole_day_of_events_twice_and_shuffled_changes_nothing(system: System, long: bool) -> None:
    with under_load(system, "every event of a day again, twice, shuffled") as fault:
        fault.load.more(400 if long else 60)
        fault.load.finish()
        system.quiet()
        before = system.kept(fault.users)
        events = [(e, topic) for kept in before.values() for topic, found in kept.events.items() for e in found] * 2
        system.random.shuffle(events)
        with ThreadPoolExecutor(3) as pool, httpx.Client(timeout=10) as client:
            answers = [status for found in pool.map(lambda e: deliver(system, client, *e), events) for status in found]
        assert set(answers) == {204}
        assert shown(system.kept(fault.users)) == shown(before)
        fault.line.times = len(answers)


def test_a_poison_event_amid_a_partition_goes_to_the_dead_letters_and_holds_up_nothing(
    system: System, long: bool
) -> None:
    sent = []
    with under_load(system, "a poison event amid a partition") as fault:
        for number in range(40 if long else 8):
            fault.load.more(system.random.randint(1, 6))
            poison: dict[str, Any] = {
                "specversion": "1.0",
                "id": f"poison-{fault.users[0]}-{number}",
                "source": "/test",
            }
            poison |= {"type": "com.learnflow.progress.updated.v1", "data": {"user_id": 7}}
            topic = system.random.choice(TOPICS)
            key = system.random.choice(fault.users)  # it comes between this learner's events
            kafka.send(topic, json.dumps(poison).encode(), key, STRUCTURED, system.bootstrap)
            sent.append(poison["id"])
            fault.happened()
    eventually(lambda: set(sent) <= {letter["id"] for letter in letters(system)})


def letters(system: System) -> list[dict[str, Any]]:
    return [record.value for record in kafka.records("learnflow-dead-letters", bootstrap=system.bootstrap)]
