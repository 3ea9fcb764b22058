"""How much memory this machine has for us: the container's limit where there is one.

Control groups limit a process together with its ancestors, so every group from ours up to the root
counts, in version 2 (`memory.max`) as in version 1 (`memory.limit_in_bytes`). Inside a container our own
group often is the root of what can be seen; a path that is not there is passed over.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

GROUPS = Path("/sys/fs/cgroup")
OWN_GROUPS = Path("/proc/self/cgroup")


def memory_bytes(groups: Path = GROUPS, own_groups: Path = OWN_GROUPS) -> int:
    """The physical memory, or what the strictest control group allows of it."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min((physical, *_allowed(groups, own_groups)))


def _allowed(groups: Path, own_groups: Path) -> Iterator[int]:
    for line in _read(own_groups).splitlines():
        number, controllers, path = (*line.split(":", 2), "", "")[:3]
        if number == "0":
            yield from _up(groups, path, "memory.max")
            yield from _up(groups / "unified", path, "memory.max")
        elif "memory" in controllers.split(","):
            yield from _up(groups / "memory", path, "memory.limit_in_bytes")


def _up(root: Path, path: str, file: str) -> Iterator[int]:
    relative = PurePosixPath(path.lstrip("/"))
    for group in (relative, *relative.parents):
        text = _read(root / group / file).strip()
        if text.isdigit() and int(text) > 0:
            yield int(text)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
