"""What tables and snapshots hold, in objects and bytes: pure functions over a tenant's state.

An object is counted once, however many storages refer to it. What dropping a snapshot would free are the
objects whose every ref is over (removed, or its storage dropped), lies wholly below the horizon, and has
no other snapshot inside: the rule by which refs are forgotten, asked about a future without this pin. A
narrower snapshot holds what it covers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.collection import storage_ends, tables_of_storages
from engine.ids import INFINITY, CatalogId, StorageId, Timestamp
from engine.pins import Pins, Places
from engine.refs import Ref
from engine.state import State


@dataclass(frozen=True, slots=True)
class SnapshotUsage:
    timestamp: Timestamp
    name: str | None
    objects: int
    bytes: int
    unique_bytes: int
    straddlers: int


def storage_bytes(state: State, storage_id: StorageId) -> int:
    """Bytes of a storage's live objects, plus its tail in memory."""
    storage = state.storages.get(storage_id)
    if storage is None:
        return 0
    live = {ref.key: ref.bytes for ref in storage.refs.values() if ref.removed_ts == INFINITY}
    tail = sum(rows.rows.nbytes for rows in storage.inserts)
    return int(sum(live.values()) + tail + sum(deletes.row_ids.nbytes for deletes in storage.deletes))


def snapshot_usage(state: State, pins: Pins) -> list[SnapshotUsage]:
    """One row for each snapshot, by timestamp. `pins` are those that a collection would have."""
    objects, sizes, unique, straddlers = np.zeros((4, len(pins.moments)), np.int64)
    for lives in _lives(state).values():
        size = lives[0].ref.bytes
        held = np.unique(np.concatenate([life.places(pins) for life in lives]))
        objects[held] += 1
        sizes[held] += size
        if len(held) == 1 and not any(pins.needs_besides(life.ref.added_ts, life.until) for life in lives):
            unique[held] += size
        for life in lives:
            straddlers[life.places_cut(pins)] += 1
    names = state.history.current.snapshots
    return [
        SnapshotUsage(
            ts, names[ts].name, *(int(counts[at]) for counts in (objects, sizes, unique, straddlers))
        )
        for at, ts in enumerate(pins.moments)
    ]


@dataclass(frozen=True, slots=True)
class _Life:
    """A ref, until when anything can see it, and the tables it belongs to."""

    ref: Ref
    until: Timestamp
    tables: frozenset[CatalogId]

    def places(self, pins: Pins) -> Places:
        """The snapshots that hold it."""
        return pins.places(self.ref.added_ts, self.until, self.tables)

    def places_cut(self, pins: Pins) -> Places:
        """Those that it straddles."""
        first, end = max(self.ref.added_ts, self.ref.min_ts), min(self.until, self.ref.max_ts)
        return pins.places(first, end, self.tables)


def _lives(state: State) -> dict[str, list[_Life]]:
    """By object: several storages may refer to one."""
    entries = tuple(state.history.entries())
    ends = storage_ends(entries)
    tables = tables_of_storages(entries)
    found: dict[str, list[_Life]] = {}
    for ref in state.refs():
        until = min(ref.removed_ts, ends.get(ref.storage, INFINITY))
        life = _Life(ref, until, frozenset(tables.get(ref.storage, ())))
        found.setdefault(ref.key, []).append(life)
    return found
