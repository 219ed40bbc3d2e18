"""Whether something is about the lesson's topic, judged by the curriculum's own material on it.

A model that was talked into another subject, or that misunderstood, writes code without what the topic is about, or
prose that names none of it. This cannot see that a text on the topic says something foolish.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from functions.learning.curriculum import Content, Example, Exercise, Misconception, Question, Topic
from functions.model.reasons import OFF_TOPIC, Refused
from functions.model.sources import Draft
from functions.proof.prove import BLANK, FENCED

TYPICAL = 0.6  # the share of a topic's programs in which something has to occur to be what the topic is about
ALMOST_ALL = 0.9  # of a topic's programs have one of these, or it is not known by them
EVERYWHERE = {
    "Module", "Expr", "Call", "Name", "Load", "Store", "Constant", "Assign", "AugAssign", "BinOp", "Compare",
    "JoinedStr", "FormattedValue", "Add", "Sub", "Mult", "Eq", "Gt", "Lt", "keyword", "arguments", "arg",
    "Attribute", "alias", "withitem", "Import", "ImportFrom",
    "print()", "input()", "int()", "str()", "len()",
}  # fmt: skip
SMALL = {"and", "for", "the", "with"}
ENDING = re.compile(r"(?:(.)\1ing|ing|ies|es|s|e)$")  # enough of stemming for the course's titles
SPAN = re.compile(r"`([^`\n]+)`")
WORD = re.compile(r"[A-Za-z_]{2,}")


class Subject:
    """What a topic is about: parts of programs, and words."""

    def __init__(self, topic: Topic, material: Content) -> None:
        programs = [found for code in _programs(material) if (found := set(_features(code)))]
        times = Counter(feature for found in programs for feature in found)
        typical = {feature for feature, number in times.items() if number >= TYPICAL * len(programs)}
        telling = typical - EVERYWHERE
        having = sum(bool(found & telling) for found in programs)
        # of a topic that does not show in the syntax (variables, debugging) any program may be about it
        self.features = telling if having >= ALMOST_ALL * len(programs) else set()
        self.title = {ENDING.sub(r"\1", word.lower()) for word in WORD.findall(topic.title)} - SMALL
        texts = [*material.explanation.values(), material.recap]
        self.words = {word for text in texts for span in SPAN.findall(text) for word in WORD.findall(span)}

    def check(self, draft: Draft) -> None:
        """Raises Refused for what is about something else."""
        match draft.item:
            case str(text):
                programs = FENCED.findall(text)
                fits = self._named(text) and (not programs or any(map(self._shown, programs)))
            case Misconception() as item:
                fits = self._named(f"{item.belief} {item.correction}")
            case Example() as item:
                fits = self._shown(item.code)
            case Exercise() as item:
                fits = self._shown(item.solution)
            case Question() as item:
                fits = self._shown(_filled(item))
        if not fits:
            raise Refused(OFF_TOPIC, "It is not about the topic of the lesson.")

    def _shown(self, code: str) -> bool:
        return not self.features or bool(self.features & set(_features(code)))

    def _named(self, text: str) -> bool:
        lower = text.lower()
        if any(re.search(rf"\b{re.escape(word)}", lower) for word in self.title):
            return True
        spans = {word for span in SPAN.findall(text) for word in WORD.findall(span)}
        return bool(spans & self.words)


def _programs(material: Content) -> Iterator[str]:
    yield from (example.code for example in material.examples)
    yield from (exercise.solution for exercise in material.exercises)
    yield from (_filled(question) for question in material.quiz if question.code)


def _filled(question: Question) -> str:
    """Its program, with an answer where there is a blank."""
    return (question.code or "").replace(BLANK, (*question.accepted, "1")[0])


def _features(code: str) -> Iterable[str]:
    """The kinds of syntax in a program, the functions and methods that it calls, the modules that it imports."""
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        yield type(node).__name__
        match node:
            case ast.Call(func=ast.Name(id=name)):
                yield f"{name}()"
            case ast.Call(func=ast.Attribute(attr=name)):
                yield f".{name}()"
            case ast.Import(names=names):
                yield from (f"import {alias.name}" for alias in names)
            case ast.ImportFrom(module=str(module)):
                yield f"import {module}"
