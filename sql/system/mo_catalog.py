"""mo_catalog: the tenant's snapshots, what each holds, its restores, what moments can be had, and, for
the system tenant, the tenants, living and dropped.

Snapshots are lasting entries: a restore leaves them. Asked about a past moment, ``mo_snapshots`` shows
those that there were then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine import usage
from engine.catalog import Restoration
from engine.collection import Known
from engine.dropped import dropped_tenants
from engine.extent import full_name
from engine.ids import Timestamp
from sql.moments import shown_length
from sql.system.context import Handle
from sql.system.inventory import Inventory
from sql.system.relation import Row, Rows


def snapshot_rows(seen: Inventory) -> Iterator[Row]:
    for snapshot in seen.catalog.snapshots.values():
        yield {
            "timestamp": snapshot.timestamp,
            "name": snapshot.name,
            "level": snapshot.level,
            "database_name": snapshot.database_name,
            "schema_name": snapshot.schema_name,
            "table_name": snapshot.table_name,
            "created_by": snapshot.created_by,
            "comment": snapshot.comment,
            "expires_at": snapshot.expires_at,
        }


def usage_rows(seen: Inventory) -> Iterator[Row]:
    """As things are now: what a snapshot held at a past moment is not kept."""
    tenant = seen.context.tenant
    names = {ts: snapshot.name for ts, snapshot in tenant.state.history.current.snapshots.items()}
    known, pins = Known.of(tenant.state), tenant.coming_pins()

    def rows() -> Iterator[Row]:
        for held in usage.snapshot_usage(known, pins, names):
            yield {name: getattr(held, name) for name in usage.SnapshotUsage.__slots__}

    return rows()


def restore_rows(seen: Inventory) -> Iterator[Row]:
    """Those that are done, then those at work now, which have no id and no commit yet."""
    for done in seen.catalog.restorations:
        if done.commit_ts == 0:
            continue
        yield {
            "id": done.id,
            "state": "done",
            "level": done.level,
            "objects": _restored(seen, done) if done.level != "tenant" else None,
            "moment": done.moment,
            "commit_ts": done.commit_ts,
            "method": done.method,
            "role": done.role,
            "tables": done.tables,
            "tables_done": done.tables,
            "objects_shared": done.objects_shared,
            "objects_rewritten": done.objects_rewritten,
            "rows": done.rows,
            "bytes_rewritten": done.bytes_rewritten,
            "undoes": done.undoes,
        }
    for running in seen.context.tenant.restoring:
        yield {
            "state": running.stage,
            "level": running.level,
            "objects": running.names if running.level != "tenant" else None,
            "moment": running.moment,
            "method": running.method,
            "role": running.role,
            "tables": running.tables,
            "tables_done": running.tables_done,
            "objects_rewritten": running.objects,
            "rows": running.rows,
            "bytes_rewritten": running.bytes,
            "undoes": running.undoes,
        }


def _restored(seen: Inventory, done: Restoration) -> Sequence[str | None]:
    """The names of its objects. Records from before names were kept are named as they were at the moment
    that was gone back to, or just before the restore; null when neither is kept any more."""
    if done.names:
        return done.names
    history = seen.context.tenant.state.history
    moments = [history.at(done.moment), history.at(Timestamp(done.commit_ts - 1))]
    named = [[full_name(catalog, done.level, id) for id in done.objects] for catalog in moments]
    return [first or second for first, second in zip(*named, strict=True)]


def window_rows(seen: Inventory) -> Iterator[Row]:
    """First the moments that can be had by their timestamp, then the snapshots' that are older."""
    tenant = seen.context.tenant
    horizon = tenant.state.horizon
    yield {"earliest": horizon, "latest": tenant.now(), "why": _why(tenant, horizon)}
    for ts, snapshot in tenant.state.history.current.snapshots.items():
        if ts < horizon:
            places = (snapshot.database_name, snapshot.schema_name, snapshot.table_name)
            covered = ".".join(place for place in places if place is not None)
            name = f'snapshot "{snapshot.name}"' if snapshot.name is not None else "a snapshot"
            why = f"{name} of the {snapshot.level} {covered}".rstrip()
            yield {"earliest": ts, "latest": ts, "why": why}


def _why(tenant: Handle, horizon: Timestamp) -> str:
    """The horizon is where retention had it last: behind it nothing comes back when retention is made
    longer, the window grows from then on."""
    history = tenant.state.history
    if history.begins_at(horizon):
        return "the tenant began then"
    kept = history.current.history_retention_us
    shown = f"history_retention = {shown_length(kept)}"
    return f"{shown}, but it was shorter before" if horizon > tenant.now() - kept else shown


def tenant_rows(seen: Inventory) -> Iterator[Row]:
    for tenant in seen.catalog.tenants.values():
        yield {"name": tenant.name, "admin_role": tenant.admin_role, "created_at": tenant.created_ts}


def dropped_tenant_rows(seen: Inventory) -> Iterator[Row]:
    """Those that can be brought back, as things are now. `kept_until` is what retention promises; a
    snapshot of the system tenant may keep one longer."""
    tenant = seen.context.tenant
    kept_us = tenant.state.history.current.history_retention_us
    for body, dropped_ts in dropped_tenants(tenant.state.history):
        yield {
            "name": body.name,
            "admin_role": body.admin_role,
            "created_at": body.created_ts,
            "dropped_at": dropped_ts,
            "kept_until": dropped_ts + kept_us,
        }


RELATIONS: Mapping[str, Rows] = {
    "mo_snapshots": snapshot_rows,
    "mo_snapshot_usage": usage_rows,
    "mo_restores": restore_rows,
    "mo_recovery_window": window_rows,
    "mo_tenants": tenant_rows,
    "mo_dropped_tenants": dropped_tenant_rows,
}
VOLATILE = frozenset({"mo_dropped_tenants", "mo_snapshot_usage", "mo_restores", "mo_recovery_window"})
LONG = frozenset({"mo_snapshot_usage"})
