"""The caretaker: what a server does for its tenants when nobody asks it to.

Each round, for every open tenant: a look whether another server has taken it over (who commits finds that
out by committing, but what is only read would grow old); upkeep that is due although nobody commits; and
a tenant that nobody has used for `idle_seconds` is flushed, so that opening it again replays nothing, and
closed, once its deleted objects have had their grace. A closed tenant goes on ageing: its snapshots
expire, its history passes out of the retention. So the caretaker remembers when that will be, opens it
then like a login would, and lets the next rounds collect and close it again.

- Another server may have taken a sleeping tenant over meanwhile: it is left to that one (whoever claims
  raises the epoch). The look and the claim are two steps; in between fencing makes it harmless.
- What this server has not had open since it started sleeps until its next login: only a login claims.
- Tenants that fell asleep together wake together: at most `WAKES_MAX` a round.
- A tenant's failure is told to the log, is tried again next round, and stops nothing else's.

Now and then, while the system tenant is open, dropped tenants are swept (`engine.dropped`).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.clock import Clock
from engine.errors import EngineError
from engine.ids import Timestamp
from engine.paths import SYSTEM_TENANT
from engine.tenant import Options, Tenant

if TYPE_CHECKING:
    from engine.cluster import Cluster

WAKES_MAX = 4

log = logging.getLogger("rewinddb.engine")


@dataclass(frozen=True, slots=True)
class Sleeper:
    """A tenant that this server has closed, in which epoch, and when it has something to do again."""

    epoch: int
    due: Timestamp


class Caretaker:
    """One per cluster. `run` goes on until it is cancelled."""

    def __init__(self, cluster: Cluster, clock: Clock, options: Options) -> None:
        self._cluster = cluster
        self._clock = clock
        self._options = options
        self._swept_at = clock.monotonic()
        self.sleepers: dict[str, Sleeper] = {}

    async def run(self) -> None:
        while True:
            await self._clock.sleep(self._options.round_seconds)
            try:
                await self.round()
            except Exception:
                log.exception("a round of the caretaker failed; the next one will try again")

    async def round(self) -> None:
        for tenant in self._cluster.opened().values():
            try:
                await self._look_after(tenant)
            except EngineError as error:
                _tell(tenant.name, error)
        await self._wake()
        await self._sweep()

    async def _look_after(self, tenant: Tenant) -> None:
        self.sleepers.pop(tenant.name, None)
        await tenant.look_for_fence()
        await tenant.schedule.care()
        if tenant.idle_seconds <= self._options.idle_seconds or not await tenant.schedule.tidy():
            return
        due = await tenant.schedule.due_asleep()
        if await self._cluster.let_go(tenant) and due is not None:
            self.sleepers[tenant.name] = Sleeper(tenant.epoch, due)

    async def _wake(self) -> None:
        now = self._clock.now()
        due = [name for name, sleeper in self.sleepers.items() if sleeper.due <= now]
        for name in due[:WAKES_MAX]:
            sleeper = self.sleepers.pop(name)
            try:
                if not await self._cluster.has_moved(name, sleeper.epoch):
                    await self._cluster.tenant(name)
            except EngineError as error:
                self.sleepers[name] = sleeper
                _tell(name, error)

    async def _sweep(self) -> None:
        now = self._clock.monotonic()
        waiting = self._cluster.dropped_waiting
        seconds = self._options.grace_seconds if waiting else self._options.sweep_seconds
        if now - self._swept_at < seconds or SYSTEM_TENANT not in self._cluster.opened():
            return
        self._swept_at = now
        try:
            await self._cluster.sweep()
        except EngineError as error:
            _tell(SYSTEM_TENANT, error)


def _tell(name: str, error: EngineError) -> None:
    log.warning("tenant %s: care failed, it will be tried again: %s", name, error.message)
