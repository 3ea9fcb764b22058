"""The folder that one server's object cache has to itself.

Below the folder it is given, a server takes the first of ``server-0``, ``server-1``, ... that nobody holds:
a lock on a file in it says so, and ends with the process, however that ends. So two servers on one machine
never take files from under each other, a server that starts again finds its files, and what else is in the
given folder is never touched.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from pathlib import Path

from engine.errors import StoreMisconfigured

SERVERS_MAX = 1_000
LOCK = "lock"


class CacheFolder:
    """A folder held for as long as this object lives, or until `close`."""

    def __init__(self, given: Path) -> None:
        self.path, descriptor = _first_free(given.absolute())
        self.close = weakref.finalize(self, os.close, descriptor)


def _first_free(given: Path) -> tuple[Path, int]:
    try:
        for number in range(SERVERS_MAX):
            folder = given / f"server-{number}"
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                continue
            return folder / "objects", descriptor
    except OSError as error:
        raise StoreMisconfigured(f"cannot use {given} as the cache folder: {error.strerror}") from error
    raise StoreMisconfigured(f"the cache folder {given} is used by {SERVERS_MAX} servers already")
