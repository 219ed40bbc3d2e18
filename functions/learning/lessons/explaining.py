"""Says why a lesson is as it is: its reasons, the topics it points back to, the recent errors it takes up."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from functions.learning.curriculum import Example, Exercise, Topic, course
from functions.learning.lessons.types import Brief

if TYPE_CHECKING:  # it asks here for the reasons
    from functions.learning.lessons.choosing import Plan

KIND_REASONS = {
    "standard": "Written for {level} level.",
    "review": "A review: a reminder, then the quiz, then practice at {level} level.",
    "remedial": "Starts again from the beginning, with the common mistakes and all hints.",
    "challenge": "The hardest exercises of the topic, with the explanation in depth.",
}
# Keyed by what an interpreter reports; anything else a client sends is ignored rather than repeated.
ERROR_ADVICE = {
    "IndentationError": "Lines of one block start in the same column, four spaces in from the line with the colon.",
    "SyntaxError": "Python could not read the line. Look for a missing colon, quote or parenthesis near it.",
    "NameError": "The name has no value yet. Check its spelling, and that it is set before this line runs.",
    "UnboundLocalError": "The function sets this name somewhere, so it is its own, and has no value yet at this line.",
    "TypeError": "Values of types that do not go together, often text and a number; or a call with too many arguments.",
    "ValueError": 'A value has the right type and cannot be used, for instance `int("ten")`. Print it to see it.',
    "IndexError": "A position outside. The first is 0, the last is the length minus 1.",
    "KeyError": "There is no such key. Print the keys to compare.",
    "AttributeError": "The value has no such name behind the dot. Print `type(...)` of it to see what it really is.",
    "RecursionError": "A function calls itself without end. Which call is the one that should stop it?",
    "ModuleNotFoundError": "No module of that name is to be found. Check its spelling, and which Python is running.",
    "RuntimeError": "Something was changed while a loop went through it, or used at a time when it could not be.",
    "FileNotFoundError": "No file of that name where the program runs. Print `os.getcwd()` to see where that is.",
    "UnicodeEncodeError": 'A character cannot be written in this encoding. Say `encoding="utf-8"` in `open`.',
    "UnicodeDecodeError": "The file was written in another encoding than it is read in. Say `encoding=` in `open`.",
    "JSONDecodeError": "The text is not JSON. Print it: it may be empty, or have single quotes or a comma too many.",
    "ZeroDivisionError": "Something was divided by 0. Ask before you divide.",
    "EOFError": "`input()` found no further line. Count how often your loop reads.",
    "TimeoutError": "The program did not end. Follow the names in the loop's condition: which of them changes?",
}


def reasons(topic: Topic, brief: Brief, plan: "Plan", left_out: bool) -> list[str]:
    """Why the lesson is as it is, a sentence each; `left_out`: the time cut it short."""
    given = [*brief.reasons, KIND_REASONS[brief.lesson_type].format(level=brief.level)]
    if names := titles(brief.missing_prerequisites):
        first = brief.missing_prerequisites[0]
        given.append(
            f"Not yet secure, and needed here: {', '.join(names)}. "
            f"Before this lesson, or when you are lost in it, ask for a remedial one (topic {first})."
        )
    if names := titles(weak_before(topic, brief)):
        given.append(f"Weak so far: {', '.join(names)}; the lesson points back there.")
    if errors := known_errors(brief):
        given.append(f"Takes up your recent errors: {', '.join(errors)}.")
    chosen: list[Example | Exercise] = [*plan.examples, *plan.exercises]
    if names := titles(dict.fromkeys(name for item in chosen for name in helped(item, brief))):
        given.append(f"Its examples and exercises practise again: {', '.join(names)}.")
    if done := sum(exercise.exercise_id in brief.passed for exercise in plan.exercises):
        given.append(f"You have passed {done} of its exercises before; they come last.")
    budget, minutes = brief.time_budget_minutes, plan.minutes()
    if budget is not None and minutes > budget:
        given.append(f"About {minutes} minutes rather than {budget}: what the lesson cannot do without stays in.")
    elif budget is not None and left_out:
        given.append(f"Shortened to fit {budget} minutes.")
    return given


def helped(item: Example | Exercise, brief: Brief) -> list[str]:
    """The weak topics that an item practises again and the recent errors that it helps with."""
    errors = item.errors if isinstance(item, Example) else ()
    return [name for name in (*brief.weak_topics, *brief.recent_errors) if name in (*item.revisits, *errors)]


def weak_before(topic: Topic, brief: Brief) -> list[str]:
    """Weak topics that this one builds on, directly or not, and that are not already reported as missing."""
    before = {*topic.prerequisites, *course().before(topic.prerequisites)}
    return [weak for weak in brief.weak_topics if weak in before and weak not in brief.missing_prerequisites]


def titles(topic_ids: Iterable[str]) -> list[str]:
    """The titles of those topics that the course has."""
    by_id = course().by_id
    return [by_id[topic_id].title for topic_id in topic_ids if topic_id in by_id]


def known_errors(brief: Brief) -> list[str]:
    """The learner's recent errors that there is advice for, each once."""
    return [error for error in dict.fromkeys(brief.recent_errors) if error in ERROR_ADVICE]
