"""Reading the past for longer than a statement: SET TRANSACTION SNAPSHOT and ``SET rewinddb.as_of``.

Either is resolved once, when it is set, and from then on means that moment, whatever happens to the
snapshot's name. All names and tables are those of the moment, the catalogs too, and nothing can be written
(25006); a statement's own AS OF still goes before. The moment is no pin: once it is collected, statements
say so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from engine.catalog import Snapshot
from engine.ids import Timestamp
from sql import coverage, query
from sql.answers import Answer, Complete, Notice
from sql.block import AsOf
from sql.errors import SqlError
from sql.scope import Scope
from sql.statement import SetTransactionSnapshot

SETTING = "rewinddb.as_of"


async def set_transaction(scope: Scope, statement: SetTransactionSnapshot) -> AsyncIterator[Answer]:
    block = scope.block
    if not block.explicit:
        yield Notice("WARNING", "SET TRANSACTION can only be used in transaction blocks", "25P01")
    elif block.has_transaction or block.as_of is not None:
        raise SqlError("25001", "SET TRANSACTION SNAPSHOT must be called before any query")
    else:
        snapshot = await query.find_snapshot(scope, scope.tenant, statement.snapshot)
        block.as_of = await _at(scope, snapshot.timestamp, snapshot)
    yield Complete("SET")


async def resolve_setting(scope: Scope, value: str) -> None:
    """A value of the setting is about to be set: a snapshot's name, or any moment that is kept."""
    named = [s for s in scope.tenant.catalog.snapshots.values() if s.name == value]
    snapshot = named[0] if named else None
    ts = snapshot.timestamp if snapshot is not None else await query.as_timestamp(scope, value)
    if ts is None:
        raise SqlError("42704", f'snapshot "{value}" does not exist')
    scope.as_of_settings[value] = await _at(scope, ts, snapshot)


async def _at(scope: Scope, ts: Timestamp, snapshot: Snapshot | None) -> AsOf:
    await scope.interrupts.wait(scope.tenant.settle(ts))
    catalog = coverage.catalog_at(scope.tenant, ts, snapshot)
    if scope.database_name not in catalog.databases:
        raise SqlError("3D000", f'database "{scope.database_name}" does not exist at that moment')
    return AsOf(ts, catalog)
