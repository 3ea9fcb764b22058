"""Pins: the moments that must stay readable, and what of each.

A snapshot of the tenant pins everything at its timestamp; one of a database, schema or table pins the
relations that it covers, as the catalog of its timestamp has them. Besides snapshots there are the read
timestamps of running transactions, and the horizon, which pins everything from it on.

Asked about the life ``[first, end)`` of a ref or a catalog entry, a pin is found by bisection: a tenant
may have ten thousand snapshots and a hundred thousand refs.
"""

from __future__ import annotations

import copy
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Literal

import numpy as np

from engine.catalog import Database, Schema, Sequence, Snapshot, Table, View
from engine.extent import Extent
from engine.history import History
from engine.ids import INFINITY, CatalogId, Timestamp, format_ts

Places = np.ndarray[tuple[int], np.dtype[np.int64]]
Kept = Literal["live", "snapshot", "history", "transaction"]


@dataclass(frozen=True, slots=True)
class Pin:
    """A snapshot: how it is called, and the ids of the relations it covers (None: all)."""

    name: str
    relations: frozenset[CatalogId] | None = None


class Pins:
    """`snapshots` by timestamp, `reading` the read timestamps of running transactions. `moments` are the
    snapshots' timestamps in order."""

    def __init__(
        self, horizon: Timestamp, snapshots: Mapping[Timestamp, Pin], reading: Collection[Timestamp] = ()
    ) -> None:
        self.horizon = horizon
        self.snapshots = snapshots
        self.moments = sorted(snapshots)
        self._reading = sorted(reading)
        whole: list[int] = []
        narrow: dict[CatalogId, list[int]] = {}
        for place, ts in enumerate(self.moments):
            relations = snapshots[ts].relations
            if relations is None:
                whole.append(place)
            for id in relations or ():
                narrow.setdefault(id, []).append(place)
        self._whole = np.array(whole, np.int64)
        self._narrow = {id: np.array(places, np.int64) for id, places in narrow.items()}

    @property
    def covered(self) -> Set[CatalogId]:
        """The relations that a narrower snapshot covers. Whatever belongs to others, tenants' snapshots alone
        hold."""
        return self._narrow.keys()

    def raised(self, horizon: Timestamp) -> Pins:
        """With the horizon at `horizon`, if that is later."""
        raised = copy.copy(self)
        raised.horizon = max(self.horizon, horizon)
        return raised

    def without(self, snapshots: Collection[Timestamp]) -> Pins:
        kept = {ts: pin for ts, pin in self.snapshots.items() if ts not in snapshots}
        return Pins(self.horizon, kept, self._reading)

    def any_in(self, first: Timestamp, end: Timestamp) -> bool:
        """Whether a snapshot, of whatever, or a running transaction needs a moment in ``[first, end)``."""
        return _any_in(self.moments, first, end) or _any_in(self._reading, first, end)

    def places(self, first: Timestamp, end: Timestamp, relations: Set[CatalogId]) -> Places:
        """Where in `moments` those are that lie in ``[first, end)`` and cover one of `relations`."""
        low, high = bisect_left(self.moments, first), bisect_left(self.moments, end)
        found = [self._whole, *(self._narrow[id] for id in relations if id in self._narrow)]
        cut = [places[np.searchsorted(places, low) : np.searchsorted(places, high)] for places in found]
        return cut[0] if len(cut) == 1 else np.unique(np.concatenate(cut))

    def _holder(self, first: Timestamp, end: Timestamp, relations: Set[CatalogId] | None) -> Timestamp | None:
        """The first snapshot that needs it."""
        if not _any_in(self.moments, first, end):
            return None
        if relations is None:
            return self.moments[bisect_left(self.moments, first)]
        places = self.places(first, end, relations)
        return self.moments[places[0]] if len(places) else None

    def needs_besides(self, first: Timestamp, end: Timestamp) -> bool:
        """Whether the life ``[first, end)`` is needed by anything but snapshots."""
        return end > self.horizon or _any_in(self._reading, first, end)

    def keeper(
        self, first: Timestamp, end: Timestamp, relations: Set[CatalogId] | None = None
    ) -> tuple[Kept, str] | None:
        """What needs something of the life ``[first, end)`` of something that belongs to `relations`
        (None: to the tenant at large); None when it may be forgotten."""
        if end == INFINITY:
            return "live", ""
        holder = self._holder(first, end, relations)
        if holder is not None:
            return "snapshot", self.snapshots[holder].name
        if _any_in(self._reading, first, end):
            return "transaction", "a running transaction reads it"
        if end > self.horizon:
            return "history", "history_retention"
        return None


def _any_in(moments: list[Timestamp], first: Timestamp, end: Timestamp) -> bool:
    at = bisect_left(moments, first)
    return at < len(moments) and moments[at] < end


class Covered:
    """What narrower snapshots cover. Remembered, since the catalog has to be put together to tell: two
    snapshots of one extent between two changes of relations, schemas and databases cover the same."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._known: dict[tuple[Timestamp, Extent], frozenset[CatalogId]] = {}

    def by(self, snapshots: Iterable[Snapshot]) -> dict[Timestamp, Pin]:
        """The pins that `snapshots` are."""
        changes: list[Timestamp] = []
        known: dict[tuple[Timestamp, Extent], frozenset[CatalogId]] = {}
        found: dict[Timestamp, Pin] = {}
        for snapshot in snapshots:
            ts = snapshot.timestamp
            name = snapshot.name or format_ts(ts)
            if snapshot.level == "tenant":
                found[ts] = Pin(name)
                continue
            changes = changes or self._changes()
            key = changes[bisect_right(changes, ts) - 1], Extent(snapshot.level, snapshot.objects)
            if key not in known:
                known[key] = self._known.get(key) or self._relations(key[1], ts)
            found[ts] = Pin(name, known[key])
        self._known = known
        return found

    def _changes(self) -> list[Timestamp]:
        moments = {Timestamp(0)}
        for entry in self._history.entries():
            if isinstance(entry.body, Table | View | Sequence | Schema | Database):
                moments |= {entry.created_ts, entry.dropped_ts}
        return sorted(moments)

    def _relations(self, extent: Extent, ts: Timestamp) -> frozenset[CatalogId]:
        return frozenset(id for _, id in extent.covered(self._history.at(ts)))
