"""When a tenant's upkeep runs by itself.

After a commit: a flush (and a compaction) when enough has gathered in the tail or the log; expiry and
collection when `collect_seconds` have passed since the last. Without commits the cluster's caretaker asks
now and then (`care`): expiry and collection then run only if there is something to do, since raising the
horizon is a commit, and a tenant that nobody writes to should not write by itself for ever. To look whether
there is takes its time as well, in a thread (`engine.aside`): what it finds only decides whether to begin,
and it is done no more often than collection is.

One run at a time. A run that fails is told to the log and tried again when it is due again.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from engine.aside import aside
from engine.clock import Clock
from engine.collection import Known, forgettable, last_wait
from engine.errors import EngineError
from engine.expiry import expire, expired
from engine.ids import Timestamp

if TYPE_CHECKING:
    from engine.tenant import Tenant

log = logging.getLogger("rewinddb.engine")


class Schedule:
    """Of one open tenant."""

    def __init__(self, tenant: Tenant, clock: Clock) -> None:
        self._tenant = tenant
        self._clock = clock
        self._collected_at = clock.monotonic()
        self._collected_once = False
        self._running: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether upkeep is at work in the background."""
        return self._running is not None

    def after_commit(self) -> None:
        tenant = self._tenant
        flush = (
            tenant.state.tail_bytes >= tenant.flush_bytes
            or tenant.upkeep.wal_objects >= tenant.options.flush_wal_objects_min
        )
        collect = self._collection_is_due()
        if flush or collect:
            self._start(flush=flush, collect=collect)

    async def care(self) -> None:
        """Called now and then, whether or not there are commits."""
        if self._collection_is_due() and await self._something_to_collect():
            self._start(flush=False, collect=True)

    def _collection_is_due(self) -> bool:
        return self._clock.monotonic() - self._collected_at >= self._tenant.options.collect_seconds

    async def _something_to_collect(self) -> bool:
        """Also once after opening: a crash may have left objects that nothing names."""
        tenant = self._tenant
        if not self._collected_once or tenant.upkeep.waiting or expired(tenant):
            return True
        known, pins = Known.of(tenant.state), tenant.coming_pins()
        over = await aside(len(known), lambda: forgettable(known, pins))
        if not over.refs and not over.entries:
            self._collected_at = self._clock.monotonic()
            return False
        return True

    def _start(self, *, flush: bool, collect: bool) -> None:
        if self._running is not None or self._tenant.upkeep.busy or self._tenant.closed:
            return
        if collect:
            self._collected_at = self._clock.monotonic()
        self._running = asyncio.create_task(self._run(flush=flush, collect=collect))
        self._running.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running = None

    async def _run(self, *, flush: bool, collect: bool) -> None:
        tenant = self._tenant
        try:
            if flush:
                await tenant.flush()
                await tenant.compact()
            if collect:
                await self._collect()
        except EngineError as error:
            log.warning("tenant %s: upkeep failed, it will be tried again: %s", tenant.name, error.message)
        except Exception:
            log.exception("tenant %s: upkeep failed, it will be tried again", tenant.name)

    async def _collect(self) -> None:
        await expire(self._tenant)
        await self._tenant.collect()
        self._collected_once = True

    async def tidy(self) -> bool:
        """Make the tenant ready to be closed; False while objects wait for their grace period to end."""
        tenant = self._tenant
        if tenant.state.tail_bytes or tenant.upkeep.wal_objects > 1:
            await tenant.flush()
        if not self._collected_once or (self._collection_is_due() and await self._something_to_collect()):
            self._collected_at = self._clock.monotonic()
            await self._collect()
        return not tenant.upkeep.waiting

    async def due_asleep(self) -> Timestamp | None:
        """The moment from which on there is something to collect although nobody uses the tenant, if it
        is tidy and closed now; None: never."""
        tenant = self._tenant
        moments = [s.expires_at for s in tenant.catalog.snapshots.values() if s.expires_at is not None]
        known, pins = Known.of(tenant.state), tenant.pins()
        last = await aside(len(known), lambda: last_wait(known, pins))
        if last is not None:
            moments.append(Timestamp(last + tenant.catalog.history_retention_us))
        return min(moments, default=None)

    async def close(self) -> None:
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])
