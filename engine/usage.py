"""What tables and snapshots hold, in objects and bytes: pure functions over a tenant's state.

An object is counted once, however many storages refer to it. What dropping a snapshot would free are the
objects whose every ref is over (removed, or its storage dropped), lies wholly below the horizon, and has
no other snapshot inside: the rule by which refs are forgotten, asked about a future without this pin. A
narrower snapshot holds what it covers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from engine.collection import Known, storage_ends, tables_of_storages
from engine.ids import INFINITY, CatalogId, StorageId, Timestamp
from engine.pins import Pins
from engine.refs import Ref
from engine.state import State

Totals = np.ndarray[tuple[int, int], np.dtype[np.int64]]


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


def snapshot_usage(known: Known, pins: Pins, names: Mapping[Timestamp, str | None]) -> list[SnapshotUsage]:
    """One row for each snapshot, by timestamp. `pins` are those that a collection would have."""
    counts = _Counts(pins)
    for lives in _by_object(known).values():
        counts.add(lives)
    return [
        SnapshotUsage(ts, names[ts], *(int(count) for count in numbers))
        for ts, numbers in zip(pins.moments, counts.totals().T, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Life:
    """A ref, until when anything can see it, and the tables it belongs to."""

    ref: Ref
    until: Timestamp
    tables: frozenset[CatalogId]


def _by_object(known: Known) -> dict[str, list[_Life]]:
    """Several storages may refer to one."""
    ends = storage_ends(known.entries)
    tables = {storage: frozenset(ids) for storage, ids in tables_of_storages(known.entries).items()}
    found: dict[str, list[_Life]] = {}
    for ref in known.refs:
        until = min(ref.removed_ts, ends.get(ref.storage, INFINITY))
        life = _Life(ref, until, tables.get(ref.storage, frozenset()))
        found.setdefault(ref.key, []).append(life)
    return found


class _Line:
    """The snapshots that certain tables concern. What holds an object is a stretch of them, so only the ends
    of stretches are written down: `steps` says by how much each has more than the one before it."""

    def __init__(self, pins: Pins, tables: frozenset[CatalogId]) -> None:
        self.places = pins.places(Timestamp(0), INFINITY, tables)
        self._moments = [pins.moments[place] for place in self.places]
        self.steps: tuple[list[int], ...] = tuple([0] * (len(self.places) + 1) for _ in range(4))

    def stretch(self, first: Timestamp, end: Timestamp) -> tuple[int, int]:
        low = bisect_left(self._moments, first)
        return low, max(low, bisect_left(self._moments, end))

    def count(self, kind: int, stretch: tuple[int, int], size: int) -> None:
        self.steps[kind][stretch[0]] += size
        self.steps[kind][stretch[1]] -= size


_OBJECTS, _BYTES, _UNIQUE, _STRADDLERS = range(4)


class _Counts:
    """What has been counted for each snapshot. A tenant may have ten thousand of them, each of which holds
    nearly all of a hundred thousand objects."""

    def __init__(self, pins: Pins) -> None:
        self._pins = pins
        self._lines: dict[frozenset[CatalogId], _Line] = {}
        self._single = np.zeros((4, len(pins.moments)), np.int64)

    def add(self, lives: list[_Life]) -> None:
        """One object."""
        lines = [self._line(life.tables) for life in lives]
        for life, line in zip(lives, lines, strict=True):
            first, end = max(life.ref.added_ts, life.ref.min_ts), min(life.until, life.ref.max_ts)
            line.count(_STRADDLERS, line.stretch(first, end), 1)
        unique = not any(self._pins.needs_besides(life.ref.added_ts, life.until) for life in lives)
        size = lives[0].ref.bytes
        if all(line is lines[0] for line in lines):
            held = _merged(lines[0].stretch(life.ref.added_ts, life.until) for life in lives)
            for stretch in held:
                lines[0].count(_OBJECTS, stretch, 1)
                lines[0].count(_BYTES, stretch, size)
            if unique and sum(high - low for low, high in held) == 1:
                lines[0].count(_UNIQUE, held[0], size)
        else:
            self._add_single(lives, size, unique=unique)

    def _add_single(self, lives: list[_Life], size: int, *, unique: bool) -> None:
        """An object whose tables are covered by different snapshots."""
        places = [self._pins.places(life.ref.added_ts, life.until, life.tables) for life in lives]
        held = np.unique(np.concatenate(places))
        self._single[_OBJECTS, held] += 1
        self._single[_BYTES, held] += size
        if unique and len(held) == 1:
            self._single[_UNIQUE, held] += size

    def _line(self, tables: frozenset[CatalogId]) -> _Line:
        concerned = tables.intersection(self._pins.covered)
        found = self._lines.get(concerned)
        if found is None:
            found = self._lines[concerned] = _Line(self._pins, concerned)
        return found

    def totals(self) -> Totals:
        totals = self._single.copy()
        for line in self._lines.values():
            totals[:, line.places] += np.cumsum(np.array(line.steps, np.int64)[:, :-1], axis=1)
        return totals


def _merged(stretches: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same places, each once, empty stretches left out."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(stretches):
        if found and low <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], high)
        elif low < high:
            found.append((low, high))
    return found
