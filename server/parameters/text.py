"""Parameters in text format, read as PostgreSQL's input functions read them.

The columnar twin of this is `sql.types.inputs`, which reads COPY's fields inside DuckDB.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sql.errors import SqlError
from sql.types import PgType, array_from_text, by_oid, bytea_from_text

_WHOLE = re.compile(r"\s*([+-]?\d+)\s*", re.ASCII)
_NUMBER = re.compile(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", re.ASCII)
_SPECIAL = re.compile(r"\s*[+-]?(nan|inf|infinity)\s*", re.IGNORECASE)
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")
_BEFORE_CHRIST = re.compile(r"\s*(\S+)(.*?)\s*BC\s*", re.IGNORECASE | re.DOTALL)
_RELATIVE = frozenset(("now", "today", "tomorrow", "yesterday"))
_WORDS = re.compile(
    r"\s*[+-]?(infinity|epoch)\s*"
    r"|\s*[0-9-]+([T ][0-9:.]+([+-][0-9:]+)?)?\s*(Z|UTC|GMT|[a-z_]+/[a-z_/+-]+|AD)?\s*",
    re.IGNORECASE,
)
_BITS = {"int2": 16, "int4": 32, "int8": 64, "xid8": 64}
_DIGITS_MAX = 1000


def decoded(data: bytes) -> str:
    """UTF-8 without zero bytes; 22021 otherwise."""
    try:
        text = data.decode()
    except UnicodeDecodeError as failure:
        shown = " ".join(f"0x{byte:02x}" for byte in data[failure.start : failure.end])
        raise SqlError("22021", f'invalid byte sequence for encoding "UTF8": {shown}') from None
    if "\0" in text:
        raise SqlError("22021", 'invalid byte sequence for encoding "UTF8": 0x00')
    return text


def from_text(pg: PgType, text: str) -> Any:
    """The parameter's value; 22P02 or the type's own error when the text is none."""
    if pg.is_array:
        element = by_oid(pg.element_oid)
        return _items(element, array_from_text(text))
    read = _READERS.get(pg.name)
    return text if read is None else read(pg, text)


def _items(element: PgType, items: list[Any]) -> list[Any]:
    return [
        None
        if item is None
        else _items(element, item)
        if isinstance(item, list)
        else from_text(element, item)
        for item in items
    ]


def _invalid(pg: PgType, text: str, sqlstate: str = "22P02") -> SqlError:
    return SqlError(sqlstate, f'invalid input syntax for type {pg.title}: "{text}"')


def _boolean(pg: PgType, text: str) -> bool:
    word = text.strip().lower()
    for value, names in ((True, _TRUE), (False, _FALSE)):
        if word and word != "o" and any(name.startswith(word) for name in names):
            return value
    raise _invalid(pg, text)


def _integer(pg: PgType, text: str) -> int:
    match = _WHOLE.fullmatch(text)
    if match is None:
        raise _invalid(pg, text)
    limit = 1 << (_BITS[pg.name] - 1)
    if len(match[1]) > _DIGITS_MAX or not -limit <= (value := int(match[1])) < limit:
        raise SqlError("22003", f'value "{text}" is out of range for type {pg.title}')
    return value


def _float(pg: PgType, text: str) -> float:
    if _SPECIAL.fullmatch(text):
        return float(text)
    if not _NUMBER.fullmatch(text):
        raise _invalid(pg, text)
    value = float(text)
    underflow = value == 0 and re.match(r"[^eE]*[1-9]", text) is not None
    largest = 3.4028235677973366e38 if pg.name == "float4" else float("inf")
    if abs(value) >= largest or underflow:
        raise SqlError("22003", f'"{text}" is out of range for type {pg.title}')
    return value


def _numeric(pg: PgType, text: str) -> str:
    if _NUMBER.fullmatch(text):
        return text.strip()
    if _SPECIAL.fullmatch(text):
        raise SqlError("0A000", f'numeric "{text.strip()}" is not supported')
    raise _invalid(pg, text)


def _bytea(_: PgType, text: str) -> bytes:
    return bytea_from_text(text)


def _moment(pg: PgType, text: str) -> str:
    """Of the words PostgreSQL knows, those that mean the present are refused, as in COPY."""
    if not re.search(r"[A-Za-z]", text):
        return text
    before_christ = _BEFORE_CHRIST.fullmatch(text)
    if before_christ is not None:
        return f"{before_christ[1]} (BC){before_christ[2]}"
    if text.strip().lower() in _RELATIVE:
        raise SqlError("0A000", f"the date/time input '{text.strip()}' is not supported")
    if not _WORDS.fullmatch(text):
        raise _invalid(pg, text, "22007")
    return re.sub(r"\s*AD\s*$", "", text, flags=re.IGNORECASE)


def _interval(_: PgType, text: str) -> str:
    """DuckDB reads PostgreSQL's style but for the plus sign after something negative."""
    return text.replace("+", "")


_READERS: dict[str, Callable[[PgType, str], Any]] = {
    "bool": _boolean,
    **dict.fromkeys(_BITS, _integer),
    "float4": _float,
    "float8": _float,
    "numeric": _numeric,
    "bytea": _bytea,
    "date": _moment,
    "time": _moment,
    "timestamp": _moment,
    "timestamptz": _moment,
    "interval": _interval,
}
