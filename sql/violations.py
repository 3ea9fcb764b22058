"""What a constraint has refused, told as PostgreSQL tells it: the names as fields of the error of their own,
and the values in its detail as their types' output functions print them.

The engine knows of a violation which table, which column or key, and the row; it knows no text. Values are
cast to text by a plan like any other; the four types whose cast is not their output are printed here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa
from sqlglot import exp

from engine.catalog import Catalog, Column, Table
from engine.errors import ConstraintViolated
from sql import build, query
from sql.errors import SqlError
from sql.failures import as_sql_error
from sql.scope import NO_ARGUMENTS, Scope
from sql.types import Declared, declared
from sql.types.documents import canonical

SHOWN_BYTES_MAX = 64
"""Of each value in "Failing row contains"; a key is shown whole."""

_ROW = build.marker("refused")


async def told(scope: Scope, error: ConstraintViolated) -> SqlError:
    """The error for the client; without its detail when the values cannot be shown."""
    refused, said = error.refused, as_sql_error(error)
    if refused is None:
        return said
    schema = schema_of(scope.catalog, refused.table)
    if refused.row is None:
        return replace(said, schema=schema)
    columns = refused.table.columns
    if refused.key is not None:
        columns = tuple(refused.table.column_by_id(id) for id in refused.key.columns)
    try:
        values = await shown(scope, columns, refused.row)
    except Exception as failure:
        raise as_sql_error(failure) from error
    if refused.key is None:
        return replace(said, schema=schema, detail=failing_row(values))
    return replace(said, schema=schema, detail=f"{key_shown(columns, values)} already exists.")


def schema_of(catalog: Catalog, table: Table) -> str | None:
    return next((body.name for body in catalog.schemas.values() if body.id == table.schema), None)


def failing_row(values: Sequence[str | None]) -> str:
    return f"Failing row contains ({', '.join(_clipped(value) for value in values)})."


def key_shown(columns: Sequence[Column], values: Sequence[str | None]) -> str:
    names = ", ".join(column.name for column in columns)
    return f"Key ({names})=({', '.join('null' if value is None else value for value in values)})"


def _clipped(value: str | None) -> str:
    if value is None:
        return "null"
    data = value.encode()
    if len(data) <= SHOWN_BYTES_MAX:
        return value
    return data[:SHOWN_BYTES_MAX].decode(errors="ignore") + "..."


def texts(columns: Sequence[Column], table_name: str) -> list[exp.Expr]:
    """Items of a SELECT that give the columns as text, for `outputs`."""
    return [
        build.alias(build.cast(build.column(column.name, table_name), "text"), f"value_{position}")
        for position, column in enumerate(columns)
    ]


def outputs(columns: Sequence[Column], found: Sequence[str | None]) -> list[str | None]:
    """What the types' output functions print, of what `texts` has given."""
    types = [declared(column.type) for column in columns]
    return [None if text is None else _output(type_, text) for type_, text in zip(types, found, strict=True)]


async def shown(scope: Scope, columns: Sequence[Column], row: pa.Table) -> list[str | None]:
    """The texts of a row of one table, which has a column ``c<id>`` for each of the columns."""
    tree = build.select(texts(columns, "refused"), build.rows_table(_ROW, columns, "refused"))
    ready = await query.plan(scope, tree, NO_ARGUMENTS, owner=tree)
    async with scope.reader() as reader:
        found = await query.table(scope, reader, ready, NO_ARGUMENTS, {_ROW: row})
    return outputs(columns, [column[0].as_py() for column in found.columns])


def _output(type_: Declared, text: str) -> str:
    match type_.pg.name:
        case "bool":
            return text[:1]
        case "jsonb":
            return canonical(text)
        case "bpchar" if type_.modifier > 4:
            return text.ljust(type_.modifier - 4)
        case "numeric" if type_.modifier < 0 and "." in text:
            return text.rstrip("0").rstrip(".")
    return text
