"""COPY lines read exactly as PostgreSQL 15 reads them, one after the other.

It decides what a line is, where COPY ends, and which error a malformed stream gets; `fast` is a shortcut
for streams in which none of these questions comes up. Regular expressions jump to the next byte that
matters, so this is no slower than a few hundred thousand lines a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from server.copying.format import Format, Place, error

_ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_ESCAPE = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.)|\Z)", re.DOTALL)


_CORRUPT = "end-of-copy marker corrupt"
_MISMATCH = "end-of-copy marker does not match previous newline style"


class ExactReader:
    """Splits windows of COPY data, each beginning at a line's start, into lines and lines into fields."""

    def __init__(self, format: Format, columns: tuple[str, ...]) -> None:
        self._format = format
        self._columns = columns
        delimiter = re.escape(bytes([format.delimiter]))
        specials = {b"\n", b"\r"}
        if format.csv:
            specials.add(bytes([format.quote]))
            if format.escape is not None:
                specials.add(bytes([format.escape]))
        else:
            specials.add(b"\\")
        self._special = re.compile(b"[" + b"".join(map(re.escape, sorted(specials))) + b"]")
        field = rb"((?:[^\\" + delimiter + rb"]|\\.)*)\\?(" + delimiter + rb"|\Z)"
        self._text_field = re.compile(field, re.DOTALL)
        self._csv_special = re.compile(b"[" + delimiter + b"".join(map(re.escape, _escapable(format))) + b"]")

    def lines(self, window: bytes, place: Place, *, final: bool) -> Iterator[tuple[bytes, int]]:
        """Each whole line without its end, with the place where the next one starts. Stops where more
        data is needed or COPY has ended; `final` says that no more will come."""
        position = 0
        while position < len(window) and not place.ended:
            place.line += 1
            found = self._line(window, position, place, final)
            if found is None:
                place.line -= 1
                return
            end, following = found
            if place.ended and end == position:
                return
            yield window[position:end], following
            position = following

    def _line(self, window: bytes, start: int, place: Place, final: bool) -> tuple[int, int] | None:
        """Where the line ends and the next begins; None when that cannot be told yet."""
        csv, quote, escape = self._format.csv, self._format.quote, self._format.escape
        in_quote = after_escape = False
        embedded = 0
        position = start
        if csv and window.startswith(b"\\", start):
            marker = self._marker(window, start, place, final)
            if marker is None or place.ended:
                return marker
            position = marker[1]
        last = position - 1
        while (match := self._special.search(window, position)) is not None:
            at = match.start()
            byte = window[at]
            position = at + 1
            if at != last + 1:
                after_escape = False
            last = at
            if csv and byte not in (10, 13):
                if in_quote and byte == escape:
                    after_escape = not after_escape
                if byte == quote and not after_escape:
                    in_quote = not in_quote
                if byte != escape:
                    after_escape = False
            elif in_quote:
                after_escape = False
                embedded += byte == (10 if place.eol == b"\n" else 13)
            elif byte == 92:
                marker = self._marker(window, at, place, final)
                if marker is None or place.ended:
                    return marker
                position = marker[1]
                last = position - 1
            else:
                following = self._line_end(window, at, byte, place, final, place.line + embedded)
                if following is not None:
                    place.line += embedded
                return None if following is None else (at, following)
        if not final or start == len(window):
            return None
        place.line += embedded
        return len(window), len(window)

    def _line_end(
        self, window: bytes, at: int, byte: int, place: Place, final: bool, line: int
    ) -> int | None:
        """Where the next line begins after the unquoted line feed or carriage return at `at`."""
        mode = "unquoted" if self._format.csv else "literal"
        hint = "Use quoted CSV field to represent {}." if self._format.csv else 'Use "{}" to represent {}.'
        if byte == 10:
            if place.eol in (b"\r", b"\r\n"):
                advice = hint.format("newline") if self._format.csv else hint.format("\\n", "newline")
                raise error(f"{mode} newline found in data", line, hint=advice)
            place.eol = b"\n"
            return at + 1
        advice = hint.format("carriage return") if self._format.csv else hint.format("\\r", "carriage return")
        if place.eol in (None, b"\r\n"):
            if at + 1 == len(window) and not final:
                return None
            if window[at + 1 : at + 2] == b"\n":
                place.eol = b"\r\n"
                return at + 2
            if place.eol == b"\r\n":
                raise error(f"{mode} carriage return found in data", line, hint=advice)
            place.eol = b"\r"
        elif place.eol == b"\n":
            raise error(f"{mode} carriage return found in data", line, hint=advice)
        return at + 1

    def _marker(self, window: bytes, at: int, place: Place, final: bool) -> tuple[int, int] | None:
        """A backslash at `at`: the end of COPY if ``\\.`` and a line's end follow (`place.ended`). Else
        where reading goes on: in text behind the escaped byte, in CSV behind the backslash."""
        if at + 1 == len(window):
            return (at, at + 1) if final else None
        if window[at + 1] != 46:
            return at, at + (1 if self._format.csv else 2)
        after = window[at + 2 : at + 4]
        if not final and len(after) < (2 if place.eol == b"\r\n" and after != b"\n" else 1):
            return None
        fault = self._marker_fault(after, place.eol)
        if fault is None:
            place.ended = True
            return at, len(window)
        if fault == _MISMATCH or not self._format.csv:
            raise error(fault, place.line)
        return at, at + 1

    def _marker_fault(self, after: bytes, eol: bytes | None) -> str | None:
        """What is wrong with the line's end after an end-of-copy marker. CSV takes a corrupt marker for
        data, and a wrong newline too where return and line feed should follow."""
        if eol == b"\r\n":
            if after[:1] != b"\r":
                return _MISMATCH if after[:1] == b"\n" and not self._format.csv else _CORRUPT
            after = after[1:]
        if after[:1] not in (b"\r", b"\n"):
            return _CORRUPT
        expected = {b"\n": b"\n", b"\r": b"\r", b"\r\n": b"\n", None: after[:1]}[eol]
        return None if after[:1] == expected else _MISMATCH

    # --- fields -----------------------------------------------------------------------------------

    def fields(self, line: bytes, number: int) -> list[bytes]:
        """The raw fields of a line, as many as there are columns."""
        if not self._columns:
            if line:
                raise error("extra data after last expected column", number, line)
            return []
        found = self._csv_fields(line, number) if self._format.csv else self._text_fields(line)
        if len(found) < len(self._columns):
            missing = self._columns[len(found)]
            raise error(f'missing data for column "{missing}"', number, line)
        if len(found) > len(self._columns):
            raise error("extra data after last expected column", number, line)
        return found

    def _text_fields(self, line: bytes) -> list[bytes]:
        if b"\\" not in line:
            return line.split(bytes([self._format.delimiter]))
        found, position = [], 0  # a lone backslash at the very end belongs to no field
        while True:
            match = self._text_field.match(line, position)
            assert match is not None
            found.append(match[1])
            if not match[2]:
                return found
            position = match.end()

    def _csv_fields(self, line: bytes, number: int) -> list[bytes]:
        """Fields with their quotes still in them; `csv_value` takes them off."""
        format, found, start, position = self._format, [], 0, 0
        in_quote = False
        while (match := self._csv_special.search(line, position)) is not None:
            position = match.start()
            byte = line[position]
            if in_quote and byte == format.escape and line[position + 1 : position + 2] in _escapable(format):
                position += 1
            elif byte == format.quote:
                in_quote = not in_quote
            elif byte == format.delimiter and not in_quote:
                found.append(line[start:position])
                start = position + 1
            position += 1
        if in_quote:
            raise error("unterminated CSV quoted field", number, line)
        return [*found, line[start:]]


def _escapable(format: Format) -> tuple[bytes, bytes]:
    return bytes([format.quote]), bytes([format.quote if format.escape is None else format.escape])


def text_value(raw: bytes) -> bytes:
    """A field of the text format with its backslashes resolved."""
    return _ESCAPE.sub(_unescaped, raw) if b"\\" in raw else raw


def _unescaped(match: re.Match[bytes]) -> bytes:
    octal, hexadecimal, other = match.groups()
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    if other is None:
        return b""
    return _ESCAPES.get(other, other)


def csv_value(raw: bytes, format: Format) -> bytes:
    """A CSV field without its quotes and escapes; quotes may stand anywhere in it."""
    quote, escape = _escapable(format)
    kept: list[bytes] = []
    position, in_quote = 0, False
    while position < len(raw):
        ends = [at for at in (raw.find(quote, position), raw.find(escape, position)) if at >= 0]
        at = min(ends, default=len(raw))
        kept.append(raw[position:at])
        byte, following = raw[at : at + 1], raw[at + 1 : at + 2]
        position = at + 1
        if in_quote and byte == escape and following in (escape, quote):
            kept.append(following)
            position += 1
        elif byte == quote:
            in_quote = not in_quote
        else:
            kept.append(byte)
    return b"".join(kept)
