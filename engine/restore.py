"""Restore: one transaction in the tenant's own log.

Physical. The workspace gets: a new tenant id; the catalog as of the moment m, same ids, each table with
a new storage; into each storage every ref visible at m; and the end of everything open now that is not
in the catalog as of m. Refs that straddle m are rewritten first (rows and deletes up to m, sorted by
primary key); all others are shared, their bytes neither read nor written. Logical: the same catalog
edits, but the rows as of m are read and go through the normal write path, keys checked (a table without
columns has nothing to read: its rows are shared).

What the commit changes is computed when it is its turn, alone, after everything queued before it is
applied (`engine.commit`, exclusive): from then on there is nothing it could miss. Until that put,
nobody is disturbed and a crash leaves only garbage objects; after it, recovery finds the new state.

Sequences come back where they stood at m. Lasting kinds (snapshots, passwords, settings) stay as they
are now; but a role that comes back is the old role, with the password it has now, if it has one.

The caller holds the tenant's maintenance lock from before the flush until the commit is applied, so
that no flush moves rows between tail and objects while refs are being gathered.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Iterable
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from engine.aside import aside
from engine.catalog import (
    Body,
    Catalog,
    Drop,
    Edit,
    Put,
    Restoration,
    Table,
    World,
)
from engine.duck import Cursor, Duck
from engine.errors import KeyViolated, NotNullViolated, Refused
from engine.extent import WHOLE_TENANT, Extent
from engine.ids import CatalogId, RowId, StorageId, Timestamp
from engine.objects import BULK_OBJECT_ROWS_MAX, Layout, ObjectWriter
from engine.outcome import Present, RestoredTable, names
from engine.places import check_places
from engine.progress import Progress
from engine.refs import OWN_COMMIT, Ref
from engine.scan import Scan
from engine.state import State, Storage
from engine.together import together

Method = Literal["physical", "logical"]
REWRITES_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """`commit_ts` is the moment of the restore itself: reading just before it shows what was there."""

    moment: Timestamp
    commit_ts: Timestamp
    tables: tuple[RestoredTable, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """All that the commit needs: new storages by table id, their refs, and the answer's numbers. What is
    done to the tables is not known before the commit: `lines` tells."""

    progress: Progress
    catalog: Catalog
    extent: Extent
    bodies: dict[tuple[str, CatalogId], Body]
    storages: dict[CatalogId, StorageId]
    refs: tuple[Ref, ...]
    tables: tuple[RestoredTable, ...]

    @property
    def heirs(self) -> dict[StorageId, tuple[StorageId, Timestamp]]:
        """Of each new storage with the very rows of an old one, that one and the moment."""
        if self.progress.method == "logical":
            return {}
        tables = [body for body in self.bodies.values() if isinstance(body, Table)]
        return {self.storages[table.id]: (table.storage, self.moment) for table in tables}

    @property
    def moment(self) -> Timestamp:
        return self.progress.moment

    def lines(self, now: Present) -> tuple[RestoredTable, ...]:
        """The whole answer, against what is there when it commits."""
        then = [body for body in self.bodies.values() if isinstance(body, Table)]
        kept = [
            dataclasses.replace(line, action=now.action(table, self.moment))
            for table, line in zip(then, self.tables, strict=True)
        ]
        ended = [
            RestoredTable(*names(now.catalog, table), "dropped", 0, 0, 0, 0)
            for table in self.extent.covered(now.catalog).values()
            if isinstance(table, Table) and table.id not in self.storages
        ]
        return (*kept, *ended)

    def record(self, id: CatalogId, lines: SequenceOf[RestoredTable]) -> Restoration:
        """What the catalog keeps of it; `lines` are the whole answer."""
        return Restoration(
            id=id,
            level=self.extent.level,
            objects=self.extent.objects,
            moment=self.moment,
            commit_ts=OWN_COMMIT,
            method=self.progress.method,
            role=self.progress.role,
            names=self.progress.names,
            tables=len(lines),
            objects_shared=sum(line.objects_shared for line in lines),
            objects_rewritten=sum(line.objects_rewritten for line in lines),
            rows=sum(line.rows for line in lines),
            bytes_rewritten=sum(line.bytes_rewritten for line in lines),
            undoes=self.progress.undoes,
        )


class Restorer:
    """Prepares a restore of the tables of an extent to the moment of `progress`, which it keeps current."""

    def __init__(
        self,
        state: State,
        duck: Duck,
        objects: ObjectWriter,
        progress: Progress,
        new_scan: Callable[[Cursor], Scan],
        extent: Extent = WHOLE_TENANT,
    ) -> None:
        self.extent = extent
        self._state = state
        self._duck = duck
        self._objects = objects
        self._progress = progress
        self._moment = progress.moment
        self._new_scan = new_scan
        self.catalog = state.history.at(self._moment)
        self.bodies = extent.covered(self.catalog)
        self.tables = [body for body in self.bodies.values() if isinstance(body, Table)]
        progress.tables = len(self.tables)

    async def physical(self, storages: dict[CatalogId, StorageId]) -> Prepared:
        """`storages`: the new storage of each table."""
        slots = asyncio.Semaphore(REWRITES_AT_ONCE)

        async def one(table: Table) -> tuple[list[Ref], RestoredTable]:
            return await self._share(table, storages[table.id], slots)

        done = await together(one(table) for table in self.tables)
        return self._prepared(storages, done)

    async def _share(
        self, table: Table, storage: StorageId, slots: asyncio.Semaphore
    ) -> tuple[list[Ref], RestoredTable]:
        """The refs of the new storage: the old ones, straddlers rewritten."""
        there = tuple(self._state.storage(table.storage).refs.values())
        shared, straddlers = await aside(len(there), lambda: _divided(there, self._moment))
        rewritten: list[Ref] = []
        for ref in straddlers:
            async with slots:
                made = await self._rewrite(table, ref)
            if made is not None:
                rewritten.append(made)
                self._progress.wrote(1, made.rows, made.bytes)
        refs = [*shared, *rewritten]
        rows = sum(ref.rows if ref.kind == "data" else -ref.rows for ref in refs)
        installed = await aside(len(refs), lambda: [ref.installed_in(storage) for ref in refs])
        return installed, self._line(
            table, len(shared), len(straddlers), rows, sum(ref.bytes for ref in rewritten)
        )

    async def _rewrite(self, table: Table, ref: Ref) -> Ref | None:
        """The part of a straddler that is at or before the moment, as an object of its own."""
        cursor = self._duck.cursor()
        scan = self._new_scan(cursor)
        try:
            before = f"WHERE _commit_ts <= {self._moment}"
            alone = Storage(table.storage, {ref.key: ref})
            known = self._state.columns_of_storage(table.storage)
            columns = [known[id] for id in ref.columns if id in known]
            data, tombstones = await scan.sources(alone, columns, self._moment)
            if ref.kind == "tombstone":
                relation = f"(SELECT * FROM {tombstones[0]} {before})"
                return await self._objects.tombstones(cursor, table.storage, relation)
            layout = Layout.of(columns, table)
            relation = f"(SELECT * FROM {data[0]} {before})"
            return await self._objects.data(cursor, table.storage, layout, relation)
        finally:
            await scan.close()
            await self._duck.release(cursor)

    async def logical(
        self, storages: dict[CatalogId, StorageId], new_row_ids: Callable[[int], RowId]
    ) -> Prepared:
        """Rows as of the moment, read and written anew, keys and nulls checked."""
        done: list[tuple[list[Ref], RestoredTable]] = []
        try:
            for table in self.tables:
                done.append(await self._import(table, storages[table.id], new_row_ids))
        except BaseException:
            self._objects.in_flight.difference_update(ref.key for refs, _ in done for ref in refs)
            raise
        return self._prepared(storages, done)

    async def _import(
        self, table: Table, storage: StorageId, new_row_ids: Callable[[int], RowId]
    ) -> tuple[list[Ref], RestoredTable]:
        if not table.columns:
            return await self._share(table, storage, asyncio.Semaphore(1))
        reading, writing = self._duck.cursor(), self._duck.cursor()
        scan = self._new_scan(reading)
        refs: list[Ref] = []
        rows = 0
        try:
            relation = await scan.relation(table, self._moment)
            await _check_constraints(reading, table, relation)
            layout = Layout.of(table.columns, table)
            async for dumped in _dump(reading, table, relation):
                first = new_row_ids(dumped.num_rows)
                ids = np.arange(first, first + dumped.num_rows, dtype=np.int64)
                numbered = dumped.append_column("_row_id", pa.array(ids))
                made = await self._objects.bulk(writing, storage, layout, numbered)
                refs += made
                rows += dumped.num_rows
                self._progress.wrote(len(made), dumped.num_rows, sum(ref.bytes for ref in made))
        except BaseException:
            self._objects.in_flight.difference_update(ref.key for ref in refs)
            raise
        finally:
            await scan.close()
            await self._duck.release(reading)
            await self._duck.release(writing)
        return refs, self._line(table, 0, len(refs), rows, sum(ref.bytes for ref in refs))

    def _line(self, table: Table, shared: int, rewritten: int, rows: int, nbytes: int) -> RestoredTable:
        self._progress.tables_done += 1
        return RestoredTable(*names(self.catalog, table), "restored", shared, rewritten, rows, nbytes)

    def _prepared(
        self,
        storages: dict[CatalogId, StorageId],
        done: SequenceOf[tuple[list[Ref], RestoredTable]],
    ) -> Prepared:
        return Prepared(
            self._progress,
            self.catalog,
            self.extent,
            self.bodies,
            storages,
            tuple(ref for refs, _ in done for ref in refs),
            tuple(line for _, line in done),
        )


def _divided(refs: Iterable[Ref], moment: Timestamp) -> tuple[list[Ref], list[Ref]]:
    """Of the refs visible at `moment`, those that are shared as they are, and the straddlers."""
    visible = [ref for ref in refs if ref.visible_at(moment) and ref.min_ts <= moment]
    straddlers = [ref for ref in visible if ref.straddles(moment)]
    return [ref for ref in visible if not ref.straddles(moment)], straddlers


def edits(current: Catalog, prepared: Prepared, new_world: CatalogId | None) -> tuple[Edit, ...]:
    """What turns the extent's part of `current` into what it was, under a new tenant id if one is given.
    Raises `NameTaken` when something else has its name now, or its schema or database is gone."""
    kept = prepared.bodies
    made: list[Edit] = [
        Drop(body.kind, body.id)
        for body in prepared.extent.covered(current).values()
        if (body.kind, body.id) not in kept
    ]
    if new_world is not None:
        made += [Drop(World.kind, body.id) for body in current if isinstance(body, World)]
        made.append(Put(World(new_world)))
    for body in kept.values():
        if isinstance(body, Table):
            made.append(Put(dataclasses.replace(body, storage=prepared.storages[body.id])))
        elif current.get(body.kind, body.id) != body:
            made.append(Put(body))
    check_places(current.edited(made), prepared.extent, prepared.catalog, kept.values())
    return tuple(made)


async def _dump(cursor: Cursor, table: Table, relation: str) -> AsyncIterator[pa.Table]:
    """The rows in order of the primary key, in pieces of bounded size."""
    key = table.primary_key
    order = f" ORDER BY {', '.join(f'c{id}' for id in key.columns)}" if key is not None else ""
    columns = ", ".join(f"c{column.id}" for column in table.columns)
    stream = await cursor.stream(f"SELECT {columns} FROM {relation} AS dump{order}")
    batches: list[pa.RecordBatch] = []
    async for batch in stream:
        batches.append(batch)
        if sum(part.num_rows for part in batches) >= BULK_OBJECT_ROWS_MAX:
            yield pa.Table.from_batches(batches)
            batches = []
    if batches and sum(part.num_rows for part in batches):
        yield pa.Table.from_batches(batches)


async def _check_constraints(cursor: Cursor, table: Table, relation: str) -> None:
    """Keys and nulls, as an import through INSERT would check them."""
    for column in table.columns:
        if column.not_null and await cursor.rows(
            f"SELECT 1 FROM {relation} AS dump WHERE c{column.id} IS NULL LIMIT 1"
        ):
            raise NotNullViolated(
                f'null value in column "{column.name}" of relation "{table.name}" '
                "violates not-null constraint",
                refused=Refused(table, column),
            )
    for key in table.keys:
        columns = ", ".join(f"c{id}" for id in key.columns)
        present = " AND ".join(f"c{id} IS NOT NULL" for id in key.columns)
        if await cursor.rows(
            f"SELECT 1 FROM {relation} AS dump WHERE {present} GROUP BY {columns} HAVING count(*) > 1 LIMIT 1"
        ):
            raise KeyViolated(
                f'duplicate key value violates unique constraint "{key.name}"',
                refused=Refused(table, key=key),
            )
