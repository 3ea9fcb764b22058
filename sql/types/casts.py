"""DuckDB SQL that makes an expression fit a declared type as PostgreSQL would.

DuckDB's CAST knows neither ``varchar(3)`` nor ``timestamp(0)``. PostgreSQL has two rules: an
*assignment* (INSERT, UPDATE, COPY, a default) of too long a value is an error, an *explicit* cast cuts
it. Both are plain DuckDB expressions, so they run vectorised inside the statement. The operand is
repeated in the result: hand in a column reference or a cheap expression (DuckDB evaluates equal
subexpressions once, but a volatile one would be evaluated twice).

Errors are raised inside DuckDB with `raising`, whose text begins with the SQLSTATE in brackets; what
maps DuckDB's failures to SQL errors reads it back with `raised`.
"""

from __future__ import annotations

import re

from sql.errors import SqlError
from sql.types import jsonb
from sql.types.names import Declared, numeric_modifier
from sql.types.table import NAME_BYTES_MAX

_RAISED = re.compile(r"\A(?:[A-Za-z ]+: )?\[([0-9A-Z]{5})\] (.*?)(?: \[DETAIL\] (.*))?\s*\Z", re.DOTALL)
_POSTGRES_EPOCH_US = 946684800000000
_MICROSECONDS_PER_DAY = 86400000000


def raising(sqlstate: str, message: str, detail: str | None = None) -> str:
    """A DuckDB expression that fails with this error when it is evaluated."""
    text = f"[{sqlstate}] {message}" + (f" [DETAIL] {detail}" if detail else "")
    return "error('" + text.replace("'", "''") + "')"


def raised(text: str) -> SqlError | None:
    """The error that `raising` put into the text of a DuckDB failure, if it was one."""
    match = _RAISED.search(text)
    return SqlError(match[1], match[2], detail=match[3]) if match else None


def assignment_cast(declared: Declared, expression_sql: str) -> str:
    """`expression_sql` as a value of the type, by the rules of assignment: 22001 for a string that is
    too long (unless only by spaces), 22003 for a numeric that overflows."""
    return _cast(declared, expression_sql, assignment=True)


def explicit_cast(declared: Declared, expression_sql: str) -> str:
    """`expression_sql` as a value of the type, by the rules of CAST: strings are cut to their length."""
    return _cast(declared, expression_sql, assignment=False)


def _cast(declared: Declared, x: str, *, assignment: bool) -> str:
    element = declared.element
    if element is not None:
        if declared.modifier < 0 and element.pg.name not in ("bpchar", "char", "name"):
            return f"CAST({x} AS {declared.duckdb})"
        depth = declared.duckdb.count("[]")
        return _cast_elements(element, f"CAST({x} AS {'VARCHAR' + '[]' * depth})", depth, assignment)
    match declared.pg.name:
        case "varchar" | "bpchar":
            return _string(declared, x, assignment)
        case "bit" | "varbit":
            return _bits(declared, x, assignment)
        case "name":
            return f"left(CAST({x} AS VARCHAR), {NAME_BYTES_MAX})"
        case "char":
            return f"left(CAST({x} AS VARCHAR), 1)"
        case "numeric":
            return _numeric(declared, x)
        case "jsonb":
            return jsonb.kept(x)
        case "time" | "timestamp" | "timestamptz" | "interval":
            return _rounded(declared, x)
    return f"CAST({x} AS {declared.duckdb})"


def _cast_elements(element: Declared, x: str, depth: int, assignment: bool) -> str:
    item = f"item{depth}"
    if depth == 1:
        inner = _cast(element, item, assignment=assignment)
    else:
        inner = _cast_elements(element, item, depth - 1, assignment)
    return f"list_transform({x}, lambda {item}: {inner})"


def _string(declared: Declared, x: str, assignment: bool) -> str:
    """A character(n) is kept without its padding (see sql.types.table), so it loses trailing spaces."""
    text = f"CAST({x} AS VARCHAR)"
    blank_padded = declared.pg.name == "bpchar"
    kept = f"rtrim({text}, ' ')" if blank_padded else text
    length = declared.modifier - 4
    if declared.modifier < 0:
        return kept
    if not assignment:
        return f"rtrim(left({text}, {length}), ' ')" if blank_padded else f"left({text}, {length})"
    error = raising("22001", f"value too long for type {declared.text}")
    return (
        f"CASE WHEN {x} IS NULL THEN NULL WHEN length({text}) <= {length} THEN {kept} "
        f"WHEN length(rtrim({text}, ' ')) <= {length} THEN left({kept}, {length}) ELSE {error} END"
    )


def _bits(declared: Declared, x: str, assignment: bool) -> str:
    bits, length, fixed = f"CAST({x} AS BIT)", declared.modifier, declared.pg.name == "bit"
    if length < 0:
        return bits
    if not assignment:
        cut = f"left(CAST({bits} AS VARCHAR), {length})"
        return f"CAST({f'rpad({cut}, {length}, {chr(39)}0{chr(39)})' if fixed else cut} AS BIT)"
    if fixed:
        error = raising("22026", f"bit string length does not match type bit({length})")
    else:
        error = raising("22001", f"bit string too long for type bit varying({length})")
    fits = f"length({bits}) {'=' if fixed else '<='} {length}"
    return f"CASE WHEN {x} IS NULL OR {fits} THEN {bits} ELSE {error} END"


def _numeric(declared: Declared, x: str) -> str:
    numeric = numeric_modifier(declared.modifier)
    if numeric is None:
        return f"CAST({x} AS {declared.duckdb})"
    precision, scale = numeric
    power = f"10^{precision - scale}" if precision > scale else "1"
    field = f"A field with precision {precision}, scale {scale}"
    detail = f"{field} must round to an absolute value less than {power}."
    error = raising("22003", "numeric field overflow", detail)
    plain = f"CAST({x} AS {declared.duckdb})"
    return (
        f"COALESCE(TRY_CAST({x} AS {declared.duckdb}), CASE WHEN {x} IS NULL THEN NULL "
        f"WHEN isfinite(TRY_CAST(CAST({x} AS VARCHAR) AS DOUBLE)) THEN {error} ELSE {plain} END)"
    )


def _rounded(declared: Declared, x: str) -> str:
    """Fractional seconds rounded half away from zero, counted from 2000-01-01 as PostgreSQL counts."""
    value = f"CAST({x} AS {declared.duckdb})"
    precision = declared.modifier & 0xFFFF if declared.modifier >= 0 else 6
    if precision >= 6:
        return value
    unit = 10 ** (6 - precision)
    if declared.pg.name == "interval":
        micros = f"datepart('microseconds', {value})"
        return f"({value} + to_microseconds({_round(micros, unit)} - {micros}))"
    if declared.pg.name == "time":
        rounded = _round(f"epoch_us({value})", unit)
        return (
            f"CASE WHEN {rounded} >= {_MICROSECONDS_PER_DAY} THEN TIME '24:00:00' "
            f"ELSE TIME '00:00:00' + to_microseconds({rounded}) END"
        )
    rounded = _round(f"(epoch_us({value}) - {_POSTGRES_EPOCH_US})", unit)
    make = "make_timestamp" if declared.pg.name == "timestamp" else "make_timestamptz"
    return f"COALESCE({make}({rounded} + {_POSTGRES_EPOCH_US}), {value})"


def _round(micros: str, unit: int) -> str:
    return f"(sign({micros})::BIGINT * ((abs({micros}) + {unit // 2}) // {unit}) * {unit})"
