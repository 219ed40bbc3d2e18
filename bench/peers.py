"""The apps that the functions are compared with: what a person would write without any of this project.

Each is a factory that imports what it needs, so that the smallest of them is not charged for the others.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI


def constant() -> FastAPI:
    """FastAPI and nothing else."""
    app = FastAPI()

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    return app


def sqlite() -> FastAPI:
    """Writes one row a request, in the mode in which the embedded backend keeps its file."""
    import os
    import sqlite3
    import threading

    from pydantic import BaseModel

    connection = sqlite3.connect(os.environ["BENCH_SQLITE"], isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(
        "CREATE TABLE progress (user_id TEXT, lesson_id TEXT, percentage REAL, evidence TEXT,"
        " PRIMARY KEY (user_id, lesson_id))"
    )
    one_at_a_time = threading.Lock()
    app = constant()

    class Update(BaseModel):
        user_id: str
        lesson_id: str
        topic: str
        progress_percentage: float
        evidence: list[dict[str, Any]]

    @app.post("/update-progress")
    def update_progress(update: Update) -> Update:
        row = (update.user_id, update.lesson_id, update.progress_percentage, str(update.evidence))
        with one_at_a_time:
            connection.execute("INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?)", row)
        return update

    return app


def postgres() -> FastAPI:
    """The writes of `update-progress` by the drivers themselves: document and outbox row in one transaction, publish,
    clear the row."""
    import json
    import os
    import uuid

    import asyncpg
    from aiokafka import AIOKafkaProducer
    from fastapi import Request
    from pydantic import BaseModel

    topic = os.environ["BENCH_TOPIC"]

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        producer = AIOKafkaProducer(bootstrap_servers=os.environ["LEARNFLOW_KAFKA"], acks="all")
        await producer.start()
        async with asyncpg.create_pool(os.environ["BENCH_POSTGRES"], min_size=4, max_size=4) as pool:
            await pool.execute("CREATE TABLE peer_documents (key text PRIMARY KEY, value jsonb NOT NULL, etag uuid)")
            await pool.execute("CREATE TABLE peer_outbox (key text PRIMARY KEY, value jsonb NOT NULL)")
            app.state.pool, app.state.producer = pool, producer
            yield
        await producer.stop()

    class Update(BaseModel):
        user_id: str
        lesson_id: str
        topic: str
        progress_percentage: float
        evidence: list[dict[str, Any]]

    app = FastAPI(lifespan=lifespan)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "alive"}

    @app.post("/update-progress")
    async def update_progress(http: Request, update: Update) -> Update:
        event_id, fact = str(uuid.uuid4()), update.model_dump()
        event = json.dumps({"specversion": "1.0", "id": event_id, "source": "/bench", "type": "bench", "data": fact})
        async with http.app.state.pool.acquire() as connection, connection.transaction():
            sql = "SELECT value FROM peer_documents WHERE key = $1 FOR UPDATE"
            known = json.loads(await connection.fetchval(sql, update.user_id) or '{"ledger": []}')
            known["ledger"] = [*known["ledger"], fact][-100:]  # grows as the learner's document does
            sql = (
                "INSERT INTO peer_documents VALUES ($1, $2, gen_random_uuid())"
                " ON CONFLICT (key) DO UPDATE SET value = excluded.value, etag = excluded.etag"
            )
            await connection.execute(sql, update.user_id, json.dumps(known))
            await connection.execute("INSERT INTO peer_outbox VALUES ($1, $2)", event_id, event)
        await http.app.state.producer.send_and_wait(topic, event.encode(), key=update.user_id.encode())
        await http.app.state.pool.execute("DELETE FROM peer_outbox WHERE key = $1", event_id)
        return update

    return app
