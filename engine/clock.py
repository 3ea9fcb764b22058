"""The only place that reads the wall clock or sleeps. Everything else is handed a `Clock`."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from engine.ids import Timestamp


class Clock(Protocol):
    """Wall time for timestamps, a monotonic time for durations, and waiting."""

    def now(self) -> Timestamp: ...

    def monotonic(self) -> float: ...

    async def sleep(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> Timestamp:
        return Timestamp(time.time_ns() // 1000)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def give_way() -> None:
    """Whoever else waits for the event loop has a turn: between the slices of a long piece of work."""
    await asyncio.sleep(0)


class ManualClock:
    """A clock that only the test moves: two commits in one microsecond are easy to arrange."""

    def __init__(self, start: int = 1_700_000_000_000_000) -> None:
        self._now = start

    def now(self) -> Timestamp:
        return Timestamp(self._now)

    def monotonic(self) -> float:
        return self._now / 1e6

    async def sleep(self, seconds: float) -> None:
        self._now += int(seconds * 1e6)
        await asyncio.sleep(0)

    def advance(self, microseconds: int) -> None:
        self._now += microseconds
