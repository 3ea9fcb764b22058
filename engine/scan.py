"""Scans: a storage's rows at a timestamp, as a DuckDB table expression.

The one rule of time, written as SQL, twice: over a hot table when one serves the moment, over objects
and tail otherwise (the *cold path*). Both give the columns ``c<id>`` that were asked for and `_row_id`.

A `Scan` holds what its text refers to (pins on hot tables, cached object files, registered Arrow
tables) until it is closed: the statement that reads is the only one who knows when that is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pyarrow as pa

from engine.cache import ObjectCache, Wanted
from engine.catalog import Column, Table
from engine.duck import Cursor
from engine.errors import EngineError, ObjectCorrupted, ObjectMissing, StoreUnavailable
from engine.hot_lines import Line
from engine.hot_rows import by_columns, constant, insert_from, stamped
from engine.hot_table import HotTable
from engine.ids import StorageId, Timestamp
from engine.key_ranges import KeyValues
from engine.objects import COMMIT_TS_FIELD, ROW_ID_FIELD, literal
from engine.refs import Ref
from engine.state import State, Storage
from engine.tenant_hot import TenantHot

QUICK_ROWS_MAX = 1_500_000
"""So many rows of objects, sorted by the key, are looked through for a value while their table loads."""
QUICK_COMMITS_MAX = 32


class Scan:
    """What one reader reads. Not for use by two tasks at once."""

    def __init__(
        self, state: State, hot: TenantHot, cache: ObjectCache, cursor: Cursor, reading: Counter[str]
    ) -> None:
        """`reading` counts the readers of each object: none that is read may be deleted."""
        self._state = state
        self._hot = hot
        self._cache = cache
        self._cursor = cursor
        self._reading = reading
        self._read: list[str] = []
        self._held = AsyncExitStack()
        self._pinned: list[tuple[HotTable, Line, Timestamp]] = []
        self._afterwards: Callable[[], object] = _nothing
        self._names = 0

    async def relation(
        self,
        table: Table,
        ts: Timestamp,
        among: KeyValues | None = None,
        write: Callable[[Timestamp], str] = str,
    ) -> str:
        """The rows of `table` (as the catalog had it at `ts`) at `ts`. With `among`, and with the columns
        of a key alone, those that may have these values are enough. `write` is how the moment at which a
        hot table is read gets into the text."""
        storage = self._state.storages.get(table.storage) or Storage(table.storage)
        try:
            hot = await self._pin(table, storage, ts, among)
        except (ObjectCorrupted, StoreUnavailable):
            # A hot table needs every object of the present; this read may need none of the bad ones.
            hot = None
        if hot is None:
            return await self.cold(storage, table.columns, ts, among)
        values = {
            f"c{column.id}": f"c{column.id}" if column.id in hot.columns else missing(column)
            for column in table.columns
        }
        return hot.relation(values, storage.id, ts, write)

    async def _pin(
        self, table: Table, storage: Storage, ts: Timestamp, among: KeyValues | None
    ) -> HotTable | None:
        """The hot table to read `storage` from, ready and pinned. None when there is none, or when it is
        quicker to look into objects than to wait for it: a first key check does, and what it would have
        needed is loaded when it is over."""
        while True:
            hot = self._present(table, ts, among)
            if hot is None and table.storage == self._live_storage(table):
                if among is not None:
                    if not self._quick(storage, ts, among, 0):
                        self._afterwards = lambda: self._begin(table, storage, ts, among)
                    return None
                hot = self._begin(table, storage, ts, among)
            if hot is None:
                return None
            if among is not None and not hot.ready.done() and self._quick(storage, ts, among, QUICK_ROWS_MAX):
                return None
            pin = (hot, hot.lines[storage.id], ts)
            hot.pin(*pin[1:])
            self._pinned.append(pin)
            await hot.ready
            if self._present(table, ts, among) is hot:
                return hot
            # While it was loading, the storage has moved to a table of its own.

    def _present(self, table: Table, ts: Timestamp, among: KeyValues | None) -> HotTable | None:
        """A hot table that serves the read; one that is loading only if none is ready."""
        tables = [self._hot.whole.serving(table.storage, ts)]
        if among is not None:
            keys = self._hot.keys.serving(table.storage, ts)
            if keys is not None and {column.id for column in table.columns} <= keys.columns.keys():
                tables.append(keys)
        found = [hot for hot in tables if hot is not None]
        return next((hot for hot in found if hot.ready.done()), found[0] if found else None)

    def _begin(
        self, table: Table, storage: Storage, ts: Timestamp, among: KeyValues | None
    ) -> HotTable | None:
        """Begin to load the table, or its keys if these are enough and all that there is room for."""
        for tables in (self._hot.whole, self._hot.keys) if among is not None else (self._hot.whole,):
            outgrown = tables is self._hot.keys and tables.holds(storage.id)  # by a key that is newer
            if tables.let_go(storage.id) if outgrown else not tables.holds(storage.id):
                tables.load(storage, self._state.visible_ts)
                if (hot := self._present(table, ts, among)) is not None:
                    return hot
        return None

    def _quick(self, storage: Storage, ts: Timestamp, among: KeyValues, rows_max: int) -> bool:
        """Whether few rows have to be looked through in objects and tail."""
        commits = len(storage.inserts) + len(storage.deletes)
        rows = sum(ref.rows for ref in candidates(storage.refs_at(ts), among) if ref.kind == "data")
        return rows <= rows_max and commits <= QUICK_COMMITS_MAX

    def _live_storage(self, table: Table) -> int | None:
        live = self._state.history.current.tables.get(table.id)
        return live.storage if live is not None else None

    async def cold(
        self, storage: Storage, columns: Sequence[Column], ts: Timestamp, among: KeyValues | None = None
    ) -> str:
        """The same rows from objects and tail."""
        parts, dead = await self.sources(storage, columns, ts, among)
        items = "".join(f"c{column.id}, " for column in columns)
        if not parts:
            empty = "".join(f"CAST(NULL AS {column.storage_type}) AS c{column.id}, " for column in columns)
            return f"(SELECT {empty}CAST(NULL AS BIGINT) AS _row_id WHERE false)"
        rows = " UNION ALL ".join(
            f"SELECT {items}_row_id FROM {part} WHERE _commit_ts <= {ts}" for part in parts
        )
        if not dead:
            return f"({rows})"
        deletes = " UNION ALL ".join(f"SELECT _row_id FROM {part} WHERE _commit_ts <= {ts}" for part in dead)
        return f"(SELECT {items}_row_id FROM ({rows}) AS alive ANTI JOIN ({deletes}) AS dead USING (_row_id))"

    async def sources(
        self, storage: Storage, columns: Sequence[Column], ts: Timestamp, among: KeyValues | None = None
    ) -> tuple[list[str], list[str]]:
        """Relations of rows (``c<id>``, `_row_id`, `_commit_ts`) and of deletes visible at `ts`, not yet
        filtered by commit ts."""
        refs = candidates(storage.refs_at(ts), among)
        inserts, deletes = storage.tail_until(ts)
        paths = await self._hold(storage.id, refs)
        parts = self.data_objects(refs, paths, columns)
        dead = self.tombstone_objects(refs, paths)
        for commits in by_columns(inserts):
            parts.append(await self._tail_rows(stamped(commits), columns))
        if deletes:
            dead.append(await self.register(_stamped_deletes((item.row_ids, item.ts) for item in deletes)))
        return parts, dead

    async def _hold(self, storage: StorageId, refs: Iterable[Ref]) -> dict[str, Path]:
        """Cached files of `refs` of a storage, by key, held until the scan is closed."""
        wanted = [Wanted(ref.key, ref.hash, ref.bytes) for ref in refs]
        keys = [item.key for item in wanted]
        self._reading.update(keys)
        self._read += keys
        try:
            paths = await self._held.enter_async_context(self._cache.hold_many(wanted))
        except (ObjectMissing, ObjectCorrupted) as error:
            raise self._damaged(storage, error) from error
        return {item.key: path for item, path in zip(wanted, paths, strict=True)}

    def _damaged(self, storage: StorageId, error: EngineError) -> ObjectCorrupted:
        """The same error with the table's name, which a person looks for first."""
        tables = self._state.tables_of_storage.get(storage)
        name = f'table "{tables[-1].name}"' if tables else f"storage {storage}"
        return ObjectCorrupted(
            f"{name} is damaged: {error.message}",
            detail=error.detail,
            hint="Moments that need other objects are not concerned. rewinddb check finds all damage.",
        )

    def data_objects(
        self, refs: Iterable[Ref], paths: dict[str, Path], columns: Sequence[Column]
    ) -> list[str]:
        """Relations over data objects: one for all flushed ones, one per bulk object."""
        data = [ref for ref in refs if ref.kind == "data"]
        flushed = [str(paths[ref.key]) for ref in data if ref.bulk_base is None]
        found = []
        if flushed:
            found.append(_read_parquet(flushed, columns, hidden=True))
        for ref in data:
            if ref.bulk_base is not None:
                items = "".join(f"c{column.id}, " for column in columns)
                found.append(
                    f"(SELECT {items}{ref.bulk_base} + file_row_number AS _row_id, "
                    f"{ref.min_ts}::BIGINT AS _commit_ts "
                    f"FROM {_read_parquet([str(paths[ref.key])], columns, hidden=False)})"
                )
        return found

    def tombstone_objects(self, refs: Iterable[Ref], paths: dict[str, Path]) -> list[str]:
        files = [literal(str(paths[ref.key])) for ref in refs if ref.kind == "tombstone"]
        return [f"read_parquet([{', '.join(files)}])"] if files else []

    async def _tail_rows(self, rows: pa.Table, columns: Sequence[Column]) -> str:
        name = await self.register(rows)
        items = [*column_values(columns, rows.column_names), "_row_id", "_commit_ts"]
        return f"(SELECT {', '.join(items)} FROM {name})"

    async def register(self, rows: pa.Table) -> str:
        """Make an Arrow table readable by this scan's cursor; its name."""
        self._names += 1
        name = f"arrow_{self._names}"
        await self._cursor.register(name, rows)
        return name

    async def load_into(self, hot: HotTable, storage: Storage, ts: Timestamp) -> None:
        """Every row up to `ts`, dead or alive, with its delete stamp."""
        by_id = self._state.columns_of_storage(storage.id)
        columns = [by_id[id] for id in hot.columns if id in by_id]
        types = {f"c{column.id}": column.storage_type for column in columns}
        parts, dead = await self.sources(storage, columns, ts)
        for part in parts:
            relation = f"(SELECT * FROM {part} WHERE _commit_ts <= {ts})"
            names = [*types, "_row_id", "_commit_ts"]
            await self._cursor.execute(insert_from(hot.name, types, names, relation))
        for part in dead:
            await self._cursor.execute(
                f"UPDATE {hot.name} SET _deleted_ts = dead._commit_ts FROM "
                f"(SELECT * FROM {part} WHERE _commit_ts <= {ts}) AS dead "
                f"WHERE {hot.name}._row_id = dead._row_id"
            )

    async def close(self) -> None:
        for hot, line, ts in self._pinned:
            hot.unpin(line, ts)
        self._pinned.clear()
        self._reading.subtract(self._read)
        self._read.clear()
        await self._held.aclose()
        begin, self._afterwards = self._afterwards, _nothing
        begin()


def _nothing() -> None:
    """To be done afterwards."""


def candidates(refs: Iterable[Ref], among: KeyValues | None) -> list[Ref]:
    """Those of `refs` that may have rows with one of the key values, and what may delete such rows."""
    refs = list(refs)
    if among is None:
        return refs
    data = [ref for ref in refs if ref.kind == "data" and among.may_be_in(ref.ranges)]
    return [*data, *(ref for ref in refs if ref.kind == "tombstone" and ref.may_touch(data))]


def column_values(columns: Sequence[Column], present: Sequence[str]) -> list[str]:
    """Select-list items that give `columns` from Arrow rows which have the columns `present`."""
    return [
        f"CAST(c{column.id} AS {column.storage_type}) AS c{column.id}"
        if f"c{column.id}" in present
        else f"{missing(column)} AS c{column.id}"
        for column in columns
    ]


def missing(column: Column) -> str:
    """The value of `column` in rows written before it was added."""
    return constant(column.missing, column.storage_type)


def _read_parquet(files: Sequence[str], columns: Sequence[Column], *, hidden: bool) -> str:
    """Objects read by field id: names in the files do not matter, absent columns are missing values."""
    fields: dict[int, tuple[str, str, str | None]] = {
        column.id: (f"c{column.id}", column.storage_type, column.missing) for column in columns
    }
    if hidden:
        fields[ROW_ID_FIELD] = ("_row_id", "BIGINT", None)
        fields[COMMIT_TS_FIELD] = ("_commit_ts", "BIGINT", None)
    names = ", ".join(literal(file) for file in files)
    numbered = "" if hidden else ", file_row_number = true"
    if not fields:
        return f"read_parquet([{names}]{numbered})"
    schema = ", ".join(
        f"{id}: {{name: '{name}', type: {literal(type)}, "
        f"default_value: {'NULL' if default is None else literal(default)}}}"
        for id, (name, type, default) in sorted(fields.items())
    )
    return f"read_parquet([{names}], schema = MAP {{{schema}}}{numbered})"


def _stamped_deletes(items: Iterable[tuple[pa.Int64Array, Timestamp]]) -> pa.Table:
    ids, stamps = [], []
    for row_ids, ts in items:
        ids.append(row_ids)
        stamps.append(pa.repeat(pa.scalar(ts, pa.int64()), len(row_ids)))
    return pa.table({"_row_id": pa.chunked_array(ids), "_commit_ts": pa.chunked_array(stamps)})
