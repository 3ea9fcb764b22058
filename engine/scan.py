"""Scans: a storage's rows at a timestamp, as a DuckDB table expression.

The one rule of time, written as SQL, twice: over a hot table when one serves the moment, over objects
and tail otherwise (the *cold path*). Both give the columns ``c<id>`` that were asked for and `_row_id`.

A `Scan` holds what its text refers to (pins on hot tables, cached object files, registered Arrow
tables) until it is closed: the statement that reads is the only one who knows when that is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pyarrow as pa

from engine.cache import ObjectCache, Wanted
from engine.catalog import Column, Table
from engine.duck import Cursor
from engine.errors import EngineError, ObjectCorrupted, ObjectMissing, StoreUnavailable
from engine.hot import HotTables
from engine.hot_lines import Line
from engine.hot_rows import constant, insert_from
from engine.hot_table import HotTable
from engine.ids import StorageId, Timestamp
from engine.objects import COMMIT_TS_FIELD, ROW_ID_FIELD, literal
from engine.refs import Ref
from engine.state import State, Storage


class Scan:
    """What one reader reads. Not for use by two tasks at once."""

    def __init__(
        self, state: State, hot: HotTables, cache: ObjectCache, cursor: Cursor, reading: Counter[str]
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
        self._names = 0

    async def relation(self, table: Table, ts: Timestamp) -> str:
        """The rows of `table` (as the catalog had it at `ts`) at `ts`."""
        storage = self._state.storages.get(table.storage) or Storage(table.storage)
        try:
            hot = await self._pin(table, storage, ts)
        except (ObjectCorrupted, StoreUnavailable):
            # A hot table needs every object of the present; this read may need none of the bad ones.
            hot = None
        if hot is None:
            return await self.cold(storage, table.columns, ts)
        values = {
            f"c{column.id}": f"c{column.id}" if column.id in hot.columns else missing(column)
            for column in table.columns
        }
        return hot.relation(values, storage.id, ts)

    async def _pin(self, table: Table, storage: Storage, ts: Timestamp) -> HotTable | None:
        """The hot table to read `storage` from, ready and pinned."""
        while True:
            hot = self._hot.serving(storage.id, ts)
            if hot is None and table.storage == self._live_storage(table) and not self._hot.holds(storage.id):
                self._hot.load(storage, self._state.visible_ts)
                hot = self._hot.serving(storage.id, ts)
            if hot is None:
                return None
            pin = (hot, hot.lines[storage.id], ts)
            hot.pin(*pin[1:])
            self._pinned.append(pin)
            await hot.ready
            if self._hot.serving(storage.id, ts) is hot:
                return hot
            # While it was loading, the storage has moved to a table of its own.

    def _live_storage(self, table: Table) -> int | None:
        live = self._state.history.current.tables.get(table.id)
        return live.storage if live is not None else None

    async def cold(self, storage: Storage, columns: Sequence[Column], ts: Timestamp) -> str:
        """The same rows from objects and tail."""
        parts, dead = await self.sources(storage, columns, ts)
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
        self, storage: Storage, columns: Sequence[Column], ts: Timestamp
    ) -> tuple[list[str], list[str]]:
        """Relations of rows (``c<id>``, `_row_id`, `_commit_ts`) and of deletes visible at `ts`, not yet
        filtered by commit ts."""
        refs = storage.refs_at(ts)
        inserts, deletes = storage.tail_until(ts)
        paths = await self._hold(storage.id, refs)
        parts = self.data_objects(refs, paths, columns)
        dead = self.tombstone_objects(refs, paths)
        for rows in inserts:
            parts.append(await self._tail_rows(rows.rows, columns, rows.ts))
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

    async def _tail_rows(self, rows: pa.Table, columns: Sequence[Column], ts: Timestamp) -> str:
        name = await self.register(rows)
        items = [*column_values(columns, rows.column_names), "_row_id"]
        return f"(SELECT {', '.join(items)}, {ts}::BIGINT AS _commit_ts FROM {name})"

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
