"""COPY: rows in from the client as text columns, rows out as batches.

The server cuts the client's bytes into batches of text columns; here they become rows of the table. Each
batch is cast by DuckDB in bulk as it comes, so that only typed rows are held until the end; then they
are checked and inserted in one go, and the engine decides whether they are too many for its log. When a
cast fails the line is looked for, column by column, so that the error can name it.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import cast

import pyarrow as pa
from sqlglot import exp

from engine.catalog import Column, Table
from engine.errors import QueryFailed, StaleRead
from sql import assignment, build, dml, names, query, selecting
from sql.answers import Answer, Batch, Complete, CopyIn, CopyOptions, CopyOut, ResultColumn, RowsBegin
from sql.dml import Written
from sql.errors import SqlError
from sql.failures import as_sql_error
from sql.query import Ready
from sql.scope import NO_ARGUMENTS, Scope
from sql.statement import Copy, Name, Query
from sql.types import by_name, declared, input_cast

COPIED = build.marker("copied")
"""The marker of the text columns that came in."""


async def execute(scope: Scope, statement: Copy) -> AsyncIterator[Answer]:
    run = _copy_from(scope, statement) if statement.direction == "from" else _copy_to(scope, statement)
    async with contextlib.aclosing(cast(AsyncGenerator[Answer, None], run)) as answers:
        async for answer in answers:
            yield answer


# --- out --------------------------------------------------------------------------------------------


async def _copy_to(scope: Scope, statement: Copy) -> AsyncIterator[Answer]:
    tree = statement.query if statement.query is not None else _whole_table(scope, statement)
    count = 0
    select = cast(AsyncGenerator[Answer, None], selecting.select(scope, Query(tree), NO_ARGUMENTS))
    async with contextlib.aclosing(select) as answers:
        async for answer in answers:
            match answer:
                case RowsBegin(columns):
                    _check_forced(statement.options, [column.name for column in columns])
                    yield CopyOut(columns, statement.options)
                case Batch(rows):
                    count += rows.num_rows
                    yield answer
    yield Complete(f"COPY {count}")


def _whole_table(scope: Scope, statement: Copy) -> exp.Query:
    name = cast(Name, statement.table)
    if names.is_system(scope, name):
        items: list[exp.Expr] = [build.star()]
        if statement.columns is not None:
            items = [build.column(column) for column in statement.columns]
        return build.select(items, build.table(name))
    found = names.relation(scope, name)
    if not isinstance(found, Table):
        raise SqlError(
            "42809",
            f'cannot copy from {found.kind} "{found.name}"',
            hint="Try the COPY (SELECT ...) TO variant.",
        )
    columns = _columns(found, statement.columns)
    return build.select([build.column(column.name) for column in columns], build.table(name))


def _columns(table: Table, wanted: Sequence[str] | None) -> tuple[Column, ...]:
    if wanted is None:
        return table.columns
    columns = tuple(dml.column_named(table, name) for name in wanted)
    for position, column in enumerate(columns):
        if column in columns[:position]:
            raise SqlError("42701", f'column "{column.name}" specified more than once')
    return columns


def _check_forced(options: CopyOptions, columns: Sequence[str]) -> None:
    """FORCE_QUOTE and its like name columns that are copied."""
    forced = {
        "FORCE_QUOTE": options.force_quote or (),
        "FORCE_NULL": options.force_null,
        "FORCE_NOT_NULL": options.force_not_null,
    }
    for option, wanted in forced.items():
        for name in wanted:
            if name not in columns:
                raise SqlError("42P10", f'{option} column "{name}" not referenced by COPY')


# --- in ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _CopyPlan:
    """`sql` makes a row of the table from the text columns (``c<id>``) and the other columns' defaults."""

    table: Table
    columns: tuple[Column, ...]
    ready: Ready
    sql: str
    options: CopyOptions


class CopyReceiver:
    """Takes a COPY's rows as they come; `finish` inserts them."""

    def __init__(self, scope: Scope, plan: _CopyPlan) -> None:
        self._scope = scope
        self._plan = plan
        self._parts: list[pa.Table] = []
        self._count = 0
        self._ended = False
        self._failure: str | None = None

    async def rows(self, batch: pa.RecordBatch) -> None:
        """One batch of text columns."""
        scope, plan = self._scope, self._plan
        if batch.num_rows == 0:
            return
        scope.interrupts.check()
        fields = [f"c{column.id}" for column in plan.columns]
        text = pa.Table.from_arrays(batch.columns, names=fields)
        text = text.append_column(build.ROW_ID, pa.array(range(batch.num_rows), pa.int64()))
        async with scope.reader() as reader:
            sql = await query.bind(scope, reader, plan.ready.plan, plan.sql, {COPIED: text})
            try:
                rows = await reader.table(sql)
            except QueryFailed as error:
                raise await self._located(as_sql_error(error), text) from error
        self._parts.append(rows)
        self._count += batch.num_rows

    def end(self, failure: str | None) -> None:
        self._ended, self._failure = True, failure

    async def finish(self) -> Written:
        if self._failure is not None:
            raise SqlError("57014", f"COPY from stdin failed: {self._failure}")
        if not self._ended:
            raise SqlError("08P01", "COPY from stdin ended before its data")
        if not self._parts:
            return Written(0)
        rows = pa.concat_tables(self._parts)
        table = self._plan.table
        for column in table.columns:
            if column not in self._plan.columns:
                sequence = dml.default_of(self._scope, column).sequence
                if sequence is not None:
                    rows = dml.with_sequence_values(self._scope, rows, column, sequence, None)
        await dml.check_rows(self._scope, table, rows, owner=table)
        await self._scope.interrupts.wait(self._scope.transaction.insert(table, rows))
        return Written(rows.num_rows)

    async def _located(self, error: SqlError, text: pa.Table) -> SqlError:
        """The error with the line, column and value it came from."""
        first: tuple[int, Column, str] | None = None
        for column in self._plan.columns:
            found = await self._first_misfit(column, text)
            if found is not None and (first is None or found[0] < first[0]):
                first = (found[0], column, found[1])
        if first is None:
            return error
        number, column, value = first
        line = self._count + number + 1 + self._plan.options.header
        shown = value if len(value) <= 100 else value[:100] + "..."
        where = f'COPY {self._plan.table.name}, line {line}, column {column.name}: "{shown}"'
        exact = await self._misfit(column, pa.table({"value": pa.array([value], pa.string())})) or error
        return replace(exact, detail=f"{exact.detail}\n{where}" if exact.detail else where)

    async def _first_misfit(self, column: Column, text: pa.Table) -> tuple[int, str] | None:
        """By halving: the casts raise their own errors, which DuckDB's TRY does not stop."""
        values = text.select([f"c{column.id}"])
        first, end = 0, values.num_rows
        if await self._misfit(column, values) is None:
            return None
        while end - first > 1:
            middle = (first + end) // 2
            if await self._misfit(column, values.slice(first, middle - first)) is None:
                first = middle
            else:
                end = middle
        return first, values.column(0)[first].as_py()

    async def _misfit(self, column: Column, values: pa.Table) -> SqlError | None:
        """The error that reading these values of one column raises."""
        cast_ = input_cast(declared(column.type), "value")
        async with self._scope.reader() as reader:
            relation = reader.register(values.rename_columns(["value"]))
            try:
                await reader.table(f"SELECT count({cast_}) FROM {relation}")
            except QueryFailed as error:
                return as_sql_error(error)
        return None


async def _copy_from(scope: Scope, statement: Copy) -> AsyncIterator[Answer]:
    scope.require_writable("COPY FROM")
    plan = await _plan(scope, statement)
    receiver = scope.receiver = CopyReceiver(scope, plan)
    text = by_name("text")
    columns = tuple(ResultColumn(column.name, text.oid, text.size) for column in plan.columns)
    try:
        yield CopyIn(columns, statement.options)
        written = await receiver.finish()
    except StaleRead as error:
        # The rows are cast for the table of the beginning and the client cannot be asked again.
        message = f'relation "{plan.table.name}" changed while rows were copied into it'
        raise SqlError("40001", message, hint="Nothing was copied. Run the COPY again.") from error
    finally:
        scope.receiver = None
    yield Complete(f"COPY {written.count}")


async def _plan(scope: Scope, statement: Copy) -> _CopyPlan:
    name = cast(Name, statement.table)
    if names.is_system(scope, name):
        raise names.refused(name)
    table = names.relation(scope, name)
    if not isinstance(table, Table):
        raise SqlError("42809", f'cannot copy to {table.kind} "{table.name}"')
    columns = _columns(table, statement.columns)
    _check_forced(statement.options, [column.name for column in columns])
    as_text = [replace(column, type="text", storage_type="VARCHAR") for column in columns]
    given = {column.id for column in columns}
    items = [
        build.column(column.name, table.name)
        if column.id in given
        else build.alias(dml.default_of(scope, column).expression, f"d{position}")
        for position, column in enumerate(table.columns)
    ]
    source = build.rows_table(COPIED, as_text, table.name)
    tree = build.select(items, source)
    ready = await query.plan(scope, tree, NO_ARGUMENTS, owner=tree)
    sql = assignment.fitted(table.columns, ready.sql, as_text=given)
    return _CopyPlan(table, columns, ready, sql, statement.options)
