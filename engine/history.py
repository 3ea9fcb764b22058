"""The history of a catalog: everything it was at every moment.

An *entry* is a body with an interval ``[created_ts, dropped_ts)``. Changing a body closes its open entry
and opens another with the same id, both at the commit's timestamp. So the whole history is a list of
entries, and "the catalog at ts" is those whose interval holds ts. Nothing else is needed for past
schemas, dropped tables, or a restore, which is a list of edits like any other DDL.

Rejected: one record per attribute change (an undo log). Entries are small, and whole bodies make past
reads, restores and manifests the same three lines.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from engine.bodies import body_from_json, body_to_json
from engine.catalog import Body, Catalog, Drop, Edit, Position, Put
from engine.ids import INFINITY, CatalogId, Timestamp
from engine.positions import Joined, Line


@dataclass(frozen=True, slots=True)
class Entry:
    body: Body
    created_ts: Timestamp
    dropped_ts: Timestamp

    def to_json(self) -> list[Any]:
        return [self.created_ts, self.dropped_ts, body_to_json(self.body)]

    @staticmethod
    def from_json(data: list[Any]) -> Entry:
        return Entry(body_from_json(data[2]), Timestamp(data[0]), Timestamp(data[1]))


PAST_CATALOGS_MAX = 64


class History:
    """Every entry of a tenant, and the catalog at any moment."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self._closed: list[Entry] = []
        self._open: dict[tuple[str, CatalogId], Entry] = {}
        self._last_position: dict[CatalogId, int] = {}
        for entry in entries:
            if entry.dropped_ts == INFINITY:
                self._open[entry.body.kind, entry.body.id] = entry
            else:
                self._closed.append(entry)
        self._current = Catalog((entry.body for entry in self._open.values()), object())
        self._past: OrderedDict[Timestamp, Catalog] = OrderedDict()
        self.asked = Timestamp(0)
        """The latest moment that somebody has read."""

    @property
    def current(self) -> Catalog:
        return self._current

    def apply(self, edits: Iterable[Edit], ts: Timestamp, joined: Joined = ()) -> None:
        """Make `edits` true from `ts` on. Edits must come in order of time."""
        edits = tuple(edits)
        since = dict(joined)
        if not edits:
            return
        for edit in edits:
            match edit:
                case Put(body):
                    self._close((body.kind, body.id), ts, since.get(body.id))
                    self._open[body.kind, body.id] = Entry(body, ts, INFINITY)
                case Drop(kind, id):
                    self._close((kind, id), ts)
        self._current = self._current.edited(edits)

    def _close(
        self, key: tuple[str, CatalogId], ts: Timestamp, joined_since: Timestamp | None = None
    ) -> None:
        entry = self._open.pop(key, None)
        if entry is None or entry.created_ts >= ts:
            return
        closed = Entry(entry.body, entry.created_ts, ts)
        if isinstance(entry.body, Position):
            self._close_position(closed, joined_since)
        else:
            self._closed.append(closed)

    def _close_position(self, closed: Entry, since: Timestamp | None) -> None:
        """`since`: the moments from then on get this position too (`engine.positions`)."""
        last = self._last_position.get(closed.body.id)
        if since is not None and last is not None and self._closed[last].created_ts >= since:
            created = self._closed[last].created_ts
            self._closed[last] = Entry(closed.body, created, closed.dropped_ts)
            for ts in [ts for ts in self._past if ts >= created]:
                del self._past[ts]
        else:
            self._last_position[closed.body.id] = len(self._closed)
            self._closed.append(closed)

    def ask(self, ts: Timestamp) -> None:
        """Somebody reads what there was at `ts`: from now on that never changes."""
        self.asked = max(self.asked, ts)

    def position_line(self, id: CatalogId) -> Line | None:
        """The end of what is known of a sequence's positions."""
        entry = self._open.get((Position.kind, id))
        if entry is None:
            return None
        assert isinstance(entry.body, Position)
        last = self._last_position.get(id)
        before = self._closed[last] if last is not None else None
        if before is None or before.dropped_ts != entry.created_ts:
            return Line(entry.created_ts, entry.body.last_value)
        assert isinstance(before.body, Position)
        return Line(entry.created_ts, entry.body.last_value, before.created_ts, before.body.last_value)

    def forget(self, entries: Iterable[Entry]) -> None:
        """Drop closed entries that nothing needs any more."""
        gone = set(map(id, entries))
        self._closed = [entry for entry in self._closed if id(entry) not in gone]
        self._past.clear()
        self._last_position = {
            entry.body.id: index
            for index, entry in enumerate(self._closed)
            if isinstance(entry.body, Position)
        }

    def at(self, ts: Timestamp) -> Catalog:
        """The catalog at `ts`, lasting kinds included as they were then."""
        found = self._past.get(ts)
        if found is None:
            found = Catalog(
                (entry.body for entry in self.entries() if entry.created_ts <= ts < entry.dropped_ts),
                object(),
            )
            self._past[ts] = found
            while len(self._past) > PAST_CATALOGS_MAX:
                self._past.popitem(last=False)
        return found

    def begins_at(self, horizon: Timestamp) -> bool:
        """Whether there was nothing before the horizon, rather than nothing that is still kept: something
        lives at every moment after the birth, and is kept as of the horizon."""
        return all(entry.created_ts >= horizon for entry in self.entries())

    def entries(self) -> Iterator[Entry]:
        yield from self._closed
        yield from self._open.values()

    def entries_until(self, ts: Timestamp) -> Iterator[Entry]:
        """The history as it stood at `ts`: nothing created later, nothing yet ended later."""
        for entry in self.entries():
            if entry.created_ts <= ts:
                yield entry if entry.dropped_ts <= ts else Entry(entry.body, entry.created_ts, INFINITY)
