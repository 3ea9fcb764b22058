"""Writing and reading data and tombstone objects.

DuckDB writes the Parquet (zstd, field ids = column ids, the users' column names), into the tenant's
cache folder, the one place it can reach; from there the bytes go to the store and stay as the cached
copy. A data object has `_row_id` and `_commit_ts` behind the users' columns, except a bulk object,
whose rows share one commit ts (in the ref) and have row ids by position. A tombstone object has
`_row_id` and `_commit_ts` only.

Intervals are text in the file, and read back as intervals, since Parquet's own cannot be negative. Two
columns whose names differ only by case are told apart by their id in the file, since many Parquet
readers are blind to case. Nothing reads by name here: field ids are the contract.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from engine.cache import ObjectCache, content_hash
from engine.catalog import Column, Table
from engine.clock import Clock
from engine.duck import Cursor
from engine.ids import CatalogId, Ids, RowId, StorageId, Timestamp
from engine.key_ranges import bounds, has_range, ranges_of
from engine.paths import TenantPaths
from engine.puts import put_object
from engine.refs import OWN_COMMIT, Ref
from engine.stores.base import Store

ROW_ID_FIELD = 2_000_000_000
COMMIT_TS_FIELD = 2_000_000_001
BULK_OBJECT_ROWS_MAX = 1_000_000
ROW_GROUP_ROWS = 122_880
ABOUT_ROWS = ("count(*)", "min(_commit_ts)", "max(_commit_ts)", "min(_row_id)", "max(_row_id)")


@dataclass(frozen=True, slots=True)
class Layout:
    """The schema of one data object: column ids, the names they get in the file, their DuckDB types, the
    columns it is sorted by, and those whose ranges the ref tells."""

    columns: tuple[CatalogId, ...]
    names: tuple[str, ...]
    types: tuple[str, ...]
    sorted_by: tuple[CatalogId, ...]
    ranged: tuple[CatalogId, ...]

    def select_list(self) -> str:
        """The columns under the names they get in the file."""
        return ", ".join(
            f"CAST(CAST(c{id} AS {type}) AS {file_type(type)}) AS {quote(name)}"
            for id, name, type in zip(self.columns, self.names, self.types, strict=True)
        )

    def field_ids(self) -> dict[str, int]:
        return dict(zip(self.names, self.columns, strict=True))

    @staticmethod
    def of(columns: Sequence[Column], table: Table | None) -> Layout:
        taken: set[str] = set()
        names = []
        for column in columns:
            name = column.name if column.name.lower() not in taken else f"{column.name}_{column.id}"
            taken.add(name.lower())
            names.append(name)
        ids = tuple(column.id for column in columns)
        key = table.primary_key if table is not None else None
        in_keys = {id for key in table.keys for id in key.columns} if table is not None else set()
        return Layout(
            ids,
            tuple(names),
            tuple(column.storage_type for column in columns),
            tuple(id for id in key.columns if id in ids) if key is not None else (),
            tuple(column.id for column in columns if column.id in in_keys and has_range(column.storage_type)),
        )

    @property
    def ranged_types(self) -> dict[CatalogId, str]:
        types = dict(zip(self.columns, self.types, strict=True))
        return {id: types[id] for id in self.ranged}


def quote(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def file_type(type: str) -> str:
    """What a DuckDB type is in a file: Parquet's interval has no negative values, so it is text there."""
    return type.replace("INTERVAL", "VARCHAR")


class ObjectWriter:
    """Makes objects of one tenant: relation in DuckDB -> Parquet -> store, cache and ref."""

    def __init__(
        self,
        store: Store,
        cache: ObjectCache,
        paths: TenantPaths,
        *,
        clock: Clock,
        ids: Ids,
        epoch: int,
    ) -> None:
        self._store = store
        self._clock = clock
        self._cache = cache
        self._paths = paths
        self._ids = ids
        self._epoch = epoch
        self.in_flight: set[str] = set()
        """Keys of bulk objects whose transaction has neither committed nor given up. What is not written to
        its end is none of them."""

    async def data(self, cursor: Cursor, storage: StorageId, layout: Layout, relation: str) -> Ref | None:
        """Rows of `relation` (columns ``c<id>``, `_row_id`, `_commit_ts`) as one data object, sorted by
        the key; None when it has no rows."""
        selected = ", ".join(filter(None, [layout.select_list(), "_row_id, _commit_ts"]))
        order = ", ".join([*(f"c{id}" for id in layout.sorted_by), "_row_id"])
        query = f"SELECT {selected} FROM {relation} ORDER BY {order}"
        return await self._write(cursor, storage, layout, query, relation)

    async def tombstones(self, cursor: Cursor, storage: StorageId, relation: str) -> Ref | None:
        """Deletes of `relation` (`_row_id`, `_commit_ts`) as one tombstone object; None without rows."""
        query = f"SELECT _row_id, _commit_ts FROM {relation} ORDER BY _row_id"
        return await self._write(cursor, storage, None, query, relation)

    async def _write(
        self,
        cursor: Cursor,
        storage: StorageId,
        layout: Layout | None,
        query: str,
        relation: str,
    ) -> Ref | None:
        """`layout` None: tombstones."""
        ranged = layout.ranged_types if layout is not None else {}
        about = ", ".join([*ABOUT_ROWS, *bounds(ranged)])
        found = await cursor.table(f"SELECT {about} FROM {relation}")
        rows, min_ts, max_ts, min_row, max_row = (column[0].as_py() for column in found.columns[:5])
        if rows == 0:
            return None
        fields = {"_row_id": ROW_ID_FIELD, "_commit_ts": COMMIT_TS_FIELD}
        if layout is not None:
            fields.update(layout.field_ids())
        key, hash, size = await self._export(cursor, query, fields)
        return Ref(
            kind="data" if layout is not None else "tombstone",
            storage=storage,
            key=key,
            hash=hash,
            rows=rows,
            bytes=size,
            min_ts=Timestamp(min_ts),
            max_ts=Timestamp(max_ts),
            min_row_id=RowId(min_row),
            max_row_id=RowId(max_row),
            columns=layout.columns if layout is not None else (),
            added_ts=Timestamp(min_ts),
            ranges=ranges_of(found, ranged),
        )

    def new_object_id(self) -> str:
        """Random, never reused; it begins with the writer's epoch."""
        return f"{self._epoch:08x}-{self._ids.token()}"

    async def bulk(
        self, cursor: Cursor, storage: StorageId, layout: Layout, rows: pa.Table
    ) -> tuple[Ref, ...]:
        """Rows (columns ``c<id>`` and consecutive `_row_id`) of one commit yet to come, as bulk
        objects of at most `BULK_OBJECT_ROWS_MAX` rows. Row ids must ascend by one."""
        base = rows.column("_row_id")[0].as_py()
        refs: list[Ref] = []
        try:
            for offset in range(0, rows.num_rows, BULK_OBJECT_ROWS_MAX):
                part = rows.slice(offset, BULK_OBJECT_ROWS_MAX)
                refs.append(await self._bulk_part(cursor, storage, layout, part, RowId(base + offset)))
        except BaseException:
            self.in_flight.difference_update(ref.key for ref in refs)
            raise
        return tuple(refs)

    async def _bulk_part(
        self, cursor: Cursor, storage: StorageId, layout: Layout, part: pa.Table, first: RowId
    ) -> Ref:
        name = f"bulk_{self._ids.token(64)}"
        await cursor.register(name, part)
        ranged = layout.ranged_types
        found = await cursor.table(f"SELECT {', '.join(bounds(ranged) or ['NULL'])} FROM {name}")
        query = f"SELECT {layout.select_list()} FROM {name}"
        key, hash, size = await self._export(cursor, query, layout.field_ids(), in_flight=True)
        return Ref(
            kind="data",
            storage=storage,
            key=key,
            hash=hash,
            rows=part.num_rows,
            bytes=size,
            min_ts=OWN_COMMIT,
            max_ts=OWN_COMMIT,
            min_row_id=first,
            max_row_id=RowId(first + part.num_rows - 1),
            columns=layout.columns,
            bulk_base=first,
            ranges=ranges_of(found, ranged),
        )

    async def _export(
        self, cursor: Cursor, query: str, fields: Mapping[str, int], *, in_flight: bool = False
    ) -> tuple[str, str, int]:
        """Write `query` as Parquet, put it, keep it cached; (key, hash, bytes)."""
        key = self._paths.object(self.new_object_id())
        path = self._cache.new_file(self._paths.root)
        field_ids = ", ".join(f"{quote(name)}: {id}" for name, id in fields.items())
        await cursor.execute(
            f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd, "
            f"ROW_GROUP_SIZE {ROW_GROUP_ROWS}, FIELD_IDS {{{field_ids}}})"
        )
        data = await asyncio.to_thread(_take, path)
        hash = await asyncio.to_thread(content_hash, data)
        if in_flight:
            self.in_flight.add(key)
        try:
            await put_object(self._store, self._clock, key, data)
            await self._cache.put(key, data, hash)
        except BaseException:
            self.in_flight.discard(key)
            raise
        return key, hash, len(data)


def _take(path: Path) -> bytes:
    data = path.read_bytes()
    path.unlink()
    return data
