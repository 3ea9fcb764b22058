"""Expiry: a snapshot whose time has come is dropped by a commit of its own, like any other DROP.

The row is the pin: `expires_at` takes effect when that commit does, not before. Upkeep does it by
itself, and VACUUM at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.catalog import Drop, Snapshot

if TYPE_CHECKING:
    from engine.tenant import Tenant


def expired(tenant: Tenant) -> list[Snapshot]:
    """The snapshots whose time has come."""
    now = tenant.now()
    snapshots = tenant.catalog.snapshots.values()
    return [s for s in snapshots if s.expires_at is not None and s.expires_at <= now]


async def expire(tenant: Tenant) -> list[Snapshot]:
    """Drop them; they come back."""
    if not expired(tenant):
        return []
    transaction = tenant.begin()
    try:
        await transaction.lock_name("snapshot")
        transaction.start_statement()
        over = expired(tenant)
        transaction.edit(*(Drop("snapshot", snapshot.id) for snapshot in over))
        await transaction.commit()
    finally:
        await transaction.rollback()
    return over
