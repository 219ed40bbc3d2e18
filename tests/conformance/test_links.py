"""schemathesis follows what one answer says to the next request: a lesson, class or alert that is there or was just made.

Its checks here are those of a sequence too: what was made can be read, what was deleted cannot.
"""

from pathlib import Path
from typing import Any

import httpx
from hypothesis import settings
from schemathesis.checks import load_all_checks

from functions.embedded import create_app
from functions.runtime.settings import Settings
from tests.support.judging import Case, contract, examples, judged

STUCK = {"user_id": "maya", "topic": "lists", "evidence": [{"kind": "message", "text": "I am stuck"}]}
LINKED = {
    "GET /alerts",
    "GET /classes/{class_id}",
    "GET /learners/{user_id}/export",
    "GET /lessons/{lesson_id}",
    "POST /alerts/{alert_id}/acknowledge",
    "POST /alerts/{alert_id}/resolve",
    "POST /generate-lesson",
    "PUT /classes/{class_id}",
}


def test_what_an_answer_names_is_there_and_what_was_deleted_is_not(tmp_path: Path) -> None:
    served: set[str] = set()
    document = create_app(tmp_path, Settings(auth="off")).openapi()
    machine: Any = contract(document).exclude(path_regex="^/(health|metrics|functions)").as_state_machine()
    load_all_checks()
    with judged("embedded", tmp_path) as system, httpx.Client(headers=system.headers) as client:
        address = system.address("")

        class Links(machine):  # type: ignore[misc]
            def setup(self) -> None:
                client.post(f"{address}/update-progress", json=STUCK | {"lesson_id": "l1"}).raise_for_status()

            def before_call(self, case: Case) -> None:
                for name in ("if-match", "if-none-match"):  # of made-up versions: all would be 412
                    case.headers.pop(name, None)

            def get_call_kwargs(self, case: Case) -> dict[str, Any]:  # noqa: ARG002  the interface
                return {"base_url": address, "headers": system.headers}

            def after_call(self, response: Any, case: Case) -> None:
                if response.status_code < 300:
                    served.add(case.operation.label)

        Links.run(settings=settings(machine.TestCase.settings, **examples(25), stateful_step_count=10))
    assert served >= LINKED
