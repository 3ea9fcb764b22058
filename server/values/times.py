"""Dates, times and intervals as PostgreSQL prints them, a column at a time.

Arrow prints what PostgreSQL does between 0001-01-01 and 9999-12-31; infinities, BC and later years are
found with a mask and made one by one. Infinity is the extreme value in DuckDB as in PostgreSQL, except
that DuckDB's minus infinity is minus the maximum.
"""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from server.values.arrow import Array, joined, numbers, replaced, valid
from server.values.zones import Zone, offset_text

Int64s = npt.NDArray[np.int64]

SECOND_US = 1_000_000
DAY_US = 86_400 * SECOND_US
INFINITE_US = 2**63 - 1
INFINITE_DAYS = 2**31 - 1
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896
"""0001-01-01 and 9999-12-31: between them Arrow prints what PostgreSQL does."""
_UNIT = {"s": (SECOND_US, 1), "ms": (1000, 1), "us": (1, 1), "ns": (1, 1000)}


def microseconds(values: Array) -> Int64s:
    """A time's or timestamp's microseconds, infinities kept."""
    factor, divisor = _UNIT[values.type.unit]
    raw = numbers(values, np.int32 if values.type.bit_width == 32 else np.int64).astype(np.int64, copy=False)
    if factor == divisor:
        return raw
    finite = np.abs(raw) != INFINITE_US
    return np.where(finite, np.where(finite, raw, 0) * factor // divisor, raw)


def civil(day: int) -> tuple[int, int, int]:
    """Year (0 is 1 BC), month and day of a day counted from 1970-01-01, in the Gregorian calendar."""
    era, day_of_era = divmod(day + 719_468, 146_097)
    year = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year + year // 4 - year // 100)
    month = (5 * day_of_year + 2) // 153
    date = day_of_year - (153 * month + 2) // 5 + 1
    month += 3 if month < 10 else -9
    return year + era * 400 + (month <= 2), month, date


def _date_text(day: int, rest: str = "") -> str:
    year, month, date = civil(day)
    era = " BC" if year < 1 else ""
    return f"{year if year > 0 else 1 - year:04d}-{month:02d}-{date:02d}{rest}{era}"


def dates(values: Array) -> Array:
    days = numbers(values, np.int32)
    odd = ((days < _FIRST_DAY) | (days > _LAST_DAY)) & valid(values)
    cast = values.cast(pa.string())
    if not odd.any():
        return cast
    return replaced(cast, odd, [_odd_date(day) for day in days[odd].tolist()])


def _odd_date(day: int) -> str:
    if abs(day) >= INFINITE_DAYS:
        return "infinity" if day > 0 else "-infinity"
    return _date_text(day)


def _clock(values: Array, moments: Int64s, like: pa.DataType) -> Array:
    """The text of times of day or timestamps in Arrow's range, fractions trimmed, null where `values` is."""
    whole = bool((moments % SECOND_US == 0).all())
    if whole and pa.types.is_timestamp(like):
        seconds = pa.array(moments // SECOND_US, pa.int64()).cast(pa.timestamp("s")).cast(pa.string())
        return nulled(seconds, values)
    text = pa.array(moments, pa.int64()).cast(like).cast(pa.string())
    return nulled(pc.ascii_rtrim(pc.ascii_rtrim(text, characters="0"), characters="."), values)


def nulled(texts: Array, values: Array) -> Array:
    return texts if not values.null_count else pc.if_else(values.is_valid(), texts, None)


def times(values: Array) -> Array:
    moments = microseconds(values)
    midnight = moments >= DAY_US
    text = _clock(values, np.where(midnight, 0, moments), pa.time64("us"))
    return replaced(text, midnight, ["24:00:00"] * int(midnight.sum())) if midnight.any() else text


def timestamps(values: Array, zone: Zone | None) -> Array:
    moments = microseconds(values)
    endless = np.abs(moments) == INFINITE_US
    index, offsets = np.zeros(0, np.int64), [0]
    if zone is not None:
        index, offsets = zone.offsets(np.where(endless, 0, moments))
        if offsets != [0]:
            moments = np.where(endless, moments, moments + np.array(offsets, np.int64)[index] * SECOND_US)
    inside = (moments >= _FIRST_DAY * DAY_US) & (moments < (_LAST_DAY + 1) * DAY_US)
    text = _clock(values, np.where(inside, moments, 0), pa.timestamp("us"))
    suffixes = [offset_text(offset) for offset in offsets] if zone is not None else [""]
    if len(suffixes) == 1:
        text = joined(text, suffixes[0]) if suffixes[0] else text
    else:
        text = joined(text, pa.array(suffixes).take(pa.array(index)))
    odd = ~inside & valid(values)
    if not odd.any():
        return text
    chosen = index[odd].tolist() if len(index) else itertools.repeat(0)
    return replaced(
        text,
        odd,
        [timestamp_text(us, suffixes[i]) for us, i in zip(moments[odd].tolist(), chosen, strict=False)],
    )


def timestamp_text(moment: int, suffix: str | None) -> str:
    """A moment in microseconds (already local) with its offset's text; a date alone when that is None."""
    if abs(moment) >= INFINITE_US:
        return "infinity" if moment > 0 else "-infinity"
    day, rest = divmod(moment, DAY_US)
    return _date_text(day, "" if suffix is None else f" {_clock_text(rest)}{suffix}")


def _clock_text(microseconds: int) -> str:
    seconds, fraction = divmod(microseconds, SECOND_US)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{text}.{fraction:06d}".rstrip("0") if fraction else text


INTERVAL = np.dtype([("months", "<i4"), ("days", "<i4"), ("nanoseconds", "<i8")])


def intervals(values: Array) -> Array:
    """Equal intervals are printed once: columns of them rarely hold many different ones."""
    present = valid(values)
    distinct, index = np.unique(numbers(values, INTERVAL), return_inverse=True)
    texts = [interval_text(int(m), int(d), int(n) // 1000) for m, d, n in distinct.tolist()]
    return pa.array(texts, pa.string()).take(pa.array(index.ravel(), mask=~present))


def interval_text(months: int, days: int, microseconds: int) -> str:
    """An interval in IntervalStyle postgres."""
    years, months = (abs(months) // 12 * _sign(months), abs(months) % 12 * _sign(months))
    text, negative = "", False
    for value, unit in ((years, "year"), (months, "mon"), (days, "day")):
        if value:
            plus = "+" if negative and value > 0 else ""
            text += f"{' ' if text else ''}{plus}{value} {unit}{'' if value == 1 else 's'}"
            negative = value < 0
    if microseconds or not text:
        sign = "-" if microseconds < 0 else "+" if negative else ""
        text += f"{' ' if text else ''}{sign}{_clock_text(abs(microseconds))}"
    return text


def _sign(value: int) -> int:
    return -1 if value < 0 else 1
