"""The audit itself: with a guard taken out on purpose it finds what the guard is there for."""

import pytest

from tests.faults.system import System
from tests.support.audit import Findings
from tests.support.faults import audited

pytestmark = [pytest.mark.stack, pytest.mark.own_stack]


def findings(system: System, guard: str, **load: int) -> Findings:
    """Of a run in which `update-progress` does without the guard."""
    with audited(system, f"without {guard}", pace=0.02, **load) as fault:
        system.replace("update-progress", {"LEARNFLOW_TEST_WITHOUT": guard})
        fault.load.more(80)
        system.kill("update-progress", "app")
    return fault.line.findings


def test_without_the_etag_racing_updates_are_lost_and_the_audit_says_so(system: System) -> None:
    found = findings(system, "etag", learners=1, clients=6)
    assert any(each.startswith("fact of") for each in found.lost)


def test_without_the_record_of_a_key_a_retry_counts_twice_and_the_audit_says_so(system: System) -> None:
    found = findings(system, "idempotency", learners=2, clients=4)
    assert any(each.startswith("fact of") for each in found.twice)


def test_without_the_outbox_a_crash_loses_an_event_and_the_audit_says_so(system: System) -> None:
    with audited(system, "without outbox", pace=0.02) as fault:
        crash = {"LEARNFLOW_TEST_WITHOUT": "outbox", "LEARNFLOW_TEST_CRASH": "after the state write:3"}
        system.replace("update-progress", crash, crash)
        while not system.is_itself():
            fault.load.more(1)
    assert any(each.startswith("event of") for each in fault.line.findings.lost)
