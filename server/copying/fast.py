"""Whole windows of COPY data split at once, when nothing in them is unusual.

Line ends and delimiters are found with numpy; the window's own bytes become one Arrow array whose
values alternate between fields and what separates them, and each column is taken out of it in C++. No
byte of data passes through Python unless a field holds escapes or quotes within.

Everything here may give up (None): wrong column counts, bare carriage returns, end-of-copy markers, an
ESCAPE other than the quote in use. `exact` then reads the same window and says what is wrong, if it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from server.copying.format import Format, Place
from server.values.arrow import Array

Positions = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Split:
    """A window's whole lines: raw fields by column, how many bytes and lines they were."""

    columns: list[Array]
    consumed: int
    lines: int
    eol: bytes


def split(window: bytes, format: Format, columns: int, place: Place) -> Split | None:
    """The whole lines of a window that begins at a line's start; None when it takes the exact reader."""
    if not columns or place.eol == b"\r":
        return None
    data = np.frombuffer(window, np.uint8)
    quotes = np.flatnonzero(data == format.quote) if format.csv and format.quote in window else None
    if format.csv and format.escape is not None and format.escape in window:
        return None
    separators = np.flatnonzero((data == 10) | (data == format.delimiter))
    if quotes is not None:
        separators = separators[np.searchsorted(quotes, separators) & 1 == 0]
    elif not format.csv and 92 in window:
        unescaped = _without_escaped(data, separators)
        if unescaped is None:
            return None
        separators = unescaped
    is_newline = data[separators] == 10
    newlines = np.flatnonzero(is_newline)
    if not len(newlines):
        return None
    separators, is_newline = separators[: newlines[-1] + 1], is_newline[: newlines[-1] + 1]
    consumed = int(separators[-1]) + 1
    eol = _line_end(window, data[:consumed], separators[is_newline], quotes, format, place)
    if eol is None or len(separators) % columns:
        return None
    table = is_newline.reshape(-1, columns)
    if not table[:, -1].all() or table[:, :-1].any():
        return None
    starts = np.empty_like(separators)
    starts[0], starts[1:] = 0, separators[:-1] + 1
    if format.csv and _marked(data, starts[::columns]):
        return None
    ends = separators - is_newline * (len(eol) - 1)
    embedded = _embedded(data[:consumed], separators[is_newline], eol, place) if quotes is not None else 0
    return Split(_columns(window, starts, ends, columns), consumed, len(newlines) + embedded, eol)


def _embedded(lines: Bytes, newlines: Positions, eol: bytes, place: Place) -> int:
    """Line ends within quotes, which count as lines. PostgreSQL counts carriage returns while it has
    not met the first line's end."""
    first = int(newlines[0]) + 1 if place.eol is None else 0
    early = int(np.count_nonzero(lines[:first] == 13)) - (first > 0 and eol == b"\r\n")
    ends_outside = len(newlines) - (first > 0)
    return early + int(np.count_nonzero(lines[first:] == eol[0])) - ends_outside


def _without_escaped(data: Bytes, separators: Positions) -> Positions | None:
    """Separators that no backslash makes data. None if there may be an end-of-copy marker."""
    backslashes = np.flatnonzero(data == 92)
    order = np.arange(len(backslashes))
    begins = np.ones(len(backslashes), bool)
    begins[1:] = np.diff(backslashes) != 1
    run = order - np.maximum.accumulate(np.where(begins, order, 0)) + 1
    escaping = backslashes[run % 2 == 1]
    escaping = escaping[~np.isin(escaping + 1, backslashes, assume_unique=True)]
    following = data[np.minimum(escaping + 1, len(data) - 1)]
    if (following == 46).any() or (following == 13).any():
        return None
    return separators[~np.isin(separators, escaping + 1, assume_unique=True)]


def _line_end(
    window: bytes, lines: Bytes, newlines: Positions, quotes: Positions | None, format: Format, place: Place
) -> bytes | None:
    """How the lines end, all alike and as before; None when they do not, or a stray one is among them."""
    if 13 not in window:
        return None if place.eol == b"\r\n" else b"\n"
    returns = np.flatnonzero(lines == 13)
    if quotes is not None:
        returns = returns[np.searchsorted(quotes, returns) & 1 == 0]
    if not len(returns):
        return None if place.eol == b"\r\n" else b"\n"
    alike = place.eol != b"\n" and len(returns) == len(newlines) and bool((returns + 1 == newlines).all())
    return b"\r\n" if alike else None


def _marked(data: Bytes, line_starts: Positions) -> bool:
    """Whether a line begins with backslash and full stop."""
    following = data[np.minimum(line_starts + 1, len(data) - 1)]
    return bool(((data[line_starts] == 92) & (following == 46)).any())


def _columns(window: bytes, starts: Positions, ends: Positions, columns: int) -> list[Array]:
    offsets = np.empty(2 * len(starts) + 1, np.int32)
    offsets[0:-1:2], offsets[1::2], offsets[-1] = starts, ends, ends[-1]
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(window)]
    fields = pa.Array.from_buffers(pa.string(), len(offsets) - 1, buffers)
    return [fields.take(pa.array(np.arange(2 * at, len(offsets) - 1, 2 * columns))) for at in range(columns)]


def any_true(mask: Any) -> bool:
    return bool(pc.any(mask).as_py())
