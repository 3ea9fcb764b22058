"""UPDATE, DELETE and TRUNCATE.

A query over the target reads the row ids to write and, for UPDATE, the new values of all columns. When
FROM matches a row several times, the first match counts, as in PostgreSQL. RETURNING may name the
relations of FROM or USING too: their columns are read along and stand beside the written rows.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
from sqlglot import exp

from engine.catalog import Column, Put, Table
from engine.catalog import Sequence as SequenceBody
from engine.ids import CatalogId
from sql import assignment, build, dml, names, query, sequences
from sql.answers import Answer, Complete, ResultColumn, StatementDescription
from sql.dml import WRITTEN, Returning, Written
from sql.errors import SqlError
from sql.query import Ready
from sql.scope import Arguments, Scope
from sql.statement import Delete, Truncate, Update
from sql.types import by_oid, format_type


@dataclass(frozen=True, slots=True)
class WritePlan:
    """`source` gives ``_row_id``, then values for `columns`, then the columns of `beside` (by alias);
    `sql` makes the values fit and names them ``c<id>``, those beside ``b<position>``."""

    table: Table
    source: Ready
    sql: str
    fills: tuple[tuple[Column, SequenceBody], ...]
    returning: Returning | None
    beside: Mapping[str, tuple[Column, ...]]
    may_repeat: bool
    parameter_oids: tuple[int, ...]


async def plan_update(scope: Scope, statement: Update, arguments: Arguments) -> WritePlan:
    key = query.cache_key(scope, arguments, "update")
    found = scope.plans.get(statement, key)
    if isinstance(found, WritePlan):
        return found
    table = names.table(scope, statement.table, "update")
    alias = statement.alias or table.name
    values, fills, volatile = await _values(scope, table, statement, arguments)
    items = [
        build.alias(values.get(column.id) or build.column(column.name, alias), f"v{position}")
        for position, column in enumerate(table.columns)
    ]
    others = [statement.from_.this.copy()] if statement.from_ is not None else []
    planned = await _plan(scope, statement, table, alias, items, others, arguments, fills)
    if not volatile and _cacheable(planned):
        scope.plans.put(statement, key, planned)
    return planned


async def plan_delete(scope: Scope, statement: Delete, arguments: Arguments) -> WritePlan:
    key = query.cache_key(scope, arguments, "delete")
    found = scope.plans.get(statement, key)
    if isinstance(found, WritePlan):
        return found
    table = names.table(scope, statement.table, "delete from")
    alias = statement.alias or table.name
    wanted = table.columns if statement.returning is not None else ()
    items = [build.alias(build.column(c.name, alias), f"v{position}") for position, c in enumerate(wanted)]
    others = [item.copy() for item in statement.using]
    planned = await _plan(scope, statement, table, alias, items, others, arguments, ())
    if _cacheable(planned):
        scope.plans.put(statement, key, planned)
    return planned


def _cacheable(planned: WritePlan) -> bool:
    returning = planned.returning
    return planned.source.plan.cacheable and (returning is None or returning.ready.plan.cacheable)


async def _plan(
    scope: Scope,
    statement: Update | Delete,
    table: Table,
    alias: str,
    items: Sequence[exp.Expr],
    others: Sequence[exp.Expr],
    arguments: Arguments,
    fills: tuple[tuple[Column, SequenceBody], ...],
) -> WritePlan:
    target = build.table(statement.table, alias, target=True)
    beside_names = _aliases(others) if statement.returning is not None else ()
    tree = build.select(
        [build.column(build.ROW_ID, alias), *items, *_stars(beside_names)],
        build.cross(target, *others),
        where=None if statement.where is None else statement.where.copy(),
        with_=statement.with_,
    )
    source = await query.plan(scope, tree, arguments, owner=tree)
    oids = query.merge_oids(arguments.oids, source.plan.parameter_oids)
    columns = table.columns if items else ()
    if isinstance(statement, Update):
        await _check_types(scope, table, statement, source)
    beside = await _beside(scope, source, beside_names, 1 + len(items)) if beside_names else {}
    returning = None
    if statement.returning is not None:
        returning = await dml.plan_returning(
            scope, statement.returning, table, alias, Arguments(oids, arguments.values), beside
        )
        oids = query.merge_oids(oids, returning.ready.plan.parameter_oids)
    sql = _fitted(columns, source.sql, beside)
    return WritePlan(table, source, sql, fills, returning, beside, bool(others), oids)


async def _values(
    scope: Scope, table: Table, statement: Update, arguments: Arguments
) -> tuple[dict[CatalogId, exp.Expr], tuple[tuple[Column, SequenceBody], ...], bool]:
    """The assigned expressions by column, the columns that a sequence fills, and whether the values hold
    for one run only."""
    values: dict[CatalogId, exp.Expr] = {}
    fills = []
    volatile = False
    for name, value in statement.assignments:
        column = dml.column_named(table, name)
        if column.id in values:
            raise SqlError("42601", f'multiple assignments to same column "{name}"')
        if not assignment.is_default(value):
            if column.identity == "always":
                raise SqlError(
                    "428C9",
                    f'column "{name}" can only be updated to DEFAULT',
                    detail=f'Column "{name}" is an identity column defined as GENERATED ALWAYS.',
                )
            if sequences.call_of(value) == "nextval":
                fills.append((column, names.sequence(scope, names.parse(sequences.constant_name(value)))))
                value = build.cast(exp.Null(), "bigint")
            volatile = volatile or bool(sequences.calls_in(value))
            values[column.id] = assignment.typed(value.copy(), column)
            continue
        default = dml.default_of(scope, column)
        values[column.id] = default.expression
        if default.sequence is not None:
            fills.append((column, default.sequence))
    if volatile:
        raise SqlError("0A000", "sequence functions inside an expression of UPDATE are not supported")
    return values, tuple(fills), volatile


async def _check_types(scope: Scope, table: Table, statement: Update, source: Ready) -> None:
    """42804 for an assigned expression of a type that does not go there."""
    assigned = dict(statement.assignments)
    doubtful = [
        (position, column)
        for position, column in enumerate(table.columns)
        if column.name in assigned and not _plain(assigned[column.name])
    ]
    if not doubtful:
        return
    described = await query.describe(scope, source)
    for position, column in doubtful:
        assignment.check_type(column, by_oid(described[position + 1].type_oid))


def _plain(value: exp.Expr) -> bool:
    return (
        assignment.is_untyped(value) or assignment.is_default(value) or sequences.call_of(value) == "nextval"
    )


# --- FROM and USING beside the target ---------------------------------------------------------------


def _aliases(items: Sequence[exp.Expr]) -> tuple[str, ...]:
    """The names by which the relations of FROM are known, in order."""
    found: list[str] = []
    for item in items:
        if isinstance(item, exp.Subquery) and item.args.get("join"):
            found += _aliases([item.this])
        else:
            found.append(item.alias_or_name)
        found += _aliases([join.this for join in item.args.get("joins") or []])
    return tuple(found)


def _stars(aliases: Sequence[str]) -> list[exp.Expr]:
    """All columns of each relation, each behind a column that marks where it begins."""
    found: list[exp.Expr] = []
    for position, name in enumerate(aliases):
        found += [build.alias(exp.Null(), f"begin_{position}"), build.star_of(name)]
    return found


async def _beside(
    scope: Scope, source: Ready, aliases: Sequence[str], start: int
) -> Mapping[str, tuple[Column, ...]]:
    """The columns of each relation beside the target; a column's id is its position in the source."""
    described = await query.describe(scope, source)
    found: dict[str, tuple[Column, ...]] = {}
    name = ""
    for position in range(start, len(described)):
        column: ResultColumn = described[position]
        following = len(found)
        if following < len(aliases) and column.name == f"begin_{following}":
            name = aliases[following]
            found[name] = ()
            continue
        type_ = format_type(column.type_oid, column.type_modifier)
        held = by_oid(column.type_oid).duckdb
        found[name] += (Column(CatalogId(position), column.name, type_, held),)
    return found


def _fitted(columns: Sequence[Column], sql: str, beside: Mapping[str, tuple[Column, ...]]) -> str:
    """As `assignment.fitted`, with the columns beside kept as ``b<position>``."""
    count = 1 + len(columns) + sum(1 + len(held) for held in beside.values())
    outputs: list[Column | None] = [*columns, *(None,) * (count - 1 - len(columns))]
    fitted = assignment.fitted(outputs, sql, hidden=build.ROW_ID)
    kept = "".join(f", v{c.id} AS b{c.id}" for held in beside.values() for c in held)
    return fitted.replace(" FROM (", f"{kept} FROM (", 1) if kept else fitted


# --- running ----------------------------------------------------------------------------------------


async def describe(scope: Scope, statement: Update | Delete, arguments: Arguments) -> StatementDescription:
    planned = await _planned(scope, statement, arguments)
    columns = None
    if planned.returning is not None:
        columns = await dml.describe_returning(scope, planned.returning)
    return StatementDescription(planned.parameter_oids, columns)


async def _planned(scope: Scope, statement: Update | Delete, arguments: Arguments) -> WritePlan:
    if isinstance(statement, Update):
        return await plan_update(scope, statement, arguments)
    return await plan_delete(scope, statement, arguments)


async def run(scope: Scope, statement: Update | Delete, arguments: Arguments) -> Written:
    """Once: `dml.writing` calls it again when what it read has changed."""
    planned = await _planned(scope, statement, arguments)
    arguments = Arguments(planned.parameter_oids, arguments.values)
    async with scope.reader() as reader:
        sql = await query.bind(scope, reader, planned.source.plan, planned.sql, {})
        found = await reader.table(sql, planned.source.values(arguments))
    if planned.may_repeat:
        found = _first_matches(found)
    row_ids = found.column(build.ROW_ID)
    written = found.select([build.ROW_ID, *(n for n in found.column_names if n.startswith("c"))])
    if isinstance(statement, Update):
        values = written.drop_columns([build.ROW_ID])
        for column, sequence in planned.fills:
            values = dml.with_sequence_values(scope, values, column, sequence, None)
        await dml.check_rows(scope, planned.table, values, owner=planned.table)
        if found.num_rows:
            assigned = {name for name, _ in statement.assignments}
            changed = [column.id for column in planned.table.columns if column.name in assigned]
            work = scope.transaction.update(planned.table, row_ids, values, changed)
            written = await scope.interrupts.wait(work)
    elif found.num_rows:
        await scope.interrupts.wait(scope.transaction.delete(planned.table, row_ids))
    if planned.returning is None:
        return Written(found.num_rows)
    rows = {WRITTEN: written, **_rows_beside(planned, found, written)}
    result, columns = await dml.returned(scope, planned.returning, arguments, rows)
    return Written(found.num_rows, result, columns)


def _first_matches(found: pa.Table) -> pa.Table:
    _, first = np.unique(found.column(build.ROW_ID).to_numpy(), return_index=True)
    return found if len(first) == found.num_rows else found.take(pa.array(np.sort(first)))


def _rows_beside(planned: WritePlan, found: pa.Table, written: pa.Table) -> dict[str, pa.Table]:
    """The relations of FROM as rows tables: a row for each written row, under the same row id."""
    rows = {}
    for position, columns in enumerate(planned.beside.values()):
        arrays = [found.column(f"b{column.id}") for column in columns]
        fields = [f"c{column.id}" for column in columns]
        row_ids = written.column(build.ROW_ID)
        rows[build.marker(f"beside {position}")] = pa.table([*arrays, row_ids], names=[*fields, build.ROW_ID])
    return rows


async def truncate(scope: Scope, statement: Truncate) -> AsyncIterator[Answer]:
    tables = [names.table(scope, name, "truncate") for name in statement.tables]
    transaction = scope.transaction
    for table in sorted(tables, key=lambda table: table.id):
        await scope.lock_body(table.id)
    transaction.start_statement()
    for name in statement.tables:
        table = names.table(scope, name, "truncate")
        transaction.edit(Put(replace(table, storage=transaction.new_storage())))
        if statement.restart_identity:
            for column in table.columns:
                sequence = scope.catalog.sequences.get(column.sequence) if column.sequence else None
                if sequence is not None:
                    transaction.restart(sequence.id)
    yield Complete("TRUNCATE TABLE")
