"""Interval constants, in PostgreSQL's own style, ISO 8601 and SQL's.

An interval is months, days and microseconds; the text is read into these three here, since DuckDB reads
neither ``P1Y2D`` nor ``1-2`` nor the fields that may follow the constant (``INTERVAL '3' DAY``).
"""

from __future__ import annotations

import re
from decimal import Decimal

_UNITS = {
    "microsecond": (0, 0, 1), "us": (0, 0, 1), "usec": (0, 0, 1), "usecond": (0, 0, 1),
    "millisecond": (0, 0, 1000), "ms": (0, 0, 1000), "msec": (0, 0, 1000), "msecond": (0, 0, 1000),
    "second": (0, 0, 1_000_000), "sec": (0, 0, 1_000_000), "s": (0, 0, 1_000_000),
    "minute": (0, 0, 60_000_000), "min": (0, 0, 60_000_000), "m": (0, 0, 60_000_000),
    "hour": (0, 0, 3_600_000_000), "hr": (0, 0, 3_600_000_000), "h": (0, 0, 3_600_000_000),
    "day": (0, 1, 0), "d": (0, 1, 0), "week": (0, 7, 0), "w": (0, 7, 0),
    "month": (1, 0, 0), "mon": (1, 0, 0), "quarter": (3, 0, 0), "qtr": (3, 0, 0),
    "year": (12, 0, 0), "yr": (12, 0, 0), "y": (12, 0, 0), "decade": (120, 0, 0), "dec": (120, 0, 0),
    "century": (1200, 0, 0), "centurie": (1200, 0, 0), "cent": (1200, 0, 0), "c": (1200, 0, 0),
    "millennium": (12000, 0, 0), "mil": (12000, 0, 0), "millenia": (12000, 0, 0),
}  # fmt: skip
_DAY_US = 86_400_000_000
_PIECE = re.compile(
    r"\s*(?:(?P<clock>[+-]?\d+:\d{1,2}(?::\d{1,2}(?:\.\d*)?)?)(?![\d:])"
    r"|(?P<years>[+-]?\d+)-(?P<months>\d{1,2})(?!\d)"
    r"|(?P<number>[+-]?(?:\d+\.?\d*|\.\d+))\s*(?P<unit>[A-Za-z]+)?"
    r"|(?P<ago>ago)\b|(?P<at>@))\s*,?",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"\s*[+-]?\d+:")
_ISO = re.compile(
    r"P(?:([+-]?[\d.]+)Y)?(?:([+-]?[\d.]+)M)?(?:([+-]?[\d.]+)W)?(?:([+-]?[\d.]+)D)?"
    r"(?:T(?:([+-]?[\d.]+)H)?(?:([+-]?[\d.]+)M)?(?:([+-]?[\d.]+)S)?)?\Z"
)
_ISO_UNITS = ("year", "month", "week", "day", "hour", "minute", "second")


class _Total:
    def __init__(self) -> None:
        self.months = 0
        self.days = 0
        self.micros = Decimal(0)

    def add(self, number: Decimal, unit: str) -> None:
        """Fractions of a month are days of 30 to the month, fractions of a day are time."""
        months, days, micros = _UNITS[unit]
        if months:
            total = number * months
            whole = int(total)
            self.months += whole
            if months == 1 or total != whole:
                number, days = (total - whole) * 30, 1
        if days:
            total = number * days
            whole = int(total)
            self.days += whole
            number, micros = total - whole, _DAY_US
        self.micros += number * micros if micros else 0

    def clock(self, text: str) -> None:
        sign = -1 if text.startswith("-") else 1
        parts = text.lstrip("+-").split(":")
        hours, minutes = Decimal(parts[0]), Decimal(parts[1])
        seconds = Decimal(parts[2] or 0) if len(parts) > 2 else Decimal(0)
        self.micros += sign * (hours * 3600 + minutes * 60 + seconds) * 1_000_000

    def cut(self, unit: str) -> None:
        """Drops what is smaller than `unit`."""
        if unit == "year":
            self.months = int(self.months / 12) * 12
        if unit in ("year", "month"):
            self.days = 0
        if unit in ("year", "month", "day"):
            self.micros = Decimal(0)
        elif unit in ("hour", "minute"):
            size = _UNITS[unit][2]
            self.micros = Decimal(int(self.micros / size) * size)

    def sql(self) -> str:
        micros = int(self.micros.to_integral_value(rounding="ROUND_HALF_EVEN"))
        if self.months or self.days or not micros:
            text = f"to_months({self.months}) + to_days({self.days})"
            return f"({text} + to_microseconds({micros}))" if micros else f"({text})"
        return f"to_microseconds({micros})"


def interval_literal(value: str, fields: str = "") -> str | None:
    """DuckDB SQL of the interval that `value` spells, or None when it spells none. `fields` is what may
    follow the constant (``day``, ``hour to minute``): the unit of a bare number, and what is kept."""
    total = _Total()
    text = value.strip()
    iso = _ISO.match(text)
    if iso is not None and len(text) > 1:
        for number, unit in zip(iso.groups(), _ISO_UNITS, strict=True):
            if number:
                total.add(Decimal(number), unit)
    elif not text or not _read(text, total, _default_unit(fields)):
        return None
    if fields:
        total.cut(_default_unit(fields))
    return total.sql()


def _default_unit(fields: str) -> str:
    last = fields.split()[-1] if fields else "second"
    return last if last in _UNITS else "second"


def _read(text: str, total: _Total, default: str) -> bool:
    position = 0
    ago = False
    while position < len(text):
        match = _PIECE.match(text, position)
        if match is None or match.end() == position:
            return False
        position = match.end()
        if match["clock"]:
            total.clock(match["clock"])
        elif match["years"]:
            sign = -1 if match["years"].startswith("-") else 1
            total.add(Decimal(int(match["years"])), "year")
            total.add(Decimal(sign * int(match["months"])), "month")
        elif match["number"]:
            unit = _unit(match["unit"], "day" if _CLOCK.match(text, position) else default)
            if unit is None or len(match["number"]) > 40:
                return False
            total.add(Decimal(match["number"]), unit)
        elif match["ago"]:
            ago = True
    if ago:
        total.months, total.days, total.micros = -total.months, -total.days, -total.micros
    return True


def _unit(word: str | None, default: str) -> str | None:
    if word is None:
        return default
    lowered = word.lower()
    if lowered in _UNITS:
        return lowered
    singular = lowered.removesuffix("s")
    return singular if singular in _UNITS else None


# --- intervals as text ------------------------------------------------------------------------------


def interval_text(sql: str) -> str:
    """PostgreSQL's text of an interval: a sign of its own for each part, ``+`` after a negative one."""
    years, months, days = (f"datepart('{unit}', {sql})" for unit in ("year", "month", "day"))
    micros = (
        f"(datepart('hour', {sql}) * 3600000000 + datepart('minute', {sql}) * 60000000 "
        f"+ datepart('microseconds', {sql}))"
    )
    before_days = f"CASE WHEN {months} <> 0 THEN {months} ELSE {years} END < 0"
    before_time = f"CASE WHEN {days} <> 0 THEN {days} WHEN {months} <> 0 THEN {months} ELSE {years} END < 0"
    seconds = f"lpad(CAST(abs({micros}) // 1000000 % 60 AS VARCHAR), 2, '0')"
    fraction = f"rtrim('.' || lpad(CAST(abs({micros}) % 1000000 AS VARCHAR), 6, '0'), '0')"
    hours = f"CAST(abs({micros}) // 3600000000 AS VARCHAR)"
    clock = (
        f"CASE WHEN {micros} < 0 THEN '-' WHEN {before_time} THEN '+' ELSE '' END "
        f"|| CASE WHEN length({hours}) < 2 THEN '0' ELSE '' END || {hours} "
        f"|| ':' || lpad(CAST(abs({micros}) // 60000000 % 60 AS VARCHAR), 2, '0') || ':' || {seconds} "
        f"|| rtrim({fraction}, '.')"
    )
    parts = [
        _part(years, "year", "false"),
        _part(months, "mon", f"{years} < 0"),
        _part(days, "day", before_days),
        f"CASE WHEN {micros} <> 0 OR ({years} = 0 AND {months} = 0 AND {days} = 0) THEN {clock} END",
    ]
    return f"CASE WHEN {sql} IS NOT NULL THEN concat_ws(' ', {', '.join(parts)}) END"


def _part(value: str, unit: str, after_negative: str) -> str:
    return (
        f"CASE WHEN {value} <> 0 THEN CASE WHEN {value} > 0 AND {after_negative} THEN '+' ELSE '' END "
        f"|| {value} || ' {unit}' || CASE WHEN {value} = 1 THEN '' ELSE 's' END END"
    )
