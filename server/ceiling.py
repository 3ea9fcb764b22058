"""A ceiling on the server's memory, so that one statement cannot take the machine down for all tenants.

DuckDB's own limit does not see every allocation: `repeat('x', 2000000000)` allocates past it. With a limit on
the address space such an allocation fails in the statement that asks for it (53200) and the server goes
on; without one the kernel would end the whole process.

Threads and libraries reserve addresses that they never use, twice what is taken even after
`engine.allocators` has told them to be modest, so a fixed limit would be either too low or worthless. This
one follows: what is reserved now, and as much more as there
is memory left (`engine.memory` tells how much, many times a second). Where the system does not tell what a
process takes, there is only the machine's memory as a limit.
"""

from __future__ import annotations

import functools
import os
import resource

FLOOR_BYTES = 8 * 2**30
"""Of the limit that does not follow."""

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def set_ceiling(bytes_max: int) -> None:
    """Limit the address space to `bytes_max`; a stricter limit is left alone."""
    _limit(max(bytes_max, FLOOR_BYTES))


def follow(room_bytes: int) -> None:
    """Let the process have `room_bytes` more than it has reserved now."""
    reserved = _pages(0)
    if reserved:
        _set(reserved + room_bytes)


def resident_bytes() -> int:
    """The memory that the process takes; 0 when the system does not tell."""
    return _pages(1)


@functools.cache
def _statm() -> int | None:
    """Opened once: it is read many times a second."""
    try:
        return os.open("/proc/self/statm", os.O_RDONLY)
    except OSError:
        return None


def _pages(field: int) -> int:
    file = _statm()
    return 0 if file is None else int(os.pread(file, 256, 0).split()[field]) * _PAGE_BYTES


def _limit(bytes_max: int) -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft == resource.RLIM_INFINITY or soft > bytes_max:
        _set(bytes_max)


def _set(bytes_max: int) -> None:
    """Never above what whoever started the server allows."""
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = bytes_max if hard == resource.RLIM_INFINITY else min(bytes_max, hard)
    resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
