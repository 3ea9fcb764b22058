"""A workspace: one transaction's uncommitted inserts, deletes, DDL edits and installed refs.

Everything is a list that only grows (or a dictionary of ever new keys), so that a savepoint is a set of
lengths and rolling back to it is cutting the lists. Deletes name row ids, whether the rows are committed
or this transaction's own; what that comes to is worked out when it is read (`rows_of`) and when it
commits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from engine.catalog import Edit
from engine.ids import CatalogId, StorageId, Timestamp
from engine.own_rows import KNOWN_ROWS_MAX, OwnDeletes, OwnKeys, Runs
from engine.refs import Ref

RowIds = np.ndarray[tuple[int], np.dtype[np.int64]]

THREAD_ROWS_MIN = 50_000
"""From so many rows on, work on them leaves the event loop."""


def distinct(ids: RowIds) -> RowIds:
    """Row ids in ascending order, each once. By sorting: NumPy's own `unique` hashes, twenty times
    slower on ids that are nearly in order."""
    ordered = np.sort(ids)
    return ordered[np.concatenate([[True], ordered[1:] != ordered[:-1]])] if len(ordered) else ordered


Net = tuple[list[pa.Table], pa.Int64Array | None]


@dataclass(slots=True)
class _Heap:
    """Writes to one storage: inserted rows (``c<id>``, `_row_id`) and deleted row ids. `netted` keeps
    what they came to when there were that many of each."""

    netted: tuple[tuple[int, int], Net] | None = None
    inserts: list[pa.Table] = field(default_factory=list)
    deletes: list[RowIds] = field(default_factory=list)
    count: int = 0
    """Rows of both, those included that a rollback took away."""
    runs: Runs = field(default_factory=Runs)
    keys: dict[tuple[tuple[CatalogId, str], ...], OwnKeys] = field(default_factory=dict)
    gone: OwnDeletes = field(default_factory=OwnDeletes)

    def cut(self, inserts: int, deletes: int) -> None:
        self.netted = None
        self.runs.cut(inserts)
        for keys in self.keys.values():
            keys.cut(self.inserts, inserts)
        self.gone.cut(deletes)
        del self.inserts[inserts:]
        del self.deletes[deletes:]


@dataclass(slots=True)
class Standing:
    """Where a sequence stands for one transaction alone. None: nothing has been drawn."""

    last: int | None


@dataclass(frozen=True, slots=True)
class Savepoint:
    edits: int
    refs: int
    heirs: int
    restored: Mapping[CatalogId, Standing]
    heaps: Mapping[StorageId, tuple[int, int]]
    locks: int = 0
    """How many locks the transaction held."""


class Workspace:
    """`refs` are whole objects, installed without looking into them again; `heirs` tells of a restored
    table's new storage whose rows it begins with: the old storage and the moment."""

    def __init__(self) -> None:
        self.heirs: dict[StorageId, tuple[StorageId, Timestamp]] = {}
        self.edits: list[Edit] = []
        self.refs: list[Ref] = []
        self.positions: dict[CatalogId, int] = {}
        """Of the sequences that were drawn from where they stand for all: the last value."""
        self.restored: dict[CatalogId, Standing] = {}
        """Of the sequences that this transaction restores or restarts: where they stand for it since the last
        time it did."""
        self._heaps: dict[StorageId, _Heap] = {}
        self.nbytes = 0
        """What the rows and row ids take."""

    @property
    def empty(self) -> bool:
        return not (self.edits or self.refs or self.positions or self._heaps)

    def savepoint(self) -> Savepoint:
        return Savepoint(
            len(self.edits),
            len(self.refs),
            len(self.heirs),
            dict(self.restored),
            {id: (len(heap.inserts), len(heap.deletes)) for id, heap in self._heaps.items()},
        )

    def rollback_to(self, savepoint: Savepoint) -> None:
        """Forget what came after. Sequence positions stay: as in PostgreSQL, they do not roll back, unless
        what took the sequence elsewhere does."""
        del self.edits[savepoint.edits :]
        del self.refs[savepoint.refs :]
        for storage in list(self.heirs)[savepoint.heirs :]:
            del self.heirs[storage]
        self.restored = dict(savepoint.restored)
        for id, heap in list(self._heaps.items()):
            inserts, deletes = savepoint.heaps.get(id, (0, 0))
            heap.cut(inserts, deletes)
            if not heap.inserts and not heap.deletes:
                del self._heaps[id]
        self.nbytes = sum(
            sum(rows.nbytes for rows in heap.inserts) + sum(ids.nbytes for ids in heap.deletes)
            for heap in self._heaps.values()
        )

    def refs_of(self, storage: StorageId) -> dict[str, Ref]:
        return {ref.key: ref for ref in self.refs if ref.storage == storage}

    def insert(self, storage: StorageId, rows: pa.Table) -> None:
        if rows.num_rows:
            heap = self._heaps.setdefault(storage, _Heap())
            heap.inserts.append(rows)
            heap.count += rows.num_rows
            self.nbytes += rows.nbytes

    def delete(self, storage: StorageId, row_ids: RowIds) -> None:
        if len(row_ids):
            heap = self._heaps.setdefault(storage, _Heap())
            heap.deletes.append(row_ids)
            heap.count += len(row_ids)
            self.nbytes += row_ids.nbytes

    def storages(self) -> list[StorageId]:
        return list(self._heaps)

    def own_keys(
        self, storage: StorageId, types: Mapping[CatalogId, str]
    ) -> tuple[OwnKeys, Collection[int]] | None:
        """The values that columns of a key (DuckDB types, by id) have in own rows, and all row ids deleted.
        None when there is too much of them, or values that only DuckDB can compare."""
        heap = self._heaps.get(storage) or _Heap()
        if heap.count > KNOWN_ROWS_MAX:
            heap.keys.clear()
            return None
        keys = heap.keys.setdefault(tuple(types.items()), OwnKeys(types))
        return (keys, heap.gone.of(heap.deletes)) if keys.follow(heap.inserts) else None

    async def rows_of(self, storage: StorageId) -> Net:
        """The storage's own rows that are still there, one table per set of columns (an ALTER TABLE may
        have come in between), and the row ids deleted of committed ones. Much is netted in a thread."""
        heap = self._heaps.get(storage)
        if heap is None:
            return [], None
        lengths = (len(heap.inserts), len(heap.deletes))
        if heap.netted is None or heap.netted[0] != lengths:
            inserts, deletes = heap.runs.of(heap.inserts), list(heap.deletes)
            count = sum(len(ids) for ids in deletes)
            many = count > THREAD_ROWS_MIN
            net = await asyncio.to_thread(_net, inserts, deletes) if many else _net(inserts, deletes)
            heap.netted = (lengths, net)
        return heap.netted[1]


def _net(inserts: list[pa.Table], deletes: list[RowIds]) -> Net:
    deleted = distinct(np.concatenate(deletes)) if deletes else None
    groups: dict[tuple[str, ...], list[pa.Table]] = {}
    for rows in inserts:
        groups.setdefault(tuple(rows.column_names), []).append(rows)
    found = [pa.concat_tables(parts, promote_options="permissive") for parts in groups.values()]
    if deleted is not None:
        gone = pa.array(deleted)
        for rows in found:
            own = rows.column("_row_id").to_numpy()
            deleted = np.setdiff1d(deleted, own, assume_unique=True)
        found = [rows.filter(pc.invert(pc.is_in(rows.column("_row_id"), value_set=gone))) for rows in found]
    dead = pa.array(deleted, pa.int64()) if deleted is not None and len(deleted) else None
    return [rows for rows in found if rows.num_rows], dead
