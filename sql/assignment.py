"""Assignment: making values fit the columns they are stored in, by PostgreSQL's rules.

A literal without a type takes the column's; any other expression must be of a type that PostgreSQL
casts in assignment (42804 else), and its value must fit (22001, 22003). Both happen before a row
reaches the engine: the types when a statement is planned, the values in DuckDB, in the outermost SELECT
around the plan (`sql.types.assignment_cast`).
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import pyarrow as pa
from sqlglot import exp

from engine.catalog import Column
from sql import build
from sql.errors import SqlError
from sql.types import PgType, assignment_cast, declared, input_cast

NOTHING = "nothing"
"""The column that rows of a table without columns have until `only` takes it away."""


def is_untyped(node: exp.Expr) -> bool:
    """A string literal, NULL or a parameter: it takes the type of where it goes."""
    return isinstance(node, exp.Null | exp.Parameter) or (isinstance(node, exp.Literal) and node.is_string)


def is_default(node: exp.Expr) -> bool:
    return isinstance(node, exp.Var) and node.name.upper() == "DEFAULT"


def typed(node: exp.Expr, column: Column) -> exp.Expr:
    """`node`, with the column's type when it has none of its own. Not the modifier: the length is
    checked later, where too long a value is an error and not cut off."""
    return as_column(node, column) if is_untyped(node) else node


def as_column(node: exp.Expr, column: Column) -> exp.Expr:
    """`node` cast to the column's type without its modifier; its type must have been checked."""
    type_ = declared(column.type)
    plain = declared(type_.pg.title) if not type_.pg.is_array else type_
    return build.cast(node, '"char"' if plain.pg.name == "char" else plain.text)


def check_type(column: Column, source: PgType) -> None:
    """42804 when PostgreSQL has no assignment cast from `source` to the column's type."""
    target = declared(column.type).pg
    if not _assignable(source, target):
        wanted = declared(column.type).text
        raise SqlError(
            "42804",
            f'column "{column.name}" is of type {wanted} but expression is of type {source.title}',
            hint="You will need to rewrite or cast the expression.",
        )


def _assignable(source: PgType, target: PgType) -> bool:
    if source.oid == target.oid or source.name in ("unknown", "void"):
        return True
    if target.category == "S" and target.name != "name":
        return True
    if {source.name, target.name} <= {"json", "jsonb"}:
        return True
    if source.is_array and target.is_array:
        return True
    if source.category == target.category:
        if source.category == "D":
            return (
                not (source.name == "time" or target.name == "time")
                or source.name == target.name
                or (target.name == "time" and source.name in ("timestamp", "timestamptz"))
            )
        return source.category in "NSVT"
    return (source.name == "interval" and target.name == "time") or (
        source.name == "time" and target.name == "interval"
    )


def only(columns: Sequence[Column], rows: pa.Table) -> pa.Table:
    """The table's own columns; a table without any keeps its number of rows."""
    return rows.select([f"c{column.id}" for column in columns])


def fitted(
    columns: Sequence[Column | None], sql: str, *, hidden: str | None = None, as_text: Container[int] = ()
) -> str:
    """DuckDB SQL around a plan's: its outputs by position as ``c<id>`` that fit. None is an output that
    is left out; `hidden` names the first output and keeps it as it is (a row id). Columns whose id is in
    `as_text` are COPY's fields: text that is read as the type's input function reads it."""
    names = [f"v{position}" for position in range(len(columns) + (hidden is not None))]
    if not names:
        return f"SELECT true AS {NOTHING} FROM ({sql}) AS source"
    items = [f"{names[0]} AS {hidden}"] if hidden is not None else []
    offset = len(items)
    for position, column in enumerate(columns):
        if column is not None:
            cast = input_cast if column.id in as_text else assignment_cast
            items.append(f"{cast(declared(column.type), names[position + offset])} AS c{column.id}")
    return f"SELECT {', '.join(items)} FROM ({sql}) AS source({', '.join(names)})"
