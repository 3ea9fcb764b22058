"""RESTORE and UNDO RESTORE: rights, the moment, the part, and one result row per table.

All of a tenant is restored by a transaction of its own. Databases, schemas and tables are restored inside
the session's: what the engine prepares is part of its workspace, so a block can look at it and roll back.

A restore is a moment like any other, so undoing one is restoring the same part to just before it. That is
a restore too: undoing it again does it again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pyarrow as pa

from engine.catalog import Restoration, Snapshot
from engine.ids import Timestamp
from engine.restore import WHOLE_TENANT, Extent, Method, RestoredTable
from engine.tenant import Tenant
from sql import coverage, extents, query
from sql.answers import Answer, Batch, Complete, ResultColumn, RowsBegin
from sql.errors import SqlError
from sql.scope import Arguments, Scope
from sql.statement import Restore, UndoRestore
from sql.types import by_name

_TEXT, _COUNT = by_name("text"), by_name("int8")
_NAMES = ("database", "schema", "table", "action")
_COUNTS = ("objects_shared", "objects_rewritten", "rows", "bytes_rewritten")
COLUMNS = (
    *(ResultColumn(name, _TEXT.oid, _TEXT.size) for name in _NAMES),
    *(ResultColumn(name, _COUNT.oid, _COUNT.size) for name in _COUNTS),
)


# --- RESTORE ----------------------------------------------------------------------------------------


async def restore(scope: Scope, statement: Restore, arguments: Arguments) -> AsyncIterator[Answer]:
    target = await _target(scope, statement)
    if statement.level == "tenant":
        scope.require_no_block("RESTORE TENANT")
    ts, snapshot = await _moment(scope, statement, target, arguments)
    if statement.level == "tenant":
        coverage.require_extent(target, ts, snapshot, WHOLE_TENANT)
        tables = await _whole(scope, target, ts, statement.method)
    else:
        await scope.interrupts.wait(target.settle(ts))
        past = target.history.at(ts)
        extent = extents.resolve(scope, past, statement.level, statement.names, ts)
        coverage.require_extent(target, ts, snapshot, extent)
        tables = await _part(scope, ts, extent, statement.method)
    for answer in _answers(tables, "RESTORE"):
        yield answer


async def _target(scope: Scope, statement: Restore) -> Tenant:
    """A tenant's admin restores their own tenant, an admin of sys any. Others do not learn whether it is."""
    if statement.tenant is None or statement.tenant == scope.principal.tenant:
        scope.require_admin(f"must be admin of the tenant to restore {_object(statement)}")
        return scope.tenant
    if not scope.principal.runs_the_cluster:
        raise SqlError("42501", "permission denied to restore another tenant")
    scope.require_admin("permission denied to restore another tenant")
    return await scope.cluster.tenant(statement.tenant)


def _object(statement: Restore) -> str:
    return "it" if statement.level == "tenant" else f"a {statement.level}"


async def _moment(
    scope: Scope, statement: Restore, target: Tenant, arguments: Arguments
) -> tuple[Timestamp, Snapshot | None]:
    if statement.snapshot is not None:
        snapshot = await query.find_snapshot(scope, target, statement.snapshot)
        return snapshot.timestamp, snapshot
    assert statement.timestamp is not None
    return await query.evaluate(scope, statement.timestamp, arguments), None


async def _whole(scope: Scope, target: Tenant, ts: Timestamp, method: Method) -> Sequence[RestoredTable]:
    """Afterwards the session goes on in the restored world, if its database is still there."""
    await scope.block.rollback()
    report = await scope.interrupts.wait(target.restore(ts, method, scope.principal.role))
    scope.interrupts.deafen()
    scope.plans.clear()
    scope.block.enter()
    return report.tables


async def _part(scope: Scope, ts: Timestamp, extent: Extent, method: Method) -> Sequence[RestoredTable]:
    """As part of the session's transaction; whoever uses the tables is waited for."""
    past = scope.tenant.history.at(ts)
    await extents.lock(scope, past, extent)
    before = scope.catalog
    tables = await scope.interrupts.wait(scope.transaction.restore(ts, extent, method, scope.principal.role))
    await extents.check_after(scope, before, past, extent)
    return tables


def _answers(tables: Sequence[RestoredTable], tag: str) -> list[Answer]:
    arrays = [pa.array([getattr(table, name) for table in tables], pa.string()) for name in _NAMES]
    arrays += [pa.array([getattr(table, name) for table in tables], pa.int64()) for name in _COUNTS]
    batch = pa.RecordBatch.from_arrays(arrays, names=[*_NAMES, *_COUNTS])
    return [RowsBegin(COLUMNS), Batch(batch), Complete(tag)]


# --- UNDO RESTORE -----------------------------------------------------------------------------------


async def undo(scope: Scope, statement: UndoRestore) -> AsyncIterator[Answer]:
    scope.require_admin("must be admin of the tenant to undo a restore")
    done = _restoration(scope, statement.id)
    ts = Timestamp(done.commit_ts - 1)
    if done.level == "tenant":
        scope.require_no_block("UNDO RESTORE of a tenant")
        tables = await _whole(scope, scope.tenant, ts, "physical")
    else:
        await scope.interrupts.wait(scope.tenant.settle(ts))
        extent = Extent(done.level, done.objects)
        coverage.require_extent(scope.tenant, ts, None, extent)
        tables = await _part(scope, ts, extent, "physical")
    for answer in _answers(tables, "UNDO RESTORE"):
        yield answer


def _restoration(scope: Scope, id: int | None) -> Restoration:
    """The one of that id, or the last. One of this very transaction is taken back by rolling back."""
    known = scope.catalog.restorations
    if any(done.commit_ts == 0 and id in (None, done.id) for done in known):
        raise SqlError(
            "55000",
            "a restore of this transaction is not committed yet",
            hint="ROLLBACK, or ROLLBACK TO a savepoint, takes it back.",
        )
    found = [done for done in known if id in (None, done.id)]
    if not found:
        raise SqlError(
            "42704",
            "there is no restore to undo" if id is None else f"restore {id} does not exist",
            hint="SELECT * FROM mo_catalog.mo_restores shows them.",
        )
    return found[-1]
