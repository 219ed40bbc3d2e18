"""Writes what was chosen: the sections in the reading order of the lesson's type, then all of it as Markdown."""

import re
from collections.abc import Iterable

from functions.learning.curriculum import Example, Exercise, Question, Topic
from functions.learning.lessons.choosing import Plan
from functions.learning.lessons.explaining import ERROR_ADVICE, known_errors, titles, weak_before
from functions.learning.lessons.types import LANGUAGE, Brief, Section

ORDER = {
    "standard": ("before", "reading", "examples", "pitfalls", "exercises", "quiz"),
    "review": ("reading", "quiz", "examples", "pitfalls", "exercises"),
    "remedial": ("before", "reading", "pitfalls", "examples", "exercises", "quiz"),
    "challenge": ("reading", "exercises", "examples", "pitfalls", "quiz"),
}
HINTS_AT_ONCE = {"standard": 0, "review": 0, "remedial": 3, "challenge": 0}
QUIZ_INTRODUCTION = "Answer without running the code."


def part_of(part: str, topic: Topic, brief: Brief, plan: Plan) -> list[Section]:
    """The sections of one part of the lesson; `ORDER` has the parts in reading order."""
    match part:
        case "before":
            return _before(topic, brief)
        case "reading":
            return [Section("text", "In short" if brief.lesson_type == "review" else "Explanation", plan.reading)]
        case "examples":
            return [_example_section(example) for example in plan.examples]
        case "pitfalls":
            return _pitfalls(brief, plan)
        case "exercises":
            return [_exercise_section(exercise, brief) for exercise in plan.exercises]
    return [Section("quiz", "Quiz", QUIZ_INTRODUCTION, question_ids=tuple(q.question_id for q in plan.quiz))]


def _before(topic: Topic, brief: Brief) -> list[Section]:
    goals = "\n".join(f"- {_inline(objective)}" for objective in topic.objectives)
    before = [Section("text", "What you will be able to do", goals)]
    names = titles(dict.fromkeys((*brief.missing_prerequisites, *weak_before(topic, brief))))
    if names:
        advice = f"This lesson builds on {', '.join(names)}. Where a line is not clear, look it up there first."
        before.append(Section("callout", "Before you start", advice))
    return before


def _pitfalls(brief: Brief, plan: Plan) -> list[Section]:
    advice = [f"- `{error}`: {ERROR_ADVICE[error]}" for error in known_errors(brief)]
    recent = [Section("callout", "Your recent errors", "\n".join(advice))] if advice else []
    mistakes = [f"- *{item.belief}* {item.correction}" for item in plan.pitfalls]
    title = "A common mistake" if len(mistakes) == 1 else "Common mistakes"
    return recent + ([Section("callout", title, "\n".join(mistakes))] if mistakes else [])


def _example_section(example: Example) -> Section:
    return Section(
        "code", example.title, example.note, example.code, example.expected_stdout, stdin=example.stdin or None
    )


def _exercise_section(exercise: Exercise, brief: Brief) -> Section:
    body, shown = exercise.instructions.rstrip(), HINTS_AT_ONCE[brief.lesson_type]
    return Section(
        "exercise", exercise.title, body, exercise.starter_code, exercise_id=exercise.exercise_id, hints_shown=shown
    )


def markdown(title: str, topic: Topic, sections: Iterable[Section], plan: Plan) -> str:
    """The whole lesson as one text, with the tests and questions a learner may see."""
    exercises = {exercise.exercise_id: exercise for exercise in plan.exercises}
    parts = [f"# {title}", f"*{topic.module}, about {plan.minutes()} minutes*"]
    for section in sections:
        heading = f"Exercise: {section.title}" if section.kind == "exercise" else section.title
        parts.append(f"## {heading}")
        if section.kind == "code":  # what there is to notice is said when it has been seen
            parts += _run(section)
            continue
        parts.append(section.body.strip())
        if section.code:
            parts.append(_fence(section.code, LANGUAGE))
        if section.exercise_id:
            exercise = exercises[section.exercise_id]
            parts += _visible_tests(exercise)
            parts += [
                f"*Hint {number}:* {hint}" for number, hint in enumerate(exercise.hints[: section.hints_shown], 1)
            ]
        if section.kind == "quiz":
            parts += [_asked(number, question) for number, question in enumerate(plan.quiz, 1)]
    return "\n\n".join(parts) + "\n"


def _run(section: Section) -> list[str]:
    given = ["Input:", _fence(section.stdin, "text")] if section.stdin else []
    printed = ["It prints:", _fence(section.expected_stdout or "", "text")]
    return [_fence(section.code or "", LANGUAGE), *given, *printed, section.body.strip()]


def _visible_tests(exercise: Exercise) -> list[str]:
    parts = []
    for number, case in enumerate((case for case in exercise.tests if not case.hidden), 1):
        given = ["Input:", _fence(case.input, "text")] if case.input else []
        parts += [f"**Test {number}**", *given, "Expected output:", _fence(case.expected_output, "text")]
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
