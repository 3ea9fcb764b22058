"""A store whose server can be cut off from it, as `kill -9` does: from one call on nothing more happens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

from engine.errors import EngineError
from engine.stores.base import ObjectInfo, Store


class PowerOff(EngineError):
    """The server is dead. No client ever sees this."""


class Power:
    """What one server sees of `store`. Closing it leaves the store open for the next one."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._left: int | None = None
        self._applied = False
        self._off = False

    def cut_after(self, changes: int, *, applied: bool) -> None:
        """Off at the change after so many more: it still happens or not, its reply is lost anyway."""
        self._left, self._applied = changes, applied

    def cut(self) -> None:
        self._off = True

    def _check(self) -> None:
        if self._off:
            raise PowerOff("the power is off")

    async def _change(self, work: Callable[[], Awaitable[None]]) -> None:
        self._check()
        if self._left == 0:
            self.cut()
            if self._applied:
                await work()
            self._check()
        if self._left is not None:
            self._left -= 1
        await work()

    async def put(self, key: str, data: bytes) -> None:
        await self._change(lambda: self._store.put(key, data))

    async def delete(self, key: str) -> None:
        await self._change(lambda: self._store.delete(key))

    async def get(self, key: str) -> bytes:
        self._check()
        return await self._store.get(key)

    async def scan(self, prefix: str, after: str | None = None) -> AsyncIterator[ObjectInfo]:
        self._check()
        async for info in self._store.scan(prefix, after):
            yield info

    async def folders(self, prefix: str) -> list[str]:
        self._check()
        return await self._store.folders(prefix)

    async def close(self) -> None:
        """The store stays open."""
