"""Lists over large tables: 100,000 learners, a million lessons. What a request takes, and how its SQL is carried out.

The requests go to the real functions behind their daprd. The same requests are then decided once more in this process,
only to learn which statements they come to; each is explained with ANALYZE, once planned for its values and once as
PostgreSQL plans a prepared statement for any (which it may do from the sixth time on).
"""

import argparse
import asyncio
import json
import re
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import repeat
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import asyncpg

from bench.common import Spread, machine, table, write
from bench.filling import fill
from bench.load import Target, block, get
from bench.stack import Place, address, functions_and_daprds, require_stack
from functions.get_status.class_models import ClassQuery
from functions.get_status.class_status import class_status
from functions.list_lessons.handler import list_lessons
from functions.list_lessons.models import LessonFilters
from functions.manage_alerts.handler import list_alerts
from functions.manage_alerts.models import AlertFilters
from functions.runtime.ports import Call, Ports, Principal, Reply, Row, Sql, Write
from functions.runtime.settings import Settings
from functions.runtime.sidecar import Sidecar, SidecarApis, SidecarPublisher
from functions.runtime.sidecar_storage import SidecarDocuments, SidecarReadModel
from functions.usecases.classes import ClassDocument, class_key
from tests.support.postgres import own_database

DATABASE = "learnflow_bench_big"
TEACHER = Principal("bench", "teacher")
WARM = 8  # requests: PostgreSQL may plan for any values from the sixth on
LEARNER, CLASS = "learner-47", "class-200"
YEAR_END = (f"{datetime.now(UTC).year - 1}-11-01", f"{datetime.now(UTC).year - 1}-11-30")
LESSON_QUERIES: Sequence[dict[str, str]] = (
    {},
    {"user_id": LEARNER},
    {"user_id": LEARNER, "include": "progress"},
    {"user_id": LEARNER, "topic": "for-loops"},
    {"user_id": LEARNER, "sort": "title"},
    {"user_id": LEARNER, "q": "loop"},
    {"user_id": LEARNER, "q": "xylophone"},
    {"user_id": "nobody"},
    {"course_id": "python"},
    {"topic": "for-loops"},
    {"module": "control-flow"},
    {"lesson_type": "remedial"},
    {"difficulty_level": "advanced"},
    {"topic": "for-loops", "lesson_type": "remedial"},
    {"module": "control-flow", "difficulty_level": "advanced"},
    {"topic": "for-loops", "sort": "title"},
    {"created_from": YEAR_END[0], "created_to": YEAR_END[1]},
    {"topic": "for-loops", "created_from": YEAR_END[0], "created_to": YEAR_END[1]},
    {"q": "penguins"},
    {"q": "loop"},
    {"q": "xylophone"},
    {"q": "lo"},
    {"q": "zq"},
    {"sort": "title"},
    {"sort": "created_at"},
    {"include": "progress"},
)
SECOND_PAGES: Sequence[dict[str, str]] = (
    {},
    {"user_id": LEARNER, "limit": "5"},
    {"topic": "for-loops"},
    {"sort": "title"},
    {"q": "loop"},
)
ALERT_QUERIES: Sequence[dict[str, str]] = (
    {},
    {"state": "open"},
    {"user_id": LEARNER},
    {"class_id": CLASS},
    {"class_id": CLASS, "state": "open"},
    {"topic": "for-loops"},
    {"trigger": "stuck"},
    {"trigger": "stuck", "state": "open"},
)
CLASS_IDS = [f"learner-{number * 7}" for number in range(200)]
CLASS_QUERIES: Sequence[dict[str, str]] = (
    {"user_ids": ",".join(CLASS_IDS)},
    {"class_id": CLASS},
    {"class_id": CLASS, "include": "drop_off"},
)
# By function: its path, how it is decided, the model of its query, and the queries.
REQUESTS: Sequence[tuple[str, str, Any, Any, Sequence[dict[str, str]]]] = (
    ("list-lessons", "/lessons", list_lessons, LessonFilters, LESSON_QUERIES),
    ("manage-alerts", "/alerts", list_alerts, AlertFilters, ALERT_QUERIES),
    ("get-status", "/status/class", class_status, ClassQuery, CLASS_QUERIES),
)


class Recording(SidecarReadModel):
    """Remembers the statements it was asked for."""

    def __init__(self, sidecar: Sidecar) -> None:
        super().__init__(sidecar)
        self.asked: list[Sql] = []

    async def query(self, sql: Sql) -> list[Row]:
        self.asked.append(sql)
        return await super().query(sql)


@dataclass(frozen=True)
class Plan:
    """How a statement was carried out. Milliseconds; `scans` are the leaves of the plan."""

    ms: float
    scans: Sequence[str]

    @property
    def sequential(self) -> bool:
        return any(scan.startswith("Seq Scan") for scan in self.scans)


@dataclass(frozen=True)
class Asked:
    """A request: its path, and what handles it in this process."""

    app: str
    path: str
    decide: Callable[[Ports], Awaitable[Reply]]

    @property
    def name(self) -> str:
        return "GET " + re.sub("(cursor|user_ids)=[^&]*", r"\1=…", self.path)


def _asked(app: str, path: str, handler: Any, model: Any, query: dict[str, str]) -> Asked:
    call = Call(TEACHER, datetime.now(UTC))

    async def decide(ports: Ports) -> Reply:
        reply: Reply = await handler(ports, call, model.model_validate(query))
        return reply

    return Asked(app, f"{path}?{urlencode(query)}".rstrip("?"), decide)


async def _prepared(ports: Ports) -> list[Asked]:
    """Every request of the table, and a second page of some; the class that one asks for is written."""
    document = ClassDocument(
        CLASS, "Bench", CLASS_IDS, TEACHER.user_id, 1, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"
    )
    await ports.documents.commit(Write(class_key(CLASS), document.value()))
    found = [_asked(app, path, how, model, query) for app, path, how, model, queries in REQUESTS for query in queries]
    app, path, handler, model, _ = REQUESTS[0]
    for query in SECOND_PAGES:
        first: Any = (await _asked(app, path, handler, model, query).decide(ports)).body
        found.append(_asked(app, path, handler, model, query | {"cursor": first.next_cursor}))
    return found


async def _explained(connection: Any, sql: Sql, mode: str) -> Plan:
    literals = ", ".join(str(p) if isinstance(p, int | float) else "'" + p.replace("'", "''") + "'" for p in sql.params)
    await connection.execute(f"SET plan_cache_mode = force_{mode}_plan; DEALLOCATE ALL; PREPARE s AS {sql.text}")
    execute = f"EXECUTE s ({literals})" if literals else "EXECUTE s"
    # nothing is prepared for this: it would be deallocated with the rest
    answer = await connection.fetch(f"EXPLAIN (ANALYZE, FORMAT JSON) {execute}")
    [plan] = json.loads(answer[0][0])
    return Plan(plan["Execution Time"], list(dict.fromkeys(_leaves(plan["Plan"]))))


def _leaves(node: Any) -> Iterator[str]:
    inner = node.get("Plans", [])
    if node["Node Type"] in ("Sort", "Incremental Sort"):
        yield node["Node Type"]
    if not inner or "Scan" in node["Node Type"]:
        yield f"{node['Node Type']} {node.get('Index Name', node.get('Relation Name', ''))}".strip()
    for child in inner:
        yield from _leaves(child)


async def _plans(place: Place) -> tuple[list[Asked], list[list[str]]]:
    """The requests, and a row for each statement of each of them."""
    sidecar = Sidecar(Settings(dapr_grpc_port=place.dapr, sidecar_timeout=60))
    tables = Recording(sidecar)
    ports = Ports(
        SidecarDocuments(sidecar, tables),
        SidecarPublisher(sidecar),
        tables,
        _now,
        sidecar.not_ready,
        SidecarApis(sidecar),
    )
    connection = await asyncpg.connect(address(DATABASE), statement_cache_size=0)
    asked, rows = await _prepared(ports), []
    for request in asked:
        tables.asked.clear()
        await request.decide(ports)
        for sql in [sql for sql in tables.asked if not sql.text.startswith("EXPLAIN")]:
            custom, generic = [await _explained(connection, sql, mode) for mode in ("custom", "generic")]
            what = "count" if sql.text.startswith("SELECT count") else sql.text.split(" FROM ")[1].split()[0]
            rows.append([f"`{request.name}`", what, *_cells(custom), *_cells(generic)])
    await connection.close()
    await sidecar.close()
    return asked, rows


def _cells(plan: Plan) -> list[str]:
    return [f"{plan.ms:.2f}", "**yes**" if plan.sequential else "no", ", ".join(plan.scans)]


def _now() -> datetime:
    return datetime.now(UTC)


def _measured(places: dict[str, Place], asked: Sequence[Asked], blocks: int, count: int) -> list[list[str]]:
    rows = []
    for request in asked:
        target = Target(places[request.app].port, repeat(get(request.path)))
        block(target, WARM, 1)
        found = [block(target, count, 1) for _ in range(blocks)]
        cells = [Spread.of(getattr(one, name) for one in found).text(2) for name in ("p50", "p99")]
        rows.append([f"`{request.name}`", *cells])
    return rows


async def _fill(scale: float) -> None:
    connection = await asyncpg.connect(address(DATABASE))
    await fill(connection, scale)
    await connection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows (default: %(default)s)")
    parser.add_argument("--blocks", type=int, default=3, help="of each request (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=100, help="in a block (default: %(default)s)")
    parser.add_argument("--only", default="", help="requests whose path holds this text")
    arguments = parser.parse_args()
    require_stack()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        connection_string = stack.enter_context(own_database(DATABASE))
        asyncio.run(_fill(arguments.scale))
        apps = [app for app, *_ in REQUESTS]
        places = stack.enter_context(functions_and_daprds(folder, connection_string, *apps))
        asked, plans = asyncio.run(_plans(places[apps[0]]))
        asked = [request for request in asked if arguments.only in request.path]
        rows = _measured(places, asked, arguments.blocks, arguments.requests)
    write(machine())
    write(table(["request", "p50, ms: min / median / max", "p99, ms: min / median / max"], rows) + "\n")
    header = ["request", "statement", "ms", "sequential scan", "by", "any values: ms", "sequential scan", "by"]
    write(table(header, plans))


if __name__ == "__main__":
    main()
