"""`learnflow verify`: reads the curriculum's sources, proves them by running them, and compares with what is shipped.

With `write` it writes the compiled course instead of comparing. Exit code 0: all holds; 1: something does not.
"""

import asyncio
import hashlib
import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from functions.learning import curriculum
from functions.learning.curriculum import Content, Proof
from functions.learning.curriculum.loader import index_of
from functions.proof import sandbox
from functions.proof.prove import Unproved, prove
from functions.proof.source import (
    ModuleSource,
    SourceError,
    content_of,
    module_of,
    read,
)

HERE = Path(curriculum.__file__).parent
Say = Callable[[str], Any]


def verify(write: bool = False, *, source: Path = HERE / "source", compiled: Path = HERE / "compiled",
           say: Say = sys.stdout.write) -> int:  # fmt: skip
    """Prove every topic of `source`; then write `compiled`, or fail if it is not what was proved."""
    try:
        modules = read(source)
        check_course(modules)
        contents = asyncio.run(_prove_all(modules, say))
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


def check_course(modules: list[ModuleSource]) -> None:
    """One course and version, unique ids, known prerequisites without a circle. Raises SourceError."""
    topics = [topic for module in modules for topic in module.topics]
    materials = [topic.content for topic in topics if topic.content]
    problems = []
    if len({(module.course, module.version) for module in modules}) != 1:
        problems.append("the files name different courses or versions")
    for kind, ids in (
        ("module", [module.module.id for module in modules]),
        ("topic", [topic.id for topic in topics]),
        ("exercise", [exercise.id for material in materials for exercise in material.exercises]),
        ("question", [question.id for material in materials for question in material.questions]),
    ):
        problems += [f"{kind} {item}: there is more than one" for item, times in Counter(ids).items() if times > 1]
    graph = {topic.id: topic.prerequisites for topic in topics}
    for topic_id, needs in graph.items():
        problems += [f"{topic_id}: its prerequisite {need} does not exist" for need in needs if need not in graph]
    if not problems:
        problems = _circles(graph)
    if problems:
        raise SourceError("\n".join(problems))


def _circles(graph: dict[str, list[str]]) -> list[str]:
    """Take away what has nothing left to wait for, until nothing is left; what stays waits for itself."""
    waiting = {topic: set(needs) for topic, needs in graph.items()}
    while free := [topic for topic, needs in waiting.items() if not needs & waiting.keys()]:
        for topic in free:
            del waiting[topic]
    return [f"{topic}: its prerequisites lead back to it" for topic in waiting]


async def _prove_all(modules: list[ModuleSource], say: Say) -> dict[str, Content]:
    drafts = [content_of(topic) for module in modules for topic in module.topics]
    processors = asyncio.Semaphore(max(2, os.cpu_count() or 2))

    # Here, and only here, is a mark honoured: these sources are the repository's own.
    async def run(code: str, stdin: str = "", *, hash_seed: int = 0, needs: str | None = None) -> sandbox.Run:
        async with processors:
            return await sandbox.run(code, stdin, hash_seed=hash_seed, needs=needs)

    async def one(draft: Content) -> Content:
        proved = await prove(draft, run)
        proof = _record(draft)
        say(f"{draft.topic_id}: {proof.examples_executed} examples, {proof.exercises_proved} exercises, "
            f"{len(draft.quiz)} questions ({proof.quiz_keys_computed} keys computed)\n")  # fmt: skip
        return replace(proved, proof=proof)

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


def _record(draft: Content) -> Proof:
    text = json.dumps(asdict(draft), sort_keys=True, ensure_ascii=False)
    keys = sum(question.type != "multiple_choice" for question in draft.quiz)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Proof(digest, platform.python_version(), len(draft.examples), len(draft.exercises), keys)


def _write(wanted: dict[str, Any], compiled: Path) -> list[str]:
    compiled.mkdir(parents=True, exist_ok=True)
    for path in compiled.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, data in wanted.items():
        (compiled / name).write_text(_json(data), encoding="utf-8", newline="\n")
    return []


def _stale(wanted: dict[str, Any], compiled: Path) -> list[str]:
    shipped = {path.name: json.loads(path.read_text("utf-8")) for path in compiled.glob("*.json")}
    names = sorted(wanted.keys() | shipped.keys())
    return [name for name in names if _comparable(wanted.get(name)) != _comparable(shipped.get(name))]


def _comparable(data: Any) -> str:
    """The JSON without the Python it was proved with: another Python that proves the same is no difference."""
    if isinstance(data, dict) and isinstance(data.get("proof"), dict):
        data = data | {"proof": data["proof"] | {"python": ""}}
    return _json(data)


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _count(modules: list[ModuleSource], contents: dict[str, Content]) -> str:
    proofs = [content.proof for content in contents.values() if content.proof]
    topics = sum(len(module.topics) for module in modules)
    return (
        f"{topics} topics in {len(modules)} modules, {len(contents)} with content: "
        f"{sum(proof.examples_executed for proof in proofs)} examples executed, "
        f"{sum(proof.exercises_proved for proof in proofs)} exercises proved, "
        f"{sum(proof.quiz_keys_computed for proof in proofs)} quiz keys computed\n"
    )
