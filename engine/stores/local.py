"""A store in a folder: durable, create-only, and safe for several processes at once.

A put writes a temporary file beside the tree, fsyncs it, gives it its final name with `link()`, which
fails when the name is taken, and fsyncs the folder. So a key is either absent or whole, and durable
once put has returned. Rules that are easy to lose:

- *A folder is durable only when its own name is.* Before its first put into a folder, a process
  fsyncs the folder's whole chain below the root: another thread, or a process that has died since,
  may have made it without getting that far.
- *"Exists" must mean "durably exists".* An earlier put may have linked the name and failed to fsync
  the folder; its caller puts again, hears `ObjectExists`, reads its own bytes, and takes that for a
  commit. So the folder is fsynced before `ObjectExists` is raised.
- *A failed fsync decides nothing* once the name is linked: `PutUnknown`. Before, it is a plain failure.
- Temporary files are locked (`flock`) while they are written, so those that a crash has left are
  told from those at work in another process and are removed when a store is opened.
- A delete is not fsynced: an object that comes back after a power cut is garbage once more.

Rejected: obstore's own local store (no fsync); `O_TMPFILE` (no leftovers, but not on every filesystem).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

from engine.errors import (
    EngineError,
    ObjectExists,
    ObjectMissing,
    PutUnknown,
    StoreFull,
    StoreMisconfigured,
    StoreUnavailable,
)
from engine.ids import Ids
from engine.stores.base import ObjectInfo
from engine.stores.keys import check_key, check_prefix
from engine.threads import Threads

THREADS_MAX = 16
"""Own threads: a commit's put must not wait behind the queries of the event loop's default pool."""

TEMPORARY = "~temporary"

P = ParamSpec("P")
T = TypeVar("T")

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


class LocalStore:
    """Objects as files below `folder`, which is made when it is not there, and tried. With `read_only`
    nothing is made or written."""

    def __init__(self, folder: Path, *, ids: Ids | None = None, read_only: bool = False) -> None:
        self._root = folder.absolute()
        self._temporary = self._root / TEMPORARY
        self._ids = ids or Ids()
        self._durable: set[Path] = set()
        self._durable_lock = threading.Lock()
        try:
            if not read_only:
                _make_root(self._root)
                self._temporary.mkdir(exist_ok=True)
                _remove_abandoned(self._temporary)
                self._require_writable()
        except OSError as error:
            where = f" ({error.filename})" if error.filename not in (None, str(self._root)) else ""
            raise StoreMisconfigured(
                f"cannot use the folder {self._root} as a store: {error.strerror}{where}",
                hint="Check who owns it, its rights, and whether its disk is mounted for writing.",
            ) from error
        self._threads = Threads(THREADS_MAX, "store")

    async def _in_thread(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, lambda: work(*args, **kwargs))

    def _require_writable(self) -> None:
        """OSError when a put could not work: in the folder for temporary files, which is tried, or in those
        that objects go below."""
        probe = self._temporary / self._ids.token()
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        os.close(descriptor)
        probe.unlink()
        for folder in (self._root, *self._root.glob("[!~]*/"), *self._root.glob("[!~]*/*/")):
            if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))

    # --- put ----------------------------------------------------------------------------------------

    async def put(self, key: str, data: bytes) -> None:
        await self._in_thread(self._put, check_key(key), data)

    def _put(self, key: str, data: bytes) -> None:
        final = self._root / key
        temporary = self._temporary / self._ids.token()
        try:
            self._make_durable(final.parent)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _failure(f"cannot store {key}", error) from error
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                _write_all(descriptor, data)
                os.fsync(descriptor)
                os.link(temporary, final)
            except FileExistsError:
                self._settle(key, final)
                raise ObjectExists(f"object {key} exists already") from None
            except OSError as error:
                raise _failure(f"cannot store {key}", error) from error
            self._settle(key, final)
        finally:
            os.close(descriptor)
            with contextlib.suppress(OSError):
                temporary.unlink()

    def _settle(self, key: str, final: Path) -> None:
        """Make the name durable that now stands in the folder, whoever put it there."""
        try:
            _fsync_folder(final.parent)
        except OSError as error:
            raise PutUnknown(
                f"{key} was written but it cannot be told whether it is durable: {error.strerror}"
            ) from error

    def _make_durable(self, folder: Path) -> None:
        """Make `folder` and see that its name, and each name on the way to it, is on disk."""
        if folder in self._durable:
            return
        folder.mkdir(parents=True, exist_ok=True)
        chain = [folder, *folder.parents][: len(folder.parts) - len(self._root.parts)]
        for ancestor in reversed(chain):
            if ancestor not in self._durable:
                _fsync_folder(ancestor.parent)
                with self._durable_lock:
                    self._durable.add(ancestor)

    # --- the rest -----------------------------------------------------------------------------------

    async def get(self, key: str) -> bytes:
        return await self._in_thread(self._get, check_key(key))

    def _get(self, key: str) -> bytes:
        try:
            return (self._root / key).read_bytes()
        except _ABSENT:
            raise ObjectMissing(f"object {key} does not exist") from None
        except OSError as error:
            raise _failure(f"cannot read {key}", error) from error

    async def delete(self, key: str) -> None:
        await self._in_thread(self._delete, check_key(key))

    def _delete(self, key: str) -> None:
        try:
            (self._root / key).unlink()
        except _ABSENT:
            return
        except OSError as error:
            raise _failure(f"cannot delete {key}", error) from error

    async def scan(self, prefix: str, after: str | None = None) -> AsyncIterator[ObjectInfo]:
        folder, _, _ = check_prefix(prefix).rpartition("/")
        pending: list[ObjectInfo | str] = [folder + "/" if folder else ""]
        while pending:
            entry = pending.pop()
            if isinstance(entry, ObjectInfo):
                yield entry
                continue
            listed = await self._in_thread(self._list_folder, entry)
            pending.extend(reversed([item for item in listed if _may_hold(item, prefix, after)]))

    def _list_folder(self, folder: str) -> list[ObjectInfo | str]:
        """What is directly in `folder`, in byte order of the keys below: objects, and folders as text
        that ends with ``/``."""
        found: list[tuple[str, ObjectInfo | str]] = []
        try:
            with os.scandir(self._root / folder) as entries:
                for entry in entries:
                    if entry.name.startswith("~"):
                        continue
                    key = folder + entry.name
                    if entry.is_dir(follow_symlinks=False):
                        found.append((key + "/", key + "/"))
                        continue
                    try:
                        found.append((key, ObjectInfo(key, entry.stat().st_size)))
                    except FileNotFoundError:
                        continue
        except _ABSENT:
            return []
        except OSError as error:
            raise _failure(f"cannot list {folder or self._root}", error) from error
        return [item for _, item in sorted(found, key=lambda pair: pair[0])]

    async def folders(self, prefix: str) -> list[str]:
        check_prefix(prefix)
        return await self._in_thread(self._folders, prefix)

    def _folders(self, prefix: str) -> list[str]:
        below = (item for item in self._list_folder(prefix) if isinstance(item, str))
        return [folder[len(prefix) : -1] for folder in below if next(self._files_below(folder), None)]

    def _files_below(self, folder: str) -> Iterator[ObjectInfo]:
        for item in self._list_folder(folder):
            if isinstance(item, ObjectInfo):
                yield item
            else:
                yield from self._files_below(item)

    async def close(self) -> None:
        """Lets puts that have begun come to their end: they may hold temporary files."""
        await asyncio.to_thread(self._threads.shutdown)


def _make_root(root: Path) -> None:
    """Make the store's folder and those above it; the names that were missing are made durable."""
    missing = [folder for folder in (root, *root.parents) if not folder.exists()]
    root.mkdir(parents=True, exist_ok=True)
    for folder in reversed(missing):
        _fsync_folder(folder.parent)


def _may_hold(item: ObjectInfo | str, prefix: str, after: str | None) -> bool:
    """Whether a listing of `prefix` after `after` takes this object, or must look into this folder."""
    if isinstance(item, ObjectInfo):
        return item.key.startswith(prefix) and (after is None or item.key > after)
    if not (item.startswith(prefix) or prefix.startswith(item)):
        return False
    return after is None or item > after or after.startswith(item)


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_abandoned(folder: Path) -> None:
    """Remove temporary files that nobody holds: their writers are gone."""
    for path in folder.iterdir():
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)


def _failure(what: str, error: OSError) -> EngineError:
    """The error of an operation that has definitely not happened."""
    reason = error.strerror or str(error)
    if error.errno in _FULL:
        return StoreFull(f"{what}: {reason}", hint="Free some space on the store's disk.")
    if error.errno in _FORBIDDEN:
        return StoreMisconfigured(f"{what}: {reason}", hint="Check the rights on the store's folder.")
    return StoreUnavailable(f"{what}: {reason}")
