"""A client for bounded load over kept connections, and the comparison of two servers under it.

It writes HTTP itself: a client library spends more CPU on a request than a small server does, and on few cores that
would be measured with it and pull every ratio towards one.
"""

import asyncio
import itertools
import json
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bench.common import HOST, compared

LEARNERS = 64  # many more than are ever served at once, so that requests do not race for one document


@dataclass(frozen=True)
class Block:
    """What one run of requests came to; milliseconds, and requests a second."""

    p50: float
    p99: float
    rate: float


@dataclass(frozen=True)
class Target:
    """A server under load, and what it is asked. `settle` waits until it has finished what the requests set off."""

    port: int
    requests: Iterator[bytes]
    settle: Callable[[], None] = lambda: None


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()


def post(path: str, body: object) -> bytes:
    content = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}"
    return f"{head}\r\n\r\n".encode() + content


def updates() -> Iterator[bytes]:
    """Endless updates of one lesson each, every one of which changes something, so that each has its event."""
    name = f"bench-{random.randrange(1 << 32):x}"
    percentage = itertools.count(1)
    while True:
        done = next(percentage) / 1000  # rising, and far from 100: a repeated figure would change nothing
        for number in range(LEARNERS):
            score = round(random.uniform(0, 100), 2)
            body = {
                "user_id": f"{name}-{number}",
                "lesson_id": f"{name}-lesson",
                "topic": "for-loops",
                "progress_percentage": done,
                "evidence": [{"kind": "code_quality", "score": score}],
            }
            yield post("/update-progress", body)


async def _requests(port: int, requests: Iterator[bytes], seconds: list[float]) -> None:
    reader, writer = await asyncio.open_connection(HOST, port, limit=1 << 20)
    for request in requests:
        began = time.perf_counter()
        writer.write(request)
        answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(answer.partition("content-length: ")[2].partition("\r\n")[0])
        content = await reader.readexactly(length)
        seconds.append(time.perf_counter() - began)
        if not answer.startswith("http/1.1 20"):
            raise RuntimeError(f"{answer.splitlines()[0]}: {content.decode()}")
    writer.close()
    await writer.wait_closed()


def block(target: Target, count: int, concurrency: int) -> Block:
    """`count` requests, `concurrency` of them at a time. The rate counts until the server has settled."""
    seconds: list[float] = []
    taken = itertools.islice(target.requests, count)

    async def all_of_them() -> None:
        await asyncio.gather(*(_requests(target.port, taken, seconds) for _ in range(concurrency)))

    began = time.perf_counter()
    asyncio.run(all_of_them())
    target.settle()
    took = time.perf_counter() - began
    seconds.sort()
    return Block(1000 * seconds[count // 2], 1000 * seconds[min(count - 1, count * 99 // 100)], count / took)


def side_by_side(ours: Target, peer: Target, blocks: int, count: int, concurrency: int) -> list[list[str]]:
    """Rows for p50, p99 and rate, from blocks that take turns: ours, the peer's, ours, …"""
    for target in (ours, peer):  # warm: connections, caches, prepared statements
        block(target, 2 * LEARNERS, concurrency)
    pairs = [(block(ours, count, concurrency), block(peer, count, concurrency)) for _ in range(blocks)]
    figures: Sequence[tuple[str, Callable[[Block], float], int]] = (
        ("p50, ms", lambda b: b.p50, 2),
        ("p99, ms", lambda b: b.p99, 2),
        ("requests/s", lambda b: b.rate, 0),
    )
    return [
        [name, *compared([of(a) for a, _ in pairs], [of(b) for _, b in pairs], digits)] for name, of, digits in figures
    ]
