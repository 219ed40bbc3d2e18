"""schemathesis holds every function against its contract: requests that are valid, nearly so, and not at all.

Deviations from what it wants by default are in `schemathesis.toml`, each with its reason. `EXAMPLES=500` looks longer.
"""

from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import assume, settings
from schemathesis.core.result import Ok

from tests.support.judging import LONGEST_QUERY, Case, Judged, contracts, examples, judged

CONTRACTS = contracts()
SERVED: defaultdict[str, set[str]] = defaultdict(set)  # operations that a valid request was served by, by system
BY_ID = {  # an id that is made up names nothing: what these answer when there is something is seen in tests/contract
    "GET /classes/{class_id}",
    "GET /learners/{user_id}/export",
    "GET /lessons/{lesson_id}",
    "POST /alerts/{alert_id}/acknowledge",
    "POST /alerts/{alert_id}/resolve",
}


@pytest.fixture(scope="module", params=["embedded", pytest.param("stack", marks=pytest.mark.stack)])
def system(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judged]:
    with judged(request.param, tmp_path_factory.mktemp("judged")) as found:
        yield found


@schemathesis.pytest.parametrize(**CONTRACTS)
@settings(**examples(12))
def test_every_answer_is_one_that_the_contract_declares(case: Case, system: Judged) -> None:
    address = system.address_of(case)
    if "/functions/" in address and case.operation.path.startswith(("/health", "/metrics")):
        pytest.skip("one process has them once")
    assume(len(urlencode(case.query or {}, doseq=True)) < LONGEST_QUERY)
    answer = case.call_and_validate(base_url=address, headers=system.headers)
    if case.meta and case.meta.generation.mode.is_positive and answer.status_code < 300:
        SERVED[system.name].add(case.operation.label)


def test_the_judge_was_let_in_everywhere(system: Judged) -> None:
    """Or all that was seen were refusals."""
    found = [operation for schema in CONTRACTS.values() for operation in schema.get_all_operations()]
    every = {operation.ok().label for operation in found if isinstance(operation, Ok)}
    assert every - SERVED[system.name] <= BY_ID
