"""Text of a model's: what is let through, and what is refused for which reason."""

import pytest

from functions.learning.curriculum import content, course
from functions.model import checking
from functions.model.reasons import LINK, TOO_LONG, UNSAFE, Refused
from functions.model.relevance import Subject
from functions.model.sources import Draft, Item

FINE = [
    "A sentence with `code`, **bold** and *emphasis*.",
    "A list:\n\n- one\n- two\n\n1. first\n2. second",
    "Text:\n\n```python\nprint(1)\n```\n\nIt prints:\n\n```text\n1\n```",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "`<b>` is only shown, and 1 < 2 and a & b.",
    "`os.path.join(a, b)` and `data: list[int]`, `self.app`.",
]
REFUSED = [
    ("<b>bold</b>", UNSAFE),
    ("<script>alert(1)</script>", UNSAFE),
    ("<!-- a comment", UNSAFE),
    ("<img src=x onerror=alert(1)>", UNSAFE),
    ("![a picture](x.png)", UNSAFE),
    ("[a link](/elsewhere)", LINK),
    ("[a link](javascript:alert(1))", LINK),
    ("[refers][x]\n\n[x]: /elsewhere", LINK),
    ("[x]: /elsewhere 'for links of other parts'", LINK),
    ("<https://evil.example>", LINK),
    ("See https://evil.example/login", LINK),
    ("See www.evil.example", LINK),
    ("See evil.example", LINK),
    ("Write to me@evil.example", LINK),
    ("https&#58;//evil", LINK),
    ("javascript:alert(1)", LINK),
    ("# A heading of its own", UNSAFE),
    ("Underlined\n====", UNSAFE),
    ("***", UNSAFE),
    ("> quoted", UNSAFE),
    ("```python\nprint(1)", UNSAFE),
    ("~~~python\nprint(1)\n~~~", UNSAFE),
    ("   ```python\n   print(1)\n   ```", UNSAFE),
    ("```py\nprint(1)\n```", UNSAFE),
    ("````python\nprint(1)\n````", UNSAFE),
    ("    indented code that nobody runs", UNSAFE),
    ("nothing\x00here", UNSAFE),
    ("turned \u202e round", UNSAFE),
    ("in\u200bvisible", UNSAFE),
    ("half of a pair \ud800", UNSAFE),
    ("long " * 1000, TOO_LONG),
]


@pytest.mark.parametrize("text", FINE)
def test_plain_markdown_is_let_through(text: str) -> None:
    checking.block(text)


@pytest.mark.parametrize(("text", "why"), REFUSED)
def test_what_is_more_than_text_is_refused(text: str, why: str) -> None:
    with pytest.raises(Refused) as caught:
        checking.block(text)
    assert caught.value.why == why


@pytest.mark.parametrize("text", ["two\nlines", "- an item", "```", "# heading", "1. first", "    code"])
def test_a_title_is_one_plain_line(text: str) -> None:
    with pytest.raises(Refused):
        checking.line(text)


def test_the_curriculum_itself_would_be_let_through() -> None:
    """So what is refused is no way of writing that lessons need; but in the module on services, which has addresses."""
    for topic in course().topics:
        if not topic.has_content or topic.module_id == "libraries":
            continue
        material = content(topic.topic_id)
        subject = Subject(topic, material)
        texts = [*material.explanation.values(), material.recap]
        questions = [question for question in material.quiz if question.code]
        items: list[Item] = [*texts, *material.examples, *material.exercises, *questions, *material.misconceptions]
        for item in items:
            checking.check(Draft(item))
        for text in texts:
            subject.check(Draft(text))


def test_nearly_all_programs_of_the_curriculum_are_about_their_topic_as_this_judges_it() -> None:
    other, number = 0, 0
    for topic in course().topics:
        material = content(topic.topic_id) if topic.has_content else None
        for item in (*material.examples, *material.exercises) if material else ():
            number += 1
            try:
                Subject(topic, material).check(Draft(item))  # type: ignore[arg-type]
            except Refused:
                other += 1
    assert other <= number / 50
