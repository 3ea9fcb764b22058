"""Arrow arrays as the encoders want them: one layout per kind of value, whatever DuckDB handed over.

`plain` undoes encodings (dictionary, views, large offsets, extension types); `numbers` reads a
fixed-width array's values without copying; `joined` puts arrays of strings together row by row, which
Arrow does in C++ at some ten nanoseconds a piece and everything else here builds on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sql.types import PgType, by_name, by_oid

Array = Any
"""A `pyarrow.Array`; pyarrow comes without types."""
Bools = npt.NDArray[np.bool_]

_INTEGERS = {"int2": pa.int16(), "int4": pa.int32(), "int8": pa.int64()}
_PHYSICAL = {**_INTEGERS, "float4": pa.float32(), "float8": pa.float64(), "bool": pa.bool_()}
_PG_OF_ARROW = (
    (pa.types.is_boolean, "bool"),
    (lambda t: t in (pa.int8(), pa.uint8(), pa.int16()), "int2"),
    (lambda t: t in (pa.uint16(), pa.int32()), "int4"),
    (lambda t: t in (pa.uint32(), pa.int64()), "int8"),
    (lambda t: pa.types.is_decimal(t) or t == pa.uint64(), "numeric"),
    (lambda t: t in (pa.float32(), pa.float16()), "float4"),
    (pa.types.is_floating, "float8"),
    (lambda t: t == pa.binary(16), "uuid"),
    (pa.types.is_binary, "bytea"),
    (pa.types.is_date, "date"),
    (pa.types.is_time, "time"),
    (lambda t: pa.types.is_timestamp(t) and t.tz is not None, "timestamptz"),
    (pa.types.is_timestamp, "timestamp"),
    (lambda t: t == pa.month_day_nano_interval(), "interval"),
    (pa.types.is_map, "json"),
    (pa.types.is_union, "json"),
    (pa.types.is_struct, "record"),
)


def plain(values: Array) -> Array:
    """The same values in their simplest Arrow layout; an array without a type is one of strings."""
    kind = values.type
    if isinstance(kind, pa.BaseExtensionType):
        if getattr(kind, "type_name", "") == "bignum":
            return pa.array([_bignum(value) for value in values.storage.to_pylist()], pa.string())
        return plain(values.storage)
    if pa.types.is_null(kind):
        return pa.nulls(len(values), pa.string())
    if pa.types.is_dictionary(kind):
        return plain(values.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return plain(pc.run_end_decode(values))
    if kind == pa.string_view() or pa.types.is_large_string(kind):
        return _compacted(values, pa.string())
    if kind == pa.binary_view() or pa.types.is_large_binary(kind):
        return _compacted(values, pa.binary())
    if pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind) or pa.types.is_list_view(kind):
        return _compacted(values, pa.list_(kind.value_type))
    return values


def _compacted(values: Array, kind: pa.DataType) -> Array:
    try:
        return values.cast(kind)
    except pa.ArrowInvalid:  # a slice of a large array: its offsets, not its values, are too large
        return pa.concat_arrays([values, values[:0]]).cast(kind)


def _bignum(value: bytes | None) -> str | None:
    """DuckDB's BIGNUM: a three-byte header whose first bit says positive; negative ones are inverted."""
    if value is None:
        return None
    if value[0] & 0x80:
        return str(int.from_bytes(value[3:], "big"))
    return str(-int.from_bytes(bytes(byte ^ 0xFF for byte in value[3:]), "big"))


def physical(values: Array, pg: PgType) -> Array:
    """Plain values cast to the Arrow type that a number of this PostgreSQL type has."""
    values = plain(values)
    wanted = _PHYSICAL.get(pg.name)
    return values if wanted is None or values.type == wanted else values.cast(wanted)


def pg_type_of(kind: pa.DataType) -> PgType:
    """The PostgreSQL type of a record's field, which nobody declared."""
    if pa.types.is_list(kind):
        element = pg_type_of(kind.value_type)
        return element if element.is_array else by_oid(element.array_oid)
    return by_name(next((name for matches, name in _PG_OF_ARROW if matches(kind)), "text"))


def numbers(values: Array, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """The values of a fixed-width array as numpy sees them, 0 for nulls."""
    dtype = np.dtype(dtype)
    buffer = values.buffers()[1]
    if buffer is None or not len(values):
        return np.zeros(len(values), dtype)
    found = np.frombuffer(buffer, dtype)[values.offset : values.offset + len(values)]
    return found if not values.null_count else np.where(valid(values), found, np.zeros(1, dtype))


def valid(values: Array) -> Bools:
    """True where there is a value."""
    found: Bools = values.is_valid().to_numpy(zero_copy_only=False)
    return found


def lengths(values: Array) -> npt.NDArray[np.int32]:
    """Bytes of each string, 0 for nulls."""
    found: npt.NDArray[np.int32] = numbers(pc.binary_length(values), np.int32)
    return found


def joined(*pieces: Array | str | bytes) -> Array:
    """Strings put together row by row; a row with a null is null."""
    scalar = pa.scalar("" if not any(_is_bytes(piece) for piece in pieces) else b"")
    return pc.binary_join_element_wise(*pieces, scalar)


def _is_bytes(piece: Array | str | bytes) -> bool:
    return isinstance(piece, bytes) or (not isinstance(piece, str) and piece.type == pa.binary())


def replaced(values: Array, mask: Bools, replacements: Sequence[str]) -> Array:
    """`values` with the i-th true row of `mask` replaced by the i-th replacement."""
    return pc.replace_with_mask(values, pa.array(mask), pa.array(replacements, values.type))


def fixed(matrix: npt.NDArray[Any], like: Array) -> Array:
    """Rows of a matrix as binary values, null where `like` is."""
    rows = len(matrix)
    data = np.ascontiguousarray(matrix)
    width = data.nbytes // rows if rows else 0
    offsets = np.arange(rows + 1, dtype=np.int32) * np.int32(width)
    return strings(offsets, data, like)


def strings(
    offsets: npt.NDArray[np.int32],
    data: npt.NDArray[Any] | bytes,
    like: Array,
    kind: pa.DataType | None = None,
) -> Array:
    """A binary (or `kind`) array over these buffers, null where `like` is."""
    validity = like.is_valid().buffers()[1] if like.null_count else None
    buffers = [validity, pa.py_buffer(offsets), pa.py_buffer(data)]
    return pa.Array.from_buffers(kind or pa.binary(), len(offsets) - 1, buffers)


def value_bytes(values: Array) -> tuple[npt.NDArray[np.int32], Any]:
    """Offsets (from 0) and the bytes of a string or binary array without a hole in front."""
    _, offset_buffer, data = values.buffers()
    offsets = np.frombuffer(offset_buffer, np.int32)[values.offset : values.offset + len(values) + 1]
    if data is None:
        return offsets - offsets[0], b""
    return offsets - offsets[0], memoryview(data)[int(offsets[0]) : int(offsets[-1])]
