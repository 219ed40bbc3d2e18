"""What "proved" means: examples were run; solutions pass, starters and slips do not; quiz keys come from running code.

The same checks prove the curriculum at build time and, at request time, whatever a generator wrote anew.
"""

import asyncio
import hashlib
import json
import platform
import re
from collections.abc import Awaitable, Iterable
from dataclasses import asdict, replace
from itertools import islice
from typing import Protocol, TypeVar

from functions.learning.curriculum import (
    Content,
    Example,
    Exercise,
    Proof,
    Question,
    same_output,
)
from functions.proof import sandbox
from functions.proof.mutants import mutants
from functions.proof.sandbox import Run

MUTANTS_TRIED, MUTANTS_CAUGHT = 6, 2  # of each solution: at most; at least, by a hidden test, and half of those tried
BLANK = "____"  # stands in the code of a fill_blank question, exactly once
FENCED = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
T = TypeVar("T")


class Runner(Protocol):
    """What runs code: sandbox.run, or something around it."""

    async def __call__(self, code: str, stdin: str = "", *, hash_seed: int = 0, needs: str | None = None) -> Run:
        """Run a program to its end or its limit."""


async def strict(code: str, stdin: str = "", *, hash_seed: int = 0, needs: str | None = None) -> Run:
    """For code that nobody has read: whoever wrote it may not mark it as needing more, it is then not run at all."""
    if needs:
        return Run("", f"it needs {needs}, which is not given here", 1, False, False)
    return await sandbox.run(code, stdin, hash_seed=hash_seed)


class Unproved(Exception):
    """Some items do not hold; `problems` has a line for each, which names the topic and the item."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


async def prove(content: Content, run: Runner = strict) -> Content:
    """The same material with outputs and keys computed. Raises Unproved with every problem, not only the first."""
    topic = content.topic_id
    texts, examples, exercises, quiz = await asyncio.gather(
        _all(prove_text(f"{topic}: explanation {level}", text, run) for level, text in content.explanation.items()),
        _all(prove_example(topic, item, run) for item in content.examples),
        _all(prove_exercise(topic, item, run) for item in content.exercises),
        _all(prove_question(topic, item, run) for item in content.quiz),
    )
    problems = [*texts[1], *examples[1], *exercises[1], *quiz[1]]
    if problems:
        raise Unproved(problems)
    proof = Proof(
        content_hash=digest(content),
        python=platform.python_version(),
        examples_executed=len(content.examples),
        exercises_proved=len(content.exercises),
        mutants_caught=sum(exercises[0]),
        quiz_keys_computed=sum(question.type != "multiple_choice" for question in content.quiz),
    )
    return replace(content, examples=tuple(examples[0]), quiz=tuple(quiz[0]), proof=proof)


def digest(content: Content) -> str:
    """What the material is known by: the SHA-256 of it as written, without what proof added."""
    text = json.dumps(asdict(replace(content, proof=None)), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


async def prove_text(name: str, markdown: str, run: Runner = strict) -> None:
    """Every block of Python in a text runs to its end. Raises Unproved."""
    for number, code in enumerate(FENCED.findall(markdown), 1):
        result = await run(code)
        if not result.ok:
            raise Unproved([f"{name}: block {number}: {_how_it_ended(result)}"])


async def prove_example(topic: str, example: Example, run: Runner = strict) -> Example:
    """The example with the output it printed. Raises Unproved."""
    name = f"{topic}: example {example.title!r}"
    output = await _steady_output(name, example.code, run, example.needs, example.stdin)
    return replace(example, expected_stdout=output)


async def prove_exercise(topic: str, exercise: Exercise, run: Runner = strict) -> int:
    """How many slips in its solution hidden tests catch, of those tried. Raises Unproved.

    The solution passes every test, its starter is Python and does not; at least two slips and half of them are caught.
    """
    name = f"{topic}: exercise {exercise.exercise_id}"
    failure = await _first_failure(exercise, exercise.solution, run)
    if failure:
        raise Unproved([f"{name}: the solution fails {failure}"])
    try:
        compile(exercise.starter_code, "starter", "exec")
    except SyntaxError as error:
        raise Unproved([f"{name}: the starter is not Python: {error}"]) from error
    if not await _first_failure(exercise, exercise.starter_code, run):
        raise Unproved([f"{name}: the starter already passes every test"])
    hidden = replace(exercise, tests=tuple(case for case in exercise.tests if case.hidden))
    tried = list(islice(mutants(exercise.solution), MUTANTS_TRIED))
    failures = await asyncio.gather(*(_first_failure(hidden, mutant.code, run) for mutant in tried))
    missed = [mutant.slip for mutant, failure in zip(tried, failures, strict=True) if failure is None]
    caught = len(tried) - len(missed)
    if caught < MUTANTS_CAUGHT or caught < len(tried) / 2:
        which = f"they miss {', '.join(missed)}" if missed else "there is no place for more"
        raise Unproved([f"{name}: hidden tests catch {caught} of {len(tried)} slips in the solution: {which}"])
    return caught


async def prove_question(topic: str, question: Question, run: Runner = strict) -> Question:
    """The question with the output of its code as key; each accepted answer must print the same. Raises Unproved."""
    name = f"{topic}: question {question.question_id}"
    if question.type == "code_output":
        output = await _steady_output(name, question.code or "", run, question.needs)
        return replace(question, expected_output=output)
    if question.type != "fill_blank" or not question.code:
        return question
    if question.code.count(BLANK) != 1:
        raise Unproved([f"{name}: the code needs one {BLANK}, it has {question.code.count(BLANK)}"])
    filled = [question.code.replace(BLANK, answer) for answer in question.accepted]
    outputs = [await _steady_output(name, code, run, question.needs) for code in filled]
    for answer, output in zip(question.accepted, outputs, strict=True):
        wanted = outputs[0] if question.expected_output is None else question.expected_output
        if not same_output(output, wanted):
            raise Unproved([f"{name}: with {answer!r} it prints {output.rstrip()!r}, not {wanted.rstrip()!r}"])
    return replace(question, expected_output=outputs[0])


async def _first_failure(exercise: Exercise, code: str, run: Runner) -> str | None:
    for number, case in enumerate(exercise.tests, 1):
        result = await run(code, case.input, needs=exercise.needs)
        got = result.stdout
        which = f"{'hidden' if case.hidden else 'visible'} test {number}"
        if not result.ok:
            return f"{which}: {_how_it_ended(result)}"
        if not same_output(got, case.expected_output):
            return f"{which}: expected {case.expected_output.rstrip()!r}, got {got.rstrip()!r}"
    return None


async def _steady_output(name: str, code: str, run: Runner, needs: str | None, stdin: str = "") -> str:
    """What the code prints; run twice, with other hash seeds: a key that hangs on the order of a set is none."""
    first, second = [await run(code, stdin, hash_seed=seed, needs=needs) for seed in (0, 1)]
    if not first.ok:
        raise Unproved([f"{name}: {_how_it_ended(first)}"])
    if not first.stdout.strip():
        raise Unproved([f"{name}: it prints nothing"])
    if first.stdout != second.stdout:
        raise Unproved([f"{name}: it prints something else each time"])
    return first.stdout


def _how_it_ended(result: Run) -> str:
    if result.timed_out:
        return "it did not end in time"
    if result.truncated:
        return "it printed too much"
    last = result.stderr.strip().splitlines()[-1:] or ["no message"]
    return f"it ended with code {result.exit_code}: {last[0]}"


async def _all(proofs: Iterable[Awaitable[T]]) -> tuple[list[T], list[str]]:
    done: list[T] = []
    problems: list[str] = []
    for result in await asyncio.gather(*proofs, return_exceptions=True):
        if isinstance(result, Unproved):
            problems += result.problems
        elif isinstance(result, BaseException):
            raise result
        else:
            done.append(result)
    return done, problems
