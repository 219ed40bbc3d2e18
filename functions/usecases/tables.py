"""The tables of the read model, as migrations, and the one way in which their rows are written.

The SQL is what SQLite and PostgreSQL share, but for what is marked. A row carries the version of what it shows, and a
lower one never replaces it, so that events in any order, twice or late, end in the same rows. `written_at` is when it
was written last: how old it may be, and what a rebuild did not reach.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from functions.runtime.ports import Migration, ReadModel, Row, Sql

# No filter reads a whole table, no list by title the titles of other topics, and what two filters leave is counted
# without the rows: the columns behind the id are there to be compared with.
_LESSONS = """
    CREATE TABLE lessons (
        lesson_id text PRIMARY KEY, user_id text NOT NULL, course_id text NOT NULL, module text NOT NULL,
        topic text NOT NULL, lesson_type text NOT NULL, difficulty_level text NOT NULL, title text NOT NULL,
        estimated_duration bigint NOT NULL, version bigint NOT NULL, requested_by text NOT NULL,
        created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, searchable text NOT NULL,
        written_at timestamptz NOT NULL);
    CREATE INDEX lessons_of_learner ON lessons (user_id, created_at, lesson_id);
    CREATE INDEX lessons_by_time ON lessons (created_at, lesson_id);
    CREATE INDEX lessons_by_course ON lessons (course_id, created_at, lesson_id);
    CREATE INDEX lessons_by_module
        ON lessons (module, created_at, lesson_id, lesson_type, difficulty_level, course_id);
    CREATE INDEX lessons_by_topic
        ON lessons (topic, created_at, lesson_id, lesson_type, difficulty_level, course_id);
    CREATE INDEX lessons_by_type ON lessons (lesson_type, created_at, lesson_id, difficulty_level, course_id);
    CREATE INDEX lessons_by_difficulty ON lessons (difficulty_level, created_at, lesson_id);
    CREATE INDEX lessons_by_title ON lessons (title, lesson_id);
    CREATE INDEX lessons_by_topic_title ON lessons (topic, title, lesson_id);
    CREATE INDEX lessons_by_module_title ON lessons (module, title, lesson_id);
    CREATE INDEX lessons_by_type_title ON lessons (lesson_type, title, lesson_id)
"""
_PROGRESS = """
    CREATE TABLE lesson_progress (
        user_id text NOT NULL, lesson_id text NOT NULL, course_id text NOT NULL, topic text,
        progress_percentage double precision NOT NULL, status text NOT NULL, last_activity timestamptz,
        version bigint NOT NULL, written_at timestamptz NOT NULL, PRIMARY KEY (user_id, lesson_id));
    CREATE TABLE topic_progress (
        user_id text NOT NULL, topic text NOT NULL, exercises double precision NOT NULL,
        quiz double precision NOT NULL, code_quality double precision NOT NULL, assessed double precision NOT NULL,
        best double precision NOT NULL, attempts bigint NOT NULL, last_activity timestamptz, review_due timestamptz,
        version bigint NOT NULL, written_at timestamptz NOT NULL, PRIMARY KEY (user_id, topic));
    CREATE TABLE learner_progress (
        user_id text PRIMARY KEY, overall_mastery double precision, topics_started bigint NOT NULL,
        not_started bigint NOT NULL, in_progress bigint NOT NULL, completed bigint NOT NULL,
        streak_days bigint NOT NULL, last_active timestamptz, version bigint NOT NULL, written_at timestamptz NOT NULL);
    CREATE TABLE alerts (
        alert_id text PRIMARY KEY, user_id text NOT NULL, lesson_id text NOT NULL, topic text, "trigger" text NOT NULL,
        severity text NOT NULL, state text NOT NULL, evidence text NOT NULL, opened_at timestamptz NOT NULL,
        acknowledged_at timestamptz, acknowledged_by text, resolved_at timestamptz, resolved_by text, note text,
        version bigint NOT NULL, written_at timestamptz NOT NULL);
    CREATE INDEX alerts_of_learner ON alerts (user_id, opened_at, alert_id);
    CREATE INDEX alerts_by_state ON alerts (state, opened_at, alert_id);
    CREATE INDEX alerts_by_time ON alerts (opened_at, alert_id);
    CREATE INDEX alerts_by_topic ON alerts (topic, opened_at, alert_id);
    CREATE INDEX alerts_by_trigger ON alerts ("trigger", opened_at, alert_id)
"""
# A text anywhere in a title is found by its trigrams. Without the extension the search works too, and is slower.
_TRIGRAMS = """
    BEGIN
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
        CREATE INDEX IF NOT EXISTS lessons_searchable ON lessons USING gin (searchable gin_trgm_ops);
    EXCEPTION WHEN insufficient_privilege OR undefined_file OR feature_not_supported THEN
        RAISE NOTICE 'no pg_trgm: a search in titles reads more rows';
    END;
"""
KEYS = {
    "lessons": ("lesson_id",),
    "lesson_progress": ("user_id", "lesson_id"),
    "topic_progress": ("user_id", "topic"),
    "learner_progress": ("user_id",),
    "alerts": ("alert_id",),
}
# Version 1 is history: its tables held less. They are made anew, and `learnflow rebuild` fills them from the documents.
_VERSION_1 = "CREATE TABLE IF NOT EXISTS lessons (lesson_id text PRIMARY KEY)"
_DROP_IT = "".join(f"DROP TABLE IF EXISTS {table};" for table in KEYS)
MIGRATIONS = (Migration(_VERSION_1), Migration(f"{_DROP_IT}{_LESSONS};{_PROGRESS}", _TRIGRAMS))


async def query(read_model: ReadModel, sql: Sql) -> list[Row]:
    await read_model.migrate(MIGRATIONS)
    return await read_model.query(sql)


async def count(read_model: ReadModel, sql: Sql, exact_up_to: int) -> tuple[int, bool]:
    await read_model.migrate(MIGRATIONS)
    return await read_model.count(sql, exact_up_to)


async def write(read_model: ReadModel, statements: Sequence[Sql]) -> None:
    """All of the statements or none; they must not touch the same row."""
    await read_model.migrate(MIGRATIONS)
    await read_model.write(*statements)


@dataclass(frozen=True)
class TableRow:
    """A row to be written, by column; it has a `version` and the columns of the table's key."""

    table: str
    values: dict[str, Any]


async def write_rows(read_model: ReadModel, rows: Sequence[TableRow]) -> None:
    """All of the rows or none. A row of a lower version than the one that is there changes nothing."""
    by_table: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_table[row.table].append(row.values)
    if by_table:
        await write(read_model, [_upsert(table, values) for table, values in by_table.items()])


def _upsert(table: str, rows: list[dict[str, Any]]) -> Sql:
    """Inserts rows, or replaces those of the same or a lower version: of one version there is one content."""
    columns = list(rows[0])
    marks = [", ".join(f"${n * len(columns) + m + 1}" for m in range(len(columns))) for n in range(len(rows))]
    quoted = ", ".join(f'"{column}"' for column in columns)
    changes = ", ".join(f'"{column}" = excluded."{column}"' for column in columns if column not in KEYS[table])
    return Sql(
        f"INSERT INTO {table} ({quoted}) VALUES {', '.join(f'({one})' for one in marks)}"
        f" ON CONFLICT ({', '.join(KEYS[table])}) DO UPDATE SET {changes} WHERE {table}.version <= excluded.version",
        [row[column] for row in rows for column in columns],
    )


def among(column: str, values: Sequence[object], first: int = 1) -> str:
    """`column IN (…)` for parameters from `$first` on; never true without any."""
    marks = ", ".join(f"${n}" for n in range(first, first + len(values)))
    return f"{column} IN ({marks})" if values else "1 = 0"
