"""Values in PostgreSQL's binary format, a column at a time: Arrow array in, array of bytes out.

Fixed-width types are one byte-swapping copy in numpy. Numerics that fit 64 bits, as nearly all do, are
cut into base-10000 digits in numpy too; wider ones one by one. Nulls stay null.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from server.values.arrow import (
    Array,
    fixed,
    joined,
    lengths,
    numbers,
    pg_type_of,
    physical,
    plain,
    strings,
    valid,
    value_bytes,
)
from server.values.text import bit_text, list_offsets, text_of
from server.values.times import INFINITE_DAYS, INFINITE_US, INTERVAL, microseconds
from server.values.zones import zone
from sql.errors import SqlError
from sql.types import PgType, by_oid

_EPOCH_DAYS = 10_957
_EPOCH_US = _EPOCH_DAYS * 86_400_000_000
_AS_TEXT = frozenset(("text", "varchar", "bpchar", "name", "char", "unknown", "json", "cstring", "void"))
_NO_BINARY = frozenset(("aclitem", "pg_node_tree", "tid", "pg_lsn", "any", "anyarray", "timetz"))
_UTC = zone("UTC")


def binary_of(values: Array, pg: PgType, modifier: int) -> Array:
    """The binary form of each value, as a binary array."""
    values = physical(values, pg)
    encode = _BY_NAME.get(pg.name)
    if encode is not None:
        return encode(values)
    if pg.name in _AS_TEXT:
        return text_of(values, pg, modifier, _UTC).cast(pa.binary())
    if pg.name == "jsonb":
        return joined(b"\x01", text_of(values, pg, modifier, _UTC).cast(pa.binary()))
    if pg.name == "numeric":
        return _numerics(values, modifier)
    if pg.element_oid:
        return _arrays(values, by_oid(pg.element_oid), modifier, vector=not pg.is_array)
    if pg.name == "record" and pa.types.is_struct(values.type):
        return _records(values)
    if pg.size == 4 and pg.name not in _NO_BINARY and pa.types.is_integer(values.type):
        return fixed(numbers(values.cast(pa.int64()), np.int64).astype(">u4"), values)
    raise SqlError("42883", f"no binary output function available for type {pg.title}")


def _big_endian(stored: str, sent: str) -> Callable[[Array], Array]:
    def encode(values: Array) -> Array:
        return fixed(numbers(values, stored).astype(sent), values)

    return encode


def _booleans(values: Array) -> Array:
    return fixed(numbers(values.cast(pa.uint8()), np.uint8), values)


def _bytes(values: Array) -> Array:
    return values.cast(pa.binary())


def _bits(values: Array) -> Array:
    return pa.array(
        [None if value is None else _bit(bit_text(value)) for value in values.to_pylist()], pa.binary()
    )


def _bit(text: str) -> bytes:
    size = (len(text) + 7) // 8
    packed = int(text.ljust(size * 8, "0") or "0", 2).to_bytes(size, "big")
    return struct.pack(">i", len(text)) + packed


def _uuids(values: Array) -> Array:
    if values.type == pa.binary(16):
        return values.cast(pa.binary())
    _, data = value_bytes(values.drop_null())
    raw = np.frombuffer(bytes.fromhex(bytes(data).decode().replace("-", "")), np.uint8)
    ends = np.cumsum(np.concatenate([[0], valid(values) * 16]), dtype=np.int32)
    return strings(ends, raw, values)


# --- dates and times --------------------------------------------------------------------------------


def _dates(values: Array) -> Array:
    days = numbers(values, np.int32)
    sent = np.where(np.abs(days) < INFINITE_DAYS, days - np.int32(_EPOCH_DAYS), days)
    return fixed(np.where(days <= -INFINITE_DAYS, np.int32(-INFINITE_DAYS - 1), sent).astype(">i4"), values)


def _times(values: Array) -> Array:
    return fixed(microseconds(values).astype(">i8"), values)


def _timestamps(values: Array) -> Array:
    moments = microseconds(values)
    sent = np.where(np.abs(moments) == INFINITE_US, moments, moments - _EPOCH_US)
    return fixed(np.where(moments == -INFINITE_US, -INFINITE_US - 1, sent).astype(">i8"), values)


def _intervals(values: Array) -> Array:
    stored = numbers(values, INTERVAL)
    sent = np.empty(len(stored), [("microseconds", ">i8"), ("days", ">i4"), ("months", ">i4")])
    sent["microseconds"] = stored["nanoseconds"] // 1000
    sent["days"] = stored["days"]
    sent["months"] = stored["months"]
    return fixed(sent, values)


# --- numeric ----------------------------------------------------------------------------------------


def _numerics(values: Array, modifier: int) -> Array:
    kind = values.type
    if pa.types.is_integer(kind) and kind != pa.uint64():
        return _small_numerics(numbers(values.cast(pa.int64()), np.int64), 0, False, values)
    if pa.types.is_decimal128(kind):
        halves = numbers(values, np.dtype([("low", "<i8"), ("high", "<i8")]))
        low = np.ascontiguousarray(halves["low"])
        if bool((halves["high"] == low >> 63).all()) and kind.scale <= 18:
            trim = modifier < 0 and kind.precision == 38 and kind.scale == 10
            return _small_numerics(low, kind.scale, trim, values)
    texts = text_of(values, by_oid(1700), modifier, _UTC).to_pylist()
    return pa.array([None if text is None else _numeric(text) for text in texts], pa.binary())


def _small_numerics(stored: npt.NDArray[np.int64], scale: int, trim: bool, like: Array) -> Array:
    magnitude = np.abs(stored).view(np.uint64)
    whole, fraction = magnitude // np.uint64(10**scale), magnitude % np.uint64(10**scale)
    digits = [whole // np.uint64(10**power) % np.uint64(10_000) for power in (16, 12, 8, 4, 0)]
    for start in range(0, scale, 4):
        rest = fraction % np.uint64(10 ** (scale - start))
        after = scale - start - 4
        digits.append(rest // np.uint64(10**after) if after >= 0 else rest * np.uint64(10**-after))
    groups = np.stack(digits, axis=1).astype(np.int16)
    filled = groups != 0
    some = filled.any(axis=1)
    first = np.where(some, filled.argmax(axis=1), 0)
    last = np.where(some, groups.shape[1] - 1 - filled[:, ::-1].argmax(axis=1), -1)
    scales = np.full(len(stored), scale)
    if trim:
        for places in range(scale, 0, -1):
            scales -= (scales == places) & (fraction % np.uint64(10 ** (scale - places + 1)) == 0)
    table = np.empty((len(stored), 4 + groups.shape[1]), ">i2")
    table[:, 0] = np.where(some, last - first + 1, 0)
    table[:, 1] = np.where(some, 4 - first, 0)
    table[:, 2] = np.where(stored < 0, 0x4000, 0)
    table[:, 3] = scales
    table[:, 4:] = groups
    position = np.arange(-4, groups.shape[1])
    kept = (position < 0) | ((position >= first[:, None]) & (position <= last[:, None]))
    if like.null_count:
        kept &= valid(like)[:, None]
    ends = np.concatenate([[0], np.cumsum(kept.sum(axis=1) * 2)]).astype(np.int32)
    return strings(ends, table[kept], like)


def _numeric(text: str) -> bytes:
    if text in ("NaN", "Infinity", "-Infinity"):
        return struct.pack(">hhHh", 0, 0, {"NaN": 0xC000, "Infinity": 0xD000, "-Infinity": 0xF000}[text], 0)
    sign = 0x4000 if text.startswith("-") else 0
    whole, _, fraction = format(Decimal(text), "f").lstrip("-").partition(".")
    left = whole.zfill((len(whole) + 3) // 4 * 4)
    digits = left + fraction.ljust((len(fraction) + 3) // 4 * 4, "0")
    groups = [int(digits[at : at + 4]) for at in range(0, len(digits), 4)]
    weight = len(left) // 4 - 1
    while groups and not groups[0]:
        groups.pop(0)
        weight -= 1
    while groups and not groups[-1]:
        groups.pop()
    if not groups:
        sign = weight = 0
    return struct.pack(f">hhHh{len(groups)}h", len(groups), weight, sign, len(fraction), *groups)


# --- arrays and records -----------------------------------------------------------------------------


def prefixed(encoded: Array) -> Array:
    """Each value with its length in front; -1 for a null."""
    sizes = lengths(encoded)
    if not encoded.null_count:
        return joined(fixed(sizes.astype(">i4"), encoded), encoded)
    sent = np.where(valid(encoded), sizes, np.int32(-1)).astype(">i4")
    return joined(fixed(sent, pa.nulls(0)), pc.fill_null(encoded, b""))


def _arrays(values: Array, element: PgType, modifier: int, *, vector: bool) -> Array:
    """Header (dimensions, has nulls, element type), each dimension's length and lower bound, elements.
    A vector counts from 0 and has its dimension even when empty."""
    if not pa.types.is_list(values.type):
        raise SqlError("42883", f"no binary output for {values.type} as an array of {element.title}")
    shape: list[npt.NDArray[np.int64]] = []
    inner, ends, depth = values, np.arange(len(values) + 1, dtype=np.int32), 0
    while pa.types.is_list(inner.type):
        offsets = list_offsets(inner)
        shape.append(_dimension(offsets, ends))
        ends = offsets[ends]
        inner, depth = plain(inner.flatten()), depth + 1
    items = binary_of(inner, element, modifier)
    starts, data = value_bytes(prefixed(items))
    nulls = np.concatenate([[0], np.cumsum(~valid(items))])[ends]
    count = np.diff(ends)
    header = np.zeros((len(values), 3 + 2 * depth), ">i4")
    header[:, 0] = np.where((count > 0) | vector, depth, 0)
    header[:, 1] = np.diff(nulls) > 0
    header[:, 2] = element.oid
    for level, size in enumerate(shape):
        header[:, 3 + 2 * level] = size
        header[:, 4 + 2 * level] = 0 if vector else 1
    sized = header.astype(">i4").view(np.uint8).reshape(len(values), -1)
    width = np.where((count > 0) | vector, sized.shape[1], 12)
    kept = np.arange(sized.shape[1]) < width[:, None]
    head = strings(np.concatenate([[0], np.cumsum(width)]).astype(np.int32), sized[kept], pa.nulls(0))
    body = strings(starts[ends], bytes(data), values)
    return joined(head, body)


def _dimension(offsets: npt.NDArray[np.int32], ends: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """The common length of the lists of one dimension, per row; rows whose lists differ are an error."""
    counts, rows = np.diff(offsets), np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    size = np.zeros(len(ends) - 1, np.int64)
    size[rows] = counts
    if bool((size[rows] != counts).any()):
        raise SqlError("2202E", "multidimensional arrays must have sub-arrays with matching dimensions")
    return size


def _records(values: Array) -> Array:
    fields = [plain(field) for field in values.flatten()]
    pieces: list[Any] = [pa.array([struct.pack(">i", len(fields))] * len(values), pa.binary())]
    for field in fields:
        pg = pg_type_of(field.type)
        pieces += [struct.pack(">I", pg.oid), prefixed(binary_of(field, pg, -1))]
    return pc.if_else(values.is_valid(), joined(*pieces), pa.scalar(None, pa.binary()))


_BY_NAME: dict[str, Callable[[Array], Array]] = {
    "bool": _booleans,
    "int2": _big_endian("<i2", ">i2"),
    "int4": _big_endian("<i4", ">i4"),
    "int8": _big_endian("<i8", ">i8"),
    "xid8": _big_endian("<i8", ">i8"),
    "float4": _big_endian("<f4", ">f4"),
    "float8": _big_endian("<f8", ">f8"),
    "bytea": _bytes,
    "bit": _bits,
    "varbit": _bits,
    "uuid": _uuids,
    "date": _dates,
    "time": _times,
    "timestamp": _timestamps,
    "timestamptz": _timestamps,
    "interval": _intervals,
}
