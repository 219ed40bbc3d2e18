"""PostgreSQL: does it answer, may we make tables, are they there, at the version of this code."""

from typing import Any

from functions.doctor.embedded import TABLES
from functions.doctor.finding import Finding, missing, ok, warn
from functions.usecases.tables import MIGRATIONS

OLDEST = 15
ANSWER_SECONDS = 5


async def look(connection: str) -> list[Finding]:
    """`connection`: as daprd takes it, `host=… port=… user=… password=… database=…`."""
    try:
        import asyncpg
    except ImportError:
        return [warn("postgresql", "asyncpg is not installed: not looked at", "uv sync")]
    try:
        place = dict(part.split("=", 1) for part in connection.split())
        where = f"{place['host']}:{place.get('port', '5432')}/{place.get('database') or place.get('dbname')}"
        settings = {name: place[name] for name in ("host", "port", "user", "password", "database") if name in place}
        opened = await asyncpg.connect(**settings, timeout=ANSWER_SECONDS, command_timeout=ANSWER_SECONDS)
    except (KeyError, ValueError) as error:
        return [missing("postgresql", f"LEARNFLOW_POSTGRES is no connection string ({error})", "docs/quickstart.md")]
    except (OSError, TimeoutError, asyncpg.exceptions.PostgresError) as error:
        start = "docker run -d --name learnflow-postgres -p 127.0.0.1:5432:5432 … postgres:17.6   # docs/quickstart.md"
        return [missing("postgresql", f"no way into {where} ({error or type(error).__name__})", start)]
    try:
        return [*await _server(opened, where), await _tables(opened)]
    finally:
        await opened.close()


async def _server(opened: Any, where: str) -> list[Finding]:
    version = opened.get_server_version().major
    if version < OLDEST:
        return [missing("postgresql", f"{where} is version {version}; {OLDEST} is the oldest", "docs/quickstart.md")]
    user = await opened.fetchval("SELECT current_user")
    if not await opened.fetchval("SELECT has_schema_privilege('public', 'CREATE')"):
        grant = f'psql -c "GRANT CREATE ON SCHEMA public TO {user}"'
        return [missing("postgresql", f"{user} may not make tables in {where}", grant)]
    return [ok("postgresql", f"version {version} answers at {where}, and {user} may make tables")]


async def _tables(opened: Any) -> Finding:
    there = {row[0] for row in await opened.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")}
    if "learnflow_migrations" not in there:
        return ok("tables", "none yet: the first request makes them")
    version = await opened.fetchval("SELECT coalesce(max(version), 0) FROM learnflow_migrations")
    if version > len(MIGRATIONS):
        return missing("tables", f"of a newer version ({version} > {len(MIGRATIONS)})", "git pull")
    if version < len(MIGRATIONS):
        return warn("tables", f"version {version} of {len(MIGRATIONS)}: the next request brings them up to date")
    if gone := [table for table in TABLES if table not in there]:
        # the last migration makes all tables anew, and they are never the only copy of anything
        again = f"DELETE FROM learnflow_migrations WHERE version = {len(MIGRATIONS)}"
        mend = f'psql -c "{again}" && uv run learnflow rebuild --sidecar'
        return missing("tables", f"there is no {', '.join(gone)}, though migration {version} was done", mend)
    return ok("tables", f"of version {version}")
