"""ON CONFLICT: which new rows meet an existing key, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from engine.catalog import Column, Key, Table
from engine.errors import KeyViolated, StaleRead
from sql import assignment, build, dml, query
from sql.errors import SqlError
from sql.query import Ready
from sql.scope import Arguments, Scope
from sql.statement import Insert

EXCLUDED = build.marker("excluded")
"""The marker of the new rows that met an existing one; their ``_row_id`` is the existing row's."""


@dataclass(frozen=True, slots=True)
class ConflictPlan:
    """`keys` are those whose conflicts count. `update` is None for DO NOTHING; else it gives the row id
    and all columns of each row to change, and `sql` makes its values fit."""

    keys: tuple[Key, ...]
    update: Ready | None
    sql: str
    parameter_oids: tuple[int, ...]


async def plan(
    scope: Scope, table: Table, alias: str, statement: Insert, arguments: Arguments
) -> ConflictPlan | None:
    clause = statement.conflict
    if clause is None:
        return None
    keys = _keys(table, clause)
    if not _updates(clause):
        return ConflictPlan(keys, None, "", arguments.oids)
    if len(keys) != 1:
        raise SqlError(
            "42601",
            "ON CONFLICT DO UPDATE requires inference specification or constraint name",
            hint="For example, ON CONFLICT (column_name).",
        )
    tree = _update_tree(scope, table, alias, statement, clause)
    ready = await query.plan(scope, tree, arguments, owner=tree)
    sql = assignment.fitted(table.columns, ready.sql, hidden=build.ROW_ID)
    return ConflictPlan(keys, ready, sql, ready.plan.parameter_oids)


def _updates(clause: exp.OnConflict) -> bool:
    action = clause.args.get("action")
    return action is not None and "UPDATE" in action.name.upper()


def _keys(table: Table, clause: exp.OnConflict) -> tuple[Key, ...]:
    """The keys that the conflict target means; without one, all of them."""
    constraint = clause.args.get("constraint")
    if constraint is not None:
        found = [key for key in table.keys if key.name == constraint.name]
        if not found:
            message = f'constraint "{constraint.name}" for table "{table.name}" does not exist'
            raise SqlError("42704", message)
        return tuple(found)
    targets = clause.args.get("conflict_keys") or []
    if not targets:
        return table.keys
    if clause.args.get("index_predicate") is not None:
        raise SqlError("0A000", "ON CONFLICT with a partial index is not supported")
    wanted = {dml.column_named(table, target.name).id for target in targets}
    found = [key for key in table.keys if set(key.columns) == wanted]
    if not found:
        raise SqlError(
            "42P10", "there is no unique or exclusion constraint matching the ON CONFLICT specification"
        )
    return tuple(found)


def _update_tree(
    scope: Scope, table: Table, alias: str, statement: Insert, clause: exp.OnConflict
) -> exp.Select:
    values: dict[str, exp.Expr] = {}
    for item in clause.expressions:
        column = dml.column_named(table, item.this.name)
        if column.name in values:
            raise SqlError("42601", f'multiple assignments to same column "{column.name}"')
        values[column.name] = _value(scope, column, item.expression)
    items: list[exp.Expr] = [build.column(build.ROW_ID, alias)]
    items += [
        build.alias(values.get(column.name) or build.column(column.name, alias), f"v{position}")
        for position, column in enumerate(table.columns)
    ]
    target = build.table(statement.table, alias, target=True)
    excluded = build.rows_table(EXCLUDED, table.columns, "excluded", target=True)
    same = exp.EQ(this=build.column(build.ROW_ID, alias), expression=build.column(build.ROW_ID, "excluded"))
    where = clause.args.get("where")
    condition = where.this.copy() if isinstance(where, exp.Where) else where
    return build.select(items, build.cross(target, excluded), where=build.every([same, condition]))


def _value(scope: Scope, column: Column, value: exp.Expr) -> exp.Expr:
    if not assignment.is_default(value):
        return assignment.typed(value.copy(), column)
    default = dml.default_of(scope, column)
    if default.sequence is not None:
        raise SqlError("0A000", "ON CONFLICT DO UPDATE SET column = DEFAULT from a sequence is not supported")
    return default.expression


# --- running ----------------------------------------------------------------------------------------


def worth_another_try(scope: Scope) -> bool:
    """Whether something was committed since the statement read: then it may find the row it ran into."""
    transaction = scope.transaction
    return transaction.isolation == "read committed" and transaction.read_ts < scope.tenant.visible_ts


def committed_meanwhile(error: KeyViolated) -> StaleRead:
    return StaleRead(error.message, detail=error.detail)


async def write(
    scope: Scope, plan: ConflictPlan, table: Table, rows: pa.Table, arguments: Arguments
) -> pa.Table:
    """Inserts what meets no key, updates what does; the rows that were written."""
    numbered = rows.append_column("_number", pa.array(range(rows.num_rows), pa.int64()))
    met = await _met(scope, plan, table, numbered)
    if plan.update is not None and met.num_rows:
        await scope.interrupts.wait(scope.transaction.lock_rows(table, met.column(build.ROW_ID)))
    numbers = numbered.column("_number")
    fresh = numbered.filter(pc.invert(pc.is_in(numbers, value_set=met.column("_number").combine_chunks())))
    if plan.update is not None:
        await _require_once(scope, plan, numbered)
    else:
        fresh = await _without_repeats(scope, plan, fresh)
    wait = scope.interrupts.wait
    inserted = await wait(scope.transaction.insert(table, fresh.drop_columns(["_number"])))
    if plan.update is None or met.num_rows == 0:
        return inserted
    excluded = numbered.join(met, "_number").drop_columns(["_number"])
    async with scope.reader() as reader:
        sql = await query.bind(scope, reader, plan.update.plan, plan.sql, {EXCLUDED: excluded})
        changed = await reader.table(sql, plan.update.values(arguments))
    if changed.num_rows == 0:
        return inserted
    row_ids, changed = changed.column(build.ROW_ID), changed.drop_columns([build.ROW_ID])
    await dml.check_rows(scope, table, changed, owner=table)
    updated = await wait(scope.transaction.update(table, row_ids, changed))
    number_of = dict(
        zip(met.column(build.ROW_ID).to_pylist(), met.column("_number").to_pylist(), strict=True)
    )
    order = [*fresh.column("_number").to_pylist(), *(number_of[id] for id in row_ids.to_pylist())]
    both = pa.concat_tables([inserted.select(updated.column_names), updated], promote_options="permissive")
    return both.take(pa.array(np.argsort(order, kind="stable")))


async def _met(scope: Scope, plan: ConflictPlan, table: Table, rows: pa.Table) -> pa.Table:
    """(`_number`, `_row_id`) of the new rows that meet an existing row."""
    parts = []
    async with scope.reader() as reader:
        new = reader.register(rows)
        existing = await reader.relation(table)
        for key in plan.keys:
            same = " AND ".join(f"n.c{id} = t.c{id}" for id in key.columns)
            parts.append(f"SELECT n._number, t._row_id FROM {new} AS n JOIN {existing} AS t ON {same}")
        if not parts:
            parts.append(f"SELECT _number, _number AS _row_id FROM {new} WHERE false")
        return await reader.table(" UNION ".join(parts))


def _repeats(key: Key, relation: str) -> str:
    """DuckDB SQL of the numbers of rows whose key an earlier row of the statement has."""
    columns = [f"c{id}" for id in key.columns]
    present = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    rank = f"row_number() OVER (PARTITION BY {', '.join(columns)} ORDER BY _number)"
    return (
        f"SELECT _number FROM (SELECT _number, {rank} AS rank FROM {relation} WHERE {present}) WHERE rank > 1"
    )


async def _without_repeats(scope: Scope, plan: ConflictPlan, rows: pa.Table) -> pa.Table:
    if rows.num_rows < 2:
        return rows
    for key in plan.keys:
        async with scope.reader() as reader:
            repeated = await reader.table(_repeats(key, reader.register(rows)))
        known = pc.is_in(rows.column("_number"), value_set=repeated.column(0).combine_chunks())
        rows = rows.filter(pc.invert(known))
    return rows


async def _require_once(scope: Scope, plan: ConflictPlan, rows: pa.Table) -> None:
    if rows.num_rows < 2:
        return
    async with scope.reader() as reader:
        repeated = await reader.table(_repeats(plan.keys[0], reader.register(rows)))
    if repeated.num_rows:
        raise SqlError(
            "21000",
            "ON CONFLICT DO UPDATE command cannot affect row a second time",
            hint="Ensure that no rows proposed for insertion within the same command have duplicate "
            "constrained values.",
        )
