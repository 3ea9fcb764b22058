"""COPY's options as bytes, and what both readers agree on: a line's end, an error's context."""

from __future__ import annotations

from dataclasses import dataclass

from sql.answers import CopyOptions
from sql.errors import SqlError

LINE_BYTES_MAX = 1024 * 1024 * 1024
_CONTEXT_BYTES_MAX = 100


@dataclass(frozen=True, slots=True)
class Format:
    """`escape` is None in CSV when it is the quote itself, which then simply toggles."""

    csv: bool
    delimiter: int
    null: bytes
    quote: int
    escape: int | None

    @staticmethod
    def of(options: CopyOptions) -> Format:
        quote, escape = ord(options.quote), ord(options.escape)
        return Format(
            csv=options.format == "csv",
            delimiter=ord(options.delimiter),
            null=options.null.encode(),
            quote=quote,
            escape=escape if escape != quote else None,
        )


@dataclass(slots=True)
class Place:
    """Where reading stands. `eol` is settled by the first line's end: ``\\n``, ``\\r`` or ``\\r\\n``."""

    line: int = 0
    eol: bytes | None = None
    ended: bool = False


def error(message: str, line: int, shown: bytes | None = None, *, hint: str | None = None) -> SqlError:
    """22P04, with the line in the detail."""
    return SqlError("22P04", message, detail=context(line, shown), hint=hint)


def context(line: int, shown: bytes | None) -> str:
    where = f"COPY, line {line}"
    if shown is None:
        return where
    text = shown[:_CONTEXT_BYTES_MAX].decode(errors="ignore")
    return f'{where}: "{text}{"..." if len(shown) > _CONTEXT_BYTES_MAX else ""}"'


def decoded(data: bytes, line: int) -> str:
    """`data`, which begins on that line, as text; 22021 when it is not UTF-8 or holds a zero byte."""
    try:
        text = data.decode()
    except UnicodeDecodeError as failure:
        start, end = failure.start, max(failure.end, failure.start + 1)
    else:
        if "\0" not in text:
            return text
        start = data.index(0)
        end = start + 1
    wrong = " ".join(f"0x{byte:02x}" for byte in data[start:end])
    detail = context(line + data.count(b"\n", 0, start), None)
    raise SqlError("22021", f'invalid byte sequence for encoding "UTF8": {wrong}', detail=detail)
