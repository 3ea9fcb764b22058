"""The object store seam: what the engine needs of a store, and no more.

A store maps keys (``a/b/c``: non-empty segments of letters, digits, ``-_.``) to immutable bytes.
``put`` is create-only: that is the only concurrency primitive the engine has. Its outcomes are typed:

- returns: the bytes are durable under the key, and were put by this very call;
- `ObjectExists`: something is there already, possibly our own bytes of a put whose reply was lost;
- `PutUnknown`: cut off or timed out; the bytes may be there, now or a little later;
- `StoreUnavailable` (throttled, refused before it was sent), `StoreFull`: nothing was stored.

A store retries nothing by itself: what a retry means is for the caller to know.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    key: str
    size: int


class Store(Protocol):
    """Safe for use by many tasks at once."""

    async def put(self, key: str, data: bytes) -> None:
        """Create `key` with `data`, durably, or raise."""
        ...

    async def get(self, key: str) -> bytes:
        """All bytes of `key`; `ObjectMissing` when there is none."""
        ...

    async def delete(self, key: str) -> None:
        """Remove `key`; nothing happens when there is none."""
        ...

    def scan(self, prefix: str, after: str | None = None) -> AsyncIterator[ObjectInfo]:
        """Keys that begin with `prefix`, in byte order, those greater than `after` when given."""
        ...

    async def folders(self, prefix: str) -> list[str]:
        """The names directly under `prefix` (which ends with ``/``) that hold keys below them. A store
        may go on naming a folder for a while after its last key was deleted."""
        ...

    async def close(self) -> None: ...
