"""A store that fails as told, and keeps account of what was asked of it. For tests only.

Toxics are named after what they do to the caller:

- ``error_before``: refused, nothing stored (`StoreUnavailable`); ``throttled`` and ``disk_full`` the same
  in their own words;
- ``error_after``: *applied, but the reply was lost* (`PutUnknown` for a put): the worst one;
- ``slow``: the call takes `seconds` longer on the given clock;
- ``held``: the call waits, before it is applied, until `release` is called;
- ``short_read``: a get returns the first half of the bytes.

Every call is noted with its key and bytes, before any toxic acts; tests use the list to prove which
objects were touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from engine.clock import Clock
from engine.errors import PutUnknown, StoreFull, StoreUnavailable
from engine.stores.base import ObjectInfo, Store

Operation = Literal["put", "get", "delete", "scan", "folders"]
ToxicName = Literal["error_before", "error_after", "slow", "held", "short_read", "throttled", "disk_full"]


@dataclass(frozen=True, slots=True)
class Call:
    operation: Operation
    key: str
    size: int
    """Bytes put or got; 0 for the others, and for a get that found nothing."""


@dataclass(slots=True)
class Toxic:
    """`times` None: until healed. `skip` calls that match pass unharmed first."""

    name: ToxicName
    operation: Operation
    key: str
    times: int | None
    skip: int
    seconds: float


class FaultyStore:
    """`store` with toxics in front of it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._toxics: list[Toxic] = []
        self._released = asyncio.Event()
        self.calls: list[Call] = []
        self.holding = asyncio.Event()
        """Set when a call has met a ``held`` toxic."""

    # --- what tests do with it ----------------------------------------------------------------------

    def inject(
        self,
        name: ToxicName,
        operation: Operation = "put",
        key: str = "",
        *,
        times: int | None = 1,
        skip: int = 0,
        seconds: float = 1.0,
    ) -> None:
        """Let the next `times` calls of `operation` whose key contains `key` meet the toxic."""
        self._toxics.append(Toxic(name, operation, key, times, skip, seconds))

    def heal(self) -> None:
        """Take all toxics away; calls that are held go on."""
        self._toxics.clear()
        self.release()

    def release(self) -> None:
        """Let the calls that are held go on; later ones are held anew."""
        self._released.set()
        self._released = asyncio.Event()
        self.holding.clear()

    def forget_calls(self) -> None:
        self.calls.clear()

    def count(self, operation: Operation, key: str = "") -> int:
        return len(self.keys(operation, key))

    def total_bytes(self, operation: Operation, key: str = "") -> int:
        return sum(call.size for call in self._matching(operation, key))

    def keys(self, operation: Operation, key: str = "") -> list[str]:
        """The keys of all calls of `operation` whose key contains `key`, in order."""
        return [call.key for call in self._matching(operation, key)]

    def _matching(self, operation: Operation, key: str) -> list[Call]:
        return [call for call in self.calls if call.operation == operation and key in call.key]

    # --- the store ----------------------------------------------------------------------------------

    async def put(self, key: str, data: bytes) -> None:
        self.calls.append(Call("put", key, len(data)))
        toxic = await self._meet("put", key)
        await self._store.put(key, data)
        if toxic == "error_after":
            raise PutUnknown(f"it cannot be told whether {key} was stored: the reply was lost")

    async def get(self, key: str) -> bytes:
        position = len(self.calls)
        self.calls.append(Call("get", key, 0))
        toxic = await self._meet("get", key)
        data = await self._store.get(key)
        if toxic == "short_read":
            data = data[: len(data) // 2]
        if position < len(self.calls):
            self.calls[position] = Call("get", key, len(data))
        if toxic == "error_after":
            raise StoreUnavailable(f"cannot read {key}: the reply was lost")
        return data

    async def delete(self, key: str) -> None:
        self.calls.append(Call("delete", key, 0))
        toxic = await self._meet("delete", key)
        await self._store.delete(key)
        if toxic == "error_after":
            raise StoreUnavailable(f"cannot delete {key}: the reply was lost")

    async def scan(self, prefix: str, after: str | None = None) -> AsyncIterator[ObjectInfo]:
        self.calls.append(Call("scan", prefix, 0))
        toxic = await self._meet("scan", prefix)
        async for info in self._store.scan(prefix, after):
            yield info
        if toxic == "error_after":
            raise StoreUnavailable(f"cannot list {prefix}: the reply was cut off")

    async def folders(self, prefix: str) -> list[str]:
        self.calls.append(Call("folders", prefix, 0))
        toxic = await self._meet("folders", prefix)
        found = await self._store.folders(prefix)
        if toxic == "error_after":
            raise StoreUnavailable(f"cannot list {prefix}: the reply was lost")
        return found

    async def close(self) -> None:
        await self._store.close()

    # --- toxics -------------------------------------------------------------------------------------

    def _next(self, operation: Operation, key: str) -> Toxic | None:
        for toxic in self._toxics:
            if toxic.operation != operation or toxic.key not in key or toxic.times == 0:
                continue
            if toxic.skip > 0:
                toxic.skip -= 1
                continue
            if toxic.times is not None:
                toxic.times -= 1
            return toxic
        return None

    async def _meet(self, operation: Operation, key: str) -> ToxicName | None:
        """Do what comes before the call; the name of the toxic tells what must follow it."""
        toxic = self._next(operation, key)
        if toxic is None:
            return None
        match toxic.name:
            case "error_before":
                raise StoreUnavailable(f"cannot {operation} {key}: the store cannot be reached")
            case "throttled":
                raise StoreUnavailable(f"cannot {operation} {key}: SlowDown: reduce your request rate")
            case "disk_full":
                raise StoreFull(f"cannot {operation} {key}: no space left on device")
            case "slow":
                await self._clock.sleep(toxic.seconds)
            case "held":
                self.holding.set()
                await self._released.wait()
            case "error_after" | "short_read":
                pass
        return toxic.name
