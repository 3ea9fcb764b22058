"""One server after the other on one store: how the model test opens its tenant, and with how little room."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from engine.clock import ManualClock
from engine.duck import Ducks
from engine.stores.memory import MemoryStore
from engine.tenant import Options
from tests.engine.lab import Lab, opened
from tests.engine.power import Power
from tests.engine.simulation import SeededThreads

SMALL = {
    "engine.transaction.BULK_BYTES_MIN": 1_500,
    "engine.objects.BULK_OBJECT_ROWS_MAX": 10,
    "engine.transaction.ROW_LOCKS_MAX": 20,
    "engine.compaction.DEAD_ROWS_MIN": 5,
}
"""Limits brought down to the size of what is tried, so that bulk objects and table locks occur."""


@dataclass(frozen=True)
class Pressure:
    """Room for hot tables and cached objects, and after how much upkeep begins by itself."""

    hot_bytes_max: int = 2**33
    cache_bytes_max: int = 2**33
    flush_bytes_min: int = 2**25

    def options(self) -> Options:
        return Options(
            threads=1,
            grace_seconds=0,
            inline_refs_max=4,
            cache_bytes_max=self.cache_bytes_max,
            flush_bytes_min=self.flush_bytes_min,
        )


PRESSURES = (
    Pressure(),
    Pressure(hot_bytes_max=0, cache_bytes_max=1),
    Pressure(hot_bytes_max=1_000, flush_bytes_min=1_000),
    Pressure(hot_bytes_max=3_000, cache_bytes_max=10_000),
    Pressure(flush_bytes_min=500),
)


class Opening:
    """A server with the tenant open in it. `lab` and `power` are its own."""

    lab: Lab
    power: Power

    def __init__(
        self, store: MemoryStore, clock: ManualClock, threads: SeededThreads, folder: Path, seed: int
    ) -> None:
        self._store = store
        self._clock = clock
        self._threads = threads
        self._folder = folder
        self._seed = seed
        self._held = AsyncExitStack()

    async def open(self, pressure: Pressure) -> None:
        self.power = Power(self._store)
        opening = opened(
            self.power,
            self._folder,
            clock=self._clock,
            options=pressure.options(),
            seed=self._seed,
            ducks=Ducks(pool=self._threads),
        )
        share = pressure.hot_bytes_max / Options().server_memory_bytes_max
        with mock.patch("engine.cluster.HOT_SHARE", share):
            self.lab = await self._held.enter_async_context(opening)

    async def close(self) -> None:
        await self._held.aclose()
