"""Timestamps as text, and the evaluation of a moment's expression."""

from __future__ import annotations

import datetime
import zoneinfo

from engine.ids import Timestamp
from sql.errors import SqlError

EARLIEST = Timestamp(-62_135_596_800_000_000)
LATEST = Timestamp(253_402_300_799_999_999)
"""The years 1 to 9999; what lies beyond is as far off as infinity."""
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def shown(ts: Timestamp, zone: str) -> str:
    """A timestamptz as PostgreSQL prints it in `zone`, so that it reads back as the same moment."""
    moment = (_EPOCH + datetime.timedelta(microseconds=ts)).astimezone(zoneinfo.ZoneInfo(zone))
    text = moment.strftime("%Y-%m-%d %H:%M:%S")
    if moment.microsecond:
        text += f".{moment.microsecond:06d}".rstrip("0")
    offset = moment.utcoffset() or datetime.timedelta()
    minutes, seconds = divmod(int(abs(offset.total_seconds())), 60)
    sign = "-" if offset < datetime.timedelta() else "+"
    text += f"{sign}{minutes // 60:02d}"
    if minutes % 60 or seconds:
        text += f":{minutes % 60:02d}"
    return text + (f":{seconds:02d}" if seconds else "")


def shown_length(microseconds: int) -> str:
    """A length of time in the largest unit that divides it, as an interval is written."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60), ("seconds", 1)):
        count, rest = divmod(microseconds, length * 1_000_000)
        if count and not rest:
            return f"{count} {unit if count != 1 else unit[:-1]}"
    return f"{microseconds / 1e6:g} seconds"


def not_null(ts: Timestamp | None) -> Timestamp:
    if ts is None:
        raise SqlError(
            "22004", "the moment to read is null", hint="AS OF takes a timestamptz that is not null."
        )
    if not EARLIEST <= ts <= LATEST:
        raise SqlError("22023", "the moment to read must be finite, and a date of our era")
    return ts
