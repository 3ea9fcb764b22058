"""Result batches as DataRow messages, a whole batch at a time.

Each column becomes an array of encoded values (server.values), and one join of all columns and their
length prefixes, row by row in C++, *is* the stream of messages: its data buffer goes to the socket. No
Python object is made per row or value.

A batch is cut in half, again and again, while its messages might exceed what one Arrow array can hold;
a single row above that is an error (54000), as it is above 1 GB in PostgreSQL.

Rejected: scattering bytes into a preallocated buffer with numpy index arrays (ten times slower per byte
than the join), and formatting inside DuckDB (the session knows nothing of wire formats).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from server.values.arrow import Array, fixed, lengths, valid, value_bytes
from server.values.binary import binary_of
from server.values.text import text_of
from server.values.zones import zone
from sql.answers import ResultColumn
from sql.errors import SqlError
from sql.types import PgType, find_oid

BATCH_BYTES_MAX = 256 * 1024 * 1024
"""Larger batches are encoded in parts; texts may be several times as large as what they print."""
_UNKNOWN_OID = 25


class RowEncoder:
    """Encodes the batches of one result. `formats` is as in Bind: none, one for all, or one a column."""

    def __init__(
        self, columns: Sequence[ResultColumn], formats: Sequence[int], settings: Mapping[str, str]
    ) -> None:
        self._columns = [(_type_of(column), column.type_modifier) for column in columns]
        self._binary = _spread(formats, len(columns))
        self._zone = zone(settings.get("TimeZone", "UTC"))

    def encode(self, batch: pa.RecordBatch) -> bytes:
        """DataRow messages, one a row."""
        if batch.num_columns != len(self._columns):
            message = f"the result has {batch.num_columns} columns, {len(self._columns)} were announced"
            raise SqlError("XX000", message)
        if not batch.num_rows:
            return b""
        if batch.nbytes > BATCH_BYTES_MAX and batch.num_rows > 1:
            return self._halves(batch)
        try:
            values = [
                binary_of(column, pg, modifier)
                if binary
                else text_of(column, pg, modifier, self._zone).cast(pa.binary())
                for column, (pg, modifier), binary in zip(
                    batch.columns, self._columns, self._binary, strict=True
                )
            ]
            return frame(values, batch.num_rows)
        except (pa.ArrowCapacityError, OverflowError):
            if batch.num_rows > 1:
                return self._halves(batch)
            raise SqlError("54000", "a row of the result is too large to be sent") from None
        except pa.ArrowInvalid as failure:
            raise SqlError(
                "XX000", f"a value does not have the type announced for it: {failure}"
            ) from failure

    def _halves(self, batch: pa.RecordBatch) -> bytes:
        middle = batch.num_rows // 2
        return self.encode(batch.slice(0, middle)) + self.encode(batch.slice(middle))


def encode_rows(
    batch: pa.RecordBatch,
    columns: Sequence[ResultColumn],
    formats: Sequence[int],
    settings: Mapping[str, str],
) -> bytes:
    """One batch as DataRow messages; `settings` is the session's, of which TimeZone matters."""
    return RowEncoder(columns, formats, settings).encode(batch)


def _type_of(column: ResultColumn) -> PgType:
    pg = find_oid(column.type_oid) or find_oid(_UNKNOWN_OID)
    assert pg is not None
    return pg


def _spread(formats: Sequence[int], count: int) -> list[bool]:
    if any(code not in (0, 1) for code in formats):
        raise SqlError("22023", f"unsupported format code: {next(c for c in formats if c not in (0, 1))}")
    if len(formats) not in (0, 1, count):
        message = f"bind message has {len(formats)} result formats but query has {count} columns"
        raise SqlError("08P01", message)
    return [bool(code) for code in formats] * (count if len(formats) == 1 else 1) or [False] * count


def frame(values: Sequence[Array], rows: int) -> bytes:
    """DataRow messages of columns of encoded values."""
    sizes = [lengths(column) for column in values]
    prefixes = [
        np.where(valid(column), size, np.int32(-1)) if column.null_count else size
        for column, size in zip(values, sizes, strict=True)
    ]
    total = np.full(rows, 6 + 4 * len(values), np.int64)
    for size in sizes:
        total += size
    if int(total.sum()) + rows > np.iinfo(np.int32).max:
        raise OverflowError
    head = _header(total, len(values), prefixes[:1])
    if not values:
        return head.tobytes()
    like = pa.nulls(0)
    pieces: list[Any] = [fixed(head, like), values[0]]
    for prefix, column in zip(prefixes[1:], values[1:], strict=True):
        pieces += [_prefix(prefix, like), column]
    joined = pc.binary_join_element_wise(*pieces, b"", null_handling="replace", null_replacement=b"")
    return bytes(value_bytes(joined)[1])


def _header(
    total: npt.NDArray[np.int64], columns: int, first: list[npt.NDArray[np.int32]]
) -> npt.NDArray[np.uint8]:
    """The message's type and length, the number of columns, and the first column's length."""
    fields = np.empty(
        len(total), [("type", "S1"), ("length", ">i4"), ("columns", ">i2")] + [("first", ">i4")] * len(first)
    )
    fields["type"] = b"D"
    fields["length"] = total
    fields["columns"] = columns
    for prefix in first:
        fields["first"] = prefix
    return fields.view(np.uint8).reshape(len(total), -1)


def _prefix(lengths_or_null: npt.NDArray[np.int32], like: Array) -> Any:
    """One value for all rows when all have the same length."""
    first = lengths_or_null[0]
    if (lengths_or_null == first).all():
        return pa.scalar(int(first).to_bytes(4, "big", signed=True), pa.binary())
    return fixed(lengths_or_null.astype(">i4"), like)
