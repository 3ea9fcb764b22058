"""The outcome of a restore: what it does to each table, against what is there when it commits.

A table is unchanged when its definition and its rows at the moment are those of now, in whatever storages
they are. Nothing is read to find that out: the rows are the same if both times exactly the same objects
make them up, whole (no straddler, nothing in the tail); or if it is the same storage, all that happened to
it since the moment is still known, and nothing did, but perhaps compaction. Rows that came to be the same
in other objects (a logical restore, a straddler rewritten twice) count as changed.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

from engine.catalog import Catalog, Database, Schema, Table
from engine.ids import StorageId, Timestamp
from engine.state import State, Storage
from engine.workspace import Workspace

Action = Literal["unchanged", "restored", "recreated", "dropped", "created"]


@dataclass(frozen=True, slots=True)
class RestoredTable:
    """One row of the restore's answer. `action`: ``unchanged`` (definition and rows were what
    they are),
    ``restored``, ``recreated`` (it had been dropped), ``dropped`` (it did not exist at the moment), or
    ``created`` (beside what is there)."""

    database: str
    schema: str
    table: str
    action: Action
    objects_shared: int
    objects_rewritten: int
    rows: int
    bytes_rewritten: int


@dataclass(frozen=True, slots=True)
class Present:
    """What is there now: committed, and `own`, the uncommitted writes of the transaction that restores.
    `catalog` is as that transaction sees it."""

    state: State
    catalog: Catalog
    own: Workspace | None = None

    def action(self, table: Table, moment: Timestamp) -> Action:
        """What it means to `table`, a body of `moment`, to be as it was then."""
        current = self.catalog.tables.get(table.id)
        if current is None:
            return "recreated"
        same = dataclasses.replace(current, storage=table.storage) == table
        return "unchanged" if same and self._same_rows(table, current, moment) else "restored"

    def _same_rows(self, then: Table, current: Table, moment: Timestamp) -> bool:
        if self.own is not None and current.storage in self.own.storages():
            return False
        if then.storage == current.storage and self._quiet_since(then.storage, moment):
            return True
        objects = _objects(self._storage(then.storage), moment)
        now = _objects(self._storage(current.storage), self.state.visible_ts)
        if now is not None and self.own is not None:
            now |= self.own.refs_of(current.storage).keys()
        return objects is not None and objects == now

    def _quiet_since(self, id: StorageId, moment: Timestamp) -> bool:
        """Nothing was written to the storage after `moment`. Before the horizon that cannot be told: what
        speaks of it may be forgotten."""
        storage = self._storage(id)
        own = self.own is not None and bool(self.own.refs_of(id))
        if own or moment < self.state.horizon or any(ref.max_ts > moment for ref in storage.refs.values()):
            return False
        return not any(item.ts > moment for items in (storage.inserts, storage.deletes) for item in items)

    def _storage(self, id: StorageId) -> Storage:
        return self.state.storages.get(id) or Storage(id)


def _objects(storage: Storage, ts: Timestamp) -> frozenset[str] | None:
    """The keys of the objects that are, each as a whole, all that a read at `ts` sees; None if there are no
    such."""
    seen = [ref for ref in storage.refs_at(ts) if ref.min_ts <= ts]
    if storage.has_tail_until(ts) or any(ref.straddles(ts) for ref in seen):
        return None
    return frozenset(ref.key for ref in seen)


def names(catalog: Catalog, table: Table) -> tuple[str, str, str]:
    """Database, schema and table."""
    schema = catalog.get("schema", table.schema)
    assert isinstance(schema, Schema)
    database = catalog.get("database", schema.database)
    assert isinstance(database, Database)
    return database.name, schema.name, table.name
