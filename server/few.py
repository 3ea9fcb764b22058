"""Results of a few rows as DataRow messages, value by value.

`server.rows` is made for whole batches: it pays a few hundred microseconds before the first row. Most
statements of an application return one row; for them plain Python is ten times quicker. Integers, text,
booleans, floats and timestamps are written here; what is left of the types goes column by column through
the same encoders as there, so both agree byte for byte.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from server.rows import RowEncoder
from server.values.binary import binary_of
from server.values.text import text_of
from server.values.times import INFINITE_US, SECOND_US, microseconds, timestamp_text
from server.values.zones import Zone, offset_text, zone
from sql.answers import ResultColumn
from sql.types import PgType, by_oid, find_oid

FEW_ROWS = 16
FEW_BYTES = 1 << 16

Value = Callable[[Any], bytes]

_NULL = b"\xff\xff\xff\xff"
_INTEGERS = {"int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64()}
_PACKERS = {"int2": struct.Struct("!h"), "int4": struct.Struct("!i"), "int8": struct.Struct("!q")}
_TEXTS = frozenset({"text", "varchar", "name"})
_DOUBLE = struct.Struct("!d")
_LENGTH = struct.Struct("!i")
_HEAD = struct.Struct("!ciH")


class ResultEncoder:
    """Encodes the batches of one result, each the way that suits its size."""

    def __init__(
        self, columns: Sequence[ResultColumn], formats: Sequence[int], settings: Mapping[str, str]
    ) -> None:
        self._columns = columns
        self._formats = formats
        self._settings = settings
        self._many: RowEncoder | None = None

    def encode(self, batch: pa.RecordBatch) -> bytes:
        """DataRow messages, one a row."""
        few = batch.num_rows <= FEW_ROWS and batch.nbytes <= FEW_BYTES
        if few and batch.num_columns == len(self._columns) and all(code in (0, 1) for code in self._formats):
            return self._encode_few(batch)
        if self._many is None:
            self._many = RowEncoder(self._columns, self._formats, self._settings)
        return self._many.encode(batch)

    def _encode_few(self, batch: pa.RecordBatch) -> bytes:
        formats = self._formats
        if len(formats) != len(self._columns):
            formats = [formats[0] if formats else 0] * len(self._columns)
        values = [
            self._values(array, column, code)
            for array, column, code in zip(batch.columns, self._columns, formats, strict=True)
        ]
        if not values:
            return _message(()) * int(batch.num_rows)
        return b"".join(_message(row) for row in zip(*values, strict=True))

    def _values(self, array: Any, column: ResultColumn, code: int) -> list[bytes | None]:
        pg = find_oid(column.type_oid) or by_oid(25)
        simple = _simple(array.type, pg, code)
        if simple is not None:
            values = array.to_pylist()
            if simple is not _float or all(value is None or _is_short(value) for value in values):
                return [None if value is None else simple(value) for value in values]
        if code:
            encoded: list[bytes | None] = binary_of(array, pg, column.type_modifier).to_pylist()
            return encoded
        session_zone = zone(self._settings.get("TimeZone", "UTC"))
        if pa.types.is_timestamp(array.type) and pg.name in ("timestamp", "timestamptz"):
            return _timestamps(array, session_zone if pg.name == "timestamptz" else None)
        texts = text_of(array, pg, column.type_modifier, session_zone)
        return [None if text is None else text.encode() for text in texts.to_pylist()]


def _simple(kind: pa.DataType, pg: PgType, code: int) -> Value | None:
    """How one value is written, where that takes no thought."""
    name = pg.name
    if name in _TEXTS and kind == pa.string():
        return str.encode
    if _INTEGERS.get(name) == kind:
        return _PACKERS[name].pack if code else _decimal
    if name == "bool" and kind == pa.bool_():
        return _binary_bool if code else _text_bool
    if name == "float8" and kind == pa.float64():
        return _DOUBLE.pack if code else _float
    return None


def _is_short(value: float) -> bool:
    """Whether PostgreSQL prints it without an exponent."""
    return value == 0 or 1e-4 <= abs(value) < 1e15


def _float(value: float) -> bytes:
    return repr(value).removesuffix(".0").encode()


def _timestamps(array: Any, session_zone: Zone | None) -> list[bytes | None]:
    moments = microseconds(array)
    index, offsets = np.zeros(len(moments), np.int64), [0]
    if session_zone is not None:
        index, offsets = session_zone.offsets(np.where(np.abs(moments) == INFINITE_US, 0, moments))
    suffixes = [offset_text(offset) if session_zone is not None else "" for offset in offsets]
    found: list[bytes | None] = []
    for moment, place, is_valid in zip(
        moments.tolist(), index.tolist(), array.is_valid().to_pylist(), strict=True
    ):
        local = moment if abs(moment) == INFINITE_US else moment + offsets[place] * SECOND_US
        found.append(timestamp_text(local, suffixes[place]).encode() if is_valid else None)
    return found


def _decimal(value: int) -> bytes:
    return b"%d" % value


def _text_bool(value: bool) -> bytes:
    return b"t" if value else b"f"


def _binary_bool(value: bool) -> bytes:
    return b"\1" if value else b"\0"


def _message(row: tuple[bytes | None, ...]) -> bytes:
    body = b"".join([_NULL if value is None else _LENGTH.pack(len(value)) + value for value in row])
    return _HEAD.pack(b"D", len(body) + 6, len(row)) + body
