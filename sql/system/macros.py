"""DuckDB macros for PostgreSQL's functions that only compute: quoting, and sizes as people read them.

They are made once in each tenant's DuckDB and reached through calls that `sql.system.functions` marks
``internal``; a client cannot name them.
"""

from __future__ import annotations

from sql.system import arithmetic
from sql.system.quoting import KEYWORDS
from sql.types import jsonb

MACRO_PREFIX = "rewinddb_"
_QUOTED_KEYWORDS = ", ".join(f"'{word}'" for word in sorted(KEYWORDS))
_UNITS = ("kB", "MB", "GB", "TB", "PB")


def _pretty_size() -> str:
    """PostgreSQL's rounding: halves of a unit, truncated, then rounded to the unit."""
    limit = 20 * 1024 - 1
    text = ""
    for power, unit in enumerate(_UNITS):
        half = f"(x // {512 * 1024**power})"
        rounded = f"(({half} + sign({half})::BIGINT) // 2)::VARCHAR || ' {unit}'"
        last = power == len(_UNITS) - 1
        text += f" ELSE {rounded} END" if last else f" WHEN abs({half}) < {limit} THEN {rounded}"
    return f"CASE WHEN abs(x) < 10240 THEN x::VARCHAR || ' bytes'{text}"


_QUOTE_IDENT = f"""
    CASE WHEN regexp_full_match(x, '[a-z_][a-z0-9_]*') AND x NOT IN ({_QUOTED_KEYWORDS}) THEN x
         ELSE '"' || replace(x, '"', '""') || '"' END
"""
_QUOTE_LITERAL = r"""
    CASE WHEN contains(x::VARCHAR, '\') THEN 'E' ELSE '' END
    || '''' || replace(replace(x::VARCHAR, '''', ''''''), '\', '\\') || ''''
"""
_BODIES = {
    "quote_ident": _QUOTE_IDENT,
    "quote_literal": _QUOTE_LITERAL,
    "quote_nullable": f"CASE WHEN x IS NULL THEN 'NULL' ELSE {MACRO_PREFIX}quote_literal(x) END",
    "pg_size_pretty": _pretty_size(),
    "jsonb": jsonb.kept("x"),
    "jsonb_key": jsonb.comparison_key("x"),
}
MACROS: tuple[str, ...] = (
    *(f"CREATE OR REPLACE MACRO {MACRO_PREFIX}{name}(x) AS {body}" for name, body in _BODIES.items()),
    *arithmetic.MACROS,
)
"""Run once in each tenant's DuckDB, before its configuration is locked."""
