"""A tenant's committed state in memory, and the one function that a commit changes it by.

`State.apply` is the same for a commit just made durable and for one replayed from the WAL: what
recovery builds is what the server had. It works on plain data and knows no store and no DuckDB.

The *tail* of a storage is what is committed but not yet in objects: Arrow tables as the WAL holds
them. It is the truth; hot tables are a copy that can be thrown away at any time.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from engine.catalog import Column, Put, Table
from engine.history import Entry, History
from engine.ids import INFINITY, CatalogId, StorageId, Timestamp
from engine.ref_files import RefChanges, RefFile
from engine.refs import Ref
from engine.wal import Transaction


@dataclass(frozen=True, slots=True)
class TailRows:
    """Rows of one commit: columns ``c<id>`` and ``_row_id``."""

    ts: Timestamp
    rows: pa.Table


@dataclass(frozen=True, slots=True)
class TailDeletes:
    ts: Timestamp
    row_ids: pa.Int64Array


@dataclass(slots=True)
class Storage:
    """A heap: refs by object key and kind, and the tail in order of commit."""

    id: StorageId
    refs: dict[str, Ref] = field(default_factory=dict)
    inserts: list[TailRows] = field(default_factory=list)
    deletes: list[TailDeletes] = field(default_factory=list)

    def refs_at(self, ts: Timestamp) -> tuple[Ref, ...]:
        return tuple(ref for ref in self.refs.values() if ref.visible_at(ts))

    def tail_until(self, ts: Timestamp) -> tuple[list[TailRows], list[TailDeletes]]:
        return (
            [rows for rows in self.inserts if rows.ts <= ts],
            [deletes for deletes in self.deletes if deletes.ts <= ts],
        )

    def has_tail_until(self, ts: Timestamp) -> bool:
        return any(item.ts <= ts for items in (self.inserts, self.deletes) for item in items)

    def written_since(self, ts: Timestamp) -> bool:
        """Whether the tail or a live object holds a row or a delete of a commit after `ts`. Compaction
        may have taken a row and its delete away together."""
        live = any(ref.max_ts > ts and ref.removed_ts == INFINITY for ref in self.refs.values())
        return live or any(item.ts > ts for items in (self.inserts, self.deletes) for item in items)

    def forget_tail_until(self, ts: Timestamp) -> int:
        """Flushed up to `ts`; how many bytes were let go."""
        gone = [rows.rows for rows in self.inserts if rows.ts <= ts]
        gone += [deletes.row_ids for deletes in self.deletes if deletes.ts <= ts]
        self.inserts = [rows for rows in self.inserts if rows.ts > ts]
        self.deletes = [deletes for deletes in self.deletes if deletes.ts > ts]
        return sum(item.nbytes for item in gone)


class State:
    """`last_ts` is the clock: no later commit gets it or anything below. `visible_ts` is the newest
    commit that readers may see. `tables_of_storage` remembers, for each storage, every table body that
    ever used it (newest last): the schema of its rows at any time. `ref_lists` are the objects with
    lists of refs that WAL after the watermark names, with the ts of the commit that does; `ref_files` those
    that the manifest names, and `ref_changes` what has changed since they were written."""

    def __init__(
        self,
        *,
        entries: Iterable[Entry] = (),
        refs: Iterable[Ref] = (),
        ref_files: tuple[RefFile, ...] = (),
        ref_changes: RefChanges | None = None,
        next_id: int,
        next_row_id: int,
        last_ts: Timestamp,
        watermark: Timestamp,
        horizon: Timestamp,
        claims: Iterable[int] = (),
        fences: Iterable[int] = (),
    ) -> None:
        entries = tuple(entries)
        self.history = History(entries)
        self.storages: dict[StorageId, Storage] = {}
        self.tables_of_storage: dict[StorageId, list[Table]] = {}
        self.next_id = next_id
        self.next_row_id = next_row_id
        self.last_ts = last_ts
        self.visible_ts = last_ts
        self.watermark = watermark
        self.horizon = horizon
        self.ref_lists: dict[str, Timestamp] = {}
        self.claims = list(claims)
        self.fences = list(fences)
        self.tail_bytes = 0
        for entry in sorted(entries, key=lambda entry: entry.created_ts):
            if isinstance(entry.body, Table):
                self._note_table(entry.body)
        for ref in refs:
            self.storage(ref.storage).refs[ref.key] = ref
        self.ref_files = ref_files
        self.ref_changes: RefChanges = dict(ref_changes or {})

    def storage(self, storage_id: StorageId) -> Storage:
        found = self.storages.get(storage_id)
        if found is None:
            found = self.storages[storage_id] = Storage(storage_id)
        return found

    def learn(self, transaction: Transaction) -> None:
        """Get to know the tables as a transaction defines them: whoever applies its rows needs to know
        their columns, before it is visible."""
        for edit in transaction.edits:
            if isinstance(edit, Put) and isinstance(edit.body, Table):
                self._note_table(edit.body)

    def _note_table(self, table: Table) -> None:
        self.storage(table.storage)
        known = self.tables_of_storage.setdefault(table.storage, [])
        if not known or known[-1] != table:
            known.append(table)

    def columns_of_storage(self, storage_id: StorageId) -> dict[CatalogId, Column]:
        """By id, every column the storage ever had."""
        return {
            column.id: column
            for table in self.tables_of_storage.get(storage_id, ())
            for column in table.columns
        }

    def apply(self, transaction: Transaction) -> None:
        """Make one durable transaction part of the state; they come in order of their timestamps."""
        ts = transaction.ts
        assert ts > self.visible_ts, "commits are applied in order"
        self.history.apply(transaction.edits, ts, transaction.joined)
        self.learn(transaction)
        for inserted in transaction.inserts:
            self.storage(inserted.storage).inserts.append(TailRows(ts, inserted.rows))
            self.tail_bytes += inserted.rows.nbytes
        for deleted in transaction.deletes:
            self.storage(deleted.storage).deletes.append(TailDeletes(ts, deleted.row_ids))
            self.tail_bytes += deleted.row_ids.nbytes
        for ref in transaction.refs:
            self._set_ref(ref.resolved(ts))
        if transaction.horizon is not None:
            self.horizon = max(self.horizon, transaction.horizon)
        if transaction.refs_key is not None:
            self.ref_lists[transaction.refs_key] = ts
        self.next_id = max(self.next_id, transaction.next_id)
        self.next_row_id = max(self.next_row_id, transaction.next_row_id)
        self.last_ts = max(self.last_ts, ts)
        self.visible_ts = ts

    def refs(self) -> Iterator[Ref]:
        return itertools.chain.from_iterable(storage.refs.values() for storage in self.storages.values())

    def flushed(self, refs: Iterable[Ref], watermark: Timestamp) -> None:
        """The tail up to `watermark` is in the objects of `refs`."""
        self.set_refs(refs)
        for storage in self.storages.values():
            self.tail_bytes -= storage.forget_tail_until(watermark)
        self.watermark = watermark
        self.ref_lists = {key: ts for key, ts in self.ref_lists.items() if ts > watermark}

    def set_refs(self, refs: Iterable[Ref]) -> None:
        """Refs that are new, or have another interval now."""
        for ref in refs:
            self._set_ref(ref)

    def _set_ref(self, ref: Ref) -> None:
        self.storage(ref.storage).refs[ref.key] = ref
        self.ref_changes[ref.storage, ref.key] = ref

    def published(self, ref_files: tuple[RefFile, ...], written: RefChanges) -> None:
        """The changes `written` are in `ref_files` now, those that nothing has changed again."""
        self.ref_files = ref_files
        self.ref_changes = {
            name: ref
            for name, ref in self.ref_changes.items()
            if name not in written or written[name] is not ref
        }

    def forget(self, refs: Iterable[Ref], entries: Iterable[Entry]) -> None:
        """Refs and entries that nothing needs; storages that nothing is left of go with them."""
        self.history.forget(entries)
        for ref in refs:
            self.storages[ref.storage].refs.pop(ref.key, None)
            self.ref_changes[ref.storage, ref.key] = None
        used = {entry.body.storage for entry in self.history.entries() if isinstance(entry.body, Table)}
        for id, storage in list(self.storages.items()):
            if id not in used and not storage.refs and not storage.inserts and not storage.deletes:
                del self.storages[id]
                self.tables_of_storage.pop(id, None)
