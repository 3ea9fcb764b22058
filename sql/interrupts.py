"""Cancel requests and time-outs: how the statement under way is made to stop.

A request while nothing runs is dropped, and so is one that comes while a commit is being made durable
(its outcome could not be told). DuckDB's work is interrupted through its reader; a wait for a lock is
cancelled as a task. Either way the statement raises `StatementCancelled` and nothing of it stays.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Iterator
from typing import Any, Protocol, TypeVar

from engine.errors import StatementCancelled
from engine.together import until_over

Result = TypeVar("Result")

BY_USER = "canceling statement due to user request"
BY_TIMEOUT = "canceling statement due to statement timeout"


class Interruptible(Protocol):
    def interrupt(self) -> None: ...


class Interrupts:
    """One session's; everything happens on the event loop."""

    def __init__(self) -> None:
        self._armed = False
        self._reason: str | None = None
        self._readers: set[Interruptible] = set()
        self._waits: set[asyncio.Future[Any]] = set()

    @contextlib.contextmanager
    def statement(self, timeout_ms: int) -> Iterator[None]:
        """A statement runs inside: requests reach it, and `timeout_ms` (0: none) ends it."""
        timer = None
        if timeout_ms:
            loop = asyncio.get_running_loop()
            timer = loop.call_later(timeout_ms / 1000, self.request, BY_TIMEOUT)
        self._armed, self._reason = True, None
        try:
            yield
        finally:
            self._armed = False
            if timer is not None:
                timer.cancel()

    def request(self, reason: str = BY_USER) -> None:
        if not self._armed or self._reason is not None:
            return
        self._reason = reason
        for reader in tuple(self._readers):
            reader.interrupt()
        for wait in tuple(self._waits):
            wait.cancel()

    def check(self) -> None:
        """Raises when the statement was asked to stop."""
        if self._armed and self._reason is not None:
            raise StatementCancelled(self._reason)

    @property
    def reason(self) -> str:
        return self._reason or BY_USER

    def deafen(self) -> None:
        """From here on the statement can no longer be stopped: its commit is on the way."""
        self.check()
        self._armed = False

    @contextlib.contextmanager
    def reading(self, reader: Interruptible) -> Iterator[None]:
        self._readers.add(reader)
        try:
            yield
        finally:
            self._readers.discard(reader)

    async def wait(self, work: Awaitable[Result]) -> Result:
        """Awaits work that may be cancelled as a task: lock waits, waiting for a copy's data. None of it is
        done when the statement was asked to stop before."""
        task = asyncio.ensure_future(work)
        self._waits.add(task)
        if self._armed and self._reason is not None:
            task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            if self._reason is not None and task.cancelled():
                raise StatementCancelled(self._reason) from None
            task.cancel()
            await until_over([task])
            raise
        finally:
            self._waits.discard(task)
