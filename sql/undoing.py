"""UNDO RESTORE: a restore of the same part to just before a restore.

It is a restore like any other, and says in mo_restores which one it undid. Without an id it undoes the
newest that is not itself an undo and has not been undone, so saying it twice walks back two restores. With
an id it undoes whatever that was: undoing an undo does the restore again, and it then counts as not undone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from engine.catalog import Restoration
from engine.errors import MomentTooOld
from engine.extent import Extent
from engine.ids import CatalogId, Timestamp
from sql import coverage, moments
from sql.answers import Answer, Notice, RowsBegin
from sql.errors import SqlError
from sql.restoring import Work
from sql.scope import Scope
from sql.statement import UndoRestore


async def undo(scope: Scope, statement: UndoRestore) -> AsyncIterator[Answer]:
    work = await of_undo(scope, statement)
    async for answer in work.run("UNDO RESTORE"):
        if isinstance(answer, RowsBegin) and work.undoes is not None:
            shown = moments.shown(work.ts, scope.settings["TimeZone"])
            yield Notice("NOTICE", f"back to {shown}, just before restore {work.undoes.id}")
        yield answer


async def of_undo(scope: Scope, statement: UndoRestore) -> Work:
    scope.require_admin("must be admin of the tenant to undo a restore")
    done = _restoration(scope, statement.id)
    ts = Timestamp(done.commit_ts - 1)
    if done.level == "tenant":
        scope.require_no_block("UNDO RESTORE of a tenant")
    await _require_readable(scope, done, ts)

    def require_last() -> None:
        if statement.id is None and not _is_open(scope.catalog.restorations, done):
            raise SqlError("55000", f"restore {done.id} has been undone meanwhile")

    extent = Extent(done.level, done.objects)
    return Work(scope, scope.tenant, ts, extent, check=require_last, undoes=done)


async def _require_readable(scope: Scope, done: Restoration, ts: Timestamp) -> None:
    shown = moments.shown(ts, scope.settings["TimeZone"])
    try:
        await scope.interrupts.wait(scope.tenant.settle(ts))
        coverage.require_extent(scope.tenant, ts, None, Extent(done.level, done.objects))
    except MomentTooOld as error:
        raise MomentTooOld(
            f"restore {done.id} cannot be undone any more: {shown}, just before it, is no longer readable",
            detail=error.detail,
            hint=error.hint,
        ) from None


def _restoration(scope: Scope, id: int | None) -> Restoration:
    """The one of that id, or the newest to be undone. One of this very transaction is taken back by
    rolling back."""
    known = scope.catalog.restorations
    if any(done.commit_ts == 0 and id in (None, done.id) for done in known):
        raise SqlError(
            "55000",
            "a restore of this transaction is not committed yet",
            hint="ROLLBACK, or ROLLBACK TO a savepoint, takes it back.",
        )
    found = [done for done in known if (done.id == id if id is not None else _is_open(known, done))]
    if not found:
        raise SqlError(
            "42704",
            "there is no restore to undo" if id is None else f"restore {id} does not exist",
            hint="SELECT * FROM mo_catalog.mo_restores shows them.",
        )
    return found[-1]


def _is_open(known: Sequence[Restoration], done: Restoration) -> bool:
    return done.undoes is None and done.id not in _undone(known)


def _undone(known: Sequence[Restoration]) -> set[CatalogId]:
    """Those that an undo took back which has not been undone itself. What undoes comes later."""
    found: set[CatalogId] = set()
    for done in reversed(known):
        if done.undoes is not None and done.id not in found:
            found.add(done.undoes)
    return found
