"""UTC offsets of many moments at once, for printing ``timestamptz`` in a session's TimeZone.

A zone's transitions are found by asking `zoneinfo` (week by week, then bisecting) and kept per year, so
that a batch of a million moments costs one binary search in a short array. Rejected: Arrow's
`local_timestamp`, which wants its own copy of the zone database on some platforms; and parsing TZif
files, which is what `zoneinfo` is for.

Years outside those that have rules of their own use the 400-year cycle of the calendar (late) or the
zone's local mean time (early), as PostgreSQL does.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from sql.errors import SqlError

Int64s = npt.NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000
_WEEK = timedelta(days=7)
_CYCLE = 146_097 * 86_400 * _SECOND
_FIRST_YEAR, _LAST_YEAR = 1800, 2437
_POSIX = re.compile(r"(?:<[^>]+>|[A-Za-z]{3,})([+-]?)(\d{1,2})(?::(\d\d))?(?::(\d\d))?")


def _year_start(year: int) -> int:
    return int((datetime(year, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()) * _SECOND


_FIRST, _END = _year_start(_FIRST_YEAR), _year_start(_LAST_YEAR + 1)


class Zone:
    """A time zone. `offset_texts` holds the text of each distinct offset met so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._fixed, self._zone = _open(name)
        self._years: range = range(0)
        self._transitions: Int64s = np.empty(0, np.int64)
        self._offsets: Int64s = np.array([self._fixed or 0], np.int64)

    def offsets(self, moments_us: Int64s) -> tuple[Int64s, list[int]]:
        """For moments in microseconds: an index per moment into the list of offsets in seconds."""
        if self._zone is None or not len(moments_us):
            return np.zeros(len(moments_us), np.int64), [self._fixed or 0]
        cycles = np.maximum(0, -((_END - 1 - moments_us) // _CYCLE))
        folded = np.maximum(moments_us - cycles * _CYCLE, _FIRST)
        self._learn(_year_of(int(folded.min())), _year_of(int(folded.max())))
        distinct, index = np.unique(self._offsets, return_inverse=True)
        return index[np.searchsorted(self._transitions, folded, side="right")], distinct.tolist()

    def _learn(self, first: int, last: int) -> None:
        if self._years and first in self._years and last in self._years:
            return
        if self._years:
            first, last = min(first, self._years.start), max(last, self._years.stop - 1)
        moment, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 2, tzinfo=UTC)
        offset = self._offset_at(moment)
        transitions: list[int] = []
        offsets = [offset]
        while moment < end:
            later = moment + _WEEK
            if self._offset_at(later) != offset:
                later = self._change(moment, later)
                offset = self._offset_at(later)
                transitions.append(int((later - _EPOCH).total_seconds()) * _SECOND)
                offsets.append(offset)
            moment = later
        self._transitions = np.array(transitions, np.int64)
        self._offsets = np.array(offsets, np.int64)
        self._years = range(first, last + 1)

    def _offset_at(self, moment: datetime) -> int:
        offset = moment.astimezone(self._zone).utcoffset()
        assert offset is not None
        return int(offset.total_seconds())

    def _change(self, before: datetime, after: datetime) -> datetime:
        """The first second after `before` with another offset."""
        offset = self._offset_at(before)
        while after - before > timedelta(seconds=1):
            middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
            if self._offset_at(middle) == offset:
                before = middle
            else:
                after = middle
        return after


def _year_of(moment_us: int) -> int:
    return (_EPOCH + timedelta(microseconds=moment_us)).year


def _open(name: str) -> tuple[int | None, tzinfo | None]:
    """The fixed offset in seconds, or the zone with rules."""
    if name.upper() in ("UTC", "GMT", "ETC/UTC", "ETC/GMT", "ZULU", "UCT", "ETC/UCT"):
        return 0, None
    try:
        return None, ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        match = _POSIX.fullmatch(name)
    if match is None:
        raise SqlError("22023", f'time zone "{name}" not recognized')
    west, hours, minutes, seconds = match.groups()
    offset = int(hours) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    return (offset if west == "-" else -offset), None


@lru_cache(maxsize=64)
def zone(name: str) -> Zone:
    """The zone of this name; 22023 when there is none."""
    return Zone(name)


@lru_cache(maxsize=1024)
def offset_text(offset_seconds: int) -> str:
    """An offset as PostgreSQL prints it: +00, +05:30, -00:44:30."""
    sign = "-" if offset_seconds < 0 else "+"
    minutes, seconds = divmod(abs(offset_seconds), 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{sign}{hours:02d}"
    if minutes or seconds:
        text += f":{minutes:02d}"
    return text + (f":{seconds:02d}" if seconds else "")
