"""Long work on texts and trees, beside the event loop.

A statement of some megabytes (an INSERT with tens of thousands of rows, as dumps have them) takes seconds
to be read and planned. All sessions of all tenants share the event loop, so such work is done in a thread:
the interpreter changes between threads every few milliseconds, and nobody waits longer than that at a time.
What runs here is pure: it reads texts, trees and catalogs, which nobody changes, and waits for nothing.

There are few threads, and one that is no longer waited for (its statement was cancelled) goes on to its end:
cancelled statements cannot pile up more work than that.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable
from typing import TypeVar

from engine.threads import Threads
from sql.interrupts import Interrupts

CHARACTERS_MIN = 32_768
ROWS_MIN = 200
"""From so long a text, and from so many rows of VALUES on."""
THREADS_MAX = 2

Result = TypeVar("Result")


@functools.cache
def _threads() -> Threads:
    return Threads(THREADS_MAX, "aside")


async def run(interrupts: Interrupts, work: Callable[[], Result], *, rows: int = ROWS_MIN) -> Result:
    """`work()`, in a thread when it is about many rows; a cancelled statement does not wait for its end."""
    if rows < ROWS_MIN:
        return work()
    return await interrupts.wait(asyncio.get_running_loop().run_in_executor(_threads(), work))
