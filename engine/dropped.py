"""Dropped tenants: what is left of one is deleted when nothing remembers its name any more.

DROP TENANT ends a name in the system tenant's catalog. That entry is history like any other: while the
system tenant's retention or one of its snapshots keeps it, the tenant's generation stays whole in the
store, and UNDROP TENANT is a commit that makes the entry current again. When collection has forgotten
the entry, nothing names the generation; nor does anything name one whose CREATE TENANT put its first
manifest and died before it committed the name. Both are found by listing the store, and deleted in two
phases like objects: found unnamed, and unnamed still when a later sweep comes, `grace_seconds` on.

Deleting is right only for the system tenant's writer, and only while nobody gives the name back:

- the name's lock is held throughout, which CREATE TENANT and UNDROP TENANT take before they look;
- under it, an empty commit proves that no other server had taken the system tenant over when it became
  durable: whoever takes over later makes generations of random names that this listing has not seen;
- the generation is claimed first, so a server that still has it open writes no more. (One that is
  damaged, or was half deleted before a crash, cannot be claimed, nor opened by anybody.)

A crash in between leaves fewer objects, which the next sweep finds again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from engine.catalog import TenantName
from engine.clock import Clock
from engine.errors import LogCorrupted, UnknownTenant
from engine.history import Entry, History
from engine.ids import INFINITY, Ids, Timestamp
from engine.paths import SYSTEM_GENERATION, SYSTEM_TENANT, TENANTS, TenantPaths, decode_name, generations
from engine.recovery import claim
from engine.stores.base import Store
from engine.tenant import Tenant

Generation = tuple[str, str]
"""A tenant's name and one generation of it."""


def remembered(system: History) -> set[Generation]:
    """The generations of living tenants, and of dropped ones that can be brought back, by the history of
    the system tenant."""
    bodies = (entry.body for entry in system.entries())
    named = {(body.name, body.generation) for body in bodies if isinstance(body, TenantName)}
    return named | {(SYSTEM_TENANT, SYSTEM_GENERATION)}


def last_named(system: History, name: str, moment: Timestamp | None = None) -> TenantName | None:
    """The tenant that had `name` last, or at `moment`, as far as the history of the system tenant
    remembers. (It counts as there from its `created_ts` on, a moment before it is named.)"""

    def meant(body: TenantName, entry: Entry) -> bool:
        there = moment is None or entry.created_ts <= moment < entry.dropped_ts
        return body.name == name and (there or moment == body.created_ts)

    ended = [
        (entry.dropped_ts, entry.body)
        for entry in system.entries()
        if isinstance(entry.body, TenantName) and meant(entry.body, entry)
    ]
    last = max(ended, key=lambda item: item[0], default=None)
    return last[1] if last is not None else None


def dropped_tenants(system: History) -> Iterator[tuple[TenantName, Timestamp]]:
    """The tenants that can be brought back, each with when it was dropped last."""
    last: dict[Generation, tuple[TenantName, Timestamp]] = {}
    for entry in sorted(system.entries(), key=lambda entry: entry.dropped_ts):
        if isinstance(entry.body, TenantName):
            last[entry.body.name, entry.body.generation] = entry.body, entry.dropped_ts
    yield from (item for item in last.values() if item[1] != INFINITY)


class Sweeper:
    """Deletes the generations that nothing remembers. One per cluster."""

    def __init__(self, store: Store, clock: Clock, ids: Ids, grace_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._grace_seconds = grace_seconds
        self._unnamed_since: dict[Generation, float] = {}

    @property
    def waiting(self) -> int:
        """Generations found unnamed that wait for their grace period to end."""
        return len(self._unnamed_since)

    async def sweep(self, system: Tenant) -> int:
        """One pass; how many generations were deleted. `system` is open, with this server its writer."""
        now = self._clock.monotonic()
        unnamed = await self._found() - remembered(system.history)
        self._unnamed_since = {item: self._unnamed_since.get(item, now) for item in unnamed}
        due = [item for item, since in self._unnamed_since.items() if now - since >= self._grace_seconds]
        deleted = 0
        for item in sorted(due):
            deleted += await self._delete(system, item)
            del self._unnamed_since[item]
        return deleted

    async def _found(self) -> set[Generation]:
        """Every generation that has something stored."""
        found = set()
        for folder in await self._store.folders(TENANTS):
            name = decode_name(folder)
            for generation in await self._store.folders(generations(name)):
                async for _ in self._store.scan(TenantPaths(name, generation).root):
                    found.add((name, generation))
                    break
        return found

    async def _delete(self, system: Tenant, item: Generation) -> bool:
        name, generation = item
        paths = TenantPaths(name, generation)
        transaction = system.begin()
        try:
            await transaction.lock_name("tenant", name)
            await system.upkeep.prove_writer()
            if item in remembered(system.history):
                return False
            with contextlib.suppress(UnknownTenant, LogCorrupted):
                await claim(self._store, paths, self._clock, self._ids)
            keys = [info.key async for info in self._store.scan(paths.root)]
            for key in keys:
                await self._store.delete(key)
            return True
        finally:
            await transaction.rollback()
