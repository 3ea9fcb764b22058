"""Parameters in binary format. Bytes that are not a value of the type are 22P03; a value outside its
type's range keeps that type's own error.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from server.parameters.text import decoded
from server.values.times import timestamp_text
from sql.errors import SqlError
from sql.types import PgType, find_oid

_EPOCH = datetime(2000, 1, 1)
_EPOCH_DAY = date(2000, 1, 1).toordinal()
_EPOCH_US = 946_684_800_000_000
_INT64 = struct.Struct(">q")
_INT32 = struct.Struct(">i")
_INT16 = struct.Struct(">h")
_UINT32 = struct.Struct(">I")
_DAY_US = 86_400_000_000
_DIMENSIONS_MAX = 6


class Malformed(Exception):
    """The bytes are not a value of the type."""


def from_binary(pg: PgType, data: bytes) -> Any:
    """The parameter's value; `Malformed` or `struct.error` when the bytes are none."""
    if pg.is_array:
        return _array(pg, data)
    read = _READERS.get(pg.name)
    if read is None:
        raise SqlError("0A000", f"binary parameters of type {pg.title} are not supported")
    return read(data)


def _unpacked(layout: struct.Struct) -> Callable[[bytes], Any]:
    def read(data: bytes) -> Any:
        return layout.unpack(data)[0]

    return read


def _boolean(data: bytes) -> bool:
    if len(data) != 1:
        raise Malformed
    return data != b"\0"


def _bytes(data: bytes) -> bytes:
    return bytes(data)


def _jsonb(data: bytes) -> str:
    if not data:
        raise Malformed
    if data[0] != 1:
        raise SqlError("XX000", f"unsupported jsonb version number {data[0]}")
    return _json(data[1:])


def _json(data: bytes) -> str:
    text = decoded(data)
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        raise SqlError("22P02", "invalid input syntax for type json") from None
    return text


def _uuid(data: bytes) -> UUID:
    if len(data) != 16:
        raise Malformed
    return UUID(bytes=bytes(data))


# --- dates and times --------------------------------------------------------------------------------


def _date(data: bytes) -> date | str:
    (days,) = _INT32.unpack(data)
    if days in (2**31 - 1, -(2**31)):
        return "infinity" if days > 0 else "-infinity"
    if 1 <= days + _EPOCH_DAY <= date.max.toordinal():
        return date.fromordinal(days + _EPOCH_DAY)
    if not -2_451_545 <= days < 2_145_031_949:
        raise SqlError("22008", "date out of range")
    return _dated(days * _DAY_US + _EPOCH_US, None)


def _time(data: bytes) -> time | str:
    (moment,) = _INT64.unpack(data)
    if not 0 <= moment <= _DAY_US:
        raise SqlError("22008", "time out of range")
    return "24:00:00" if moment == _DAY_US else (_EPOCH + timedelta(microseconds=moment)).time()


def _timestamp(data: bytes) -> datetime | str:
    (moment,) = _INT64.unpack(data)
    if moment in (2**63 - 1, -(2**63)):
        return "infinity" if moment > 0 else "-infinity"
    if not -211_813_488_000_000_000 <= moment < 9_223_371_331_200_000_000:
        raise SqlError("22008", "timestamp out of range")
    try:
        return _EPOCH + timedelta(microseconds=moment)
    except OverflowError:
        return _dated(moment + _EPOCH_US, "")


def _timestamptz(data: bytes) -> datetime | str:
    found = _timestamp(data)
    if isinstance(found, datetime):
        return found.replace(tzinfo=UTC)
    if "infinity" in found:
        return found
    return _dated(_INT64.unpack(data)[0] + _EPOCH_US, "+00")


_INTERVAL = struct.Struct(">qii")


def _interval(data: bytes) -> str:
    """Months have no place in a timedelta, and DuckDB would make days of its seconds' overflow."""
    microseconds, days, months = _INTERVAL.unpack(data)
    return f"{months} months {days} days {microseconds} microseconds"


def _dated(moment: int, suffix: str | None) -> str:
    """A moment that Python has no value for, as DuckDB reads it: the era after the date."""
    text = timestamp_text(moment, suffix)
    if not text.endswith(" BC"):
        return text
    day, space, rest = text.removesuffix(" BC").partition(" ")
    return f"{day} (BC){space}{rest}"


# --- numeric ----------------------------------------------------------------------------------------

_NUMERIC_HEAD = struct.Struct(">hhHh")
_SPECIAL_NUMERICS = {0xC000: "NaN", 0xD000: "Infinity", 0xF000: "-Infinity"}


def _numeric(data: bytes) -> Decimal:
    count, weight, sign, scale = _NUMERIC_HEAD.unpack(data[:8])
    if count < 0 or len(data) != 8 + 2 * count or scale < 0 or scale > 0x3FFF:
        raise Malformed
    if sign in _SPECIAL_NUMERICS:
        return Decimal(_SPECIAL_NUMERICS[sign])
    if sign not in (0, 0x4000):
        raise SqlError("22P03", 'invalid sign in external "numeric" value')
    groups = struct.unpack(f">{count}h", data[8:])
    if any(not 0 <= group <= 9999 for group in groups):
        raise SqlError("22P03", 'invalid digit in external "numeric" value')
    digits = "".join(f"{group:04d}" for group in groups) or "0"
    value = Decimal((int(sign == 0x4000), tuple(map(int, digits)), (weight + 1) * 4 - len(digits)))
    if not value:
        return Decimal((0, (0,), -scale))
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return Decimal(f"{value:.{scale}f}") if exponent != -scale else value


# --- arrays -----------------------------------------------------------------------------------------


def _array(pg: PgType, data: bytes) -> list[Any]:
    dimensions, flags, element_oid = struct.unpack(">iiI", data[:12])
    element = find_oid(pg.element_oid)
    assert element is not None
    if not 0 <= dimensions <= _DIMENSIONS_MAX or flags not in (0, 1):
        raise Malformed
    if element_oid != element.oid:
        given = find_oid(element_oid)
        message = f"binary data has array element type {element_oid} ({given.title if given else '???'})"
        raise SqlError("42804", f"{message} instead of expected {element.oid} ({element.title})")
    shape = [_INT32.unpack(data[12 + 8 * level : 16 + 8 * level])[0] for level in range(dimensions)]
    position, count = 12 + 8 * dimensions, 1 if dimensions else 0
    for size in shape:
        count *= size
        if size < 0 or count * 4 > len(data):
            raise Malformed
    items, position = _array_items(element, data, position, count)
    if position != len(data):
        raise Malformed
    return _shaped(items, shape)


def _array_items(element: PgType, data: bytes, position: int, count: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    for _ in range(count):
        (length,) = _INT32.unpack(data[position : position + 4])
        position += 4
        if length < -1 or position + length > len(data):
            raise Malformed
        items.append(None if length < 0 else from_binary(element, data[position : position + length]))
        position += max(length, 0)
    return items, position


def _shaped(items: list[Any], shape: Sequence[int]) -> list[Any]:
    for size in reversed(shape[1:]):
        items = [items[at : at + size] for at in range(0, len(items), size)] if size else []
    return items


_READERS: dict[str, Callable[[bytes], Any]] = {
    "bool": _boolean,
    "int2": _unpacked(_INT16),
    "int4": _unpacked(_INT32),
    "int8": _unpacked(_INT64),
    "xid8": _unpacked(_INT64),
    "float4": _unpacked(struct.Struct(">f")),
    "float8": _unpacked(struct.Struct(">d")),
    "numeric": _numeric,
    "bytea": _bytes,
    "uuid": _uuid,
    "json": _json,
    "jsonb": _jsonb,
    "date": _date,
    "time": _time,
    "timestamp": _timestamp,
    "timestamptz": _timestamptz,
    "interval": _interval,
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char", "unknown", "cstring"), decoded),
    **dict.fromkeys(("oid", "xid", "cid", "regproc", "regprocedure", "regoper"), _unpacked(_UINT32)),
    **dict.fromkeys(("regoperator", "regclass", "regtype", "regconfig"), _unpacked(_UINT32)),
    **dict.fromkeys(("regdictionary", "regnamespace", "regrole"), _unpacked(_UINT32)),
}
