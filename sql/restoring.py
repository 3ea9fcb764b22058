"""RESTORE TENANT: rights, the moment, and one result row per table."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pyarrow as pa

from engine.ids import Timestamp
from engine.tenant import Tenant
from sql import query
from sql.answers import Answer, Batch, Complete, ResultColumn, RowsBegin
from sql.errors import SqlError
from sql.scope import Arguments, Scope
from sql.statement import Restore
from sql.types import by_name

_TEXT, _COUNT = by_name("text"), by_name("int8")
_NAMES = ("database", "schema", "table", "action")
_COUNTS = ("objects_shared", "objects_rewritten", "rows", "bytes_rewritten")
COLUMNS = (
    *(ResultColumn(name, _TEXT.oid, _TEXT.size) for name in _NAMES),
    *(ResultColumn(name, _COUNT.oid, _COUNT.size) for name in _COUNTS),
)


async def restore(scope: Scope, statement: Restore, arguments: Arguments) -> AsyncIterator[Answer]:
    """Restores; afterwards the session goes on in the restored world, if its database is still there."""
    target = await _target(scope, statement)
    scope.require_no_block("RESTORE TENANT")
    ts = await _moment(scope, statement, target, arguments)
    await scope.block.rollback()
    report = await scope.interrupts.wait(target.restore(ts, statement.method, scope.principal.role))
    scope.interrupts.deafen()
    scope.plans.clear()
    scope.block.enter()
    arrays = [pa.array([getattr(table, name) for table in report.tables], pa.string()) for name in _NAMES]
    arrays += [pa.array([getattr(table, name) for table in report.tables], pa.int64()) for name in _COUNTS]
    yield RowsBegin(COLUMNS)
    yield Batch(pa.RecordBatch.from_arrays(arrays, names=[*_NAMES, *_COUNTS]))
    yield Complete("RESTORE")


async def _target(scope: Scope, statement: Restore) -> Tenant:
    """A tenant's admin restores their own tenant, an admin of sys any. Others do not learn whether it is."""
    if statement.tenant is None or statement.tenant == scope.principal.tenant:
        scope.require_admin("must be admin of the tenant to restore it")
        return scope.tenant
    if not scope.principal.runs_the_cluster:
        raise SqlError("42501", "permission denied to restore another tenant")
    scope.require_admin("permission denied to restore another tenant")
    return await scope.cluster.tenant(statement.tenant)


async def _moment(scope: Scope, statement: Restore, target: Tenant, arguments: Arguments) -> Timestamp:
    if statement.snapshot is not None:
        return (await query.find_snapshot(scope, target, statement.snapshot)).timestamp
    assert statement.timestamp is not None
    return await query.evaluate(scope, statement.timestamp, arguments)
