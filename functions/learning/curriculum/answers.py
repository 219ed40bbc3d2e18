"""Compares an answer with its key as a learner would expect: what is only written differently is not wrong."""

import re

_LITERALS = {"true": "True", "false": "False", "none": "None"}
_QUOTED = re.compile(r"""^(["'])(.*)\1$""", re.DOTALL)


def spellings(answer: str | bool | int | float) -> tuple[str, ...]:
    """The texts that an answer may stand for: 6.0 as a JSON number is also 6."""
    if isinstance(answer, float) and answer.is_integer():
        return str(answer), str(int(answer))
    return (str(answer),)


def same_output(left: str, right: str) -> bool:
    """Whether two outputs are equal but for trailing white space, on each line and at the end."""
    return _trimmed(left) == _trimmed(right)


def same_answer(answer: str, output: str) -> bool:
    """Whether an answer names this output.

    White space around it (unless the output begins with some), the case of True, False and None, the kind of quotes,
    and quotes around the whole of what is printed without them do not count.
    """
    real = _plain(output)
    indented = real[:1].isspace()
    written = _plain(answer if indented else answer.lstrip())
    unquoted = _QUOTED.match(written)
    return written == real or bool(unquoted and not _QUOTED.match(real) and _plain(unquoted[2]) == real)


def chosen_option(answer: str, options: dict[str, str]) -> str | None:
    """The option that an answer names: by its id, by its exact text, or by its id in another case."""
    named = answer.strip()
    if named in options:
        return named
    by_text = next((option for option, text in options.items() if text.strip() == named), None)
    return by_text or next((option for option in options if option.casefold() == named.casefold()), None)


def tight(text: str) -> str:
    """For blanks: spaces that Python does not need taken out, one kind of quotes."""
    single = " ".join(text.split()).replace('"', "'")
    return re.sub(r" ?([^\w\s']) ?", r"\1", single)


def _plain(text: str) -> str:
    words = re.split(r"(\b\w+\b)", _trimmed(text).replace('"', "'"))
    return "".join(_LITERALS.get(word.lower(), word) for word in words)


def _trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")).rstrip()
