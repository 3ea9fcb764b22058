"""RESTORE TABLE … TO TABLE: a table as it was, beside what is there now, under another name.

It is a new table: its rows are the old one's objects, shared (straddlers rewritten, or every row with USING
LOGICAL), its columns, checks, keys, owned sequences and their positions are as they were. Keys and owned
sequences get names of their own, as CREATE TABLE would choose them; column ids stay, since the objects are
read by them. Nothing of the old table is touched or locked, and it need not be there any more.
"""

from __future__ import annotations

from collections.abc import Sequence as Many
from dataclasses import replace

from engine.catalog import Catalog, Column, Key, Put, Schema, Sequence, Table
from engine.extent import Extent
from engine.ids import CatalogId, Timestamp
from engine.outcome import RestoredTable
from engine.progress import Progress
from engine.restore import Method
from sql import ddl, definitions, drop, extents, names
from sql.scope import Scope
from sql.statement import Name


async def restore(
    scope: Scope, ts: Timestamp, extent: Extent, method: Method, to: Name, progress: Progress
) -> tuple[RestoredTable, ...]:
    where = await ddl.lock_place(scope, to)
    names.require_free(scope.catalog, where, to.name)
    past = scope.tenant.history.at(ts)
    (id,) = extent.objects
    table = past.tables[id]
    new_id = scope.transaction.new_id()
    columns = await _columns(scope, past, table, where, new_id, to.name)
    made = replace(table, id=new_id, schema=where.id, name=to.name, columns=columns, keys=())
    for key in table.keys:
        made = replace(made, keys=(*made.keys, _key(scope, made, key)))
    checks = tuple(replace(check, id=scope.transaction.new_id()) for check in table.checks)
    made = replace(made, checks=checks)
    _require_sequences(scope, made)
    role = scope.principal.role
    return await scope.transaction.restore_beside(ts, table, made, method, role, progress)


async def _columns(
    scope: Scope, past: Catalog, table: Table, where: Schema, new_id: CatalogId, name: str
) -> tuple[Column, ...]:
    """With sequences of their own where the old ones had such."""
    found = []
    for column in table.columns:
        owned = past.sequences.get(column.sequence) if column.sequence is not None else None
        if owned is not None and owned.owner_table == table.id:
            column = await _with_sequence(scope, past, column, owned, where, new_id, name)
        found.append(column)
    return tuple(found)


async def _with_sequence(
    scope: Scope,
    past: Catalog,
    column: Column,
    owned: Sequence,
    where: Schema,
    new_id: CatalogId,
    table_name: str,
) -> Column:
    taken = {name for schema_id, name in scope.catalog.relations if schema_id == where.id} | {table_name}
    label = names.choose(taken, table_name, column.name, "seq")
    await scope.lock_name("relation", where.id, label)
    body = replace(owned, id=scope.transaction.new_id(), schema=where.id, name=label, owner_table=new_id)
    scope.transaction.edit(Put(body))
    if owned.id in past.positions:
        scope.transaction.set_value(body.id, past.positions[owned.id])
    default = column.default if column.default is None else definitions.nextval_text(scope, body)
    return replace(column, sequence=body.id, default=default)


def _key(scope: Scope, made: Table, key: Key) -> Key:
    """The key under a name that is free, as CREATE TABLE would choose it."""
    taken = definitions.taken_names(scope, made)
    if key.primary:
        label = names.choose(taken, made.name, "pkey")
    else:
        columns: Many[str] = [made.column_by_id(id).name for id in key.columns]
        label = names.choose(taken, made.name, *columns, "key")
    return replace(key, id=scope.transaction.new_id(), name=label)


def _require_sequences(scope: Scope, made: Table) -> None:
    """Defaults may draw from sequences of others, which must be there."""
    for column in made.columns:
        if drop.draws_from_nothing(scope, column):
            label = f"default value for column {column.name} of table {made.name}"
            raise extents.broken(label)
