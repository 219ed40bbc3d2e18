"""JSON as RFC 8259 and I-JSON (RFC 7493) have it, and no further than a reader's stack goes.

Python's parser takes more: NaN, a name twice (of which it keeps the last and other readers the first, so that two of
them see two different requests), and nesting without end.
"""

import json
from typing import Any

DEEPEST = 32  # levels of lists and objects; what is kept is copied recursively


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name comes twice in one object")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is not a number that can be kept")


class UniqueNames(json.JSONDecoder):
    """For libraries that parse themselves."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"object_pairs_hook": _once, "parse_constant": _no_number, **options})


def parse(body: bytes | str, deepest: int = DEEPEST, **options: Any) -> Any:
    """The value. Raises ValueError for everything else; `options` are those of `json.loads`."""
    try:
        value = json.loads(body, cls=UniqueNames, **options)
    except RecursionError as error:
        raise ValueError(f"nested deeper than {deepest} levels") from error
    _check_depth(value, deepest)
    return value


def _check_depth(value: Any, deepest: int) -> None:
    level = [value]
    for _ in range(deepest):
        lists = [v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list)]
        level = [inner for values in lists for inner in values]
    if level:
        raise ValueError(f"nested deeper than {deepest} levels")
