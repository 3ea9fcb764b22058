"""Objects on local disk: fetched whole, checked, bounded, and never taken from under a reader.

One cache serves all tenants of a server, within one limit: what was used longest ago goes first, whoever's it
was, also of tenants that are closed. An object's file is ``<folder>/<key>``, so a tenant's files are
below a folder of its own. Invariants:

- A file under its final name is whole: it is written under another name and renamed.
- Bytes are checked against the catalog's hash whenever they enter: when fetched, at the first hold
  after a start, and when a file's size, time or inode is not what it was. A fetch that does not match
  is tried once more, then it is `ObjectCorrupted`. A bad file is removed, never served.
- One fetch a key, however many ask; it goes on when those who asked have given up.
- A held file is not evicted. Room for a file is made before it is written; the cache is larger than
  `bytes_max` only while more than that is held at once.
- Nothing is fsynced. After a crash of the machine the hash tells.

Rejected: fetching ranges (many small requests, nothing to check a hash on); hard links per reader as
pins (the disk would fill with what the account believes evicted).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ObjectCorrupted, StoreFull, StoreMisconfigured
from engine.ids import Ids
from engine.stores.base import Store

FETCHES_MAX = 16
"""Fetches under way at once: enough to fill a network, few enough to keep memory bounded."""

INCOMING = "~incoming"
SPILL = ".spill"
"""Ends the name of a folder where DuckDB puts what does not fit into memory."""

Stamp = tuple[int, int, int]


def content_hash(data: bytes) -> str:
    """The hash that a ref keeps of its object: BLAKE2b, 128 bits, hexadecimal."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object as the catalog knows it."""

    key: str
    hash: str
    size: int


@dataclass(slots=True)
class _File:
    """One key of the account. `size` is what it takes of the budget; `verified` is the hash that its
    bytes had when the file looked like `stamp`."""

    size: int = 0
    pins: int = 0
    present: bool = False
    verified: str | None = None
    stamp: Stamp | None = None


class ObjectCache:
    """A cache of `store` in `folder`, which no other process may use. For one event loop."""

    def __init__(self, folder: Path, store: Store, bytes_max: int, *, ids: Ids | None = None) -> None:
        self._folder = folder.absolute()
        self._incoming = self._folder / INCOMING
        self._store = store
        self._bytes_max = bytes_max
        self._ids = ids or Ids()
        self._files: OrderedDict[str, _File] = OrderedDict()
        self._bytes = 0
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._slots = asyncio.Semaphore(FETCHES_MAX)
        try:
            self._incoming.mkdir(parents=True, exist_ok=True)
            self._take_stock()
        except OSError as error:
            raise StoreMisconfigured(
                f"cannot use {self._folder} as the cache folder: {error.strerror}"
            ) from error

    @property
    def size(self) -> int:
        """Bytes on disk, and those that are about to be."""
        return self._bytes

    @property
    def folder(self) -> Path:
        return self._folder

    def path(self, key: str) -> Path:
        """Where the file of `key` is while it is held."""
        return self._folder / key

    def new_file(self, prefix: str = "") -> Path:
        """A free name inside the folder, below the key prefix `prefix`, for bytes on their way to the
        store; whoever asks removes it."""
        incoming = self._folder / prefix / INCOMING
        incoming.mkdir(parents=True, exist_ok=True)
        return incoming / self._ids.token()

    @asynccontextmanager
    async def hold(self, key: str, hash: str, size: int) -> AsyncIterator[Path]:
        """The object's file, checked, and kept until the block is left."""
        await self._acquire(Wanted(key, hash, size))
        try:
            yield self.path(key)
        finally:
            self._release(key)

    @asynccontextmanager
    async def hold_many(self, objects: Sequence[Wanted]) -> AsyncIterator[list[Path]]:
        """The files of all `objects`, fetched side by side, in the same order."""
        held: list[str] = []

        async def acquire(wanted: Wanted) -> None:
            await self._acquire(wanted)
            held.append(wanted.key)

        try:
            absent = []
            for wanted in objects:
                if self._pin_good(wanted):
                    held.append(wanted.key)
                else:
                    absent.append(wanted)
            outcomes = await asyncio.gather(*map(acquire, absent), return_exceptions=True)
            for outcome in outcomes:
                if outcome is not None:
                    raise outcome
            yield [self.path(wanted.key) for wanted in objects]
        finally:
            for key in held:
                self._release(key)

    async def put(self, key: str, data: bytes, hash: str | None = None) -> None:
        """Seed the cache with what was just written to the store; `hash` saves hashing it again."""
        file = self._files.setdefault(key, _File())
        file.pins += 1
        try:
            if not file.present and key not in self._tasks:
                digest = hash if hash is not None else await asyncio.to_thread(content_hash, data)
                await self._keep(key, file, data, digest)
        finally:
            self._release(key)

    def discard(self, key: str) -> None:
        """Let go of an object that is no more; one that is held goes when its turn comes."""
        file = self._files.get(key)
        if file is not None and file.pins == 0 and key not in self._tasks:
            self._evict(key, file)

    # --- pins ---------------------------------------------------------------------------------------

    def _pin_good(self, wanted: Wanted) -> bool:
        """Pin a file that is there and checked already, without waiting for anything."""
        file = self._files.get(wanted.key)
        if file is None or not self._is_good(wanted, file):
            return False
        file.pins += 1
        self._files.move_to_end(wanted.key)
        return True

    async def _acquire(self, wanted: Wanted) -> None:
        file = self._files.setdefault(wanted.key, _File())
        file.pins += 1
        try:
            while not self._is_good(wanted, file):
                task = self._tasks.get(wanted.key)
                if task is None:
                    task = asyncio.create_task(self._make_good(wanted, file))
                    self._tasks[wanted.key] = task
                    task.add_done_callback(lambda done: done.cancelled() or done.exception())
                await asyncio.shield(task)
            self._files.move_to_end(wanted.key)
        except BaseException:
            self._release(wanted.key)
            raise

    def _release(self, key: str) -> None:
        file = self._files[key]
        file.pins -= 1
        if file.pins == 0 and not file.present and key not in self._tasks:
            self._forget(key, file)
        self._make_room(0)

    # --- bytes --------------------------------------------------------------------------------------

    def _is_good(self, wanted: Wanted, file: _File) -> bool:
        return (
            file.present
            and file.verified == wanted.hash
            and file.stamp is not None
            and file.stamp == _stamp(self.path(wanted.key))
        )

    async def _make_good(self, wanted: Wanted, file: _File) -> None:
        """Have the right bytes in the file: those that are there, or fetched ones."""
        try:
            async with self._slots:
                if not (file.present and await self._verify(wanted, file)):
                    await self._fetch(wanted, file)
        finally:
            del self._tasks[wanted.key]
            if not file.present:
                self._resize(file, 0)
                if file.pins == 0:
                    self._forget(wanted.key, file)

    async def _fetch(self, wanted: Wanted, file: _File) -> None:
        for _ in range(2):
            self._resize(file, wanted.size)
            data = await self._store.get(wanted.key)
            if await asyncio.to_thread(content_hash, data) == wanted.hash:
                await self._keep(wanted.key, file, data, wanted.hash)
                return
        raise ObjectCorrupted(
            f"object {wanted.key} is corrupted: its bytes do not match the hash in the catalog",
            detail=f"Expected {wanted.hash}, {wanted.size} bytes.",
        )

    async def _verify(self, wanted: Wanted, file: _File) -> bool:
        """Check a file that was there before; remove it when it is not what is wanted."""
        path = self.path(wanted.key)
        stamp = _stamp(path)
        found = await asyncio.to_thread(_hash_file, path)
        if found == wanted.hash:
            file.verified, file.stamp = found, stamp
            return True
        self._remove(wanted.key, file)
        return False

    async def _keep(self, key: str, file: _File, data: bytes, hash: str) -> None:
        """Write `data` under the key's name; what is longest unused makes room for it."""
        self._resize(file, len(data))
        try:
            try:
                await asyncio.to_thread(self._write, key, data)
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                self._make_room(self._bytes_max)
                await asyncio.to_thread(self._write, key, data)
        except OSError as error:
            self._resize(file, 0)
            raise StoreFull(
                f"cannot write to the cache folder {self._folder}: {error.strerror}",
                hint="Free some space there, or give the server another cache folder.",
            ) from error
        file.present, file.verified, file.stamp = True, hash, _stamp(self.path(key))

    def _write(self, key: str, data: bytes) -> None:
        temporary = self.new_file()
        final = self.path(key)
        try:
            final.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(data)
            temporary.rename(final)
        finally:
            with contextlib.suppress(FileNotFoundError):
                temporary.unlink()

    # --- the account --------------------------------------------------------------------------------

    def _resize(self, file: _File, size: int) -> None:
        """Reserve `size` bytes for the file, after making room for them."""
        if size > file.size:
            self._make_room(size - file.size)
        self._bytes += size - file.size
        file.size = size

    def _make_room(self, size: int) -> None:
        """Evict what is longest unused and not held until `size` more bytes fit, or nothing is left."""
        if self._bytes + size <= self._bytes_max:
            return
        for key, file in list(self._files.items()):
            if file.pins == 0 and file.present and key not in self._tasks:
                self._evict(key, file)
                if self._bytes + size <= self._bytes_max:
                    return

    def _evict(self, key: str, file: _File) -> None:
        self._remove(key, file)
        self._forget(key, file)

    def _remove(self, key: str, file: _File) -> None:
        with contextlib.suppress(FileNotFoundError):
            self.path(key).unlink()
        file.present, file.verified, file.stamp = False, None, None
        self._resize(file, 0)

    def _forget(self, key: str, file: _File) -> None:
        self._resize(file, 0)
        del self._files[key]

    def _take_stock(self) -> None:
        """Take over the files of an earlier run, oldest first, unverified."""
        found = []
        for path in self._folder.rglob("*"):
            if path.is_file() and _is_leftover(path.relative_to(self._folder)):
                path.unlink()
            elif path.is_file():
                found.append(path)
        for path in sorted(found, key=lambda path: path.stat().st_mtime_ns):
            file = _File(size=path.stat().st_size, present=True)
            self._files[path.relative_to(self._folder).as_posix()] = file
            self._bytes += file.size
        self._make_room(0)


def _is_leftover(path: Path) -> bool:
    """Whether a run that is over left it behind on its way to somewhere."""
    return any(part == INCOMING or part.endswith(SPILL) for part in path.parent.parts)


def _stamp(path: Path) -> Stamp | None:
    """What changes about a file when somebody changes its bytes; None when it is gone."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def _hash_file(path: Path) -> str | None:
    try:
        return content_hash(path.read_bytes())
    except OSError:
        return None
