"""What keeps a server within the memory it was given, however many tenants are at work.

Every tenant's DuckDB instance has a limit, but the sum of the limits may be many times the machine. So the
whole, `bytes_max`, is kept by four things, the cheap and foreseeable ones first:

1. *A tenant* has `Options.memory_bytes_max` (its `memory_limit`): DuckDB's own limit, where a statement
   spills to disk or ends with 53200. No tenant alone can take the server.
2. *What stays* is bounded by estimate, over all tenants: hot tables to `HOT_SHARE` of the whole (the one
   that was read longest ago makes room), committed rows that are not yet in objects to `TAIL_SHARE` (the
   more tenants are open, the sooner each flushes), what transactions have written and not committed to
   `WORKSPACE_SHARE` (beyond it 53200). Measured: the process without tenants takes 140 MB, an open tenant
   5.5 MB, four of them DuckDB's own catalog, and two threads; one that has been busy 9.5 MB, without its
   hot tables. The estimate of those is right within a tenth or so. Threads for statements are shared
   (`engine.duck`): with some of its own each tenant would keep 1 MB more.
3. *What comes and goes* cannot be foreseen, so it is measured. The watch looks at what the process
   takes twenty times a second. Above `SHED_AT` of the whole, the allocators give back what they keep for
   later (DuckDB's keeps all that its instances have freed, 3 MB for each tenant that has been busy), then
   hot tables that nobody reads are dropped: they are copies. Above `END_AT`, statements are ended with
   53200, as many as it needs: of the tenants whose statements have the most in DuckDB's buffers, the one
   at work for the longest.
4. *Between two looks* the ceiling on the process's address space (`server.ceiling`) lets an allocation fail
   that would go beyond; it fails the statement that asks for it. `RESERVE_BYTES` are kept back for what
   the server itself needs then: to open a tenant or make a thread, which must not fail (`engine.threads`),
   the ceiling is raised first.

The server itself goes on in every case. The price of measuring instead of reserving: when tenants ask for
more than there is at the same time, some statement is ended that would have fitted alone.

Rejected: admitting statements by what they might take. Any statement might take its tenant's whole limit,
so four long reports would keep 196 tenants waiting for their small ones. Lowering each instance's limit as
tenants open: DuckDB could do it, but only with `memory_limit` among the settings that stay changeable
behind the second wall.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from engine.allocators import give_back
from engine.clock import Clock
from engine.duck import Cursor, Duck
from engine.errors import LimitExceeded, OutOfMemory

HOT_SHARE = 0.4
TAIL_SHARE = 0.125
WORKSPACE_SHARE = 0.25
RESERVE_BYTES = 128 * 2**20
SHED_AT, SHED_TO = 0.75, 0.65
END_AT = 0.85
"""Shares of what is left without the reserve. What lies above is for what comes between two looks, which are
late on a busy machine."""
LOOK_SECONDS = 0.05
PATIENCE_SECONDS = 2.0
"""How long a statement that was told to end may take before another one is told in its place."""
GIVE_BACK_SECONDS = 0.5
"""The least time between two runs through the allocators: they take a thread some ten milliseconds."""
SHED_SECONDS = 1.0
"""How long a copy that was dropped may take to be gone from what the process takes; the allocators run in
between."""
AT_WORK_BYTES_MIN = 16 * 2**20
"""Ending a statement that has less would help nobody."""
FLUSH_BYTES_MIN = 2**20

log = logging.getLogger("rewinddb.engine")


def flush_bytes(wanted: int, server_bytes_max: int, open_tenants: int) -> int:
    """The tail at which a tenant flushes: `wanted`, or less when many are open."""
    fair = int(server_bytes_max * TAIL_SHARE) // max(open_tenants, 1)
    return min(wanted, max(fair, FLUSH_BYTES_MIN))


class WorkspaceBudget:
    """What the workspaces of all transactions of a server may take together."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._taken: dict[object, int] = {}

    def take(self, owner: object, size: int) -> None:
        """`owner` has `size` bytes from now on, in place of what it had; `OutOfMemory` when that is more
        than there is beside the others."""
        others = sum(self._taken.values()) - self._taken.get(owner, 0)
        if others + size > self._bytes_max:
            raise OutOfMemory(
                "what open transactions have written is more than the server has memory for",
                hint="Commit in smaller steps, or give the server more memory.",
            )
        self._taken[owner] = size

    def free(self, owner: object) -> None:
        self._taken.pop(owner, None)


def too_large(tenant: str, bytes_max: int, server_bytes_max: int) -> LimitExceeded:
    """A transaction may write what its tenant may take. The hint names the limit that is in the way."""
    setting = f"the tenant's memory_limit (as admin of sys: ALTER TENANT {tenant} SET (memory_limit = '...'))"
    limit = "the server's memory limit (--memory)" if bytes_max >= server_bytes_max else setting
    return LimitExceeded(
        f"the transaction would write more than {bytes_max:,} bytes",
        hint=f"Commit in smaller steps, or raise {limit}.",
    )


@dataclass(frozen=True, slots=True)
class Process:
    """The process as the machine sees it: `taken` is the memory it has now; `ceiling` is told how much
    more it may have."""

    taken: Callable[[], int]
    ceiling: Callable[[int], None]


class Copies(Protocol):
    """What can be dropped at any time and made again: the hot tables of all tenants."""

    def shed(self, bytes_min: int) -> int:
        """Drop what is not being read until so many bytes are free, or nothing is left; how many were."""
        ...


class MemoryWatch:
    """One per server. `run` goes on until it is cancelled."""

    def __init__(
        self,
        process: Process,
        bytes_max: int,
        copies: Copies,
        ducks: Callable[[], Iterable[Duck]],
        clock: Clock,
    ) -> None:
        self._process = process
        self._bytes_max = bytes_max - RESERVE_BYTES
        self._copies = copies
        self._ducks = ducks
        self._clock = clock
        self._ending: dict[Cursor, tuple[int, float]] = {}
        """Statements that were told to end: what they had, and when they should be gone."""
        self._gave_back_at = clock.monotonic()
        self._shed: list[tuple[int, float]] = []
        """Copies that were dropped: how many bytes, and when they should be gone."""

    async def run(self) -> None:
        while True:
            await self._clock.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception:
                log.exception("the watch on the server's memory failed; it goes on")

    def follow(self) -> int:
        """Have the ceiling leave what there is now, and the reserve at least; what the process takes."""
        taken = self._process.taken()
        self._process.ceiling(max(self._bytes_max - taken, RESERVE_BYTES))
        return taken

    async def look(self) -> None:
        taken = self.follow()
        if taken < self._bytes_max * SHED_AT:
            return
        if self._clock.monotonic() - self._gave_back_at >= GIVE_BACK_SECONDS:
            await asyncio.to_thread(give_back)
            self._gave_back_at = self._clock.monotonic()
            taken = self._process.taken()
        await self._make_room(taken)

    async def _make_room(self, taken: int) -> None:
        """What was dropped a moment ago counts as gone."""
        now = self._clock.monotonic()
        self._shed = [(size, gone_at) for size, gone_at in self._shed if now < gone_at]
        taken -= sum(size for size, _ in self._shed)
        if taken < self._bytes_max * SHED_AT:
            return
        shed = self._copies.shed(taken - int(self._bytes_max * SHED_TO))
        if shed:
            self._shed.append((shed, now + SHED_SECONDS))
        elif taken >= self._bytes_max * END_AT:
            await self._end(taken - int(self._bytes_max * SHED_AT))

    async def _end(self, needed: int) -> None:
        """End statements until those that are to end have so many bytes, the largest first."""
        now = self._clock.monotonic()
        self._ending = {c: told for c, told in self._ending.items() if c.at_work and now < told[1]}
        needed -= sum(size for size, _ in self._ending.values())
        ducks = [duck for duck in self._ducks() if duck.at_work()]
        sizes = await asyncio.gather(*(asyncio.to_thread(duck.bytes_at_work) for duck in ducks))
        for size, duck in sorted(zip(sizes, ducks, strict=True), key=lambda pair: pair[0], reverse=True):
            cursors = [cursor for cursor in duck.at_work() if cursor.ended_by is None]
            if needed <= 0 or size < AT_WORK_BYTES_MIN:
                return
            if not cursors or any(cursor in self._ending for cursor in duck.at_work()):
                continue
            log.warning("out of memory: a statement that had %.0f MB is ended", size / 2**20)
            cursors[0].end(
                OutOfMemory(
                    "the server's memory limit was reached, and this statement took the most",
                    hint="Make the statement smaller, try it when less is going on, or give the server "
                    "more memory.",
                )
            )
            self._ending[cursors[0]] = (size, now + PATIENCE_SECONDS)
            needed -= size
