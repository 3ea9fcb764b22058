"""String constants as values of a type, read the way PostgreSQL's input functions read them.

A constant is known when the statement is planned, so what DuckDB's casts would refuse or read differently
('on' as boolean, '{1,2}' as an array, 'P1D' as an interval, 'today') is read here, and a constant that is
wrong for its type is told at once (22P02), with its place. What is read alike is left to DuckDB.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from sql.bound import element_of
from sql.errors import SqlError
from sql.render import string
from sql.rules.intervals import interval_literal
from sql.types import Declared, explicit_cast

_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")
_INTEGER = re.compile(r"\s*([+-]?\d+)\s*\Z")
_NUMERIC = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*\Z")
_RANGES = {"int2": 15, "int4": 31, "int8": 63}
_OID_LIKE = frozenset(["oid", "xid", "cid", "xid8"])
_SPECIAL_FLOATS = {"infinity": "inf", "inf": "inf", "+infinity": "inf", "-infinity": "-inf", "-inf": "-inf",
                   "nan": "nan"}  # fmt: skip
_LARGEST = {"float4": 3.4028235677973366e38, "float8": sys.float_info.max}
_SMALLEST = {"float4": 1e-45, "float8": 5e-324}
_HEX = re.compile(r"\\x((?:\s*[0-9a-fA-F]{2})*)\s*\Z")
_ISO_DATE = re.compile(r"\s*(\d{4,6})-?(\d{1,2})-?(\d{1,2})\s*(BC)?\s*\Z", re.IGNORECASE)
_ERA = re.compile(r"\s*\b(BC|AD)\s*\Z", re.IGNORECASE)
_ISO_DAY = re.compile(r"(\d{4,6}-\d{1,2}-\d{1,2})([T ].*)?\Z")
_COMPACT = re.compile(r"\s*(\d{4})(\d{2})(\d{2})(?=\D|\Z)")
_US_DATE = re.compile(r"\s*(\d{1,2})/(\d{1,2})/(\d{4})(?=\D|\Z)")
_MONTH_FIRST = re.compile(r"\s*([A-Za-z]{3,9})\.?\s+(\d{1,2}),?\s+(\d{4})(?=\D|\Z)")
_DAY_FIRST = re.compile(r"\s*(\d{1,2})[- ]([A-Za-z]{3,9})[- ](\d{4})(?=\D|\Z)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def invalid(type_name: str, value: str) -> SqlError:
    return SqlError("22P02", f'invalid input syntax for type {type_name}: "{value}"')


def literal(value: str, wanted: Declared) -> str:
    """DuckDB SQL of the constant `value` as a `wanted`."""
    if wanted.pg.is_array:
        return _array(value, wanted)
    reader = _READERS.get(wanted.pg.name)
    if reader is not None:
        return reader(value, wanted)
    if wanted.modifier >= 0:
        return explicit_cast(wanted, string(value))
    return f"CAST({string(value)} AS {wanted.duckdb})"


def _text(value: str, wanted: Declared) -> str:
    if wanted.modifier >= 0 or wanted.pg.name in ("bpchar", "name", "char"):
        return explicit_cast(wanted, string(value))
    return string(value)


def _boolean(value: str, wanted: Declared) -> str:
    text = value.strip().lower()
    for words, sql in ((_TRUE, "true"), (_FALSE, "false")):
        if text in words or (text and text != "o" and any(word.startswith(text) for word in words)):
            return sql
    raise invalid("boolean", value)


def _integer(value: str, wanted: Declared) -> str:
    match = _INTEGER.match(value)
    if match is None:
        raise invalid(wanted.pg.title, value)
    number = int(match[1]) if len(match[1]) < 60 else 1 << 80
    bits = _RANGES[wanted.pg.name]
    if not -(1 << bits) <= number < (1 << bits):
        raise SqlError("22003", f'value "{value}" is out of range for type {wanted.pg.title}')
    return f"CAST({number} AS {wanted.duckdb})"


def _numeric(value: str, wanted: Declared) -> str:
    match = _NUMERIC.match(value)
    if match is None:
        if value.strip().lower() in _SPECIAL_FLOATS:
            raise SqlError("0A000", f'numeric "{value.strip()}" is not supported')
        raise invalid("numeric", value)
    from sql.rules.constants import decimal_sql

    if wanted.modifier >= 0:
        return explicit_cast(wanted, string(match[1]))
    return decimal_sql(match[1])[0]


def _float(value: str, wanted: Declared) -> str:
    text = value.strip()
    special = _SPECIAL_FLOATS.get(text.lower())
    if special is None and _NUMERIC.match(value) is None:
        raise invalid(wanted.pg.title, value)
    if special is None and not _in_range(text, wanted.pg.name):
        raise SqlError("22003", f'"{text}" is out of range for type {wanted.pg.title}')
    return f"CAST({string(special or text)} AS {wanted.duckdb})"


def _in_range(text: str, name: str) -> bool:
    """Neither infinite nor, unless written so, zero."""
    number, largest, smallest = abs(float(text)), _LARGEST[name], _SMALLEST[name]
    written_zero = not any(digit in "123456789" for digit in re.split("[eE]", text)[0])
    return number <= largest and (written_zero or number >= smallest)


def _oid(value: str, wanted: Declared) -> str:
    match = _INTEGER.match(value)
    if match is None:
        raise invalid(wanted.pg.title, value)
    return f"CAST({int(match[1])} AS BIGINT)"


def _bytea(value: str, wanted: Declared) -> str:
    match = _HEX.match(value)
    if match is not None:
        return f"unhex('{re.sub(r'[^0-9a-fA-F]', '', match[1])}')"
    if value.startswith("\\x"):
        raise SqlError("22023", "invalid hexadecimal data: odd number of digits or invalid digit")
    out = bytearray()
    position = 0
    for escape in re.finditer(r"\\(?:(\\)|([0-3][0-7]{2})|)", value):
        out += value[position : escape.start()].encode()
        position = escape.end()
        if escape[1]:
            out += b"\\"
        elif escape[2]:
            out.append(int(escape[2], 8))
        else:
            raise invalid("bytea", value)
    out += value[position:].encode()
    return f"unhex('{out.hex()}')"


def _interval(value: str, wanted: Declared) -> str:
    sql = interval_literal(value)
    if sql is None:
        raise bad_interval(value)
    return explicit_cast(wanted, sql) if wanted.modifier >= 0 else sql


def bad_interval(value: str) -> SqlError:
    return SqlError("22007", f'invalid input syntax for type interval: "{value}"')


def _moment(value: str, wanted: Declared) -> str:
    """date, timestamp, timestamptz: PostgreSQL's other spellings of a date become ISO's. DuckDB wants an
    era right behind the date, and lets it go without a word elsewhere."""
    before_christ = _ERA.search(value)
    if before_christ is not None:
        dated = _ISO_DAY.match(_iso(value[: before_christ.start()].strip()))
        if dated is None:
            raise _no_moment(value, wanted)
        if before_christ[1].upper() == "BC":
            era = f"{dated[1]} (BC){'' if wanted.pg.name == 'date' else dated[2] or ''}"
            return explicit_cast(wanted, string(era))
        value = value[: before_christ.start()]
    text = value.strip()
    lowered = text.lower()
    kind = wanted.pg.name
    if lowered == "epoch":
        text = "1970-01-01" + (
            "" if kind == "date" else " 00:00:00" + ("+00" if kind == "timestamptz" else "")
        )
    elif lowered in ("now", "today", "tomorrow", "yesterday"):
        return _relative(lowered, wanted)
    else:
        text = _iso(text)
    if kind == "date":
        text = re.sub(r"[T ]\d{1,2}:.*\Z", "", text)
    if kind == "timestamp":
        text = re.sub(r"(\d)\s*(Z|UTC|GMT|[+-]\d{1,2}(:?\d{2})?)\Z", r"\1", text) if ":" in text else text
    if not re.match(r"[+-]?\d|-?inf|\+inf", text.lower()) or len(text) > 60:
        raise _no_moment(value, wanted)
    if wanted.modifier >= 0:
        return explicit_cast(wanted, string(text))
    return f"CAST({string(text)} AS {wanted.duckdb})"


def _no_moment(value: str, wanted: Declared) -> SqlError:
    name = wanted.pg.title.removesuffix(" without time zone")
    return SqlError("22007", f'invalid input syntax for type {name}: "{value}"')


def _relative(word: str, wanted: Declared) -> str:
    """These are values of the statement's own moment, which the plan's context would have to give."""
    raise SqlError(
        "0A000", f"the date/time input '{word}' is not supported", hint="Use now() or current_date."
    )


def _iso(text: str) -> str:
    match = _COMPACT.match(text)
    if match:
        return f"{match[1]}-{match[2]}-{match[3]}{text[match.end() :]}"
    match = _US_DATE.match(text)
    if match:
        return f"{match[3]}-{int(match[1]):02}-{int(match[2]):02}{text[match.end() :]}"
    match = _MONTH_FIRST.match(text)
    if match and match[1][:3].lower() in _MONTHS:
        month = _MONTHS.index(match[1][:3].lower()) + 1
        return f"{match[3]}-{month:02}-{int(match[2]):02}{text[match.end() :]}"
    match = _DAY_FIRST.match(text)
    if match and match[2][:3].lower() in _MONTHS:
        month = _MONTHS.index(match[2][:3].lower()) + 1
        return f"{match[3]}-{month:02}-{int(match[1]):02}{text[match.end() :]}"
    return text


def _array(value: str, wanted: Declared) -> str:
    items, position = _array_items(value, value.lstrip().find("{") + len(value) - len(value.lstrip()), wanted)
    if value[position:].strip():
        raise _malformed(value)
    return items


def _malformed(value: str) -> SqlError:
    return SqlError("22P02", f'malformed array literal: "{value}"')


_ITEM = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|((?:[^{},"\\]|\\.)+?))\s*(?=[,}])', re.DOTALL)


def _array_items(value: str, position: int, wanted: Declared) -> tuple[str, int]:
    if position < 0 or value[position : position + 1] != "{":
        raise _malformed(value)
    element = element_of(wanted)
    items: list[str] = []
    position += 1
    nested = False
    while True:
        rest = re.compile(r"\s*").match(value, position)
        position = rest.end() if rest else position
        if value[position : position + 1] == "}" and not items:
            position += 1
            break
        if value[position : position + 1] == "{":
            nested = True
            inner, position = _array_items(value, position, wanted)
            items.append(inner)
        else:
            match = _ITEM.match(value, position)
            if match is None:
                raise _malformed(value)
            position = match.end()
            items.append(_array_item(match, element))
        rest = re.compile(r"\s*([,}])").match(value, position)
        if rest is None:
            raise _malformed(value)
        position = rest.end()
        if rest[1] == "}":
            break
    if nested:
        return f"[{', '.join(items)}]", position
    return f"CAST([{', '.join(items)}] AS {wanted.duckdb})", position


def _array_item(match: re.Match[str], element: Declared) -> str:
    quoted, bare = match.groups()
    if bare is not None and bare.strip().lower() == "null":
        return "NULL"
    text = quoted if quoted is not None else bare.strip()
    return literal(re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL), element)


_READERS: dict[str, Callable[[str, Declared], str]] = {
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "char"), _text),
    **dict.fromkeys(_RANGES, _integer),
    **dict.fromkeys(("float4", "float8"), _float),
    **dict.fromkeys(_OID_LIKE, _oid),
    **dict.fromkeys(("date", "timestamp", "timestamptz"), _moment),
    "bool": _boolean,
    "numeric": _numeric,
    "bytea": _bytea,
    "interval": _interval,
    "jsonb": lambda value, wanted: f"rewinddb_jsonb({string(value)})",
}
