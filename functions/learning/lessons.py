"""Composes a lesson from the curriculum for one learner: what to show, how much, in which order, and why.

Pure and deterministic: the same topic and brief give an equal lesson. What a learner must not see (solutions, hidden
tests' outputs, quiz keys) is in the lesson, because the server grades with it, and leaves in `public`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol, TypeVar

from functions.learning.curriculum import (
    LEVELS,
    Content,
    Example,
    Exercise,
    Misconception,
    Proof,
    Question,
    Topic,
    course,
)

LESSON_TYPES = ("standard", "review", "remedial", "challenge")
LANGUAGE = "python"
# Minutes a learner needs, by difficulty; reading: minutes for the explanation of each level.
EXERCISE_MINUTES = {"beginner": 4, "intermediate": 6, "advanced": 10}
READING_MINUTES = {"beginner": 5, "intermediate": 6, "advanced": 7}
RECAP_MINUTES, EXAMPLE_MINUTES, QUESTION_MINUTES, CALLOUT_MINUTES = 2, 2, 1, 1
HINTS_AT_ONCE = {"standard": 0, "review": 0, "remedial": 3, "challenge": 0}
QUIZ_SIZE = {"standard": 5, "review": 8, "remedial": 5, "challenge": 5}
EXAMPLES_AT_MOST = {"standard": 3, "review": 1, "remedial": 3, "challenge": 2}
ORDER = {
    "standard": ("before", "reading", "examples", "pitfalls", "exercises", "quiz"),
    "review": ("reading", "quiz", "examples", "pitfalls", "exercises"),
    "remedial": ("before", "reading", "pitfalls", "examples", "exercises", "quiz"),
    "challenge": ("reading", "exercises", "examples", "pitfalls", "quiz"),
}
KIND_REASONS = {
    "standard": "Written for {level} level.",
    "review": "A review: a reminder, then the quiz, then practice at {level} level.",
    "remedial": "Starts again from the beginning, with the common mistakes and all hints.",
    "challenge": "The hardest exercises of the topic, with the explanation in depth.",
}
QUIZ_INTRODUCTION = "Answer without running the code."
PUBLIC_EXAMPLE = ("title", "code", "stdin", "expected_stdout")
PUBLIC_EXERCISE = (
    "exercise_id", "title", "instructions", "starter_code", "hints", "language", "difficulty_level", "core",
)  # fmt: skip
PUBLIC_QUESTION = ("question_id", "type", "prompt", "code")
TITLES = {
    "standard": "{}",
    "review": "Review: {}",
    "remedial": "{}, step by step",
    "challenge": "Challenge: {}",
}
# Keyed by what an interpreter reports; anything else a client sends is ignored rather than repeated.
ERROR_ADVICE = {
    "IndentationError": "Lines of one block start in the same column, four spaces in from the line with the colon.",
    "SyntaxError": "Python could not read the line. Look for a missing colon, quote or parenthesis near it.",
    "NameError": "The name has no value yet. Check its spelling, and that it is set before this line runs.",
    "UnboundLocalError": "The name is set further down than it is used. Give it a value first.",
    "TypeError": "The types do not go together, often text and a number. Convert what `input()` gave with `int()`.",
    "ValueError": 'A value has the right type and cannot be used, for instance `int("ten")`. Print it to see it.',
    "IndexError": "A position outside. The first is 0, the last is the length minus 1.",
    "KeyError": "There is no such key. Print the keys to compare.",
    "ZeroDivisionError": "Something was divided by 0. Ask before you divide.",
    "EOFError": "`input()` found no further line. Count how often your loop reads.",
    "TimeoutError": "The program did not end. Follow the names in the loop's condition: which of them changes?",
}


@dataclass(frozen=True, slots=True)
class Brief:
    """For whom and what kind: `level` is the difficulty wanted; topics are ids; `reasons` say why this topic."""

    level: str = "beginner"
    lesson_type: str = "standard"
    mastery: float | None = None
    weak_topics: tuple[str, ...] = ()
    missing_prerequisites: tuple[str, ...] = ()
    recent_errors: tuple[str, ...] = ()
    time_budget_minutes: int | None = None
    reasons: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.level not in LEVELS or self.lesson_type not in LESSON_TYPES:
            raise ValueError(f"no such level or lesson type: {self.level}, {self.lesson_type}")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the lesson, in reading order. `kind`: text, code, callout, exercise or quiz; `None` does not apply."""

    kind: str
    title: str
    body: str
    code: str | None = None
    expected_stdout: str | None = None
    exercise_id: str | None = None
    hints_shown: int | None = None
    question_ids: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class CurriculumElements:
    """Where the lesson stands in the course."""

    module_id: str
    module: str
    topic_id: str
    topic: str
    objectives: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Metadata:
    """`estimated_duration` is in minutes, `prerequisites` are topic ids."""

    estimated_duration: int
    difficulty_level: str
    prerequisites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Personalisation:
    """What the lesson was fitted to, and what that changed."""

    level: str
    mastery: float | None
    weak_topics: tuple[str, ...]
    missing_prerequisites: tuple[str, ...]
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verification:
    """How much of this lesson was proved by running it; `python` is the version that ran it."""

    examples_executed: int
    exercises_proved: int
    quiz_keys_computed: int
    python: str | None


@dataclass(frozen=True, slots=True)
class Lesson:
    """A whole lesson, without ids and times, which are the caller's. Holds what must not leave the server."""

    title: str
    content: str
    difficulty_level: str
    lesson_type: str
    curriculum_elements: CurriculumElements
    metadata: Metadata
    sections: tuple[Section, ...]
    code_examples: tuple[Example, ...]
    exercises: tuple[Exercise, ...]
    quiz: tuple[Question, ...]
    personalisation: Personalisation
    verification: Verification


@dataclass(slots=True)
class _Plan:
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


def compose(topic: Topic, content: Content, brief: Brief) -> Lesson:
    """A lesson on the topic for this brief. A standard one has every core exercise, whatever the time budget."""
    plan = _plan(topic, content, brief)
    sections = _sections(topic, brief, plan)
    title = TITLES[brief.lesson_type].format(topic.title)
    where = CurriculumElements(topic.module_id, topic.module, topic.topic_id, topic.title, topic.objectives)
    learner = (brief.level, brief.mastery, brief.weak_topics, brief.missing_prerequisites)
    return Lesson(
        title=title,
        content=_markdown(title, topic, sections, plan),
        difficulty_level=brief.level,
        lesson_type=brief.lesson_type,
        curriculum_elements=where,
        metadata=Metadata(plan.minutes(), brief.level, topic.prerequisites),
        sections=tuple(sections),
        code_examples=tuple(plan.examples),
        exercises=tuple(plan.exercises),
        quiz=tuple(plan.quiz),
        personalisation=Personalisation(*learner, tuple(plan.reasons)),
        verification=_verification(plan, content.proof),
    )


def _verification(plan: _Plan, proof: Proof | None) -> Verification:
    if proof is None:
        return Verification(0, 0, 0, None)
    computed = sum(question.expected_output is not None for question in plan.quiz)
    return Verification(len(plan.examples), len(plan.exercises), computed, proof.python)


# Choosing what goes in ------------------------------------------------------------------------------------------


def _plan(topic: Topic, content: Content, brief: Brief) -> _Plan:
    level = {"remedial": "beginner", "challenge": "advanced"}.get(brief.lesson_type, brief.level)
    if brief.lesson_type == "review":
        plan = _Plan(content.recap, RECAP_MINUTES)
    else:
        plan = _Plan(content.explanation[level], READING_MINUTES[level])
    urgent = [item for item in content.misconceptions if set(item.errors) & set(brief.recent_errors)]
    other = [item for item in content.misconceptions if item not in urgent]
    examples = _nearest(content.examples, level)[: EXAMPLES_AT_MOST[brief.lesson_type]]
    questions = _questions(content.quiz, level, QUIZ_SIZE[brief.lesson_type])
    must, may = _exercises(content, brief)
    sure = len(questions) if brief.lesson_type == "review" else 3
    plan.exercises, plan.examples, plan.quiz = must, examples[:1], questions[:sure]
    plan.pitfalls = [*urgent, *other] if brief.lesson_type == "remedial" else urgent
    left_out = _fill(plan, topic.minutes if brief.time_budget_minutes is None else brief.time_budget_minutes, [
        (plan.examples, examples[1:]), (plan.quiz, questions[sure:]),
        (plan.pitfalls, [item for item in other if item not in plan.pitfalls]), (plan.exercises, may),
    ])  # fmt: skip
    _sort(plan, content)
    plan.reasons = _reasons(topic, brief, plan, left_out)
    return plan


def _exercises(content: Content, brief: Brief) -> tuple[list[Exercise], list[Exercise]]:
    """What the lesson must contain, and what it may besides, the most fitting first."""
    easiest = sorted(content.exercises, key=lambda e: (LEVELS.index(e.difficulty_level), not e.core))
    if brief.lesson_type == "remedial":
        return easiest[:2], easiest[2:3]
    if brief.lesson_type == "challenge":
        hardest = sorted(easiest, key=lambda e: (-LEVELS.index(e.difficulty_level), e.core))
        return hardest[:2], hardest[2:4]
    fitting = _nearest(content.exercises, brief.level)
    if brief.lesson_type == "review":
        return fitting[:1], fitting[1:2]
    return [e for e in easiest if e.core], [e for e in fitting if not e.core]


def _questions(quiz: Sequence[Question], level: str, size: int) -> list[Question]:
    """The most fitting questions, one of each type first, so that a shortened quiz still mixes them."""
    fitting = _nearest(quiz, level)
    types = dict.fromkeys(question.type for question in fitting)
    first = [next(question for question in fitting if question.type == kind) for kind in types]
    return [*first, *(question for question in fitting if question not in first)][:size]


def _nearest(items: Sequence[G], level: str) -> list[G]:
    """Sorted by how far they are from the level; of two equally far ones, the easier first."""
    wanted = LEVELS.index(level)
    return sorted(items, key=lambda item: abs(LEVELS.index(item.difficulty_level) - wanted))


def _fill(plan: _Plan, budget: int, offers: Sequence[tuple[list[Any], Sequence[Any]]]) -> bool:
    """Add what is on offer, in order, while the time allows. True if something had to stay out."""
    left_out = False
    for chosen, candidates in offers:
        for candidate in candidates:
            chosen.append(candidate)
            if plan.minutes() > budget:
                chosen.pop()
                left_out = True
    return left_out


def _sort(plan: _Plan, content: Content) -> None:
    """Bring what was chosen into teaching order: as in the curriculum, exercises from easy to hard."""
    plan.examples = [item for item in content.examples if item in plan.examples]
    plan.quiz = [item for item in content.quiz if item in plan.quiz]
    order = {item.exercise_id: number for number, item in enumerate(content.exercises)}
    plan.exercises = sorted(
        plan.exercises, key=lambda item: (LEVELS.index(item.difficulty_level), order[item.exercise_id])
    )


def _reasons(topic: Topic, brief: Brief, plan: _Plan, left_out: bool) -> list[str]:
    reasons = [*brief.reasons, KIND_REASONS[brief.lesson_type].format(level=brief.level)]
    if titles := _titles(brief.missing_prerequisites):
        reasons.append(f"Not yet secure, and needed here: {', '.join(titles)}.")
    if titles := _titles(_weak_before(topic, brief)):
        reasons.append(f"Weak so far: {', '.join(titles)}; the lesson points back to it.")
    if errors := _known_errors(brief):
        reasons.append(f"Takes up your recent errors: {', '.join(errors)}.")
    budget, minutes = brief.time_budget_minutes, plan.minutes()
    if budget is not None and minutes > budget:
        reasons.append(f"About {minutes} minutes rather than {budget}: what the lesson cannot do without stays in.")
    elif budget is not None and left_out:
        reasons.append(f"Shortened to fit {budget} minutes.")
    return reasons


def _weak_before(topic: Topic, brief: Brief) -> list[str]:
    """Weak topics that this one builds on, directly or not, and that are not already reported as missing."""
    before: set[str] = set()
    waiting = list(topic.prerequisites)
    by_id = course().by_id
    while waiting:
        current = waiting.pop()
        if current not in before:
            before.add(current)
            waiting += by_id[current].prerequisites if current in by_id else ()
    return [weak for weak in brief.weak_topics if weak in before and weak not in brief.missing_prerequisites]


def _titles(topic_ids: Iterable[str]) -> list[str]:
    by_id = course().by_id
    return [by_id[topic_id].title for topic_id in topic_ids if topic_id in by_id]


def _known_errors(brief: Brief) -> list[str]:
    return [error for error in dict.fromkeys(brief.recent_errors) if error in ERROR_ADVICE]


# Putting it in order --------------------------------------------------------------------------------------------


def _sections(topic: Topic, brief: Brief, plan: _Plan) -> list[Section]:
    parts = {
        "before": _before(topic, brief),
        "reading": [Section("text", "In short" if brief.lesson_type == "review" else topic.title, plan.reading)],
        "examples": [_example_section(example) for example in plan.examples],
        "pitfalls": _pitfalls(brief, plan),
        "exercises": [_exercise_section(exercise, brief) for exercise in plan.exercises],
        "quiz": [Section("quiz", "Quiz", QUIZ_INTRODUCTION, question_ids=tuple(q.question_id for q in plan.quiz))],
    }
    return [section for part in ORDER[brief.lesson_type] for section in parts[part]]


def _before(topic: Topic, brief: Brief) -> list[Section]:
    goals = "\n".join(f"- {objective}" for objective in topic.objectives)
    sections = [Section("text", "What you will be able to do", goals)]
    names = _titles(dict.fromkeys((*brief.missing_prerequisites, *_weak_before(topic, brief))))
    if names:
        advice = f"This lesson builds on {', '.join(names)}. Where a line is not clear, look it up there first."
        sections.append(Section("callout", "Before you start", advice))
    return sections


def _pitfalls(brief: Brief, plan: _Plan) -> list[Section]:
    advice = [f"- `{error}`: {ERROR_ADVICE[error]}" for error in _known_errors(brief)]
    sections = [Section("callout", "Your recent errors", "\n".join(advice))] if advice else []
    for item in plan.pitfalls:
        sections.append(Section("callout", "A common mistake", f"*{item.belief}*\n\n{item.correction}"))
    return sections


def _example_section(example: Example) -> Section:
    given = f"\n\nInput:\n\n{_fence(example.stdin, 'text')}" if example.stdin else ""
    return Section("code", example.title, example.note + given, example.code, example.expected_stdout)


def _exercise_section(exercise: Exercise, brief: Brief) -> Section:
    shown = HINTS_AT_ONCE[brief.lesson_type]
    hints = "".join(f"\n- Hint {number}: {hint}" for number, hint in enumerate(exercise.hints[:shown], 1))
    body = exercise.instructions.rstrip() + (f"\n{hints}" if hints else "")
    return Section(
        "exercise", exercise.title, body, exercise.starter_code, exercise_id=exercise.exercise_id, hints_shown=shown
    )


def _markdown(title: str, topic: Topic, sections: Iterable[Section], plan: _Plan) -> str:
    exercises = {exercise.exercise_id: exercise for exercise in plan.exercises}
    parts = [f"# {title}", f"*{topic.module}, about {plan.minutes()} minutes*"]
    for section in sections:
        heading = f"Exercise: {section.title}" if section.kind == "exercise" else section.title
        parts += [f"## {heading}", section.body.strip()]
        if section.code:
            parts.append(_fence(section.code, LANGUAGE))
        if section.expected_stdout:
            parts += ["Output:", _fence(section.expected_stdout, "text")]
        if section.exercise_id:
            parts += _visible_tests(exercises[section.exercise_id])
        if section.kind == "quiz":
            parts += [_asked(number, question) for number, question in enumerate(plan.quiz, 1)]
    return "\n\n".join(parts) + "\n"


def _visible_tests(exercise: Exercise) -> list[str]:
    parts = []
    for case in exercise.tests:
        if not case.hidden:
            given = ["Input:", _fence(case.input, "text")] if case.input else []
            parts += [*given, "Expected output:", _fence(case.expected_output, "text")]
    return parts


def _asked(number: int, question: Question) -> str:
    parts = [f"**{number}.** {question.prompt}"]
    if question.code:
        parts.append(_fence(question.code, LANGUAGE))
    if question.options:
        parts.append("\n".join(f"- **{option.option_id}** {_inline(option.text)}" for option in question.options))
    return "\n\n".join(parts)


def _inline(text: str) -> str:
    """The text with what Markdown would take for a mark-up of its own escaped."""
    return "".join(f"\\{character}" if character in "\\`*_<>[]#" else character for character in text)


def _fence(text: str, language: str) -> str:
    """A code block whose fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text.rstrip(chr(10))}\n{fence}"


# Showing it -----------------------------------------------------------------------------------------------------


def public(lesson: Lesson) -> dict[str, Any]:
    """The lesson as a learner may see it, as JSON values."""
    return redact(document(lesson))


def document(lesson: Lesson) -> dict[str, Any]:
    """The whole lesson as JSON values, with solutions and keys: what is stored, and never sent as it is."""
    whole: dict[str, Any] = _plain(asdict(lesson))
    whole["sections"] = [
        {name: value for name, value in section.items() if value is not None} for section in whole["sections"]
    ]
    for exercise in whole["exercises"]:
        exercise["test_cases"] = exercise.pop("tests")
        exercise["language"] = LANGUAGE
    for question in whole["quiz"]:
        question["key"] = {name: question.pop(name) for name in ("accepted", "expected_output", "explanation")}
        question["key"]["correct"] = next((o["option_id"] for o in question["options"] if o["correct"]), None)
        question["key"]["reasons"] = {option["option_id"]: option["reason"] for option in question["options"]}
        question["options"] = [{"option_id": o["option_id"], "text": o["text"]} for o in question["options"]]
    return whole


def redact(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What a learner may see of a stored lesson. Names what passes, so that a new secret does not by default."""
    shown = dict(stored)
    shown["code_examples"] = [_only(example, PUBLIC_EXAMPLE) for example in stored["code_examples"]]
    shown["exercises"] = [
        _only(exercise, PUBLIC_EXERCISE) | {"test_cases": [_case(case) for case in exercise["test_cases"]]}
        for exercise in stored["exercises"]
    ]
    shown["quiz"] = [
        {name: value for name, value in _only(question, PUBLIC_QUESTION).items() if value}
        | ({"options": [_only(option, ("option_id", "text")) for option in question["options"]]}
           if question["options"] else {})
        for question in stored["quiz"]
    ]  # fmt: skip
    return shown


def _case(case: Mapping[str, Any]) -> dict[str, Any]:
    hidden = bool(case["hidden"])
    return {"input": case["input"], "expected_output": None if hidden else case["expected_output"], "hidden": hidden}


def _only(item: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    return {name: item[name] for name in names}


def _plain(value: Any) -> Any:
    """Tuples as lists, all the way down: equal to what comes back from JSON."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
