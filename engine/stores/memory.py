"""A store in memory, for tests: the contract's shortest form, and gone with the process."""

from __future__ import annotations

import bisect
from collections.abc import AsyncIterator

from engine.errors import ObjectExists, ObjectMissing
from engine.stores.base import ObjectInfo
from engine.stores.keys import check_key, check_prefix


class MemoryStore:
    """Keys kept sorted beside the dict, so that a listing is a slice."""

    def __init__(self) -> None:
        self._objects: dict[str, bytes] = {}
        self._keys: list[str] = []

    async def put(self, key: str, data: bytes) -> None:
        if check_key(key) in self._objects:
            raise ObjectExists(f"object {key} exists already")
        self._objects[key] = bytes(data)
        bisect.insort(self._keys, key)

    async def get(self, key: str) -> bytes:
        try:
            return self._objects[check_key(key)]
        except KeyError:
            raise ObjectMissing(f"object {key} does not exist") from None

    async def delete(self, key: str) -> None:
        if self._objects.pop(check_key(key), None) is not None:
            del self._keys[bisect.bisect_left(self._keys, key)]

    async def scan(self, prefix: str, after: str | None = None) -> AsyncIterator[ObjectInfo]:
        start = bisect.bisect_left(self._keys, check_prefix(prefix))
        if after is not None:
            start = max(start, bisect.bisect_right(self._keys, after))
        for key in self._keys[start:]:
            if not key.startswith(prefix):
                break
            if key in self._objects:
                yield ObjectInfo(key, len(self._objects[key]))

    async def folders(self, prefix: str) -> list[str]:
        check_prefix(prefix)
        below = (key[len(prefix) :] for key in self._keys if key.startswith(prefix))
        return sorted({rest.split("/", 1)[0] for rest in below if "/" in rest})

    async def close(self) -> None:
        """Nothing is held open."""
