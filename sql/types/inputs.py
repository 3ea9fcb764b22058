"""DuckDB SQL that reads text the way PostgreSQL's input functions do, column-wise.

For text that only the data knows: COPY's fields. (Constants are read by the planner, parameters by the
server, both in Python.) DuckDB's own cast from VARCHAR takes 1.5 for an integer, drops BC without a word,
does not know ``on`` for a boolean or ``{1,2}`` for an array. Each expression first tries what nearly every
value looks like, then sorts out the rest, and fails as PostgreSQL does: 22P02, 22003, 22007.

The operand is repeated many times: hand in a column reference.
"""

from __future__ import annotations

from sql.types.casts import assignment_cast, raising
from sql.types.names import Declared

_WHOLE = r"\s*[+-]?[0-9]+\s*"
_NUMBER = r"\s*[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\s*"
_SPECIAL = r"(?i)\s*[+-]?(nan|inf|infinity)\s*"
_TRUE = r"(?i)\s*(t|tr|tru|true|y|ye|yes|on|1)\s*"
_FALSE = r"(?i)\s*(f|fa|fal|fals|false|n|no|of|off|0)\s*"
_BEFORE_CHRIST = r"(?i)\s*(\S+)(.*?)\s*BC\s*"
_WITH_LETTERS = (
    r"(?i)\s*[+-]?(infinity|epoch)\s*"
    r"|\s*[0-9-]+([T ][0-9:.]+([+-][0-9:]+)?)?\s*(Z|UTC|GMT|[a-z_]+/[a-z_/+-]+|AD)?\s*"
)
_ISO = r"[0-9-]+[T ][0-9:.]+Z?"
_RELATIVE = r"(?i)\s*(now|today|tomorrow|yesterday)\s*"
_ITEM = r'"(?:[^"\\]|\\.)*"|(?:[^"\\{},]|\\.)+'
_HEX = r"\\x(\s*[0-9a-fA-F]{2})*\s*"
_OCTAL = r"\\[0-3][0-7]{2}|\\\\|[^\\]+"


def input_cast(wanted: Declared, x: str) -> str:
    """Text `x` as a value of the declared type, by the rules of assignment."""
    if wanted.element is not None:
        return _array(wanted, wanted.element, x)
    match wanted.pg.name:
        case "int2" | "int4" | "int8" | "oid" | "xid" | "cid" | "xid8":
            return _integer(wanted, x)
        case "float4" | "float8":
            return _float(wanted, x)
        case "numeric":
            return _numeric(wanted, x)
        case "bool":
            return (
                f"CASE WHEN {x} IS NULL THEN NULL WHEN {x} = 't' OR {_matches(x, _TRUE)} THEN true "
                f"WHEN {x} = 'f' OR {_matches(x, _FALSE)} THEN false ELSE {_invalid(wanted, x)} END"
            )
        case "bytea":
            return _bytea(x)
        case "date" | "time" | "timestamp" | "timestamptz":
            return _moment(wanted, x)
        case "interval":
            return assignment_cast(wanted, f"replace({x}, '+', '')")
    return assignment_cast(wanted, x)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _matches(x: str, pattern: str) -> str:
    return f"regexp_full_match({x}, {_literal(pattern)})"


def _error(sqlstate: str, before: str, x: str, after: str) -> str:
    return f"error({_literal(f'[{sqlstate}] {before}')} || {x} || {_literal(after)})"


def _invalid(wanted: Declared, x: str, sqlstate: str = "22P02") -> str:
    name = wanted.pg.title.removesuffix(" without time zone")
    return _error(sqlstate, f'invalid input syntax for type {name}: "', x, '"')


def _integer(wanted: Declared, x: str) -> str:
    number = f"TRY_CAST({x} AS {wanted.duckdb})"
    out_of_range = _error("22003", 'value "', x, f'" is out of range for type {wanted.pg.title}')
    return (
        f"CASE WHEN {x} IS NULL THEN NULL WHEN CAST({number} AS VARCHAR) = {x} THEN {number} "
        f"WHEN {_matches(x, _WHOLE)} THEN COALESCE({number}, {out_of_range}) "
        f"ELSE {_invalid(wanted, x)} END"
    )


def _float(wanted: Declared, x: str) -> str:
    """An underflow to zero is out of range too."""
    number = f"TRY_CAST({x} AS {wanted.duckdb})"
    out_of_range = _error("22003", '"', x, f'" is out of range for type {wanted.pg.title}')
    return (
        f"CASE WHEN {x} IS NULL THEN NULL "
        f"WHEN isfinite({number}) AND {number} <> 0 AND NOT contains({x}, '_') THEN {number} "
        f"WHEN {_matches(x, _SPECIAL)} THEN {number} "
        f"WHEN NOT {_matches(x, _NUMBER)} THEN {_invalid(wanted, x)} "
        f"WHEN {number} = 0 AND NOT regexp_matches({x}, '^[^eE]*[1-9]') THEN {number} ELSE {out_of_range} END"
    )


def _numeric(wanted: Declared, x: str) -> str:
    special = _error("0A000", 'numeric "', x, '" is not supported')
    number = assignment_cast(wanted, x)
    return (
        f"CASE WHEN {x} IS NULL THEN NULL WHEN {_matches(x, _NUMBER)} THEN {number} "
        f"WHEN {_matches(x, _SPECIAL)} THEN {special} ELSE {_invalid(wanted, x)} END"
    )


def _bytea(x: str) -> str:
    """Hex, or the older escape format with its octal numbers."""
    odd = raising("22023", "invalid hexadecimal data")
    digits = f"unhex(regexp_replace(substr({x}, 3), '\\s', '', 'g'))"
    octal = "CAST(piece[2] AS INT) * 64 + CAST(piece[3] AS INT) * 8 + CAST(piece[4] AS INT)"
    piece = (
        "CASE WHEN piece = '\\\\' THEN '5C' WHEN starts_with(piece, '\\') "
        f"THEN printf('%02X', {octal}) ELSE hex(encode(piece)) END"
    )
    pieces = f"list_transform(regexp_extract_all({x}, {_literal(_OCTAL)}), lambda piece: {piece})"
    return (
        f"CASE WHEN {x} IS NULL THEN NULL WHEN starts_with({x}, '\\x') THEN "
        f"CASE WHEN {_matches(x, _HEX)} THEN {digits} ELSE {odd} END "
        f"WHEN NOT contains({x}, '\\') THEN encode({x}) "
        f"WHEN {_matches(x, f'({_OCTAL})*')} THEN unhex(array_to_string({pieces}, '')) "
        f"ELSE {raising('22P02', 'invalid input syntax for type bytea')} END"
    )


def _moment(wanted: Declared, x: str) -> str:
    """Text without letters, but for those of ISO 8601, is DuckDB's to read. Of the words PostgreSQL knows,
    those that mean the present are refused: the tenant's clock is not DuckDB's."""
    relative = _error("0A000", "the date/time input '", x, "' is not supported")
    before_christ = f"regexp_replace({x}, {_literal(f'^{_BEFORE_CHRIST}$')}, '\\1 (BC)\\2')"
    anno_domini = f"regexp_replace({x}, '(?i)\\s*AD\\s*$', '')"
    return (
        f"CASE WHEN upper({x}) = lower({x}) OR {_matches(x, _ISO)} THEN {assignment_cast(wanted, x)} "
        f"WHEN {_matches(x, _BEFORE_CHRIST)} THEN {assignment_cast(wanted, before_christ)} "
        f"WHEN {_matches(x, _RELATIVE)} THEN {relative} "
        f"WHEN {_matches(x, _WITH_LETTERS)} THEN {assignment_cast(wanted, anno_domini)} "
        f"WHEN {x} IS NOT NULL THEN {_invalid(wanted, x, '22007')} END"
    )


def _array(wanted: Declared, element: Declared, x: str) -> str:
    """``{a,"b c",NULL}``, of one dimension."""
    malformed = _error("22P02", 'malformed array literal: "', x, '"')
    shape = rf"\s*(\[[0-9+-]+:[0-9+-]+\]\s*=\s*)?\{{\s*(({_ITEM})\s*(,\s*({_ITEM})\s*)*)?\}}\s*"
    body = f"regexp_replace({x}, '^[^{{]*\\{{\\s*', '')"
    pieces = f"regexp_extract_all({body}, {_literal(_ITEM + '|[,}]')})"
    items = f"list_filter({pieces}, lambda i: i NOT IN (',', '}}'))"
    bare = r"regexp_replace(trim(i, E' \t\n\r\v\f'), '\\(.)', '\1', 'g')"
    quoted = r"regexp_replace(i[2:-2], '\\(.)', '\1', 'g')"
    text = (
        f"CASE WHEN starts_with(i, '\"') THEN {quoted} WHEN upper(trim(i)) = 'NULL' THEN NULL ELSE {bare} END"
    )
    texts = f"list_transform(list_filter({items}, lambda i: trim(i) <> ''), lambda i: {text})"
    values = f"list_transform({texts}, lambda i: {input_cast(element, 'i')})"
    nested = raising("0A000", "arrays of more than one dimension are not supported here")
    if wanted.duckdb.count("[]") > 1:
        values = nested
    return (
        f"CASE WHEN {_matches(x, shape)} THEN CAST({values} AS {wanted.duckdb}) "
        f"WHEN regexp_full_match({x}, '\\s*\\{{\\s*\\{{.*\\}}\\s*') THEN {nested} "
        f"WHEN {x} IS NOT NULL THEN {malformed} END"
    )
