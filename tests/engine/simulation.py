"""Threads that are none: what would run side by side runs piece by piece, in an order that a seed decides.

The engine goes to threads through two doors, DuckDB's pool and the event loop's default executor. With a
`SeededThreads` behind both, a clock that stands still and seeded ids, one seed replays one run: the same
interleavings, the same objects under the same names, byte for byte. Different seeds end the same pieces of
work in different orders, which real threads on a quiet machine hardly ever do.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")

TURNS_MAX = 4
"""How many turns of the event loop a piece of work may take."""


class SeededThreads(ThreadPoolExecutor):
    """An executor for one event loop that runs everything on the loop itself."""

    def __init__(self, seed: int) -> None:
        super().__init__(1)
        self._random = random.Random(seed)
        self._waiting: list[Callable[[], None]] = []

    def submit(self, work: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(work(*args, **kwargs))
                except BaseException as error:
                    future.set_exception(error)

        self._waiting.append(run)
        self._later(self._random.randrange(TURNS_MAX))
        return future

    def _later(self, turns: int) -> None:
        loop = asyncio.get_running_loop()
        if turns:
            loop.call_soon(self._later, turns - 1)
        else:
            loop.call_soon(self._run_one)

    def _run_one(self) -> None:
        self._waiting.pop(self._random.randrange(len(self._waiting)))()


@contextmanager
def seeded_runner(seed: int) -> Iterator[tuple[asyncio.Runner, SeededThreads]]:
    """An event loop whose threads are seeded, and these threads for DuckDB as well."""
    threads = SeededThreads(seed)
    with asyncio.Runner() as runner:
        runner.get_loop().set_default_executor(threads)
        yield runner, threads
