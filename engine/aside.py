"""Long computations, beside the event loop.

All sessions of all tenants share the loop, and a tenant may have a hundred thousand refs: to look at each of
them takes half a second. What is looked at is therefore taken in one step of the loop, as tuples and copies
of dicts of frozen values (some milliseconds), and the computation goes to a thread; the interpreter changes
between threads every few milliseconds, so that nobody waits longer than that at a time.

The tenant moves on meanwhile. So what comes back is about a moment that is over, and whoever acts on it
says why it still holds (`engine.upkeep`), or asks again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

ITEMS_MIN = 1_000
"""From so many on: a few are looked at sooner than a thread is woken."""

T = TypeVar("T")


async def aside(items: int, work: Callable[[], T]) -> T:
    """`work()`, which goes over `items` values that nobody changes."""
    return work() if items < ITEMS_MIN else await asyncio.to_thread(work)
