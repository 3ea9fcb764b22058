"""What ALTER TABLE does with a table's rows: rewriting them, and verifying what it promises of them.

Rows are read as the newest committed ones with the transaction's own writes on top, not as of its read
timestamp: the table is locked, and what holds of it must hold for everybody from the commit on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pyarrow as pa
from sqlglot import exp

from engine.catalog import Column, Key, Put, Table
from engine.ids import CatalogId
from sql import assignment, build, definitions, dml, parse, query, violations
from sql.errors import SqlError
from sql.scope import NO_ARGUMENTS, Scope
from sql.statement import CheckDefinition, KeyDefinition

ROWS = build.marker("rewritten")
VOLATILE = frozenset(
    {"random", "gen_random_uuid", "uuid_generate_v4", "clock_timestamp", "timeofday", "nextval"}
)


async def _read(scope: Scope, table: Table, sql: str) -> pa.Table:
    """The result of DuckDB SQL in which ``{rows}`` is the table with its columns ``c<id>``."""
    async with scope.reader() as reader:
        rows = await reader.relation(table, scope.tenant.visible_ts, own_writes=True)
        return await reader.table(sql.replace("{rows}", rows))


# --- rewriting --------------------------------------------------------------------------------------


def needs_rewrite(added: Column) -> bool:
    """Whether rows that are there need values of their own for a new column."""
    if added.sequence is not None:
        return True
    if added.default is None:
        return False
    tree = parse.parse_expression(added.default)
    return any(node.name.lower() in VOLATILE for node in tree.find_all(exp.Anonymous))


async def constant_default(scope: Scope, added: Column) -> str | None:
    """The value of a default that is the same for all rows, as text that its type reads back."""
    if added.default is None:
        return None
    default = assignment.typed(parse.parse_expression(added.default), added)
    tree = build.select([build.alias(default, "value")])
    ready = await query.plan(scope, tree, NO_ARGUMENTS, owner=tree)
    async with scope.reader() as reader:
        sql = await query.bind(scope, reader, ready.plan, assignment.fitted([added], ready.sql), {})
        rows = await reader.rows(f"SELECT CAST(c{added.id} AS VARCHAR) FROM ({sql})", [])
    value = rows[0][0]
    assert value is None or isinstance(value, str)
    return value


async def rewrite(
    scope: Scope, before: Table, after: Table, values: Mapping[CatalogId, exp.Expr] | None = None
) -> None:
    """Moves the rows into a new storage: columns of `after` take `values` (expressions over `before`), or
    their old value, or their default."""
    transaction = scope.transaction
    known = {column.id: column for column in before.columns}
    items: list[exp.Expr] = []
    for position, column in enumerate(after.columns):
        if values is not None and column.id in values:
            value = values[column.id].copy()
            item = assignment.typed(value, column)
        elif column.id in known:
            item = build.column(known[column.id].name, before.name)
        else:
            item = dml.default_of(scope, column).expression
        items.append(build.alias(item, f"v{position}"))
    tree = build.select(items, build.rows_table(ROWS, before.columns, before.name))
    ready = await query.plan(scope, tree, NO_ARGUMENTS, owner=tree)
    async with scope.reader() as reader:
        relation = await reader.relation(before, scope.tenant.visible_ts, own_writes=True)
        sql = assignment.fitted(after.columns, ready.sql)
        rows = await reader.table(await query.bind(scope, reader, ready.plan, sql, {ROWS: relation}))
    for column in after.columns:
        sequence = None if column.id in known else dml.default_of(scope, column).sequence
        if sequence is not None:
            rows = dml.with_sequence_values(scope, rows, column, sequence, None)
    columns = tuple(replace(column, missing=None) for column in after.columns)
    after = replace(after, columns=columns, storage=transaction.new_storage())
    transaction.edit(Put(after))
    await dml.check_rows(scope, after, rows, owner=after)
    await scope.interrupts.wait(transaction.insert(after, rows))


# --- verifying --------------------------------------------------------------------------------------


def _holds_nulls(scope: Scope, table: Table, column: Column) -> SqlError:
    return SqlError(
        "23502",
        f'column "{column.name}" of relation "{table.name}" contains null values',
        schema=violations.schema_of(scope.catalog, table),
        table=table.name,
        column=column.name,
    )


async def require_empty(scope: Scope, table: Table, added: Column) -> None:
    """A new column that is not null and has no default fits no row that is there."""
    if (await _read(scope, table, "SELECT 1 FROM {rows} LIMIT 1")).num_rows:
        raise _holds_nulls(scope, table, added)


async def require_no_nulls(scope: Scope, table: Table, column: Column) -> None:
    found = await _read(scope, table, f"SELECT 1 FROM {{rows}} WHERE c{column.id} IS NULL LIMIT 1")
    if found.num_rows:
        raise _holds_nulls(scope, table, column)


async def add_key(scope: Scope, table: Table, definition: KeyDefinition) -> None:
    keyed = definitions.with_key(scope, table, definition)
    key = keyed.keys[-1]
    if key.primary:
        for id in key.columns:
            await require_no_nulls(scope, table, table.column_by_id(id))
    await _require_unique(scope, table, key)
    scope.transaction.edit(Put(keyed))


async def _require_unique(scope: Scope, table: Table, key: Key) -> None:
    columns = [f"c{id}" for id in key.columns]
    present = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    grouped = f"GROUP BY {', '.join(columns)} HAVING count(*) > 1 LIMIT 1"
    found = await _read(scope, table, f"SELECT {', '.join(columns)} FROM {{rows}} WHERE {present} {grouped}")
    if found.num_rows:
        parts = [table.column_by_id(id) for id in key.columns]
        values = await violations.shown(scope, parts, found)
        raise SqlError(
            "23505",
            f'could not create unique index "{key.name}"',
            detail=f"{violations.key_shown(parts, values)} is duplicated.",
            schema=violations.schema_of(scope.catalog, table),
            table=table.name,
            constraint=key.name,
        )


async def add_check(scope: Scope, table: Table, definition: CheckDefinition) -> None:
    checked = await definitions.with_check(scope, table, definition)
    check = checked.checks[-1]
    ready = await dml.check_plan(scope, checked, [check], owner=checked)
    async with scope.reader() as reader:
        rows = await reader.relation(table, scope.tenant.visible_ts, own_writes=True)
        broken = await query.table(scope, reader, ready, NO_ARGUMENTS, {dml.WRITTEN: rows})
    if broken.num_rows:
        message = f'check constraint "{check.name}" of relation "{table.name}" is violated by some row'
        schema = violations.schema_of(scope.catalog, table)
        raise SqlError("23514", message, schema=schema, table=table.name, constraint=check.name)
    scope.transaction.edit(Put(checked))
