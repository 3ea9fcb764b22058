"""Columns: a name becomes the one column it means, or PostgreSQL's error."""

from __future__ import annotations

from sqlglot import exp

from sql.bound import Bound, special
from sql.errors import SqlError
from sql.resolve import Column, Scope, Source
from sql.rules.planner import Planner


def column(planner: Planner, node: exp.Column, scope: Scope) -> Bound:
    name, table, schema, database = (_part(node, key) for key in ("this", "table", "db", "catalog"))
    if isinstance(node.this, exp.Star):
        raise planner.error("42601", 'row expansion via "*" is not supported here', node)
    if table is None:
        found = scope.find_column(name or "")
        if found is None:
            source = scope.find_source(name or "")
            if source is not None and source.scalar:
                return source.columns[0].bound()
            if source is not None:
                return whole_row(source)
            raise planner.error("42703", f'column "{name}" does not exist', node)
    else:
        if database is not None and database != planner.context.database:
            message = f"cross-database references are not implemented: {database}.{schema}.{table}.{name}"
            raise planner.error("0A000", message, node)
        found = _qualified(planner, node, scope, table, schema, name or "")
    if not planner.in_aggregate:
        planner.seen.append((found.sql, node))
    return found.bound()


def _part(node: exp.Column, key: str) -> str | None:
    part = node.args.get(key)
    return part.this if isinstance(part, exp.Identifier) else None


def _qualified(
    planner: Planner, node: exp.Column, scope: Scope, table: str, schema: str | None, name: str
) -> Column:
    source = scope.find_source(table, schema)
    if source is None:
        shown = f"{schema}.{table}" if schema else table
        raise SqlError(
            "42P01", f'missing FROM-clause entry for table "{shown}"', position=planner.position(node)
        )
    found = source.find(name)
    if len(found) > 1:
        raise planner.error("42702", f'column reference "{name}" is ambiguous', node)
    if not found:
        raise planner.error("42703", f"column {table}.{name} does not exist", node)
    return found[0]


def whole_row(source: Source) -> Bound:
    """A table's name where a value is wanted: its row, as a DuckDB struct."""
    fields = tuple((column.name, column.type) for column in source.columns)
    items = ", ".join(
        f"{_field(name)} := {c.sql}" for (name, _), c in zip(fields, source.columns, strict=True)
    )
    sql = f"struct_pack({items})" if items else "NULL"
    return Bound(sql, special("record", "STRUCT"), fields=fields)


def _field(name: str) -> str:
    """A struct's field keeps its own name: it is what row_to_json shows."""
    return '"' + name.replace('"', '""') + '"'
