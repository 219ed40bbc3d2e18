"""The system as schemathesis calls it: each function at its address, with credentials that open everything."""

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig

from functions.contracts import FOLDER
from functions.embedded import apps
from tests.support.backends import embedded
from tests.support.dapr_run import on_free_ports, secured_run
from tests.support.issuer import issuer

Case = schemathesis.Case[Any]
FUNCTIONS = sorted(apps())
TAKES_EVENTS = {name for name, app in apps().items() if app.state.function.takes}
CONFIGURATION = Path(__file__).parents[1] / "conformance" / "schemathesis.toml"
DAY = 86_400
LONGEST_QUERY = 60_000  # bytes; the server ends what is longer before it has become a request


def examples(few: int) -> dict[str, Any]:
    """How many requests are made up: a few, the same each time; or with `EXAMPLES` that many, others each time."""
    asked = int(os.environ.get("EXAMPLES", 0))
    return {"max_examples": asked or few, "derandomize": not asked, "deadline": None, "database": None}


def contract(document: dict[str, Any]) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_dict(document, config=SchemathesisConfig.from_path(CONFIGURATION))


def contracts() -> dict[str, schemathesis.BaseSchema]:
    """As they are in the repository, by function."""
    return {name: contract(json.loads((FOLDER / "openapi" / f"{name}.json").read_text())) for name in FUNCTIONS}


@dataclass(frozen=True)
class Judged:
    """Where the function is that a contract is of, and what to send with every request."""

    name: str
    address: Callable[[str], str]
    headers: dict[str, str]

    def address_of(self, case: Case) -> str:
        title: str = case.operation.schema.raw_schema["info"]["title"]
        return self.address(title.removeprefix("LearnFlow "))


@contextmanager
def judged(where: str, folder: Path) -> Iterator[Judged]:
    """`where`: embedded, or stack for each function as a process behind daprd."""
    with issuer() as issued:
        token = secrets.token_hex(16)
        caller = issued.token(f"judge-{token[:6]}", "service", exp=int(time.time()) + DAY)
        headers = {"Authorization": f"Bearer {caller}", "dapr-api-token": token}
        if where == "embedded":
            with embedded(folder, **issued.variables(), APP_API_TOKEN=token) as backend:
                root = backend.url("")
                at = lambda name: f"{root}/functions/{name}" if name in TAKES_EVENTS else root  # noqa: E731
                yield Judged(where, at, headers)
        else:
            file = on_free_ports(FUNCTIONS, DAPR_API_TOKEN=token, APP_API_TOKEN=token, **issued.variables())
            with secured_run(folder, token, file) as stack:
                yield Judged(where, lambda name: f"http://127.0.0.1:{stack.processes.apps[name]['appPort']}", headers)
