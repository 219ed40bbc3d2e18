"""Reads the curriculum's source files, and turns what they say into the domain's own types."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from functions.learning.curriculum import (
    Case,
    Content,
    Example,
    Exercise,
    Misconception,
    Module,
    Option,
    Question,
    Topic,
)
from functions.proof.schema import ExampleSource, ExerciseSource, ModuleSource, QuestionSource, TopicSource

__all__ = ["ModuleSource", "SourceError", "TopicSource", "content_of", "module_of", "read"]


class SourceError(ValueError):
    """A source file is not what it must be; the message has file, place and reason, a line for each problem."""


def read(directory: Path) -> list[ModuleSource]:
    """Every module, in the order of the file names. Raises SourceError with all problems of all files."""
    modules: list[ModuleSource] = []
    problems: list[str] = []
    for path in sorted(directory.glob("*.toml")):
        try:
            modules.append(ModuleSource.model_validate(tomllib.loads(path.read_text("utf-8"))))
        except tomllib.TOMLDecodeError as error:
            problems.append(f"{path.name}: {error}")
        except ValidationError as error:
            problems += [f"{path.name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    if not modules and not problems:
        problems = [f"{directory.name}: no source file"]
    if problems:
        raise SourceError("\n".join(problems))
    return modules


def module_of(source: ModuleSource) -> Module:
    """The module as the course knows it, without material."""
    head = source.module
    topics = (
        Topic(t.id, t.title, head.id, head.title, tuple(t.objectives), tuple(t.prerequisites), t.minutes,
              t.content is not None, {}, {})
        for t in source.topics
    )  # fmt: skip
    return Module(head.id, head.title, tuple(topics))


def content_of(topic: TopicSource) -> Content | None:
    """The topic's material, before it is proved: outputs are empty."""
    source = topic.content
    if source is None:
        return None
    return Content(
        topic_id=topic.id,
        explanation=source.explanation.model_dump(),
        recap=source.recap,
        examples=tuple(example_of(example) for example in source.examples),
        exercises=tuple(exercise_of(exercise) for exercise in source.exercises),
        quiz=tuple(question_of(question) for question in source.questions),
        misconceptions=tuple(Misconception(m.belief, m.correction, tuple(m.errors)) for m in source.misconceptions),
        proof=None,
    )


def example_of(e: ExampleSource) -> Example:
    """The example, its output not yet known."""
    return Example(e.title, e.level, e.code, e.stdin, e.note, "", tuple(e.revisits), tuple(e.errors), e.needs)


def exercise_of(e: ExerciseSource) -> Exercise:
    """The exercise, not yet proved."""
    tests = tuple(Case(case.input, case.output, case.hidden) for case in e.tests)
    texts = (e.instructions, e.starter_code, e.solution)
    return Exercise(e.id, e.title, e.difficulty, e.core, *texts, tests, tuple(e.hints), tuple(e.revisits), e.needs)


def question_of(q: QuestionSource) -> Question:
    """The question; of one whose key is computed, what it was said to print."""
    options = tuple(Option(option.id, option.text, option.correct, option.reason) for option in q.options)
    keys = (tuple(q.accepted), q.prints)
    return Question(q.id, q.type, q.difficulty, q.prompt, q.code, options, *keys, q.explanation, q.needs)
