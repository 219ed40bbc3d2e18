"""Edits of text that others wrote and comment: one line or block in or out, and nothing else moves."""

import re

from functions.refused import Refused


def with_line(text: str, line: str, pattern: str) -> str:
    """The line among those that match, in the order of what the pattern's group finds."""
    matcher, lines = re.compile(pattern), text.splitlines(keepends=True)
    if not (own := matcher.fullmatch(line)):
        raise ValueError(f"{line!r} does not match {pattern!r}")
    found = [(number, match[1]) for number, each in enumerate(lines) if (match := matcher.fullmatch(each.rstrip("\n")))]
    if not found:
        raise Refused(f"no line like {line.strip()!r} to put it beside")
    at = next((number for number, key in found if key > own[1]), found[-1][0] + 1)
    return "".join([*lines[:at], f"{line}\n", *lines[at:]])


def without_line(text: str, pattern: str) -> str:
    """Raises Refused when not exactly one line matches."""
    found = re.findall(rf"^{pattern}\n", text, flags=re.MULTILINE)
    if len(found) != 1:
        raise Refused(f"{len(found)} lines are like {pattern.replace(chr(92), '')!r}, where one was expected")
    return re.sub(rf"^{pattern}\n", "", text, count=1, flags=re.MULTILINE)


def after(text: str, start: str) -> tuple[str, str]:
    """What comes before the end of `start`, and what after it."""
    head, found, tail = text.partition(start)
    if not found:
        raise Refused(f"{start.strip()!r} is not there")
    return head + found, tail


# Rows of Markdown tables


def cells_of(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip().strip("|").split("|")]


def row_of(cells: list[str]) -> str:
    return re.sub(r"\|  (?=\|)", "| ", f"| {' | '.join(cells)} |")


def named(cell: str) -> list[str]:
    return cell.split(", ") if cell else []
