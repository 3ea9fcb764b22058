"""Threads for work that would stop the event loop. They are made when they are needed, up to a number.

A system that is short of memory may refuse a thread. The executor of the standard library has queued the
work by then, and raises: its caller hears that it failed, and later, when another thread is free, it is
done all the same, beside whatever the caller did next. Here the threads that are there do it in its turn.
The first one is made with the executor, so there is always one.

A new thread is also the moment when memory must not be short: libraries set up what they keep for each
thread with its first call, and some end the process where they cannot (seen of DuckDB's allocator: a
segmentation fault; of the C library: "cannot allocate memory for thread-local data: ABORT"). So
`make_room` is called before one is made.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor


def nothing() -> None:
    """Where memory is not watched."""


class Threads(ThreadPoolExecutor):
    """At most `threads_max`, named `name` and a number."""

    def __init__(self, threads_max: int, name: str, make_room: Callable[[], object] = nothing) -> None:
        super().__init__(threads_max, thread_name_prefix=name)
        self._make_room = make_room
        self.submit(nothing).result()

    def _adjust_thread_count(self) -> None:
        """What `submit` does when it has queued the work: see to a thread for it."""
        if self._idle_semaphore.acquire(timeout=0):
            return
        self._make_room()
        try:
            super()._adjust_thread_count()
        except RuntimeError:
            if not self._threads:
                raise
