"""A ceiling on the server's memory, so that one statement cannot take the machine down for all tenants.

DuckDB's own limit does not see every allocation: `repeat('x', 2000000000)` allocates past it. With an
address space no larger than the machine's memory such an allocation fails in the statement that asks for
it (53200) and the server goes on; without one the kernel would end the whole process.
"""

from __future__ import annotations

import os
import resource

FLOOR_BYTES = 8 * 2**30
"""Threads and libraries reserve addresses that they never use: less would fail for no reason."""


def set_ceiling() -> None:
    """Limit this process's address space to the machine's memory; a stricter limit is left alone."""
    bytes_max = max(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), FLOOR_BYTES)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    allowed = bytes_max if hard == resource.RLIM_INFINITY else min(bytes_max, hard)
    if soft == resource.RLIM_INFINITY or soft > allowed:
        resource.setrlimit(resource.RLIMIT_AS, (allowed, hard))
