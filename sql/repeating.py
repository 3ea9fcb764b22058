"""An INSERT of constants and parameters that comes again: its row is made without a query.

The first time, DuckDB evaluates the row by the rules of assignment, like any other. A constant's value is
the same from then on, and a parameter whose value is just what the column holds needs no cast. Whatever
else a parameter brings (another type, a value out of range, text to be read) is DuckDB's again.

A `Repeating` belongs to a plan that is kept, so to one catalog and one set of parameter types; what it
remembers is right for one TimeZone, in which constants are read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from sqlglot import exp

from engine.catalog import Column
from sql import assignment
from sql.types import declared

_PLAIN = frozenset(
    ("smallint", "integer", "bigint", "double precision", "boolean", "text", "character varying")
)
"""Types of columns whose values a parameter's decoder gives just as they are held."""


class Repeating:
    """`cells` are the row's values by column, as the statement and the defaults have them."""

    def __init__(self, columns: Sequence[Column], cells: Sequence[exp.Expr], oids: Sequence[int]) -> None:
        self._cells = [_parameter(column, cell, oids) for column, cell in zip(columns, cells, strict=True)]
        self._zone = ""
        self._row: pa.Table | None = None

    @staticmethod
    def may(columns: Sequence[Column], cells: Sequence[exp.Expr], oids: Sequence[int]) -> bool:
        """Whether each cell is a constant, or a parameter of its column's own type."""
        return bool(columns) and all(
            _is_constant(cell) or _parameter(column, cell, oids)
            for column, cell in zip(columns, cells, strict=True)
        )

    def remember(self, row: pa.Table, zone: str) -> None:
        """DuckDB has made the row."""
        self._row, self._zone = row, zone

    def row(self, values: Sequence[object] | None, zone: str) -> pa.Table | None:
        """The row with these parameters; None when DuckDB has to make it."""
        if self._row is None or values is None or zone != self._zone:
            return None
        arrays: list[Any] = []
        for place, number in enumerate(self._cells):
            known = self._row.column(place)
            if number == 0:
                arrays.append(known)
                continue
            if number > len(values):
                return None
            value = values[number - 1]
            if not _fits(value, known.type):
                return None
            arrays.append(pa.array([value], known.type))
        return pa.Table.from_arrays(arrays, schema=self._row.schema)


def _unlabelled(cell: exp.Expr) -> exp.Expr:
    return cell.this if isinstance(cell, exp.Alias) else cell


def _is_constant(cell: exp.Expr) -> bool:
    cell = _unlabelled(cell)
    while isinstance(cell, exp.Cast | exp.Neg):
        cell = cell.this
    return isinstance(cell, exp.Literal | exp.Null | exp.Boolean)


def _parameter(column: Column, cell: exp.Expr, oids: Sequence[int]) -> int:
    """The number of the parameter that the cell is, but for the cast that an assignment puts around it;
    0 when it is none, or none of the column's own kind."""
    cell = _unlabelled(cell)
    node = cell.this if isinstance(cell, exp.Cast) else cell
    if not isinstance(node, exp.Parameter) or column.type not in _PLAIN:
        return 0
    if cell not in (node, assignment.as_column(node.copy(), column)):
        return 0
    number = int(node.name)
    return number if number <= len(oids) and oids[number - 1] == declared(column.type).pg.oid else 0


def _fits(value: object, kind: pa.DataType) -> bool:
    """Whether a column of that Arrow type holds the value as it is."""
    if value is None:
        return True
    if pa.types.is_integer(kind):
        limit = 1 << (kind.bit_width - 1)
        return type(value) is int and -limit <= value < limit
    if pa.types.is_boolean(kind):
        return type(value) is bool
    if pa.types.is_float64(kind):
        return type(value) is float
    return bool(pa.types.is_string(kind)) and type(value) is str
