"""Small results: fetched as Python values, because DuckDB's export to Arrow costs more than they do.

A point query takes DuckDB 0.4 ms; preparing an Arrow stream for its row takes as long again, and the
relation that is needed for it parses and binds the text once more. So what a cursor has run before is
`Known` by its text: its parsed statement, and, if its result was a few rows of plain types, its `Shape`.
A statement with a shape is run without Arrow; its rows become a record batch here.

Invariants
- A batch made here equals the one that Arrow would have given, or is not made (`Inexact`): when a value
  is one that Python cannot tell exactly (an infinite or BC date), when there are more than `FEW_ROWS`
  rows, or when the types are others than last time. Then the statement is run through Arrow, and its
  text from then on always.
- At most `STATEMENTS_MAX` texts are known per instance, none longer than `TEXT_CHARACTERS_MAX`.
"""

from __future__ import annotations

import datetime
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.types as pt

FEW_ROWS = 16
STATEMENTS_MAX = 256
TEXT_CHARACTERS_MAX = 4_096
"""Texts known, and the longest of them: DuckDB's parse takes some 25 bytes a character."""

Type = tuple[str, str]
"""A result column's name and DuckDB type."""

_ENDS = frozenset((datetime.date.min, datetime.date.max, datetime.datetime.min, datetime.datetime.max))
"""What DuckDB gives Python for an infinite date or timestamp."""


class Inexact(Exception):
    """This result has to be read through Arrow."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a result looked like: its columns, in DuckDB's types and in Arrow's."""

    types: tuple[Type, ...]
    schema: pa.Schema

    @property
    def plain(self) -> bool:
        """Whether Python holds the values of all columns exactly, as a rule."""
        return all(map(_is_plain, self.types, self.schema.types))

    def text(self, sql: str) -> str:
        """`sql` with timestamps that Python can be given: those with time zone come as UTC's."""
        zoned = [pt.is_timestamp(kind) and kind.tz is not None for kind in self.schema.types]
        if not any(zoned):
            return sql
        items = [f"timezone('UTC', f{i})" if is_zoned else f"f{i}" for i, is_zoned in enumerate(zoned)]
        names = ", ".join(f"f{i}" for i in range(len(items)))
        return f"SELECT {', '.join(items)} FROM ({sql}) AS few({names})"

    @property
    def _fetched(self) -> list[str]:
        """The types of what `text` gives."""
        return [type_.removesuffix(" WITH TIME ZONE") for _, type_ in self.types]

    def batch(self, rows: Sequence[tuple[Any, ...]], types: list[str]) -> pa.RecordBatch:
        """What was fetched: at most a row more than `FEW_ROWS`. `Inexact`."""
        if len(rows) > FEW_ROWS or types != self._fetched:
            raise Inexact
        columns = zip(*rows, strict=True) if rows else ((),) * len(self.types)
        try:
            arrays = [_array(column, kind) for column, kind in zip(columns, self.schema.types, strict=True)]
        except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
            raise Inexact from error
        return pa.RecordBatch.from_arrays(arrays, schema=self.schema)


def _is_plain(type_: Type, kind: pa.DataType) -> bool:
    if pt.is_decimal(kind):
        return type_[1].startswith("DECIMAL")
    if pt.is_timestamp(kind):
        return str(kind.unit) == "us"
    return bool(
        pt.is_integer(kind)
        or pt.is_boolean(kind)
        or pt.is_float32(kind)
        or pt.is_float64(kind)
        or pt.is_date32(kind)
        or (pt.is_string(kind) and type_[1] in ("VARCHAR", "JSON"))
        or (pt.is_binary(kind) and type_[1] == "BLOB")
    )


def _array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pt.is_temporal(kind):
        wanted = datetime.date if pt.is_date(kind) else datetime.datetime
        for value in values:
            if value is not None and (not isinstance(value, wanted) or value in _ENDS):
                raise Inexact
    return pa.array(values, kind)


# --- what is known of a text ------------------------------------------------------------------------


class Known:
    """What is known of a text that a cursor with some time zone runs."""

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._shape: Shape | None = None
        self._only_arrow = False
        self._runs = 0
        self._parsed: Any = None
        self._parsed_few: Any = None

    def statement(self, parse: Callable[[str], Any]) -> Any:
        """What DuckDB is given: the text when it comes for the first time, then what `parse` made of it."""
        self._runs += 1
        if self._parsed is None and self._runs > 1:
            self._parsed = parse(self._sql)
        return self._sql if self._parsed is None else self._parsed

    def few(self, parse: Callable[[str], Any]) -> tuple[Any, Shape] | None:
        """What DuckDB is given when the result is known to be small and plain, and its shape."""
        shape = self._shape
        if shape is None:
            return None
        if self._parsed_few is None:
            self._parsed_few = parse(shape.text(self._sql))
        return self._parsed_few, shape

    def had(self, shape: Shape, rows: int) -> None:
        """A result came through Arrow."""
        if self._only_arrow or rows > FEW_ROWS or not shape.plain:
            self.inexact()
        else:
            self._shape = shape

    def inexact(self) -> None:
        """Its result is read through Arrow from now on."""
        self._only_arrow, self._shape = True, None


class Statements:
    """Texts that an instance has run, the least recently used forgotten first. Used in threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], Known] = OrderedDict()
        self._lock = threading.Lock()

    def known(self, sql: str, timezone: str) -> Known:
        """What is known of `sql`; the shape of its result may depend on the time zone."""
        if len(sql) > TEXT_CHARACTERS_MAX:
            return Known(sql)
        key = (sql, timezone)
        with self._lock:
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = Known(sql)
                if len(self._known) > STATEMENTS_MAX:
                    self._known.popitem(last=False)
            else:
                self._known.move_to_end(key)
            return found

    def __len__(self) -> int:
        return len(self._known)
