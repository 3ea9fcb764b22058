"""What tables and snapshots hold, in objects and bytes: pure functions over a tenant's state.

An object is counted once, however many storages refer to it. What dropping a snapshot would free are the
objects whose every ref is over (removed, or its storage dropped), lies wholly below the horizon, and has
no other snapshot inside: the rule by which refs are forgotten, asked about a future without this pin.
"""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass

from engine.catalog import Table
from engine.ids import INFINITY, StorageId, Timestamp
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


def snapshot_usage(state: State) -> list[SnapshotUsage]:
    """One row for each snapshot, by timestamp."""
    lives = list(_lives(state))
    snapshots = state.history.current.snapshots
    return [
        _usage(ts, snapshot.name, lives, state.horizon, snapshots.keys() - {ts})
        for ts, snapshot in snapshots.items()
    ]


@dataclass(frozen=True, slots=True)
class _Life:
    """A ref, and until when anything can see it."""

    ref: Ref
    until: Timestamp

    def holds(self, ts: Timestamp) -> bool:
        return self.ref.added_ts <= ts < self.until


def _lives(state: State) -> Iterator[_Life]:
    ends: dict[StorageId, Timestamp] = {}
    for entry in state.history.entries():
        if isinstance(entry.body, Table):
            storage = entry.body.storage
            ends[storage] = max(ends.get(storage, entry.dropped_ts), entry.dropped_ts)
    for storage_id, found in state.storages.items():
        end = ends.get(storage_id, INFINITY)
        for ref in found.refs.values():
            yield _Life(ref, min(ref.removed_ts, end))


def _usage(
    ts: Timestamp,
    name: str | None,
    lives: list[_Life],
    horizon: Timestamp,
    others: Set[Timestamp],
) -> SnapshotUsage:
    held = {life.ref.key: life.ref.bytes for life in lives if life.holds(ts)}
    kept = {
        life.ref.key
        for life in lives
        if life.ref.key in held and (life.until > horizon or any(life.holds(other) for other in others))
    }
    return SnapshotUsage(
        timestamp=ts,
        name=name,
        objects=len(held),
        bytes=sum(held.values()),
        unique_bytes=sum(size for key, size in held.items() if key not in kept),
        straddlers=sum(life.holds(ts) and life.ref.straddles(ts) for life in lives),
    )
