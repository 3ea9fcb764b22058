"""RESTORE and UNDROP: rights, the moment, the part, and one result row per table.

All of a tenant is restored by a transaction of its own. Databases, schemas and tables are restored inside
the session's: what the engine prepares is part of its workspace, so a block can look at it and roll back.

One that takes long says every second how far it has come. A cancel request stops it with nothing changed,
until it commits: then its outcome is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from engine.catalog import Restoration, Snapshot
from engine.extent import WHOLE_TENANT, Extent
from engine.ids import Timestamp
from engine.outcome import RestoredTable
from engine.progress import Progress
from engine.restore import Method
from engine.tenant import Tenant
from engine.together import until_over
from sql import beside, coverage, dropped, extents, moments, query, verifying
from sql.answers import Answer, Batch, Complete, Notice, ResultColumn, RowsBegin
from sql.errors import SqlError
from sql.scope import Arguments, Scope
from sql.statement import Name, Restore, Undrop
from sql.types import by_name

NOTICE_SECONDS = 1.0
_TEXT, _COUNT = by_name("text"), by_name("int8")
_NAMES = ("database", "schema", "table", "action")
_COUNTS = ("objects_shared", "objects_rewritten", "rows", "bytes_rewritten")
COLUMNS = (
    *(ResultColumn(name, _TEXT.oid, _TEXT.size) for name in _NAMES),
    *(ResultColumn(name, _COUNT.oid, _COUNT.size) for name in _COUNTS),
)


# --- RESTORE ----------------------------------------------------------------------------------------


async def restore(scope: Scope, statement: Restore, arguments: Arguments) -> AsyncIterator[Answer]:
    work = await of_restore(scope, statement, arguments)
    async for answer in work.run("RESTORE"):
        yield answer


async def of_restore(scope: Scope, statement: Restore, arguments: Arguments) -> Work:
    """What it comes to, if it is allowed and the moment and the part can be had."""
    target = await _target(scope, statement)
    if statement.level == "tenant":
        scope.require_no_block("RESTORE TENANT")
    ts, snapshot = await _moment(scope, statement, target, arguments)
    await scope.interrupts.wait(target.settle(ts))
    extent = WHOLE_TENANT
    if statement.level != "tenant":
        extent = extents.resolve(scope, target.history.at(ts), statement.level, statement.names, ts)
    coverage.require_extent(target, ts, snapshot, extent)
    return Work(scope, target, ts, extent, statement.method, to=statement.beside)


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
        name = await query.snapshot_name(scope, statement.snapshot, arguments)
        snapshot = await query.find_snapshot(scope, target, name)
        return snapshot.timestamp, snapshot
    assert statement.timestamp is not None
    return await query.evaluate(scope, statement.timestamp, arguments), None


@dataclass
class Work:
    """One restore, to be run: what takes long is done in a task of its own, and meanwhile told of.

    `check` refuses what others have made needless meanwhile; it is called under the part's locks. `to` is
    the name of a new table that takes what is restored, `undoes` the restore that is undone."""

    scope: Scope
    target: Tenant
    ts: Timestamp
    extent: Extent
    method: Method = "physical"
    check: Callable[[], None] | None = None
    to: Name | None = None
    undoes: Restoration | None = None

    def __post_init__(self) -> None:
        self._progress = Progress(committing=self.scope.interrupts.deafen)
        if self.undoes is not None:
            self._progress.undoes, self._progress.names = self.undoes.id, self.undoes.names

    async def run(self, tag: str) -> AsyncIterator[Answer]:
        whole = self.extent.level == "tenant"
        task = asyncio.ensure_future(self._whole() if whole else self._listed_part())
        try:
            while not (await asyncio.wait([task], timeout=NOTICE_SECONDS))[0]:
                yield Notice("NOTICE", self._told())
            tables = task.result()
        finally:
            if not task.done():
                task.cancel()
                await until_over([task])
        for answer in _answers(tables, tag):
            yield answer

    async def _whole(self) -> Sequence[RestoredTable]:
        """Afterwards the session goes on in the restored world, if its database is still there. Nothing can
        stop it any more once it commits."""
        scope = self.scope
        if self.method == "logical":
            await verifying.require_checks(scope, self.target, self.ts, self.extent)
        await scope.block.rollback()
        role = scope.principal.role
        work = self.target.restore(self.ts, self.method, role, self._progress)
        report = await scope.interrupts.wait(work)
        scope.plans.clear()
        scope.block.enter()
        return report.tables

    def _told(self) -> str:
        """How far it has come. The part of a tenant first waits for whoever uses it."""
        awaited = None
        if self.extent.level != "tenant":
            awaited = extents.awaited(self.scope, self.target.history.at(self.ts))
        return self._progress.told() if awaited is None else f"restoring: waiting for {awaited}"

    async def _listed_part(self) -> Sequence[RestoredTable]:
        role = self.scope.principal.role
        with self.target.upkeep.listed(self.ts, self.method, self.extent, role, self._progress):
            return await self._part()

    async def _part(self) -> Sequence[RestoredTable]:
        """As part of the session's transaction; whoever uses the tables is waited for."""
        scope, ts, extent = self.scope, self.ts, self.extent
        past = scope.tenant.history.at(ts)
        if self.to is not None:
            if self.method == "logical":
                await verifying.require_checks(scope, self.target, ts, extent)
            return await beside.restore(scope, ts, extent, self.method, self.to, self._progress)
        await extents.lock(scope, past, extent)
        if self.check is not None:
            self.check()
        if self.method == "logical":
            await verifying.require_checks(scope, self.target, ts, extent)
        before = scope.catalog
        role = scope.principal.role
        work = scope.transaction.restore(ts, extent, self.method, role, self._progress)
        tables = await scope.interrupts.wait(work)
        await extents.check_after(scope, before, past, extent)
        return tables


def _answers(tables: Sequence[RestoredTable], tag: str) -> list[Answer]:
    arrays = [pa.array([getattr(table, name) for table in tables], pa.string()) for name in _NAMES]
    arrays += [pa.array([getattr(table, name) for table in tables], pa.int64()) for name in _COUNTS]
    batch = pa.RecordBatch.from_arrays(arrays, names=[*_NAMES, *_COUNTS])
    return [RowsBegin(COLUMNS), Batch(batch), Complete(tag)]


# --- UNDROP -----------------------------------------------------------------------------------------


async def undrop(scope: Scope, statement: Undrop) -> AsyncIterator[Answer]:
    """A restore of what is gone to its last moment."""
    work = await of_undrop(scope, statement)
    async for answer in work.run(f"UNDROP {statement.level.upper()}"):
        if isinstance(answer, RowsBegin):
            shown = moments.shown(work.ts, scope.settings["TimeZone"])
            yield Notice("NOTICE", f'{statement.level} "{statement.name}" is back as it was at {shown}')
        yield answer


async def of_undrop(scope: Scope, statement: Undrop) -> Work:
    scope.require_admin(f"must be admin of the tenant to undrop a {statement.level}")
    ts, extent = dropped.last(scope, statement.level, statement.name)
    await scope.interrupts.wait(scope.tenant.settle(ts))
    coverage.require_extent(scope.tenant, ts, None, extent)

    def require_gone() -> None:
        if any(scope.catalog.get(extent.level, id) for id in extent.objects):
            label = f'{statement.level} "{statement.name}"'
            raise SqlError("42710", f"{label} has been brought back meanwhile")

    return Work(scope, scope.tenant, ts, extent, check=require_gone)
