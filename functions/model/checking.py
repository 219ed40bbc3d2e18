"""What text may be shown: bounded, plain Markdown, no links, nothing that a browser or a reader could be tricked by.

A lesson is shown by the page, as Markdown to whoever asks, and as HTML; each of them escapes by itself. This is so that
there is nothing to escape. The Markdown is parsed, not searched: what is not on the list of harmless parts is refused.
"""

import re
from collections.abc import Iterable
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from functions.learning.curriculum import Example, Exercise, Misconception, Question
from functions.model.reasons import GIVES_AWAY, LINK, NO_PROGRAM, TOO_LONG, UNSAFE, Refused
from functions.model.sources import Draft, Item
from functions.proof.prove import FENCED

LINE, PARAGRAPH, READING, CODE, DATA = 300, 2_000, 8_000, 2_000, 1_000  # characters
TITLE, TESTS, ACCEPTED, OPTIONS = 80, 12, 6, 6
END = "The end of the text."
BLOCKS = {
    "paragraph_open", "paragraph_close", "inline", "fence", "bullet_list_open", "bullet_list_close",
    "ordered_list_open", "ordered_list_close", "list_item_open", "list_item_close", "table_open", "table_close",
    "thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open", "tr_close", "th_open", "th_close", "td_open",
    "td_close",
}  # fmt: skip
SPANS = {"text", "softbreak", "hardbreak", "em_open", "em_close", "strong_open", "strong_close", "code_inline"}
FENCES = ("python", "text", "")
ADDRESS = re.compile(r"://|\bwww\.|\b(?:mailto|javascript|vbscript):|\bdata:\w+/|[\w.+-]+@[\w-]+\.\w", re.IGNORECASE)
HOST = re.compile(r"\b[a-z0-9-]+\.(?:com|org|net|biz|xyz|example|ru|cn)\b", re.IGNORECASE)
# Control characters; what is invisible; what turns the direction of writing ("Trojan Source", CVE-2021-42574).
HIDING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_markdown = MarkdownIt("commonmark", {"html": True}).enable("table")  # html: so that it is seen, and refused


def check(draft: Draft) -> None:
    """Everything about a drafted item that can be seen without running it. Raises Refused."""
    match draft.item:
        case str(text):
            block(text, READING)
        case Example() as item:
            line(item.title, TITLE)
            block(item.note)
            code(item.code)
            data(item.stdin)
        case Misconception() as item:
            line(item.belief)
            line(item.correction, PARAGRAPH)
        case Exercise() as item:
            _exercise(item)
        case Question() as item:
            _question(item)
            data(draft.prints)


def _exercise(item: Exercise) -> None:
    line(item.title, TITLE)
    block(item.instructions)
    code(item.starter_code)
    code(item.solution)
    if len(item.tests) > TESTS:
        raise Refused(TOO_LONG, f"At most {TESTS} tests.")
    for case in item.tests:
        data(case.input)
        data(case.expected_output)
    for hint in item.hints:
        line(hint)
    solution = _tight(item.solution)
    if any(solution in _tight(text) for text in (item.instructions, *item.hints)):
        raise Refused(GIVES_AWAY, "The instructions or hints contain the solution.")


def _question(item: Question) -> None:
    if not item.code:  # a choice too: else nothing could prove its key
        raise Refused(NO_PROGRAM, "code: every question needs a program.")
    line(item.prompt)
    code(item.code)
    block(item.explanation)
    if len(item.options) > OPTIONS or len(item.accepted) > ACCEPTED:
        raise Refused(TOO_LONG, f"At most {OPTIONS} options and {ACCEPTED} accepted answers.")
    for option in item.options:
        data(option.text, LINE)
        line(option.reason)
    for answer in item.accepted:
        data(answer, LINE)


def line(text: str, limit: int = LINE) -> None:
    """One line within a paragraph, a heading or a list. Raises Refused."""
    if "\n" in text:
        raise Refused(UNSAFE, f"This has to be one line: {text[:40]!r}.")
    tokens = _parsed(text, limit)
    if [token.type for token in tokens] != ["paragraph_open", "inline", "paragraph_close"]:
        raise Refused(UNSAFE, f"This has to be a plain sentence: {text[:40]!r}.")


def block(text: str, limit: int = PARAGRAPH) -> None:
    """Paragraphs, lists, tables and code, which leave nothing open behind them. Raises Refused."""
    tokens = _parsed(text, limit)
    fences = [token.info.strip() for token in tokens if token.type == "fence"]
    if any(info not in FENCES for info in fences) or fences.count("python") != len(FENCED.findall(text)):
        raise Refused(UNSAFE, "Code blocks start with ```python or ```text in the first column, and end with ```.")


def code(text: str) -> None:
    """A program. Raises Refused."""
    data(text, CODE)


def data(text: str, limit: int = DATA) -> None:
    """What is shown in a block of code, or only compared. Raises Refused."""
    if len(text) > limit:
        raise Refused(TOO_LONG, f"At most {limit} characters: {text[:40]!r}.")
    if HIDING.search(text):
        raise Refused(UNSAFE, "No control characters, and none that cannot be seen.")
    _no_address(text)


def _parsed(text: str, limit: int) -> list[Token]:
    data(text, limit)
    environment: dict[str, Any] = {}
    tokens = _markdown.parse(f"{text}\n\n{END}", environment)
    if environment.get("references"):
        raise Refused(LINK, "No links.")
    last = [(token.type, token.level, token.content) for token in tokens[-3:]]
    if last != [("paragraph_open", 0, ""), ("inline", 1, END), ("paragraph_close", 0, "")]:
        raise Refused(UNSAFE, "Something is not closed: a code block, or markup.")
    del tokens[-3:]
    spans = [span for token in tokens for span in token.children or ()]
    for found in (*(t.type for t in tokens if t.type not in BLOCKS), *(s.type for s in spans if s.type not in SPANS)):
        if found.startswith("link"):
            raise Refused(LINK, "No links.")
        raise Refused(UNSAFE, f"Not allowed in this Markdown: {found.replace('_', ' ')}.")
    for span in spans:
        _no_address(span.content)  # an entity may have hidden it
    return tokens


def _no_address(text: str) -> None:
    if ADDRESS.search(text) or HOST.search(text):
        raise Refused(LINK, "No links and no addresses.")


def outputs(items: Iterable[Item]) -> None:
    """What programs printed is shown too. Raises Refused."""
    for item in items:
        printed = getattr(item, "expected_stdout", None) or getattr(item, "expected_output", None)
        if printed:
            data(printed, PARAGRAPH)


def _tight(text: str) -> str:
    return "".join(text.split())
