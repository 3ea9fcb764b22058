"""Long lists of plain constants, read as COPY reads its fields.

DuckDB takes seconds to plan a VALUES list of twenty thousand rows, and holds the interpreter's lock
meanwhile. As Arrow columns of text, which the types' input functions read, the same rows take a moment. Only
constants are taken that mean the same both ways; a list with any other cell is a query. So is one in which a
constant turns out to be wrong: the query tells which, and where.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
from sqlglot import exp

from engine.catalog import Column
from sql import assignment
from sql.types import declared

ROWS_MIN = 200
"""A list of fewer rows is a query."""

_DIGITS = re.compile(r"(?:0|[1-9][0-9]{0,17})")
_FRACTION = re.compile(r"(?:[0-9]{1,15}|(?=[0-9.]{2,16}\Z)[0-9]+\.[0-9]+)")
_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_MOMENT = _DAY + r"[ T][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?"
_ANY = re.compile(r".*", re.DOTALL)

_STRINGS: dict[str, re.Pattern[str]] = {
    "int2": _INTEGER,
    "int4": _INTEGER,
    "int8": _INTEGER,
    "float8": _NUMBER,
    "numeric": _NUMBER,
    "bool": re.compile("t|f|true|false"),
    "text": _ANY,
    "varchar": _ANY,
    "bpchar": _ANY,
    "date": re.compile(_DAY),
    "timestamp": re.compile(_MOMENT),
    "timestamptz": re.compile(_MOMENT + r"(?:[+-][0-9]{2}(?::[0-9]{2})?)?"),
    "uuid": re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
    "bytea": re.compile(r"\\x(?:[0-9a-fA-F]{2})*"),
}
"""The texts of string constants that a type reads alike."""
_NUMBERS: dict[str, re.Pattern[str]] = {
    "int2": _DIGITS,
    "int4": _DIGITS,
    "int8": _DIGITS,
    "float8": _FRACTION,
    "numeric": _FRACTION,
    "text": _DIGITS,
    "varchar": _DIGITS,
}
"""The same of numbers, without their sign."""


def fields(column: Column, cells: Sequence[exp.Expr]) -> pa.Array | None:
    """The cells of one column as text; None when one of them is not plain."""
    kind = declared(column.type).pg.name
    if kind not in _STRINGS:
        return None
    found: list[str | None] = []
    for cell in cells:
        if isinstance(cell, exp.Cast):
            inner = cell.this
            if not assignment.is_untyped(inner) or cell != assignment.as_column(inner.copy(), column):
                return None
            cell = inner
        if isinstance(cell, exp.Null):
            found.append(None)
            continue
        text = _text(kind, cell)
        if text is None:
            return None
        found.append(text)
    return pa.array(found, pa.string())


def _text(kind: str, cell: exp.Expr) -> str | None:
    """A constant's text as a field of COPY; None when it is not plain."""
    if isinstance(cell, exp.Literal):
        text = str(cell.this)
        pattern = _STRINGS[kind] if cell.is_string else _NUMBERS.get(kind)
        return text if pattern is not None and pattern.fullmatch(text) else None
    if isinstance(cell, exp.Neg) and isinstance(cell.this, exp.Literal) and not cell.this.is_string:
        size = _text(kind, cell.this)
        # There is no negative zero among numbers.
        return size if size is None or size.strip("0.") == "" else f"-{size}"
    if isinstance(cell, exp.Boolean) and kind == "bool":
        return "t" if cell.this else "f"
    return None
