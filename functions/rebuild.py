"""`learnflow rebuild`: the read model made anew from the documents, embedded or behind daprd, while requests go on.

On Kubernetes, where an image holds one function, it is `python -m functions.rebuild` (knative/jobs/rebuild.yaml).
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from functions.refused import Refused, told
from functions.runtime import local
from functions.runtime.errors import Unavailable
from functions.runtime.ports import Ports
from functions.runtime.settings import Settings
from functions.runtime.telemetry import configure_logging
from functions.usecases.rebuilding import Rebuilt
from functions.usecases.rebuilding import rebuild as steps_of

SAY_EVERY = 5.0  # seconds


def rebuild(data: Path | None) -> None:
    """`data`: the directory of the embedded run, None for daprd. Raises Refused when something stays away."""
    if data is not None and not (data / local.FILE).exists():
        raise Refused(f"there is no state in {data}")
    configure_logging("WARNING")
    try:
        asyncio.run(_rebuild(data))
    except Unavailable as error:
        raise Refused(f"{error.detail} What was written stands; run it again.") from error


async def _rebuild(data: Path | None) -> None:
    begun = said = time.monotonic()
    done = Rebuilt()
    async with _ports(data) as ports:
        async for done in steps_of(ports):
            if time.monotonic() - said > SAY_EVERY:
                said = time.monotonic()
                _say("so far", done, said - begun)
    _say("rebuilt", done, time.monotonic() - begun)


def _say(what: str, done: Rebuilt, seconds: float) -> None:
    learners = f"{done.learners} learner{'' if done.learners == 1 else 's'}"
    sys.stdout.write(f"{what}: {learners}, {done.written} rows written, {done.removed} removed, {seconds:.1f} s\n")
    sys.stdout.flush()


@asynccontextmanager
async def _ports(data: Path | None) -> AsyncIterator[Ports]:
    if data is None:
        from functions.runtime import sidecar

        async with sidecar.ports(Settings.from_env()) as ports:
            yield ports
        return
    database = local.Database(data / local.FILE)
    try:
        yield local.ports(database, {}, lambda: None)
    finally:
        await database.close()


if __name__ == "__main__":
    sys.exit(told(lambda: rebuild(None)))
