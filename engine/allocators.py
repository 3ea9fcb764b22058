"""What the process's allocators are told: the C library's, DuckDB's (a jemalloc of its own) and Arrow's.

Two ends are served. They keep little that nobody uses (`give_back`), and they reserve little (`prepare`):
the ceiling on the server's memory (`server.ceiling`) is one on addresses, so it is as good as what is
reserved is near to what is taken. Measured with 30 instances: 375 MB taken and 1,900 MB reserved as
libraries come, 640 MB with what is done here.

DuckDB's allocator gives back by itself only when an instance closes. While its own threads are at that, a
call to `give_back` does not wait for what they are about to give.
"""

from __future__ import annotations

import ctypes
import threading

import _duckdb
import pyarrow as pa

ARENAS_MAX = 2
"""Of the C library, 64 MB of addresses each; it would make eight per core. Under the interpreter's lock they
are rarely asked at the same time."""
STACK_BYTES = 2 * 2**20
"""Of threads that libraries make: DuckDB's workers above all, three per tenant. 8 MB otherwise. An expression
as deep as DuckDB allows (1,000) was evaluated within half of it."""
PYTHON_STACK_BYTES = 8 * 2**20
"""Of our own, in which statements are planned by DuckDB: by recursion."""

_M_ARENA_MAX = -8
"""From malloc.h, for mallopt(3)."""


def prepare() -> None:
    """For a process that will be a server, before it makes threads and instances."""
    library = ctypes.CDLL(None)
    if (mallopt := getattr(library, "mallopt", None)) is not None:
        mallopt(_M_ARENA_MAX, ARENAS_MAX)
    if (set_default := getattr(library, "pthread_setattr_default_np", None)) is not None:
        attributes = ctypes.create_string_buffer(256)  # pthread_attr_t; 64 bytes at most
        library.pthread_attr_init(attributes)
        library.pthread_attr_setstacksize(attributes, ctypes.c_size_t(STACK_BYTES))
        set_default(attributes)
        library.pthread_attr_destroy(attributes)
    threading.stack_size(PYTHON_STACK_BYTES)


def give_back() -> None:
    """Have the allocators return to the system what they keep for later. Any thread."""
    _purge()
    pa.default_memory_pool().release_unused()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _purge() -> None:
    """Where DuckDB has another allocator, there is nothing to call."""
    control = getattr(ctypes.CDLL(_duckdb.__file__), "duckdb_je_mallctl", None)
    if control is not None:
        control.argtypes = (ctypes.c_char_p, *[ctypes.c_void_p] * 3, ctypes.c_size_t)
        control(b"arena.4096.purge", None, None, None, 0)  # 4096 are all arenas
