"""The read model: tables for lists, filters and classes. Never the only copy of anything.

Each row is guarded by the version of what it shows, so that events in any order, twice or late, end in the same rows.
The SQL is what SQLite and PostgreSQL share.
"""

from collections.abc import Sequence

from functions.runtime.models import rfc3339
from functions.runtime.ports import ReadModel, Row, Sql
from functions.usecases.events import LessonGenerated, ProgressUpdated

MIGRATIONS = (
    """
    CREATE TABLE IF NOT EXISTS lessons (
        lesson_id text PRIMARY KEY, user_id text NOT NULL, course_id text NOT NULL, module text NOT NULL,
        topic text NOT NULL, lesson_type text NOT NULL, difficulty_level text NOT NULL, title text NOT NULL,
        estimated_duration bigint NOT NULL, version bigint NOT NULL, requested_by text NOT NULL,
        created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL, searchable text NOT NULL,
        last_event text NOT NULL);
    CREATE INDEX IF NOT EXISTS lessons_of_learner ON lessons (user_id, created_at, lesson_id);
    CREATE INDEX IF NOT EXISTS lessons_by_time ON lessons (created_at, lesson_id);
    CREATE TABLE IF NOT EXISTS lesson_progress (
        user_id text NOT NULL, lesson_id text NOT NULL, progress_percentage double precision NOT NULL,
        status text NOT NULL, version bigint NOT NULL, updated_at timestamptz NOT NULL, last_event text NOT NULL,
        PRIMARY KEY (user_id, lesson_id));
    CREATE TABLE IF NOT EXISTS topic_progress (
        user_id text NOT NULL, topic text NOT NULL, mastery double precision, level text,
        version bigint NOT NULL, updated_at timestamptz NOT NULL, last_event text NOT NULL,
        PRIMARY KEY (user_id, topic));
    CREATE TABLE IF NOT EXISTS learner_progress (
        user_id text PRIMARY KEY, streak_days bigint NOT NULL, last_active timestamptz NOT NULL,
        version bigint NOT NULL, last_event text NOT NULL)
    """,
)

LESSON_COLUMNS = (
    "lesson_id", "title", "course_id", "user_id", "module", "topic", "lesson_type", "difficulty_level",
    "estimated_duration", "version", "requested_by", "created_at", "updated_at",
)  # fmt: skip


async def query(read_model: ReadModel, sql: Sql) -> list[Row]:
    await read_model.migrate(MIGRATIONS)
    return await read_model.query(sql)


async def count(read_model: ReadModel, sql: Sql, exact_up_to: int) -> tuple[int, bool]:
    await read_model.migrate(MIGRATIONS)
    return await read_model.count(sql, exact_up_to)


async def put_lesson(read_model: ReadModel, lesson: LessonGenerated, event_key: str) -> None:
    """The lesson's row, unless a newer version of the lesson is there."""
    searchable = " ".join([lesson.title, lesson.topic, *lesson.objectives]).lower()
    values = {
        **{name: getattr(lesson, name) for name in LESSON_COLUMNS},
        "created_at": rfc3339(lesson.created_at),
        "updated_at": rfc3339(lesson.updated_at),
        "searchable": searchable,
        "last_event": event_key,
    }
    await read_model.migrate(MIGRATIONS)
    await read_model.write(_upsert("lessons", ("lesson_id",), values))


async def put_progress(read_model: ReadModel, event: ProgressUpdated, event_key: str) -> None:
    """The rows of the lesson, the topic and the learner that one event tells of, in one statement."""
    at, stamp = rfc3339(event.timestamp), {"version": event.version, "last_event": event_key}
    who = {"user_id": event.user_id}
    lesson = who | {
        "lesson_id": event.lesson_id,
        "progress_percentage": event.progress_percentage,
        "status": event.status,
        "updated_at": at,
    }
    statements = [
        _upsert("lesson_progress", ("user_id", "lesson_id"), lesson | stamp),
        _upsert("learner_progress", ("user_id",), who | {"streak_days": event.streak_days, "last_active": at} | stamp),
    ]
    if event.topic is not None:
        topic = who | {"topic": event.topic, "mastery": event.mastery, "level": event.level, "updated_at": at} | stamp
        statements.append(_upsert("topic_progress", ("user_id", "topic"), topic))
    await read_model.migrate(MIGRATIONS)
    await read_model.write(*statements)


def _upsert(table: str, key: Sequence[str], values: dict[str, object]) -> Sql:
    """Inserts a row, or replaces one of a lower version; among the events of a batch, which share one, by event key."""
    columns = list(values)
    marks = ", ".join(f"${n}" for n in range(1, len(columns) + 1))
    changes = ", ".join(f"{c} = excluded.{c}" for c in columns if c not in key)
    return Sql(
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks}) ON CONFLICT ({', '.join(key)})"
        f" DO UPDATE SET {changes}"
        f" WHERE ({table}.version, {table}.last_event) < (excluded.version, excluded.last_event)",
        list(values.values()),
    )
