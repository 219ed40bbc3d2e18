"""A page of one of the read model's tables: filters that all hold, keyset paging, and how many rows there are.

Keyset paging: rows that come in while someone pages shift nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.runtime.paging import check_time
from functions.runtime.ports import ReadModel, Row, Sql
from functions.usecases import tables

EXACT_UP_TO = 10_000  # rows; beyond it a total is an estimate


@dataclass(frozen=True)
class Order:
    """By a column, and by the table's id among equals."""

    column: str
    id_column: str
    descending: bool = False

    def check(self, after: Sequence[Any] | None) -> None:
        """Raises InvalidRequest for a cursor's position that the column cannot be compared with."""
        if after is not None and self.column.endswith("_at"):
            check_time(after[0])


@dataclass
class Selection:
    """Columns of those rows for which every condition holds."""

    table: str
    columns: Sequence[str]
    conditions: list[str] = field(default_factory=lambda: ["1 = 1"])
    params: list[Any] = field(default_factory=list)

    def where(self, condition: str, *values: Any) -> None:
        """One more condition, with a `{}` for each of the values."""
        first = len(self.params) + 1
        self.conditions.append(condition.format(*(f"${first + n}" for n in range(len(values)))))
        self.params += values

    def among(self, column: str, values: Sequence[Any]) -> None:
        """The column has one of these values; without any there is no such row."""
        self.conditions.append(tables.among(column, values, len(self.params) + 1))
        self.params += values

    def sql(self, tail: str = "") -> Sql:
        columns = ", ".join(f'"{column}"' for column in self.columns)
        return Sql(f"SELECT {columns} FROM {self.table} WHERE {' AND '.join(self.conditions)}{tail}", self.params[:])


@dataclass(frozen=True)
class Page:
    """`total` counts all the rows of the selection, not only this page's."""

    rows: Sequence[Row]
    more: bool
    total: int
    estimated: bool


async def page_of(
    read_model: ReadModel, selection: Selection, order: Order, after: Sequence[Any] | None, limit: int
) -> Page:
    """The rows that follow the position `after` (a value of the order's column, and an id); from the first if None."""
    order.check(after)
    everything, way = selection.sql(), "DESC" if order.descending else "ASC"
    if after is not None:
        follows = "<" if order.descending else ">"
        selection.where(f"({order.column}, {order.id_column}) {follows} ({{}}, {{}})", *after)
    tail = f" ORDER BY {order.column} {way}, {order.id_column} {way} LIMIT {limit + 1}"  # one more: is there a next?
    rows = await tables.query(read_model, selection.sql(tail))
    # counted last: of a row that comes in meanwhile the total may know and the page not, never the other way round
    total, estimated = await tables.count(read_model, everything, EXACT_UP_TO)
    return Page(rows[:limit], len(rows) > limit, total, estimated)
