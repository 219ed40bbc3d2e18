"""A list of answers as CSV (RFC 4180), for a teacher's spreadsheet."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute instead of show


def as_csv(rows: Sequence[BaseModel]) -> str:
    """A header and a line for each row; an object's members become columns, a list is joined by semicolons."""
    flat = [_flat(row.model_dump(mode="json")) for row in rows]
    text = io.StringIO()
    writer = csv.writer(text)
    if flat:
        writer.writerow(flat[0])
        writer.writerows([map(_cell, row.values()) for row in flat])
    return text.getvalue()


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        found |= {f"{name}_{inner}": v for inner, v in value.items()} if isinstance(value, dict) else {name: value}
    return found


def _cell(value: Any) -> Any:
    shown = "; ".join(map(str, value)) if isinstance(value, list) else value
    return f"'{shown}" if isinstance(shown, str) and shown.startswith(FORMULA) else shown
