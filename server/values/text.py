"""Values as PostgreSQL prints them, a column at a time: Arrow array in, array of strings out.

Arrow's own casts to string do nearly all the work in C++; what this module adds is where PostgreSQL
prints something else: exponents, infinities, BC, trailing zeros, intervals, the quoting of arrays. Rows
of that sort are found with a mask and made one by one; all others never become Python objects.

Nulls stay null. `extra_float_digits`, `DateStyle`, `IntervalStyle` and `bytea_output` have one supported
value each (sql.settings refuses others), so only the TimeZone is a parameter.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from server.values.arrow import (
    Array,
    Bools,
    joined,
    numbers,
    pg_type_of,
    physical,
    plain,
    replaced,
    strings,
    valid,
    value_bytes,
)
from server.values.times import dates, intervals, nulled, times, timestamps
from server.values.zones import Zone
from sql.errors import SqlError
from sql.types import PgType, by_oid
from sql.types.documents import canonical


def text_of(values: Array, pg: PgType, modifier: int, zone: Zone) -> Array:
    """The text of each value, as a string array."""
    values = physical(values, pg)
    kind = values.type
    if pg.element_oid and pa.types.is_list(kind):
        return _vector(values) if not pg.is_array else _array(values, by_oid(pg.element_oid), modifier, zone)
    if pg.name == "numeric" and pa.types.is_floating(kind):
        return pa.array([_number_text(value) for value in values.to_pylist()], pa.string())
    if pa.types.is_decimal(kind):
        unconstrained = modifier < 0 and kind.precision == 38 and kind.scale == 10
        return _decimals(values, trim=unconstrained)
    if pa.types.is_string(kind):
        return _text(values, pg, modifier)
    if pa.types.is_timestamp(kind):
        return timestamps(values, zone if pg.name == "timestamptz" or kind.tz is not None else None)
    if pa.types.is_struct(kind):
        return _records(values, zone)
    if pa.types.is_list(kind):
        return _array(values, by_oid(pg_type_of(kind).element_oid), -1, zone)
    if pg.category == "V":
        return pa.array(
            [None if value is None else bit_text(value) for value in values.to_pylist()], pa.string()
        )
    encode = _BY_KIND.get(kind)
    return encode(values) if encode else _other(values)


def _other(values: Array) -> Array:
    kind = values.type
    if pa.types.is_map(kind) or pa.types.is_union(kind):
        items = (
            None if value is None else json.dumps(_jsonable(value), default=str)
            for value in values.to_pylist()
        )
        return pa.array(list(items), pa.string())
    if pa.types.is_integer(kind):
        return values.cast(pa.string())
    raise SqlError("0A000", f"a value of Arrow's type {kind} cannot be sent")


def _jsonable(value: Any) -> Any:
    """A map comes as a list of pairs."""
    if isinstance(value, list) and all(isinstance(item, tuple) and len(item) == 2 for item in value):
        return {str(key): _jsonable(item) for key, item in value}
    return value


def _text(values: Array, pg: PgType, modifier: int) -> Array:
    if pg.name == "bpchar" and modifier > 4:
        return pc.utf8_rpad(values, width=modifier - 4, padding=" ")
    if pg.name == "jsonb":
        return pa.array(
            [None if value is None else canonical(value) for value in values.to_pylist()], pa.string()
        )
    return values


# --- numbers ----------------------------------------------------------------------------------------


def _booleans(values: Array) -> Array:
    return pc.if_else(values, "t", "f")


def _doubles(values: Array) -> Array:
    """Shortest digits; plain from 1e-4 to 1e15, where Arrow stops at 1e10."""
    magnitude = np.abs(numbers(values, np.float64))
    alike = ((magnitude >= 1e-4) & (magnitude < 1e10)) | (magnitude == 0)
    alike |= ((magnitude >= 1e15) & (magnitude < 2.0**53)) | ((magnitude > 1e40) & (magnitude < np.inf))
    return _odd_floats(values, alike, _double_text)


def _singles(values: Array) -> Array:
    magnitude = np.abs(numbers(values, np.float32))
    alike = ((magnitude >= np.float32(1e-4)) & (magnitude < 1e6)) | (magnitude == 0)
    alike |= (magnitude > 1e20) & (magnitude < np.inf)
    return _odd_floats(values, alike, _single_text)


def _odd_floats(values: Array, alike: Bools, text: Callable[[Any], str]) -> Array:
    cast = values.cast(pa.string())
    odd = ~alike & valid(values)
    if not odd.any():
        return cast
    return replaced(cast, odd, [text(value) for value in numbers(values, values.type.to_pandas_dtype())[odd]])


def _infinite(value: Any) -> str:
    if value != value:
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _double_text(value: Any) -> str:
    if not np.isfinite(value):
        return _infinite(value)
    text = repr(float(value)).removesuffix(".0")
    return _inside(value, text) if abs(value) >= 2.0**53 else text


def _single_text(value: Any) -> str:
    if not np.isfinite(value):
        return _infinite(value)
    text = str(np.format_float_scientific(value, unique=True, trim="-", exp_digits=2))
    return _inside(value, text) if abs(value) >= 2.0**24 else text


def _inside(value: Any, text: str) -> str:
    """Digits that lie between `value`'s neighbours' midpoints. PostgreSQL does not take a midpoint
    itself, though it would read back the same; only large integers have any short enough."""
    exact = int(value)
    above = int(np.spacing(abs(value)))
    below = above // 2 if exact.bit_count() == 1 else above
    digits = len(text.partition("e")[0].lstrip("-").replace(".", ""))
    while (abs(int(Decimal(text))) - abs(exact)) * 2 in (above, -below):
        text = f"{float(value):.{digits}e}"
        digits += 1
    if "e" not in text:
        text = f"{float(value):.{digits - 1}e}"
    mantissa, _, exponent = text.partition("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{exponent}"


def _number_text(value: float | None) -> str | None:
    """A float sent as numeric: no exponent."""
    if value is None:
        return None
    return format(Decimal(repr(value)), "f").removesuffix(".0") if np.isfinite(value) else _infinite(value)


def _decimals(values: Array, *, trim: bool) -> Array:
    cast, scale = values.cast(pa.string()), values.type.scale
    if scale > 6:  # Arrow turns to exponents below 1e-6, zero included
        zeros = pc.starts_with(cast, "0E")
        cast = pc.if_else(zeros, "0." + "0" * scale, cast)
        exponent = pc.fill_null(pc.match_substring(cast, "E"), False).to_numpy(zero_copy_only=False)
        if exponent.any():
            small = cast.filter(pa.array(exponent)).to_pylist()
            cast = replaced(cast, exponent, [format(Decimal(text), "f") for text in small])
    if trim and scale > 0:
        cast = pc.ascii_rtrim(pc.ascii_rtrim(cast, characters="0"), characters=".")
    return cast


# --- bytes ------------------------------------------------------------------------------------------


def _hex(values: Array) -> Array:
    offsets, data = value_bytes(values)
    return joined("\\x", strings(offsets * 2, bytes(data).hex().encode(), values, pa.string()))


def _uuids(values: Array) -> Array:
    data = values.cast(pa.binary())
    digits = [None if value is None else value.hex() for value in data.to_pylist()]
    texts = (d and f"{d[:8]}-{d[8:12]}-{d[12:16]}-{d[16:20]}-{d[20:]}" for d in digits)
    return pa.array(list(texts), pa.string())


def bit_text(value: bytes) -> str:
    """DuckDB's BIT: a byte that says how many bits of padding stand in front."""
    return f"{int.from_bytes(value[1:], 'big'):0{(len(value) - 1) * 8}b}"[value[0] :]


# --- arrays and records -----------------------------------------------------------------------------

_BARE = frozenset(
    ("bool", "int2", "int4", "int8", "oid", "float4", "float8", "numeric", "date", "time", "uuid", "xid")
)
"""Element types whose text never needs quotes."""


def list_offsets(values: Array) -> npt.NDArray[np.int32]:
    """Where each list's elements begin in `values.flatten()`, and the end."""
    counts = numbers(pc.list_value_length(values), np.int32)
    return np.concatenate([np.zeros(1, np.int32), np.cumsum(counts, dtype=np.int32)])


def _array(values: Array, element: PgType, modifier: int, zone: Zone) -> Array:
    text = _braced(values, element, modifier, zone)
    if pa.types.is_list(plain(values[:0]).type.value_type):  # an array of empty arrays is an empty array
        return pc.if_else(pc.match_substring_regex(text, r"^\{[{},]*\}$"), "{}", text)
    return text


def _braced(values: Array, element: PgType, modifier: int, zone: Zone) -> Array:
    inner = plain(values.flatten())
    if pa.types.is_list(inner.type):
        items = _braced(inner, element, modifier, zone)
    else:
        items = text_of(inner, element, modifier, zone)
        if element.name not in _BARE:
            items = _quoted(items, r'^$|[{},"\\\s\x0b]|^(?i:null)$', r"\\\1")
    return joined("{", _delimited(values, pc.fill_null(items, "NULL"), ","), "}")


def _delimited(values: Array, items: Array, delimiter: str) -> Array:
    mask = values.is_null() if values.null_count else None
    return pc.binary_join(
        pa.ListArray.from_arrays(pa.array(list_offsets(values)), items, mask=mask), delimiter
    )


def _vector(values: Array) -> Array:
    """int2vector and oidvector."""
    return _delimited(values, values.flatten().cast(pa.string()), " ")


def _quoted(items: Array, needs_quotes: str, escaped: str) -> Array:
    needed = pc.match_substring_regex(items, needs_quotes)
    if not pc.any(needed).as_py():
        return items
    safe = pc.replace_substring_regex(items, pattern=r'(["\\])', replacement=escaped)
    return pc.if_else(needed, joined('"', safe, '"'), items)


def _records(values: Array, zone: Zone) -> Array:
    pieces: list[Array | str] = []
    for field in values.flatten():
        field = plain(field)
        text = text_of(field, pg_type_of(field.type), -1, zone)
        quoted = _quoted(text, r'^$|[(),"\\\s\x0b]', r"\1\1")
        pieces += [",", pc.fill_null(quoted, "")]
    if not pieces:
        return nulled(pa.array(["()"] * len(values), pa.string()), values)
    return nulled(joined("(", *pieces[1:], ")"), values)


_BY_KIND: dict[pa.DataType, Callable[[Array], Array]] = {
    pa.bool_(): _booleans,
    pa.float64(): _doubles,
    pa.float32(): _singles,
    pa.binary(): _hex,
    pa.binary(16): _uuids,
    pa.date32(): dates,
    pa.time32("s"): times,
    pa.time32("ms"): times,
    pa.time64("us"): times,
    pa.time64("ns"): times,
    pa.month_day_nano_interval(): intervals,
}
