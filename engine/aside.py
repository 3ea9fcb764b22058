"""Long computations, beside the event loop.

All sessions of all tenants share the loop, and a tenant may have a hundred thousand refs: to look at each of
them takes half a second. What is looked at is therefore taken in one step of the loop, as tuples and copies
of dicts of frozen values (some milliseconds), and the computation goes to a thread; the interpreter changes
between threads every few milliseconds, so that nobody waits longer than that at a time.

The tenant moves on meanwhile. So what comes back is about a moment that is over, and whoever acts on it
says why it still holds (`engine.upkeep`), or asks again.

While a thread makes very many values, the interpreter's search for cyclic garbage rests: it would be started
by them again and again, look at all there is, find nothing, and hold up every thread each time (half of the
time it takes to open a tenant of 100,000 refs, a quarter of a second at a time). What is garbage waits for
a second, then.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

ITEMS_MIN = 1_000
"""From so many on: a few are looked at sooner than a thread is woken."""

VERY_MANY_ITEMS_MIN = 5_000

T = TypeVar("T")

_lock = threading.Lock()
_resting = 0


async def aside(items: int, work: Callable[[], T]) -> T:
    """`work()`, which goes over `items` values that nobody changes."""
    if items < ITEMS_MIN:
        return work()
    if items < VERY_MANY_ITEMS_MIN:
        return await asyncio.to_thread(work)
    return await asyncio.to_thread(_uncollected, work)


def _uncollected(work: Callable[[], T]) -> T:
    with _rest():
        return work()


@contextlib.contextmanager
def _rest() -> Iterator[None]:
    """The first one in stops the search for cyclic garbage, the last one out lets it go on."""
    global _resting
    with _lock:
        _resting += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _resting -= 1
            if not _resting:
                gc.enable()
