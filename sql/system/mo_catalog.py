"""mo_catalog: the tenant's snapshots, what each holds, and, for the system tenant, the tenants.

Snapshots are lasting entries: a restore leaves them. Asked about a past moment, ``mo_snapshots`` shows
those that there were then.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from engine import usage
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
    for held in usage.snapshot_usage(seen.context.tenant.state):
        yield dataclasses.asdict(held)


def tenant_rows(seen: Inventory) -> Iterator[Row]:
    for tenant in seen.catalog.tenants.values():
        yield {"name": tenant.name, "admin_role": tenant.admin_role, "created_at": tenant.created_ts}


RELATIONS: Mapping[str, Rows] = {
    "mo_snapshots": snapshot_rows,
    "mo_snapshot_usage": usage_rows,
    "mo_tenants": tenant_rows,
}
VOLATILE = frozenset({"mo_snapshot_usage"})
