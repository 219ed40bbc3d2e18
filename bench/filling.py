"""The read model's tables, filled by SQL as years of use would have filled them."""

from typing import Any

import asyncpg

from functions.learning.curriculum import course
from functions.runtime.sql import migration_block
from functions.usecases.tables import KEYS, MIGRATIONS

LEARNERS, LESSONS, ALERTS, TOPICS_EACH = 100_000, 1_000_000, 50_000, 5
RARE = 50_000  # every so many lessons have a word in their title that no other has
DAYS = 730

# A learner's lessons are spread over the two years, and rows come in the order of their time.
_STATEMENTS = """
INSERT INTO lessons
    SELECT 'lesson-' || n, 'learner-' || n::bigint * 7919 % {learners}, 'python', t.module, t.topic,
        (ARRAY['standard', 'standard', 'standard', 'standard', 'standard', 'standard', 'standard', 'review', 'review',
            'remedial', 'challenge'])[1 + n % 11],
        (ARRAY['beginner', 'beginner', 'intermediate', 'intermediate', 'advanced'])[1 + n % 5],
        t.title || rare.words, 20, 1, 'learner', at.moment, at.moment, t.searchable || lower(rare.words), at.moment
    FROM generate_series(0, {lessons} - 1) n
    JOIN bench_topics t ON t.number = n % {topics}
    CROSS JOIN LATERAL (SELECT CASE WHEN n % {rare} = 7 THEN ' with Penguins' ELSE '' END AS words) rare
    CROSS JOIN LATERAL (SELECT now() - interval '{days} days' * (1 - n::float / {lessons}) AS moment) at
    ORDER BY n;
INSERT INTO lesson_progress
    SELECT user_id, lesson_id, course_id, topic, p.percentage,
        CASE p.percentage WHEN 0 THEN 'not_started' WHEN 100 THEN 'completed' ELSE 'in_progress' END,
        CASE p.percentage WHEN 0 THEN NULL ELSE created_at + interval '1 day' END, 1, created_at
    FROM lessons CROSS JOIN LATERAL (SELECT abs(hashtext(lesson_id)) % 11 * 10 AS percentage) p;
INSERT INTO topic_progress
    SELECT 'learner-' || n, t.topic, 60, 70, 50, 55, 60, 12, now() - interval '1 day' * (n % {days}),
        now() + interval '1 day' * (n % 90 - 60), 1, now()
    FROM generate_series(0, {learners} - 1) n CROSS JOIN generate_series(0, {each} - 1) k
    JOIN bench_topics t ON t.number = (n + k) % {topics};
INSERT INTO learner_progress
    SELECT 'learner-' || n, n % 101, {each}, 2, 3, 5, n % 12, now() - interval '1 day' * (n % {days}), 1, now()
    FROM generate_series(0, {learners} - 1) n;
INSERT INTO alerts
    SELECT 'alert-' || n, 'learner-' || n::bigint * 7919 % {learners}, 'lesson-' || n, t.topic,
        (ARRAY['repeated_error', 'stuck', 'low_quiz', 'says_stuck', 'failed_runs', 'wrong_answers'])[1 + n % 6],
        (ARRAY['low', 'medium', 'high'])[1 + n % 3],
        (ARRAY['resolved', 'resolved', 'resolved', 'resolved', 'acknowledged', 'open'])[1 + n / 6 % 6],
        '[]', now() - interval '{days} days' * (1 - n::float / {alerts}), NULL, NULL, NULL, NULL, NULL, 1, now()
    FROM generate_series(0, {alerts} - 1) n JOIN bench_topics t ON t.number = n % {topics}
    ORDER BY n;
DROP TABLE bench_topics;
"""


async def fill(connection: Any, scale: float) -> None:
    """Makes the tables by their migrations and fills them; indexes are built afterwards, which takes a third."""
    await connection.execute(migration_block(MIGRATIONS))
    found = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY($1) AND indexname NOT LIKE '%pkey'",
        list(KEYS),
    )
    for index in found:
        await connection.execute(f"DROP INDEX {index['indexname']}")
    await _topics(connection)
    numbers = {"learners": LEARNERS, "lessons": LESSONS, "alerts": ALERTS, "rare": RARE}
    scaled = {name: int(number * scale) for name, number in numbers.items()}
    fixed = {"topics": len(course().topics), "each": TOPICS_EACH, "days": DAYS}
    await connection.execute(_STATEMENTS.format(**scaled, **fixed))
    await connection.execute("SET maintenance_work_mem = '256MB'")
    for index in found:
        await connection.execute(index["indexdef"])
    await connection.execute("VACUUM ANALYZE")


async def _topics(connection: asyncpg.Connection) -> None:
    await connection.execute(
        "CREATE TABLE bench_topics (number int, module text, topic text, title text, searchable text)"
    )
    rows = [
        (n, t.module_id, t.topic_id, t.title, " ".join([t.title, t.topic_id, *t.objectives]).lower())
        for n, t in enumerate(course().topics)
    ]
    await connection.executemany("INSERT INTO bench_topics VALUES ($1, $2, $3, $4, $5)", rows)
