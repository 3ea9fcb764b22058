"""Key ranges: between which values the key columns of a data object lie.

A ref tells the lowest and the highest value of each column of a key that is in its object, so that a key
check opens only the objects that can hold the value. That needs one order of the values in DuckDB, in
Arrow and here: values are compared as whole numbers (integers, dates, timestamps, numerics at a fixed
scale) or as text by code points, which is the order of its bytes in UTF-8. Columns of other types have no
range; neither have those of objects that were written before there were ranges: whatever is looked for
may be in them.

Nulls are never looked for. Text is cut to `TEXT_MAX` characters, the highest value rounded up.
"""

from __future__ import annotations

import re
import uuid
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from engine.ids import CatalogId

TEXT_MAX = 64
POINTS_MAX = 10_000
"""Of so many values each is looked for; of more only what lies between the lowest and the highest."""
_SCALE = 38
_EXACT = Context(prec=100)
_LAST_CHARACTER = 0x10FFFF
_INTEGERS = ("SMALLINT", "INTEGER", "BIGINT")

Value = Any
"""A whole number or text, the same for all values of a column."""


class KeyRange(NamedTuple):
    """Of one column in one object. `low` None: it has only nulls there. `high` None: no upper bound."""

    column: CatalogId
    low: Value | None
    high: Value | None

    @staticmethod
    def of(column: CatalogId, low: Value | None, high: Value | None) -> KeyRange:
        if isinstance(low, str) and isinstance(high, str):
            return KeyRange(column, low[:TEXT_MAX], _cut_up(high))
        return KeyRange(column, low, high)


def _cut_up(text: str) -> str | None:
    """The text, or when it is long a short one that comes after everything that begins like it."""
    if len(text) <= TEXT_MAX:
        return text
    kept = text[:TEXT_MAX].rstrip(chr(_LAST_CHARACTER))
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)


def has_range(type: str) -> bool:
    """Whether columns of this DuckDB type have ranges."""
    if type.startswith(("DECIMAL", "TIMESTAMP")):
        return not type.endswith("]")
    return type in (*_INTEGERS, "DATE", "VARCHAR", "UUID")


def comparable(values: pa.ChunkedArray, type: str) -> list[Value | None] | None:
    """Values of a column of DuckDB type `type` as they are compared here; None when they cannot be."""
    found = values.type
    if type in _INTEGERS and pt.is_integer(found):
        return list(values.to_pylist())
    if type == "DATE" and pt.is_date32(found):
        return list(values.cast(pa.int32()).to_pylist())
    if type.startswith("TIMESTAMP") and pt.is_timestamp(found) and found.unit == "us":
        return list(values.cast(pa.int64()).to_pylist())
    if type == "VARCHAR" and (pt.is_string(found) or pt.is_large_string(found)):
        return list(values.to_pylist())
    if type == "UUID" and pt.is_string(found):
        return [None if text is None else str(uuid.UUID(text)) for text in values.to_pylist()]
    if type.startswith("DECIMAL") and _fits(found, type):
        return [None if number is None else _scaled(number) for number in values.to_pylist()]
    return None


def _fits(found: pa.DataType, type: str) -> bool:
    """Whether numbers of an Arrow type are not rounded by a cast to DuckDB's ``DECIMAL(p,s)``."""
    scale = re.search(r",\s*(\d+)\)", type)
    exact = scale is not None and pt.is_decimal(found) and found.scale <= int(scale[1])
    return bool(pt.is_integer(found) or exact)


def _scaled(number: Decimal | int) -> int:
    return int(Decimal(number).scaleb(_SCALE, _EXACT))


def bounds(types: Mapping[CatalogId, str]) -> list[str]:
    """Select-list items that give the bounds of columns ``c<id>``."""
    return [
        f"{extreme}(CAST(c{id} AS {type})) AS {name}_{id}"
        for id, type in types.items()
        for name, extreme in (("low", "min"), ("high", "max"))
    ]


def ranges_of(found: pa.Table, types: Mapping[CatalogId, str]) -> tuple[KeyRange, ...]:
    """Ranges from the one row that has these bounds."""
    ranges = []
    for id, type in types.items():
        low, high = (comparable(found.column(f"{name}_{id}"), type) for name in ("low", "high"))
        if low is not None and high is not None:
            ranges.append(KeyRange.of(id, low[0], high[0]))
    return tuple(ranges)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Values of one column, in order: each, or, when `between`, all from the first to the last."""

    values: Sequence[Value]
    between: bool

    def may_be_in(self, range: KeyRange) -> bool:
        if range.low is None:
            return False
        at = 0 if self.between else bisect_left(self.values, range.low)
        if at == len(self.values) or self.values[-1] < range.low:
            return False
        return range.high is None or self.values[at] <= range.high


@dataclass(frozen=True, slots=True)
class KeyValues:
    """What somebody looks for: by column of a key, the values that it has in the rows looked for."""

    columns: Mapping[CatalogId, Wanted]

    def may_be_in(self, ranges: Iterable[KeyRange]) -> bool:
        """Whether an object with these ranges can hold one of the rows."""
        return all(
            wanted.may_be_in(range)
            for range in ranges
            if (wanted := self.columns.get(range.column)) is not None
        )

    @staticmethod
    def of(rows: pa.Table, types: Mapping[CatalogId, str]) -> KeyValues:
        """Of rows (columns ``c<id>``, without nulls)."""
        between = rows.num_rows > POINTS_MAX
        columns: dict[CatalogId, Wanted] = {}
        for id, type in types.items():
            values = rows.column(f"c{id}")
            if has_range(type) and not (between and type == "UUID"):  # in Arrow they are text, of any case
                if between:
                    bounds = pc.min_max(values)
                    values = pa.chunked_array([pa.array([bounds["min"], bounds["max"]], values.type)])
                found = comparable(values, type)
                if found is not None:
                    columns[id] = Wanted(sorted(set(found)), between)
        return KeyValues(columns)
