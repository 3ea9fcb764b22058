"""Making a value fit a type: what is unknown is settled, what is known is cast when its type differs.

`coerce` is for where PostgreSQL would cast implicitly, `cast` for a cast that is written. Text made from
a value is PostgreSQL's text: ``1`` for a float that DuckDB prints ``1.0``, ``{1,2}`` for an array.
"""

from __future__ import annotations

from sql.bound import (
    BOOL,
    NUMERIC,
    TEXT,
    Bound,
    element_of,
    plain,
    title,
)
from sql.errors import SqlError
from sql.functions import casts_implicitly
from sql.params import Parameters
from sql.render import string
from sql.rules.intervals import interval_text
from sql.rules.literals import literal
from sql.types import Declared, explicit_cast, input_cast

_TEXT_TYPES = frozenset(["text", "varchar", "bpchar", "name", "char"])
_INTEGERS = frozenset(["int2", "int4", "int8"])
_NUMBERS = _INTEGERS | {"numeric", "float4", "float8"}
_READ = frozenset(["int2", "int4", "int8", "float4", "float8", "bytea", "date", "timestamp", "timestamptz"])
_OID_TYPES = frozenset(
    ["oid", "regclass", "regtype", "regproc", "regnamespace", "regrole", "xid", "cid", "xid8"]
)
_MOMENTS = frozenset(["date", "timestamp", "timestamptz"])
_EXPLICIT = frozenset(
    {
        ("bit", "int4"),
        ("bit", "int8"),
        ("bit", "varbit"),
        ("bool", "int4"),
        ("char", "int4"),
        ("int4", "bit"),
        ("int4", "bool"),
        ("int4", "char"),
        ("int8", "bit"),
        ("interval", "time"),
        ("json", "jsonb"),
        ("jsonb", "bool"),
        ("jsonb", "float4"),
        ("jsonb", "float8"),
        ("jsonb", "int2"),
        ("jsonb", "int4"),
        ("jsonb", "int8"),
        ("jsonb", "json"),
        ("jsonb", "numeric"),
        ("time", "interval"),
        ("timestamp", "time"),
        ("timestamptz", "time"),
        ("timestamptz", "timestamp"),
        ("varbit", "bit"),
        ("varbit", "int4"),
        ("varbit", "int8"),
    }
)
"""Casts between different types that have to be written."""


def settle(bound: Bound, wanted: Declared, parameters: Parameters) -> Bound:
    """`bound` with a type: an unknown one becomes a `wanted`, a known one stays what it is."""
    if bound.type is not None:
        return bound
    if bound.parameter:
        return parameters.settle(bound.parameter, plain(wanted))
    if bound.literal is not None:
        return Bound(_constant(bound, plain(wanted)), plain(wanted))
    return Bound(f"CAST({bound.sql} AS {wanted.duckdb})", plain(wanted))


def _constant(bound: Bound, wanted: Declared) -> str:
    assert bound.literal is not None
    try:
        return literal(bound.literal, wanted)
    except SqlError as error:
        error.position = error.position or bound.at
        raise


def as_text(bound: Bound, parameters: Parameters) -> Bound:
    return settle(bound, TEXT, parameters)


def coerce(bound: Bound, wanted: Declared, parameters: Parameters) -> str:
    """`bound` as a `wanted`, to which it casts implicitly (the caller knows)."""
    bound = settle(bound, wanted, parameters)
    assert bound.type is not None
    if bound.type.pg.oid == wanted.pg.oid:
        return bound.sql
    return converted(bound, plain(wanted))


def converted(bound: Bound, wanted: Declared) -> str:
    """A known value as another type, without looking whether PostgreSQL allows it."""
    source = bound.type
    assert source is not None
    name, target = source.pg.name, wanted.pg.name
    if name == target:
        return bound.sql
    if target in _TEXT_TYPES:
        return bound.sql if name in _TEXT_TYPES else text_of(bound.sql, source)
    if target == "numeric":
        return _numeric(bound, name)
    if name in _OID_TYPES and target in _OID_TYPES:
        return bound.sql
    if bound.integer and target in _INTEGERS and name in ("int2", "int4"):
        return f"CAST({bound.sql} AS {wanted.duckdb})"
    if name in _TEXT_TYPES and target == "bool":
        return _boolean(bound.sql)
    if target == "jsonb":
        return f"rewinddb_jsonb({bound.sql})"
    if name == "jsonb" and target == "json":
        return bound.sql
    if name in _TEXT_TYPES and target in _READ:
        return _read(bound.sql, wanted)
    if target == "float8" and bound.literal is not None:
        return f"CAST({string(bound.literal)} AS DOUBLE)"
    return f"CAST({bound.sql} AS {wanted.duckdb})"


def _read(sql: str, wanted: Declared) -> str:
    """Text that only the data knows, by PostgreSQL's input functions; it is bound once, being repeated."""
    return f"list_transform([{sql}], lambda input: {input_cast(wanted, 'input')})[1]"


def _numeric(bound: Bound, name: str) -> str:
    if name in _INTEGERS:
        return f"CAST({bound.sql} AS DECIMAL({ {'int2': 5, 'int4': 10, 'int8': 19}[name] },0))"
    scale = 10 if name in _TEXT_TYPES else 15
    if name in ("float4", "float8"):
        digits = 6 if name == "float4" else 15
        return f"CAST(format('{{:.{digits}g}}', CAST({bound.sql} AS DOUBLE)) AS DECIMAL(38,{scale}))"
    if name in _TEXT_TYPES:
        return _read(bound.sql, NUMERIC)
    return f"CAST({bound.sql} AS {NUMERIC.duckdb})"


def _boolean(sql: str) -> str:
    text = f"lower(trim({sql}))"
    return (
        f"CASE WHEN {text} IN ('t', 'tr', 'tru', 'true', 'y', 'ye', 'yes', 'on', '1') THEN true "
        f"WHEN {text} IN ('f', 'fa', 'fal', 'fals', 'false', 'n', 'no', 'of', 'off', '0') THEN false "
        f"WHEN {sql} IS NULL THEN NULL "
        f"ELSE error('[22P02] invalid input syntax for type boolean: \"' || {sql} || '\"') END"
    )


def text_of(sql: str, source: Declared) -> str:
    """PostgreSQL's text of a value."""
    name = source.pg.name
    if source.pg.is_array:
        return _array_text(sql, source)
    plain_text = f"CAST({sql} AS VARCHAR)"
    match name:
        case "float4" | "float8":
            short = f"regexp_replace({plain_text}, '\\.0$', '')"
            return (
                f"CASE {plain_text} WHEN 'inf' THEN 'Infinity' WHEN '-inf' THEN '-Infinity' "
                f"WHEN 'nan' THEN 'NaN' ELSE {short} END"
            )
        case "date" | "timestamp" | "timestamptz":
            return f"regexp_replace({plain_text}, '^(\\S+) \\(BC\\)(.*)$', '\\1\\2 BC')"
        case "interval":
            return interval_text(sql)
        case "bytea":
            return f"('\\x' || lower(hex({sql})))"
        case "int2vector" | "oidvector":
            return f"array_to_string(CAST({sql} AS VARCHAR[]), ' ')"
    return plain_text


def _array_text(sql: str, source: Declared) -> str:
    element = element_of(source)
    item = text_of("item", element)
    quoted = (
        "CASE WHEN item IS NULL THEN 'NULL' "
        f"WHEN regexp_matches({item}, '^$|[{{}}\",\\\\\\s]|^(?i)null$') "
        f"THEN '\"' || replace(replace({item}, '\\', '\\\\'), '\"', '\\\"') || '\"' ELSE {item} END"
    )
    if element.pg.is_array:
        quoted = item
    return f"('{{' || array_to_string(list_transform({sql}, lambda item: {quoted}), ',') || '}}')"


# --- written casts ----------------------------------------------------------------------------------


def cast(bound: Bound, wanted: Declared, parameters: Parameters) -> Bound:
    """``CAST(bound AS wanted)``; 42846 when PostgreSQL has no such cast."""
    if bound.type is None:
        if bound.literal is not None:
            return Bound(_constant(bound, wanted), wanted, scale=_scale(wanted))
        if bound.parameter:
            found = parameters.settle(bound.parameter, plain(wanted))
            return cast(found, wanted, parameters)
        return Bound(f"CAST({bound.sql} AS {wanted.duckdb})", wanted)
    source = bound.type
    if not can_cast(source, wanted):
        raise SqlError("42846", f"cannot cast type {title(source)} to {title(wanted)}")
    if source.pg.oid == wanted.pg.oid and wanted.modifier < 0:
        return Bound(bound.sql, wanted, scale=bound.scale, integer=False)
    sql = _cast_sql(bound, source, wanted)
    return Bound(sql, wanted, scale=_scale(wanted))


def _cast_sql(bound: Bound, source: Declared, wanted: Declared) -> str:
    name, target = source.pg.name, wanted.pg.name
    if target == "bit" and name in _INTEGERS:
        return _low_bits(bound.sql, max(wanted.modifier, 1), 64 if name == "int8" else 32)
    if wanted.modifier >= 0 and not wanted.pg.is_array:
        whole = plain(wanted)
        if name == "numeric" or target not in ("numeric",):
            inner = converted(bound, whole) if name != target else bound.sql
        else:
            inner = bound.sql
        return explicit_cast(wanted, inner)
    if target == "interval" and name in _TEXT_TYPES:
        return f"CAST({bound.sql} AS INTERVAL)"
    if target in ("bpchar", "name", "char") and name != target:
        return explicit_cast(wanted, converted(bound, TEXT))
    if name in ("json", "jsonb") and target not in (*_TEXT_TYPES, "json", "jsonb"):
        return f"CAST({bound.sql} AS {wanted.duckdb})"
    if wanted.pg.is_array and name in _TEXT_TYPES:
        return _array_of_text(bound.sql, wanted)
    return converted(bound, wanted)


def _low_bits(sql: str, length: int, width: int) -> str:
    """A whole number's last bits; its sign fills what is longer than the number."""
    bits = f"CAST(CAST(CAST({sql} AS {'BIGINT' if width == 64 else 'INTEGER'}) AS BIT) AS VARCHAR)"
    return f"CAST(right(lpad({bits}, {max(length, width)}, left({bits}, 1)), {length}) AS BIT)"


def _array_of_text(sql: str, wanted: Declared) -> str:
    """Text of an array that only the data knows, such as ``'{1,2}'``: elements without quotes in them."""
    inner = f"substring({sql}, 2, length({sql}) - 2)"
    parts = f"CASE WHEN {inner} = '' THEN CAST([] AS VARCHAR[]) ELSE string_split({inner}, ',') END"
    item = "CASE WHEN upper(item) = 'NULL' THEN NULL ELSE trim(item, '\"') END"
    return f"CAST(list_transform({parts}, lambda item: {item}) AS {wanted.duckdb})"


def _scale(wanted: Declared) -> int | None:
    if wanted.pg.name != "numeric":
        return None
    return ((wanted.modifier - 4) & 0x7FF) if wanted.modifier >= 4 else None


def can_cast(source: Declared, wanted: Declared) -> bool:
    """Has PostgreSQL an explicit cast?"""
    name, target = source.pg.name, wanted.pg.name
    if source.pg.category == wanted.pg.category == "A":
        return can_cast(element_of(source), element_of(wanted))
    if name == target or name in _TEXT_TYPES or target in _TEXT_TYPES:
        return True
    if name in _NUMBERS and target in _NUMBERS:
        return True
    if name in _OID_TYPES | _INTEGERS and target in _OID_TYPES | {"int4", "int8"}:
        return True
    if name in _MOMENTS and target in _MOMENTS:
        return True
    return (name, target) in _EXPLICIT or casts_implicitly(source.pg, wanted.pg)


# --- one type for several values --------------------------------------------------------------------


def common_type(bounds: list[Bound], what: str) -> Declared:
    """The type of CASE, UNION, VALUES, ARRAY: PostgreSQL's rules. 42804 when there is none."""
    best: Declared | None = None
    for bound in bounds:
        given = bound.type
        if given is None:
            continue
        if best is None:
            best = given
            continue
        if best.pg.oid == given.pg.oid:
            if best.modifier != given.modifier:
                best = plain(best)
            continue
        forth, back = casts_implicitly(best.pg, given.pg), casts_implicitly(given.pg, best.pg)
        if not (forth or back):
            message = f"{what} types {title(best)} and {title(given)} cannot be matched"
            raise SqlError("42804", message, position=bound.at)
        if not back:
            best = given
        best = plain(best)
    return best or TEXT


def boolean(bound: Bound, parameters: Parameters, what: str) -> str:
    """The condition of WHERE, AND, …"""
    if bound.type is not None and bound.type.pg.name != "bool":
        raise SqlError("42804", f"argument of {what} must be type boolean, not type {title(bound.type)}")
    return coerce(bound, BOOL, parameters)
