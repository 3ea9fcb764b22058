"""Ids and timestamps: the engine's small vocabulary of numbers.

Every catalog id (database, schema, table, column, storage, sequence, role, key) comes from one
counter per tenant that starts where PostgreSQL's user OIDs start, is part of each commit that draws
from it, and never goes back, whatever is restored. So an id can serve as a PostgreSQL OID and as a
Parquet field id, and a column dropped and added again is a different column.

Row ids come from a second counter per tenant. Object ids are random, never reused, and carry the
epoch of the writer that made them, so that a collector can tell another writer's objects from its own.
"""

from __future__ import annotations

import random
from typing import NewType

import numpy as np

Timestamp = NewType("Timestamp", int)
"""Microseconds since the Unix epoch; strictly increasing per tenant; exactly a ``timestamptz``."""

CatalogId = NewType("CatalogId", int)
StorageId = NewType("StorageId", int)
RowId = NewType("RowId", int)

INFINITY = Timestamp(2**63 - 1)
"""The end of an interval that is still open."""

FIRST_CATALOG_ID = CatalogId(16384)
FIRST_ROW_ID = RowId(1)


def format_ts(ts: Timestamp) -> str:
    """A timestamp as PostgreSQL prints a timestamptz in UTC, to the microsecond."""
    return str(np.datetime64(ts, "us")).replace("T", " ") + "+00"


class Ids:
    """Random names for objects and writers; seeded in tests so that one seed replays one run."""

    def __init__(self, seed: int | None = None) -> None:
        self._random = random.SystemRandom() if seed is None else random.Random(seed)  # noqa: S311

    def token(self, bits: int = 96) -> str:
        """A random lower-case hexadecimal name of `bits` bits."""
        return f"{self._random.getrandbits(bits):0{bits // 4}x}"
