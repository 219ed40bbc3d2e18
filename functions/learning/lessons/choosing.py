"""Chooses what goes into a lesson: what it must have, then what fits into the learner's time, in teaching order."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from functions.learning.curriculum import LEVELS, Content, Example, Exercise, Misconception, Question, Topic
from functions.learning.lessons.explaining import helped, reasons
from functions.learning.lessons.types import Brief

# Minutes a learner needs, by difficulty; reading: minutes for the explanation of each level.
EXERCISE_MINUTES = {"beginner": 4, "intermediate": 6, "advanced": 10}
READING_MINUTES = {"beginner": 5, "intermediate": 6, "advanced": 7}
RECAP_MINUTES, EXAMPLE_MINUTES, QUESTION_MINUTES, CALLOUT_MINUTES = 2, 2, 1, 1
QUIZ_AT_LEAST = {"standard": 3, "review": 8, "remedial": 3, "challenge": 3}
QUIZ_AT_MOST = {"standard": 5, "review": 8, "remedial": 5, "challenge": 5}
PITFALLS_AT_MOST = {"standard": 3, "review": 2, "remedial": 6, "challenge": 3}
EXAMPLES_AT_MOST = {"standard": 3, "review": 1, "remedial": 3, "challenge": 2}


@dataclass(slots=True)
class Plan:
    """What goes into the lesson, while it is being chosen."""

    reading: str
    reading_minutes: int
    examples: list[Example] = field(default_factory=list)
    exercises: list[Exercise] = field(default_factory=list)
    quiz: list[Question] = field(default_factory=list)
    pitfalls: list[Misconception] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def minutes(self) -> int:
        """The time a learner is likely to need."""
        tasks = sum(EXERCISE_MINUTES[exercise.difficulty_level] for exercise in self.exercises)
        rest = EXAMPLE_MINUTES * len(self.examples) + QUESTION_MINUTES * len(self.quiz)
        return self.reading_minutes + tasks + rest + CALLOUT_MINUTES * len(self.pitfalls)


class _Graded(Protocol):
    @property
    def difficulty_level(self) -> str: ...


G = TypeVar("G", bound=_Graded)
T = TypeVar("T", Example, Exercise)


def choose(topic: Topic, content: Content, brief: Brief) -> Plan:
    """What a lesson on the topic holds for this brief; without a time budget the topic's own time is kept to."""
    kind = brief.lesson_type
    level = {"remedial": "beginner", "challenge": "advanced"}.get(kind, brief.level)
    if kind == "review":
        plan = Plan(content.recap, RECAP_MINUTES)
    else:
        plan = Plan(content.explanation[level], READING_MINUTES[level])
    urgent = [item for item in content.misconceptions if set(item.errors) & set(brief.recent_errors)]
    urgent = urgent[: PITFALLS_AT_MOST[kind]]
    other = [item for item in content.misconceptions if item not in urgent][: PITFALLS_AT_MOST[kind] - len(urgent)]
    examples = _within_reach(_fitting(content.examples, level, brief), level)[: EXAMPLES_AT_MOST[kind]]
    questions = _questions(content.quiz, level, QUIZ_AT_MOST[kind])
    must, may = _exercises(content, brief)
    sure = QUIZ_AT_LEAST[kind]
    plan.exercises, plan.examples, plan.quiz = must, examples[:1], questions[:sure]
    plan.pitfalls, mistakes = ([*urgent, *other], []) if kind == "remedial" else (urgent, other)
    budget = topic.minutes if brief.time_budget_minutes is None else brief.time_budget_minutes
    offers = ((plan.examples, examples[1:]), (plan.quiz, questions[sure:]),
              (plan.pitfalls, mistakes), (plan.exercises, may))  # fmt: skip
    left_out = _fill(plan, budget, offers)
    _sort(plan, content, brief)
    plan.reasons = reasons(topic, brief, plan, left_out)
    return plan


def _exercises(content: Content, brief: Brief) -> tuple[list[Exercise], list[Exercise]]:
    """What the lesson must contain, and what it may besides, the most fitting first."""
    easiest = sorted(content.exercises, key=lambda e: (_rank(e), not e.core))
    if brief.lesson_type == "remedial":
        return easiest[:2], easiest[2:3]
    if brief.lesson_type == "challenge":
        hardest = sorted(easiest, key=lambda e: (-_rank(e), e.core))
        return hardest[:2], hardest[2:4]
    fitting = _fitting(content.exercises, brief.level, brief)
    if brief.lesson_type == "review":
        return fitting[:1], fitting[1:2]
    return [e for e in easiest if e.core], [e for e in _within_reach(fitting, brief.level) if not e.core]


def _questions(quiz: Sequence[Question], level: str, size: int) -> list[Question]:
    """The most fitting questions, one of each type first, so that a shortened quiz still mixes them."""
    fitting = _nearest(quiz, level)
    types = dict.fromkeys(question.type for question in fitting)
    first = [next(question for question in fitting if question.type == kind) for kind in types]
    return [*first, *(question for question in fitting if question not in first)][:size]


def _nearest(items: Sequence[G], level: str) -> list[G]:
    """Sorted by how far they are from the level; of two equally far ones, the easier first."""
    wanted = LEVELS.index(level)
    return sorted(items, key=lambda item: (abs(_rank(item) - wanted), _rank(item)))


def _fitting(items: Sequence[T], level: str, brief: Brief) -> list[T]:
    """As `_nearest`, but what helps with a weak topic or a recent error is taken for one level nearer.

    Exercises that the learner has passed come last.
    """
    wanted = LEVELS.index(level)

    def distance(item: T) -> tuple[bool, int, bool, int]:
        helps = bool(helped(item, brief))
        done = isinstance(item, Exercise) and item.exercise_id in brief.passed
        return done, abs(_rank(item) - wanted) - helps, not helps, _rank(item)

    return sorted(items, key=distance)


def _within_reach(items: Sequence[T], level: str) -> list[T]:
    """Those at most one level above."""
    return [item for item in items if _rank(item) <= LEVELS.index(level) + 1]


def _rank(item: _Graded) -> int:
    return LEVELS.index(item.difficulty_level)


def _fill(plan: Plan, budget: int, offers: Sequence[tuple[list[Any], Sequence[Any]]]) -> bool:
    """Add what is on offer, in order, while the time allows. True if something had to stay out."""
    left_out = False
    for chosen, candidates in offers:
        for candidate in candidates:
            chosen.append(candidate)
            if plan.minutes() > budget:
                chosen.pop()
                left_out = True
    return left_out


def _sort(plan: Plan, content: Content, brief: Brief) -> None:
    """Bring what was chosen into teaching order: the curriculum's; exercises from easy to hard, then passed ones."""
    plan.examples = [item for item in content.examples if item in plan.examples]
    plan.quiz = [item for item in content.quiz if item in plan.quiz]
    chosen = [item for item in content.exercises if item in plan.exercises]
    plan.exercises = sorted(chosen, key=lambda item: (item.exercise_id in brief.passed, _rank(item)))
