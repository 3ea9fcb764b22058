"""What INSERT, UPDATE, DELETE and COPY share: running again, checks, defaults and RETURNING.

Every write is the same three steps. A query built from the statement reads what is to be written (new
rows, or row ids and new values), as a plan like any other. The rows are checked and handed to the
engine's transaction, which checks nulls and keys and takes locks. RETURNING is a query over the rows
that were written. Under READ COMMITTED the engine may find that what was read has changed since
(`StaleRead`): the statement is undone and runs again on a fresh read timestamp, so its result is held
back until it stands.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlglot import exp

from engine.catalog import Catalog, Check, Column, Table
from engine.catalog import Sequence as SequenceBody
from engine.errors import StaleRead
from sql import assignment, build, names, parse, query, sequences, violations
from sql.answers import Answer, Batch, Complete, ResultColumn, RowsBegin
from sql.errors import SqlError
from sql.query import Ready
from sql.scope import NO_ARGUMENTS, Arguments, Scope

WRITTEN = build.marker("written")
"""The marker of the rows that RETURNING and CHECK read."""


@dataclass(frozen=True, slots=True)
class Written:
    """What a write did: how many rows, and RETURNING's rows."""

    count: int
    rows: pa.Table | None = None
    columns: tuple[ResultColumn, ...] | None = None


async def writing(scope: Scope, attempt: Callable[[], Awaitable[Written]]) -> Written:
    """Runs `attempt` until what it read still held when it wrote."""
    transaction = scope.transaction
    while True:
        scope.interrupts.check()
        savepoint = transaction.savepoint()
        try:
            return await attempt()
        except StaleRead:
            transaction.rollback_to(savepoint, keep_locks=True)
            transaction.start_statement()


async def answers(written: Written, tag: str) -> AsyncIterator[Answer]:
    if written.rows is not None and written.columns is not None:
        yield RowsBegin(written.columns)
        for batch in written.rows.to_batches():
            yield Batch(batch)
    yield Complete(tag)


# --- defaults ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Default:
    """Where a column's value comes from when a statement gives none: a sequence, or an expression."""

    sequence: SequenceBody | None
    expression: exp.Expr


def default_of(scope: Scope, column: Column) -> Default:
    """The expression is a typed NULL when the value comes from a sequence, or when there is none. A string
    constant has the column's type, so that the type's input function reads it wherever it is used."""
    nothing = assignment.as_column(exp.Null(), column)
    if column.identity is not None:
        assert column.sequence is not None, "an identity column has a sequence"
        return Default(scope.catalog.sequences[column.sequence], nothing)
    if column.default is None:
        return Default(None, nothing)
    tree = parse.parse_expression(column.default)
    if sequences.call_of(tree) != "nextval":
        return Default(None, assignment.typed(tree, column))
    if column.sequence is not None:
        return Default(scope.catalog.sequences[column.sequence], nothing)
    return Default(names.sequence(scope, names.parse(sequences.constant_name(tree))), nothing)


# --- checks -----------------------------------------------------------------------------------------


async def check_rows(scope: Scope, table: Table, rows: pa.Table, *, owner: object) -> None:
    """23514 when a row breaks a CHECK constraint; nulls are the engine's to refuse."""
    if not table.checks or rows.num_rows == 0:
        return
    checks = sorted(table.checks, key=lambda check: check.name)
    ready = await check_plan(scope, table, checks, owner=owner)
    async with scope.reader() as reader:
        broken = await query.table(scope, reader, ready, NO_ARGUMENTS, {WRITTEN: rows})
    refuse_broken(scope.catalog, table, checks, broken)


def refuse_broken(catalog: Catalog, table: Table, checks: Sequence[Check], broken: pa.Table) -> None:
    """23514 when `check_plan` of these checks has found a row."""
    if broken.num_rows == 0:
        return
    failed = next(check for i, check in enumerate(checks) if broken.column(i)[0].as_py() is False)
    texts = [column[0].as_py() for column in broken.columns[len(checks) :]]
    raise SqlError(
        "23514",
        f'new row for relation "{table.name}" violates check constraint "{failed.name}"',
        detail=violations.failing_row(violations.outputs(table.columns, texts)),
        schema=violations.schema_of(catalog, table),
        table=table.name,
        constraint=failed.name,
    )


async def check_plan(scope: Scope, table: Table, checks: Sequence[Check], *, owner: object) -> Ready:
    """The first row that breaks one of the checks: which it breaks, then its values as text."""
    conditions = [parse.parse_expression(check.expression) for check in checks]
    items: list[exp.Expr] = [
        build.alias(exp.Paren(this=c.copy()), f"check_{i}") for i, c in enumerate(conditions)
    ]
    items += violations.texts(table.columns, table.name)
    broken: exp.Expr | None = None
    for condition in conditions:
        refused = exp.Not(this=exp.Paren(this=condition))
        broken = refused if broken is None else exp.Or(this=broken, expression=refused)
    source = build.rows_table(WRITTEN, table.columns, table.name)
    tree = build.select(items, source, where=broken, limit=1)
    return await query.plan(scope, tree, NO_ARGUMENTS, owner=owner, stage=f"check {table.id}")


# --- RETURNING --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Returning:
    """RETURNING's query over rows tables: the target's under `WRITTEN`, and those of FROM or USING."""

    ready: Ready
    empty: Mapping[str, str]
    """For each marker, DuckDB SQL of a relation without rows, to describe the query by."""


def empty_rows(columns: Sequence[Column]) -> str:
    items = "".join(f"CAST(NULL AS {column.storage_type}) AS c{column.id}, " for column in columns)
    return f"(SELECT {items}CAST(NULL AS BIGINT) AS _row_id WHERE false)"


async def plan_returning(
    scope: Scope,
    items: Sequence[exp.Expr],
    table: Table,
    alias: str,
    arguments: Arguments,
    beside: Mapping[str, Sequence[Column]] | None = None,
) -> Returning:
    """`beside` holds the columns of the other relations, by alias."""
    target = build.rows_table(WRITTEN, table.columns, alias, target=True)
    empty = {WRITTEN: empty_rows(table.columns)}
    others, conditions = [], []
    for position, (name, columns) in enumerate((beside or {}).items()):
        marker = build.marker(f"beside {position}")
        others.append(build.rows_table(marker, columns, name, target=True))
        conditions.append(
            exp.EQ(this=build.column(build.ROW_ID, alias), expression=build.column(build.ROW_ID, name))
        )
        empty[marker] = empty_rows(columns)
    tree = build.select(
        [item.copy() for item in items], build.cross(target, *others), where=build.every(conditions)
    )
    ready = await query.plan(scope, tree, arguments, owner=tree, stage="returning")
    return Returning(ready, empty)


async def describe_returning(scope: Scope, returning: Returning) -> tuple[ResultColumn, ...]:
    return await query.describe(scope, returning.ready, returning.empty)


async def returned(
    scope: Scope, returning: Returning, arguments: Arguments, rows: Mapping[str, pa.Table]
) -> tuple[pa.Table, tuple[ResultColumn, ...]]:
    columns = await describe_returning(scope, returning)
    async with scope.reader() as reader:
        found = await query.table(scope, reader, returning.ready, arguments, rows)
    return found, columns


# --- small things -----------------------------------------------------------------------------------


def column_named(table: Table, name: str) -> Column:
    found = table.column(name)
    if found is None:
        raise SqlError("42703", f'column "{name}" of relation "{table.name}" does not exist')
    return found


def with_sequence_values(
    scope: Scope, rows: pa.Table, column: Column, sequence: SequenceBody, positions: Sequence[int] | None
) -> pa.Table:
    """`rows` with fresh values of the sequence in `column`: in all rows, or in those at `positions`."""
    index = rows.column_names.index(f"c{column.id}")
    type_ = rows.schema.field(index).type
    if positions is None:
        values: list[int | None] = list(sequences.next_values(scope, sequence, rows.num_rows))
    else:
        values = rows.column(index).to_pylist()
        for position, value in zip(
            positions, sequences.next_values(scope, sequence, len(positions)), strict=True
        ):
            values[position] = value
    return rows.set_column(index, rows.schema.field(index), pa.chunked_array([pa.array(values, type_)]))
