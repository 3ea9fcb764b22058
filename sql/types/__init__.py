"""PostgreSQL's types: the table of them, their names and modifiers, and casts to them in DuckDB SQL.

`by_oid`, `by_name` and `of_duckdb` find a `PgType`; `declared` reads a type as written in SQL;
`format_type` writes one; `assignment_cast` and `explicit_cast` are the DuckDB SQL that makes a value fit,
`input_cast` that which reads text.
"""

from __future__ import annotations

from sql.types.casts import assignment_cast, explicit_cast, raised, raising
from sql.types.inputs import input_cast
from sql.types.literals import array_from_text, bytea_from_text
from sql.types.names import Declared, declared, encode_modifier, format_type, numeric_modifier
from sql.types.table import (
    TYPES,
    UNCONSTRAINED_NUMERIC,
    UNSUPPORTED,
    PgType,
    by_name,
    by_oid,
    find_name,
    find_oid,
    of_duckdb,
)

__all__ = [
    "TYPES",
    "UNCONSTRAINED_NUMERIC",
    "UNSUPPORTED",
    "Declared",
    "PgType",
    "array_from_text",
    "assignment_cast",
    "by_name",
    "by_oid",
    "bytea_from_text",
    "declared",
    "encode_modifier",
    "explicit_cast",
    "find_name",
    "find_oid",
    "format_type",
    "input_cast",
    "numeric_modifier",
    "of_duckdb",
    "raised",
    "raising",
]
