"""`learnflow verify`: reads the curriculum's sources, proves them by running them, and compares with what is shipped.

With `write` it writes the compiled course instead of comparing. Exit code 0: all holds; 1: something does not.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from functions.learning import curriculum
from functions.learning.curriculum import Content
from functions.learning.curriculum.loader import content_from, index_of
from functions.proof import sandbox
from functions.proof.coherence import check_course
from functions.proof.prove import Unproved, digest, prove
from functions.proof.source import (
    ModuleSource,
    SourceError,
    content_of,
    module_of,
    read,
)

HERE = Path(curriculum.__file__).parent
Say = Callable[[str], Any]
_NONE = object()


def verify(write: bool = False, *, source: Path = HERE / "source", compiled: Path = HERE / "compiled",
           say: Say = sys.stdout.write) -> int:  # fmt: skip
    """Prove every topic of `source`; then fail if `compiled` is not what was proved.

    With `write` it is written instead, and a topic that was proved word for word as it is now is not run again.
    """
    try:
        modules = read(source)
        check_course(modules)
        contents = asyncio.run(_prove_all(modules, say, _known(compiled) if write else {}))
    except (SourceError, Unproved) as error:
        say(f"{error}\n")
        return 1
    head = modules[0]
    index = index_of(head.course, head.version, [module_of(module) for module in modules], contents)
    wanted = {"index.json": index} | {f"{topic}.json": asdict(content) for topic, content in contents.items()}
    stale = _write(wanted, compiled) if write else _stale(wanted, compiled)
    if stale and not write:
        say("".join(f"{name}: not what the sources give; run `learnflow verify --write`\n" for name in stale))
        return 1
    say(_count(modules, contents))
    return 0


async def _prove_all(modules: list[ModuleSource], say: Say, known: dict[str, Content]) -> dict[str, Content]:
    drafts = [content_of(topic) for module in modules for topic in module.topics]
    processors = asyncio.Semaphore(max(2, os.cpu_count() or 2))

    # Here, and only here, is a mark honoured: these sources are the repository's own.
    async def run(code: str, stdin: str = "", *, hash_seed: int = 0, needs: str | None = None) -> sandbox.Run:
        async with processors:
            return await sandbox.run(code, stdin, hash_seed=hash_seed, needs=needs)

    async def one(draft: Content) -> Content:
        before = known.get(draft.topic_id)
        if before and before.proof and before.proof.content_hash == digest(draft):
            return before
        proved = await prove(draft, run)
        say(f"{draft.topic_id}: {_counted([proved])}\n")
        return proved

    results = await asyncio.gather(*(one(draft) for draft in drafts if draft), return_exceptions=True)
    problems = [line for result in results if isinstance(result, Unproved) for line in result.problems]
    if problems:
        raise Unproved(problems)
    done: dict[str, Content] = {}
    for result in results:
        if isinstance(result, BaseException):
            raise result
        done[result.topic_id] = result
    return done


def _known(compiled: Path) -> dict[str, Content]:
    """What was proved before, by topic; without what was compiled to another form."""
    found = {}
    for path in compiled.glob("*.json"):
        with suppress(KeyError, TypeError, ValueError):
            found[path.stem] = content_from(json.loads(path.read_text("utf-8")))
    return found


def _write(wanted: dict[str, Any], compiled: Path) -> list[str]:
    compiled.mkdir(parents=True, exist_ok=True)
    for path in compiled.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, data in wanted.items():
        (compiled / name).write_text(_json(data), encoding="utf-8", newline="\n")
    return []


def _stale(wanted: dict[str, Any], compiled: Path) -> list[str]:
    """What differs in the compiled files, but for the Python they were proved with."""
    shipped = {path.name: json.loads(path.read_text("utf-8")) for path in compiled.glob("*.json")}
    stale: list[str] = []
    for name in sorted(wanted.keys() | shipped.keys()):
        found = differences(json.loads(_json(wanted.get(name))), shipped.get(name))
        stale += [f"{name}: {where}".removesuffix(": ") for where in found if where != "proof.python"]
    return stale


def differences(wanted: Any, shipped: Any, where: str = "") -> list[str]:
    """The places at which two JSON values differ, as dotted paths; where only one has something, its whole."""
    if isinstance(wanted, dict) and isinstance(shipped, dict):
        pairs = [(name, wanted.get(name, _NONE), shipped.get(name, _NONE)) for name in {**wanted, **shipped}]
    elif isinstance(wanted, list) and isinstance(shipped, list) and len(wanted) == len(shipped):
        pairs = [(str(number), *pair) for number, pair in enumerate(zip(wanted, shipped, strict=True))]
    else:
        return [] if wanted == shipped else [where]
    return [place for name, one, other in pairs for place in differences(one, other, f"{where}.{name}".lstrip("."))]


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _count(modules: list[ModuleSource], contents: dict[str, Content]) -> str:
    topics = sum(len(module.topics) for module in modules)
    have = f"{topics} topics in {len(modules)} modules, {len(contents)} with content"
    return f"{have}: {_counted(contents.values())}; nothing unproved\n"


def _counted(contents: Iterable[Content]) -> str:
    proofs = [content.proof for content in contents if content.proof]
    return (
        f"{sum(proof.examples_executed for proof in proofs)} examples executed, "
        f"{sum(proof.exercises_proved for proof in proofs)} exercises proved "
        f"({sum(proof.mutants_caught for proof in proofs)} slips caught by hidden tests), "
        f"{sum(proof.quiz_keys_computed for proof in proofs)} quiz keys computed"
    )
