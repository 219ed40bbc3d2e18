"""SQL that one statement can carry: what a binding without transactions needs."""

import re
from collections.abc import Sequence
from typing import Any

from functions.runtime.ports import Migration, Sql

LOCK = 7_305_829_114  # any fixed number: the advisory lock under which this project's migrations run


def as_one_statement(statements: Sequence[Sql]) -> Sql:
    """Several writes as one statement of data-modifying CTEs, which PostgreSQL does all or not at all.

    All of them see the tables as they were before, so they must not touch the same row.
    """
    if len(statements) == 1:
        return statements[0]
    parts: list[str] = []
    params: list[Any] = []
    for number, statement in enumerate(statements):
        offset = len(params)
        text = re.sub(r"\$(\d+)", lambda m, offset=offset: f"${int(m[1]) + offset}", statement.text)  # type: ignore[misc]
        parts.append(f"w{number} AS ({text})")
        params.extend(statement.params)
    return Sql(f"WITH {', '.join(parts)} SELECT 1", params)


def migration_block(migrations: Sequence[Migration]) -> str:
    """One `DO` block that applies what is not yet applied; callers at the same time wait for the first."""
    steps = "\n".join(
        f"IF done < {number} THEN {migration.shared.strip().rstrip(';')}; {migration.postgresql}"
        f" INSERT INTO learnflow_migrations (version) VALUES ({number}); END IF;"
        for number, migration in enumerate(migrations, start=1)
    )
    return f"""DO $migrate$ DECLARE done bigint; BEGIN
PERFORM pg_advisory_xact_lock({LOCK});
CREATE TABLE IF NOT EXISTS learnflow_migrations (version bigint PRIMARY KEY, applied_at timestamptz DEFAULT now());
SELECT coalesce(max(version), 0) INTO done FROM learnflow_migrations;
{steps}
END $migrate$"""


def counted(query: str) -> str:
    """The query, with two columns before its own: how many rows there are, and whether this one is one of them.

    Of an answer that was cut off daprd 1.18 gives the rows that had come, as if they were all (its PostgreSQL binding
    does not ask `rows.Err()`). So each row says how many there are, and there always is one.
    """
    told = f"SELECT true AS there, asked.* FROM ({query}) asked"
    return f"SELECT count(*) OVER (), told.* FROM (SELECT 1) one LEFT JOIN ({told}) told ON true"
