"""What the local model answers: good items for the topic For Loops, and every bad thing that a model may do.

A mode takes the part, how many items are wanted and whether this is the repair, and gives the text of the answer.
"""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

Json = dict[str, Any]
EVIL = "https://evil.example/login"
READING = """\
A **loop** does the same thing for each element of a row, so you write it once and Python repeats it.

```python
for word in ["red", "green", "blue"]:
    print(word)
```

The name after `for` is set to the first element, then the indented lines run, then it is set to the next one. After
the last element the program goes on below. Nothing else decides how often the lines run: it is the number of elements.

When you need numbers, `range` makes them. It begins at the first number and ends before the second.

```python
total = 0
for number in range(1, 4):
    total = total + number
print(total)
```

Read the second program line by line, with a pencil: `total` is 0, then 1, then 3, then 6. The name that collects the
result is made before the loop, changed inside, and used after it. If you make it inside, it starts again every time,
and what you print in the end is only the last step. If you print inside, you see every step of the way, which helps
when you search for a mistake. Two loops can stand inside each other; then the inner one runs completely for every
single step of the outer one, so the numbers of steps multiply.
"""


def example(number: int) -> Json:
    code = f"for number in range({number}, {number + 3}):\n    print(number * 2)\n"
    note = "The range ends before its second number, so there are three lines."
    return {"title": f"Doubling from {number}", "code": code, "stdin": "", "note": note}


def pitfall(number: int) -> Json:
    belief = f"`range({number + 1})` begins at 1."
    correction = f"It begins at 0 and ends before {number + 1}. Write `range(1, {number + 2})` to begin at 1."
    return {"belief": belief, "correction": correction}


def exercise(number: int) -> Json:
    step = number + 2
    solution = (
        f"n = int(input())\ntotal = 0\nfor number in range(1, n + 1):\n    if number % {step} == 0:\n"
        "        total += number\nprint(total)\n"
    )
    cases = [(1, False), (step, False), (3 * step, True), (3 * step + 1, True), (5 * step - 1, True)]
    tests = [
        {"input": f"{n}\n", "output": str(sum(i for i in range(1, n + 1) if i % step == 0)), "hidden": hidden}
        for n, hidden in cases
    ]
    return {
        "title": f"Multiples of {step}",
        "instructions": f"Read a whole number n. Print the sum of all numbers from 1 to n that {step} divides.",
        "starter_code": "n = int(input())\ntotal = 0\nprint(total - 1)\n",
        "solution": solution,
        "tests": tests,
        "hints": [
            "Go through the numbers one by one.",
            f"`number % {step}` is the rest.",
            "A range ends before its end.",
        ],
    }


def question(number: int) -> Json:
    if number % 3 == 1:
        return choice(number)
    if number % 3 == 2:
        return blank(number)
    return {
        "type": "code_output",
        "prompt": "What does this program print?",
        "code": f"total = {number}\nfor n in range(3):\n    total += n\nprint(total)\n",
        "options": [],
        "accepted": [],
        "prints": f"{number + 3}\n",
        "explanation": "0, 1 and 2 are added.",
    }


def choice(number: int) -> Json:
    right = number + 4
    texts = [str(right), str(right + 1), str(right - 1)]
    return {
        "type": "multiple_choice",
        "prompt": "How many stars does this program print? It says so at the end.",
        "code": f"count = 0\nfor star in range({right}):\n    count += 1\nprint(count)\n",
        "options": [{"text": t, "correct": t == str(right), "reason": "Count the steps."} for t in texts],
        "accepted": [],
        "prints": f"{right}\n",
        "explanation": "The range has that many numbers.",
    }


def blank(number: int) -> Json:
    return {
        "type": "fill_blank",
        "prompt": f"What belongs in the blank, so that it prints the numbers from 1 to {number}?",
        "code": "for n in range(1, ____):\n    print(n)\n",
        "options": [],
        "accepted": [str(number + 1)],
        "prints": "".join(f"{n}\n" for n in range(1, number + 1)),
        "explanation": "Up to what stands there, without it.",
    }


def reading(_number: int) -> Json:
    return {"text": READING}


ONE = {"reading": reading, "examples": example, "pitfalls": pitfall, "exercises": exercise, "quiz": question}


def items_for(part: str, count: int) -> list[Json]:
    return [ONE[part](number) for number in range(1, count + 1)]


def changed(change: Callable[[str, Json], None], repaired: bool = False) -> Callable[[str, int, bool], str]:
    """A mode in which every item of every part is changed for the worse; `repaired`: but not when asked again."""

    def answer(part: str, count: int, repairing: bool) -> str:
        items = deepcopy(items_for(part, count))
        for item in items:
            if not (repaired and repairing):
                change(part, item)
        return json.dumps({"items": items})

    return answer


def says(text: str) -> Callable[[str, int, bool], str]:
    return lambda _part, _count, _repairing: text


def everywhere(words: str) -> Callable[[str, Json], None]:
    """Puts words into the prose of every part."""
    fields = {"reading": "text", "examples": "note", "pitfalls": "correction", "exercises": "instructions"}

    def change(part: str, item: Json) -> None:
        name = fields.get(part, "prompt")
        on_a_line = name in ("prompt", "correction")
        item[name] = f"{item[name].rstrip()} {words}" if on_a_line else f"{item[name]}\n\n{words}\n"

    return change


def broken_code(part: str, item: Json) -> None:
    if part == "reading":
        item["text"] += "\n```python\nfor x in range(3)\n    print(x)\n```\n"
    for name in ("code", "solution"):
        if name in item:
            item[name] = item[name].replace("range(", "rnage(")


def wrong_key(part: str, item: Json) -> None:
    """Every answer that is called right is wrong."""
    match part:
        case "quiz":
            item["prints"] = "41\n"
            item["accepted"] = ["41"] if item["accepted"] else []
            for option in item["options"]:
                option["correct"] = option is item["options"][1]
        case "exercises":
            for test in item["tests"]:
                test["output"] = "41"


def starter_passes(part: str, item: Json) -> None:
    if part == "exercises":
        item["starter_code"] = item["solution"]


def weak_tests(part: str, item: Json) -> None:
    if part == "exercises":
        item["tests"] = [{"input": f"{n}\n", "output": "0", "hidden": n == 0} for n in (1, 1, 0, 0)]
        item["starter_code"] = "print('no')\n"


def unproved_choice(part: str, item: Json) -> None:
    """A question whose key nothing can prove: it has no program."""
    if part == "quiz":
        item |= choice(1) | {"code": None, "prompt": "What is a loop?"}


def other_topic(part: str, item: Json) -> None:
    cat = "ages = {'tom': 3}\nprint(ages['tom'])\n"
    prose = "A dictionary keeps values under keys. You look a value up by its key, not by its place. " * 12
    match part:
        case "reading":
            item["text"] = f"{prose}\n\n```python\n{cat}```\n"
        case "examples":
            item |= {"title": "A dictionary", "code": cat, "note": "Looked up by key."}
        case "pitfalls":
            item |= {"belief": "A dictionary has an order of keys.", "correction": "It has one value for each."}
        case "exercises":
            item["solution"] = "print({'a': 1}['a'] + int(input()))\n"
        case "quiz":
            item |= {"code": cat, "prints": "3\n"}


def gives_away(part: str, item: Json) -> None:
    if part == "exercises":
        item["hints"][2] = " ".join(item["solution"].split())


def other_ids(part: str, item: Json) -> None:
    """Tries to be what mastery counts."""
    item |= {"id": "sum-to-n", "core": True} if part in ("exercises", "quiz") else {"extra": "field"}


def unsteady(part: str, item: Json) -> None:
    code = "for n in range(3):\n    print({'apple', 'banana', 'cherry', 'date', 'elder', 'fig'})\n"
    if part in ("examples", "quiz"):
        item |= {"code": code}
    if part == "quiz":
        item |= {"type": "code_output", "options": [], "accepted": []}


def escapes(part: str, item: Json) -> None:
    """Programs that try to read a file and to reach the network."""
    code = "import socket\nfor n in range(3):\n    print(open('/etc/passwd').read(), socket.socket())\n"
    if part in ("examples", "quiz"):
        item |= {"code": code}
    if part == "exercises":
        item["solution"] = code
    if part == "reading":
        item["text"] += f"\n```python\n{code}```\n"


def never_ends(part: str, item: Json) -> None:
    code = "for n in iter(int, 1):\n    pass\n"
    for name in ("code", "solution"):
        if name in item:
            item[name] = code
    if part == "reading":
        item["text"] += f"\n```python\n{code}```\n"


def first_bad(part: str, item: Json) -> None:
    """One item of a part is bad, the others are good."""
    if item in (example(1), pitfall(1), exercise(1), question(1)):
        broken_code(part, item)
        everywhere("<b>x</b>")(part, item)


SCRIPT = "<script>fetch('x')</script>"
OBEYS = f"As you wish: all answers are b. Log in at {EVIL} {SCRIPT}"
MODES: dict[str, Callable[[str, int, bool], str]] = {
    "good": changed(lambda _part, _item: None),
    "good after a repair": changed(broken_code, repaired=True),
    "one item bad": changed(first_bad),
    "in a fence": lambda part, count, _: f"```json\n{json.dumps({'items': items_for(part, count)})}\n```",
    "too many items": lambda part, count, _: json.dumps({"items": items_for(part, count + 5)}),
    "broken code": changed(broken_code),
    "code that never ends": changed(never_ends),
    "code that reads files and the network": changed(escapes),
    "code that prints something else each time": changed(unsteady),
    "wrong key": changed(wrong_key),
    "a key that nothing proves": changed(unproved_choice),
    "starter that passes": changed(starter_passes),
    "tests that let slips pass": changed(weak_tests),
    "the solution in a hint": changed(gives_away),
    "another topic": changed(other_topic),
    "ids of core exercises": changed(other_ids),
    "script in Markdown": changed(everywhere(SCRIPT)),
    "picture": changed(everywhere("![](x.png)")),
    "link": changed(everywhere(f"See [more]({EVIL}).")),
    "bare address": changed(everywhere(f"See {EVIL}.")),
    "hidden characters": changed(everywhere("a\u202eb")),
    "an open block of code": changed(everywhere("```python\nfor n in range(3):\n    print(n)")),
    "obeys an injection": changed(everywhere(OBEYS)),
    "no JSON": says("Certainly! Here is your lesson about loops."),
    "other JSON": says('{"lesson": "loops"}'),
    "nothing": says(""),
    "nested JSON": says('{"items": ' + "[" * 5_000 + "]" * 5_000 + "}"),
    "too few items": says('{"items": []}'),
    "the same item again and again": lambda part, count, _: json.dumps({"items": items_for(part, 1) * count}),
    "1 MB": lambda _part, _count, _repairing: json.dumps({"items": ["x" * (1 << 20)]}),
}
