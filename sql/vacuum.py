"""CHECKPOINT and VACUUM: upkeep now, by the tenant's admin. They end the session's own transaction first,
which would otherwise pin what it has read.

VACUUM drops the snapshots whose `expires_at` has passed, in a commit of its own, then flushes, compacts
and collects; in the system tenant it also sweeps dropped tenants that nothing remembers. ``VACUUM t``
compacts t alone; what nothing needs is collected wherever it was. With DRY_RUN
it says of each object whether it would go and else what keeps it, judged by the horizon and the pins that
VACUUM would have.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence

import pyarrow as pa

from engine.aside import aside
from engine.catalog import Table
from engine.collection import Deleted, Known, Verdict, verdicts
from engine.expiry import expire, expired
from engine.history import Entry
from engine.ids import CatalogId, StorageId
from engine.pins import Kept, Pins
from engine.tenant import Tenant
from sql import coverage, names
from sql.answers import Answer, Batch, Complete, Notice, ResultColumn, RowsBegin
from sql.errors import SqlError
from sql.scope import Scope
from sql.statement import Analyze, Name, Vacuum
from sql.types import by_name

_TEXT, _COUNT = by_name("text"), by_name("int8")
COLUMNS = tuple(
    ResultColumn(name, pg.oid, pg.size)
    for name, pg in (
        ("table", _TEXT),
        ("object", _TEXT),
        ("bytes", _COUNT),
        ("action", _TEXT),
        ("why", _TEXT),
    )
)
_WHY: Mapping[Kept, str] = {
    "live": "the table has it now",
    "snapshot": "snapshot {}",
    "transaction": "a running transaction reads it",
    "history": "history_retention",
}
"""What may keep an object, the strongest reason first."""


async def checkpoint(scope: Scope) -> AsyncIterator[Answer]:
    scope.require_admin("must be admin to execute CHECKPOINT")
    await scope.tenant.flush()
    yield Complete("CHECKPOINT")


async def execute(scope: Scope, statement: Vacuum) -> AsyncIterator[Answer]:
    scope.require_admin("must be admin to execute VACUUM")
    scope.require_no_block("VACUUM")
    table = None if statement.table is None else _table(scope, statement.table)
    await scope.block.rollback()
    try:
        if statement.dry_run:
            batch, sums = await scope.interrupts.wait(_forecast(scope.tenant, table))
            yield RowsBegin(COLUMNS)
            yield Batch(batch)
            yield sums
        else:
            for snapshot in await expire(scope.tenant):
                yield Notice("NOTICE", f"{coverage.label(snapshot)} has expired and was dropped")
            notice = _told(await _vacuum(scope, table))
            if notice is not None:
                yield notice
            if scope.principal.runs_the_cluster and table is None:
                notice = _swept(await scope.cluster.sweep(), scope.cluster.dropped_waiting)
                if notice is not None:
                    yield notice
    finally:
        scope.block.enter()
    yield Complete("VACUUM")


async def analyze(scope: Scope, statement: Analyze) -> AsyncIterator[Answer]:
    """Clients send it after a load. The statistics that plans go by are the objects' own and those that
    DuckDB keeps of hot tables: they are never behind, so all there is to do is to look the names up."""
    for name in statement.tables:
        names.table(scope, name, "analyze")
    yield Complete("ANALYZE")


def _table(scope: Scope, name: Name) -> CatalogId:
    try:
        return names.table(scope, name, "vacuum").id
    except SqlError as error:
        if str(name) == "dry_run" and error.sqlstate == "42P01":
            error.hint = "To see what would go: VACUUM (DRY_RUN)."
        raise


async def _vacuum(scope: Scope, table: CatalogId | None) -> Deleted:
    """A cancel request is heard at any time, by the run of a compaction that is under way as well: it is
    given up, and the next VACUUM begins it again. What has been published stays so."""
    tenant, wait = scope.tenant, scope.interrupts.wait
    await wait(tenant.flush())
    if table is None:
        await wait(tenant.compact())
    elif table in tenant.catalog.tables:
        await wait(tenant.upkeep.compact(tenant.catalog.tables[table].storage))
    return await wait(tenant.collect())


def _told(deleted: Deleted) -> Notice | None:
    if not deleted.objects and not deleted.waiting:
        return None
    message = f"objects deleted: {deleted.objects}, waiting for their grace period to end: {deleted.waiting}"
    return Notice("NOTICE", message)


def _swept(tenants: int, waiting: int) -> Notice | None:
    if not tenants and not waiting:
        return None
    message = f"dropped tenants deleted: {tenants}, waiting for their grace period to end: {waiting}"
    return Notice("NOTICE", message)


# --- DRY_RUN ----------------------------------------------------------------------------------------

Line = tuple[str | None, str, int, str, str]


async def _forecast(tenant: Tenant, only: CatalogId | None) -> tuple[pa.RecordBatch, Notice]:
    """What VACUUM would say of each object, and of all together."""
    unnamed = await tenant.upkeep.unnamed() if only is None else {}
    pins = tenant.coming_pins().without({snapshot.timestamp for snapshot in expired(tenant)})
    known = Known.of(tenant.state)

    def told() -> tuple[pa.RecordBatch, Notice]:
        lines = list(_lines(known, pins, unnamed, only))
        arrays = [
            pa.array([line[at] for line in lines], pa.int64() if at == 2 else pa.string()) for at in range(5)
        ]
        names = [column.name for column in COLUMNS]
        return pa.RecordBatch.from_arrays(arrays, names=names), _summed(lines)

    return await aside(len(known) + len(unnamed), told)


def _lines(known: Known, pins: Pins, unnamed: Mapping[str, int], only: CatalogId | None) -> Iterator[Line]:
    """By object, what nothing names last."""
    tables = _tables(known.entries)
    for key, judged in _by_object(verdicts(known, pins)).items():
        of = dict(tables[verdict.storage] for verdict in judged if verdict.storage in tables)
        if only is not None and only not in of:
            continue
        action, why = _judged(judged)
        yield ", ".join(of.values()) or None, key, judged[0].bytes, action, why
    for key, size in sorted(unnamed.items()):
        yield None, key, size, "delete", "nothing names it; it goes when its grace period has ended"


def _summed(rows: Iterable[Line]) -> Notice:
    going = [line[2] for line in rows if line[3] != "keep"]
    kept = [line[2] for line in rows if line[3] == "keep"]
    return Notice(
        "NOTICE",
        f"objects that would go: {len(going)} ({sum(going):,} bytes), that stay: {len(kept)} "
        f"({sum(kept):,} bytes)",
    )


def _by_object(judged: Iterable[Verdict]) -> dict[str, list[Verdict]]:
    """Several storages may refer to one object: every restore makes more of them."""
    found: dict[str, list[Verdict]] = {}
    for verdict in judged:
        found.setdefault(verdict.key, []).append(verdict)
    return found


def _judged(judged: Sequence[Verdict]) -> tuple[str, str]:
    """An object goes when no reference to it is kept; else what keeps it, the strongest reason alone."""
    kept = {verdict.kept: verdict for verdict in reversed(judged)}
    for reason, words in _WHY.items():
        if reason in kept:
            return "keep", words.format(kept[reason].why)
    return "forget", "nothing needs it"


def _tables(entries: Iterable[Entry]) -> dict[StorageId, tuple[CatalogId, str]]:
    """The table of each storage, under the last name it had."""
    latest: dict[tuple[str, CatalogId], str] = {}
    found: dict[StorageId, tuple[CatalogId, str]] = {}
    entries = sorted(entries, key=lambda entry: entry.dropped_ts)
    for kind in ("database", "schema"):
        for entry in entries:
            if entry.body.kind == kind:
                holder = latest.get(("database", getattr(entry.body, "database", CatalogId(0))))
                parts = (holder, getattr(entry.body, "name", ""))
                latest[kind, entry.body.id] = ".".join(part for part in parts if part)
    for entry in entries:
        if isinstance(entry.body, Table):
            holder = latest.get(("schema", entry.body.schema))
            name = entry.body.name if holder is None else f"{holder}.{entry.body.name}"
            found[entry.body.storage] = (entry.body.id, name)
    return found
