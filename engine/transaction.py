"""A transaction: a read timestamp, locks, and a workspace that a commit makes true.

READ COMMITTED takes a fresh read ts for each statement, REPEATABLE READ keeps its first. Its own reads
include its workspace. A write takes locks first and then looks whether what it read still holds:

- rows it deletes or updates are locked one by one (or the table as a whole, above `ROW_LOCKS_MAX`);
  a row that died after the read ts is `StaleRead`: READ COMMITTED runs the statement again;
- key values it inserts are locked, then checked against the newest committed state plus its own
  workspace (`engine.keys`).

Locks are held until the commit is visible, so what was checked stays true. A restore dooms every open
transaction that wrote or that must keep its read ts: its next call raises `TenantRestored`.

Rows above `BULK_BYTES_MIN` leave the WAL: they are written as bulk objects before the commit is queued
and the commit installs their refs. A crash in between leaves garbage objects, nothing else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa

from engine import wal
from engine.catalog import Catalog, Drop, Edit, Key, Position, Put, Table
from engine.commit import Request
from engine.errors import (
    CommitConflict,
    EngineError,
    NotNullViolated,
    Refused,
    StaleRead,
)
from engine.extent import Extent
from engine.ids import CatalogId, StorageId, Timestamp
from engine.keys import KeyChecks
from engine.locks import Owner
from engine.memory import too_large
from engine.numbers import value_after
from engine.objects import Layout
from engine.outcome import Present, RestoredTable, names
from engine.progress import Progress
from engine.reader import Reader
from engine.refs import Ref
from engine.restore import Method, Prepared, edits
from engine.workspace import THREAD_ROWS_MIN, Savepoint, Standing, Workspace, distinct
from engine.zones import in_utc

if TYPE_CHECKING:
    from engine.tenant import Tenant

ROW_LOCKS_MAX = 10_000
BULK_BYTES_MIN = 2**20

RowIds = np.ndarray[tuple[int], np.dtype[np.int64]]
Isolation = Literal["read committed", "repeatable read"]


class Transaction:
    """Made by `Tenant.begin`. Not for use by two tasks at once."""

    def __init__(self, tenant: Tenant, isolation: Isolation, read_only: bool) -> None:
        self._tenant = tenant
        self.isolation = isolation
        self.read_only = read_only
        self.started_at = tenant.now()
        self.read_ts = tenant.visible_ts
        self.lock_timeout_seconds: float | None = None
        self.workspace = Workspace()
        self._owner = Owner()
        self._keys = KeyChecks(self.reader, lambda: tenant.visible_ts, self._acquire)
        self._base = tenant.catalog
        self._catalog = self._base
        self._world = self._base.world.id
        self._started = False
        self._doomed: EngineError | None = None
        self._over = False
        self._written: list[Ref] = []
        self._read: list[str] = []

    # --- reading ------------------------------------------------------------------------------------

    @property
    def wrote(self) -> bool:
        return not self.workspace.empty

    @property
    def catalog(self) -> Catalog:
        """The catalog at the read ts with this transaction's own edits made."""
        return self._catalog

    def start_statement(self) -> None:
        """READ COMMITTED reads what is committed by now, REPEATABLE READ what was at its first
        statement; raises what dooms the transaction."""
        self.check()
        if self.isolation == "read committed" or not self._started:
            self._started = True
            self.read_ts = self._tenant.visible_ts
            if self._base is not self._tenant.catalog:
                self._base = self._tenant.catalog
                self._world = self._base.world.id
                self._refresh()

    def _refresh(self) -> None:
        edits = self.workspace.edits
        self._catalog = self._base.edited(edits) if edits else self._base

    def check(self) -> None:
        """Raise what makes it impossible to go on."""
        if self._doomed is not None:
            raise self._doomed
        self._tenant.check_open()

    def reader(self) -> Reader:
        return Reader(self._tenant.duck, self._tenant.new_scan, lambda: self.read_ts, self.workspace)

    # --- locks --------------------------------------------------------------------------------------

    @property
    def waits_for(self) -> Hashable | None:
        """The lock of another transaction that this one waits for: ``("table", id)``, ``("name", ...)`` or
        what is locked of rows and keys."""
        return self._owner.waits_for

    async def lock_table(self, table_id: CatalogId, *, exclusive: bool) -> None:
        await self._acquire([("table", table_id)], exclusive=exclusive)

    async def lock_name(self, *parts: Hashable) -> None:
        """Names are locked before they are looked up, by whoever may create or drop them."""
        await self._acquire([("name", *parts)], exclusive=True)

    async def _acquire(self, keys: Iterable[Hashable], *, exclusive: bool = True) -> bool:
        waited = False
        for key in keys:
            waited |= await self._tenant.locks.acquire(
                self._owner, key, exclusive=exclusive, timeout_seconds=self.lock_timeout_seconds
            )
        if waited:
            self.check()
            if self.isolation == "read committed" and self._base is not self._tenant.catalog:
                self._base = self._tenant.catalog
                self._refresh()
        return waited

    # --- definitions --------------------------------------------------------------------------------

    def new_id(self) -> CatalogId:
        return self._tenant.numbers.new_id()

    def new_storage(self) -> StorageId:
        return StorageId(self._tenant.numbers.new_id())

    def edit(self, *edits: Edit) -> None:
        """Change the catalog, as this transaction sees it from now on. The caller holds the locks."""
        self.check()
        self.workspace.edits.extend(edits)
        self._refresh()

    def next_value(self, sequence_id: CatalogId) -> int:
        """Draw from a sequence; positions do not roll back, and two sessions never get the same."""
        sequence, own = self._catalog.sequences[sequence_id], self.workspace.restored.get(sequence_id)
        if own is not None:
            value = own.last = value_after(sequence, own.last)
        else:
            value = self.workspace.positions[sequence_id] = self._tenant.numbers.next_value(sequence)
        return value

    def set_value(self, sequence_id: CatalogId, value: int) -> None:
        own = self.workspace.restored.get(sequence_id)
        if own is not None:
            own.last = value
        else:
            self._tenant.numbers.set_value(sequence_id, value)
            self.workspace.positions[sequence_id] = value

    def restart(self, sequence_id: CatalogId) -> None:
        """Have a sequence begin anew, as part of this transaction."""
        self.edit(Drop("position", sequence_id))
        self.workspace.restored[sequence_id] = Standing(None)

    def _positions(self) -> tuple[Put, ...]:
        """Where the sequences stand that this transaction drew from or took elsewhere, as it commits."""
        drawn, restored = self.workspace.positions, self.workspace.restored
        others = {id: value for id, value in drawn.items() if id not in restored}
        own = [Position(id, at.last) for id, at in restored.items() if at.last is not None]
        there = (Put(body) for body in own if body.id in self._catalog.sequences)
        return (*there, *self._tenant.numbers.positions(others, self._catalog))

    # --- restore ------------------------------------------------------------------------------------

    async def restore(
        self,
        moment: Timestamp,
        extent: Extent,
        method: Method = "physical",
        role: str = "",
        progress: Progress | None = None,
    ) -> tuple[RestoredTable, ...]:
        """Take databases, schemas or tables back to `moment`, as part of this transaction. The caller
        has settled the moment and locked the names concerned. Whoever promised to read one moment throughout
        restores over what was there then, or not at all."""
        self.check()
        tables = extent.covered(self._tenant.history.at(moment)).values()
        now = extent.covered(self._catalog).values()
        for id in sorted({body.id for body in (*tables, *now) if isinstance(body, Table)}):
            await self.lock_table(id, exclusive=True)
            self._require_as_read(id)
        prepared = await self._prepared(moment, extent, method, role, progress or Progress())
        lines = prepared.lines(Present(self._tenant.state, self._catalog, self.workspace))
        record = prepared.record(self.new_id(), lines)
        made = edits(self._catalog, prepared, None)
        self.edit(*made, Put(record))
        self.workspace.restored.update(_restored_positions(made))
        self.workspace.refs += prepared.refs
        self.workspace.heirs |= prepared.heirs
        return lines

    async def restore_beside(
        self,
        moment: Timestamp,
        table: Table,
        made: Table,
        method: Method = "physical",
        role: str = "",
        progress: Progress | None = None,
    ) -> tuple[RestoredTable, ...]:
        """Give the new table `made` the rows that `table`, a body of then, had at `moment`. The caller has
        settled the moment and locked the new name."""
        self.check()
        extent = Extent("table", (table.id,))
        prepared = await self._prepared(moment, extent, method, role, progress or Progress())
        self.edit(Put(replace(made, storage=prepared.storages[table.id])))
        database, schema, name = names(self._catalog, made)
        counted = next(line for line in prepared.tables)
        line = replace(counted, database=database, schema=schema, table=name, action="created")
        record = prepared.record(self.new_id(), [line])
        full = f"{database}.{schema}.{name}"
        self.edit(Put(replace(record, objects=(made.id,), names=(full,))))
        self.workspace.refs += prepared.refs
        return (line,)

    async def _prepared(
        self, moment: Timestamp, extent: Extent, method: Method, role: str, progress: Progress
    ) -> Prepared:
        """Objects that stay until this transaction's end, whatever becomes of it."""
        prepared = await self._tenant.upkeep.prepare(moment, method, extent, role, progress)
        self._written += prepared.refs
        self._read += [ref.key for ref in prepared.refs]
        self._tenant.reading.update(ref.key for ref in prepared.refs)
        return prepared

    def _require_as_read(self, table_id: CatalogId) -> None:
        """REPEATABLE READ has seen the table as it is now; under lock, so it stays so."""
        if self.isolation == "read committed":
            return
        read, now = (catalog.tables.get(table_id) for catalog in (self._base, self._tenant.catalog))
        if read != now or (now is not None and self._tenant.written_since(now.storage, self.read_ts)):
            raise CommitConflict("could not serialize access due to concurrent update")

    # --- rows ---------------------------------------------------------------------------------------

    async def insert(self, table: Table, rows: pa.Table) -> pa.Table:
        """Insert `rows` (a column ``c<id>`` per column of `table`); they come back with `_row_id`.
        Raises `NotNullViolated`, `KeyViolated`."""
        return await self._insert(table, rows, table.keys)

    async def _insert(self, table: Table, rows: pa.Table, keys: Iterable[Key]) -> pa.Table:
        self.check()
        rows = in_utc(rows)
        many = rows.num_rows > ROW_LOCKS_MAX or rows.nbytes > BULK_BYTES_MIN
        await self.lock_table(table.id, exclusive=many)
        self._check_definition(table)
        _check_nulls(table, rows)
        self._limit(rows)
        first = self._tenant.numbers.new_row_ids(rows.num_rows)
        rows = rows.append_column(
            "_row_id", pa.array(np.arange(first, first + rows.num_rows, dtype=np.int64))
        )
        for key in keys:
            await self._keys.require_free(table, key, rows, lock=not many)
        self.workspace.insert(table.storage, rows)
        return rows

    async def delete(self, table: Table, row_ids: pa.ChunkedArray) -> None:
        """Delete rows read by this statement. `StaleRead` when one of them is gone by now."""
        self.workspace.delete(table.storage, await self.lock_rows(table, row_ids))

    async def lock_rows(self, table: Table, row_ids: pa.ChunkedArray) -> RowIds:
        """Lock rows read by this statement, so that nobody else writes them; their ids, sorted.
        `StaleRead` when one of them is gone by now."""
        self.check()
        given = row_ids.to_numpy()
        few = len(given) <= THREAD_ROWS_MIN
        ids = distinct(given) if few else await asyncio.to_thread(distinct, given)
        many = len(ids) > ROW_LOCKS_MAX
        await self.lock_table(table.id, exclusive=many)
        if not many:
            await self._acquire(("row", int(id)) for id in ids)
        self._check_definition(table)
        if self._tenant.deleted_since(table.storage, self.read_ts, ids):
            raise self._stale("a row changed after the statement began")
        return ids

    async def update(
        self,
        table: Table,
        row_ids: pa.ChunkedArray,
        rows: pa.Table,
        changed: Collection[CatalogId] | None = None,
    ) -> pa.Table:
        """Replace rows read by this statement with `rows`, in the same order. Only the columns `changed`
        (None: all) may have other values than before: a key without any of them stays with its row, whose
        lock keeps others from taking it."""
        await self.delete(table, row_ids)
        keys = [key for key in table.keys if changed is None or not set(changed).isdisjoint(key.columns)]
        return await self._insert(table, rows, keys)

    def _limit(self, rows: pa.Table) -> None:
        limit = self._tenant.memory_bytes_max
        if self.workspace.nbytes + rows.nbytes > limit:
            raise too_large(self._tenant.name, limit, self._tenant.options.server_memory_bytes_max)
        self._tenant.workspaces.take(self, self.workspace.nbytes + rows.nbytes)

    def _check_definition(self, table: Table) -> None:
        """The table is still what the statement was planned for. Under lock, so it stays so."""
        own = self.workspace.edits and any(
            isinstance(edit, Put) and isinstance(edit.body, Table) and edit.body.id == table.id
            for edit in self.workspace.edits
        )
        if not own and self._tenant.catalog.tables.get(table.id) != table:
            raise self._stale(f'relation "{table.name}" changed after the statement began')

    def _stale(self, message: str) -> EngineError:
        if self.isolation == "read committed":
            return StaleRead(message)
        return CommitConflict("could not serialize access due to concurrent update")

    # --- ends ---------------------------------------------------------------------------------------

    def savepoint(self) -> Savepoint:
        return replace(self.workspace.savepoint(), locks=len(self._owner.held))

    def rollback_to(self, savepoint: Savepoint, *, keep_locks: bool = False) -> None:
        """Forget what was done since. Locks taken since are let go, unless the same is done again."""
        self.workspace.rollback_to(savepoint)
        if not keep_locks:
            self._tenant.locks.release_since(self._owner, savepoint.locks)
        self._refresh()

    def doom(self, error: EngineError) -> None:
        """Called by a restore: whatever comes next raises `error`; locks are let go at once."""
        self._doomed = error
        self._tenant.locks.release_all(self._owner)

    def keeps_its_moment(self) -> bool:
        """Whether a restore must end it: it wrote, or it promised to read one moment throughout."""
        return self.wrote or self.isolation == "repeatable read"

    async def commit(self) -> Timestamp:
        """Make it durable and visible; the commit's ts (the read ts when nothing was written)."""
        try:
            if not self.wrote:
                return self.read_ts
            self.check()
            request = await self._request()
            self.check()
            with self._tenant.expecting(self.workspace.heirs):
                return await self._tenant.commit(request)
        finally:
            self._end()

    async def rollback(self) -> None:
        self._end()

    def _end(self) -> None:
        if not self._over:
            self._over = True
            self._tenant.locks.release_all(self._owner)
            self._tenant.objects.in_flight.difference_update(ref.key for ref in self._written)
            self._tenant.reading.subtract(self._read)
            self._tenant.ended(self)

    async def _request(self) -> Request:
        inserts, deletes, refs = [], [], list(self.workspace.refs)
        for storage in self.workspace.storages():
            inserted, dead = await self.workspace.rows_of(storage)
            if dead is not None:
                deletes.append(wal.RowsDeleted(storage, dead))
            for rows in inserted:
                if rows.nbytes > BULK_BYTES_MIN and rows.num_columns > 1:
                    refs += await self._write_bulk(storage, rows)
                else:
                    inserts.append(wal.RowsInserted(storage, rows))
        numbers = self._tenant.numbers

        def build(ts: Timestamp) -> wal.Transaction:
            return wal.Transaction(
                ts=ts,
                edits=(*self.workspace.edits, *self._positions()),
                inserts=tuple(inserts),
                deletes=tuple(deletes),
                refs=tuple(refs),
                next_id=numbers.next_id,
                next_row_id=numbers.next_row_id,
            )

        size = self.workspace.nbytes + 200 * (len(self.workspace.edits) + len(self.workspace.positions))
        done: asyncio.Future[Timestamp] = asyncio.get_running_loop().create_future()
        return Request(build, self._world, size, done)

    async def _write_bulk(self, storage: StorageId, rows: pa.Table) -> tuple[Ref, ...]:
        """Rows get fresh row ids, without gaps: nobody has seen the old ones."""
        first = self._tenant.numbers.new_row_ids(rows.num_rows)
        ids = pa.array(np.arange(first, first + rows.num_rows, dtype=np.int64))
        rows = rows.drop_columns(["_row_id"]).append_column("_row_id", ids)
        cursor = self._tenant.duck.cursor()
        try:
            refs = await self._tenant.objects.bulk(cursor, storage, self._layout(storage, rows), rows)
            self._written += refs
            return refs
        finally:
            await self._tenant.duck.release(cursor)

    def _layout(self, storage: StorageId, rows: pa.Table) -> Layout:
        """How the rows are written: the storage may be new, its table altered since they came."""
        bodies = [edit.body for edit in self.workspace.edits if isinstance(edit, Put)]
        tables = [body for body in bodies if isinstance(body, Table) and body.storage == storage]
        known = dict(self._tenant.state.columns_of_storage(storage))
        known.update({column.id: column for table in tables for column in table.columns})
        table = next((t for t in self._catalog.tables.values() if t.storage == storage), None)
        ids = [CatalogId(int(name[1:])) for name in rows.column_names if name != "_row_id"]
        return Layout.of([known[id] for id in ids], table)


def _restored_positions(edits: Iterable[Edit]) -> Iterator[tuple[CatalogId, Standing]]:
    for edit in edits:
        match edit:
            case Put(Position(id=id, last_value=last)):
                yield id, Standing(last)
            case Drop("position", id):
                yield id, Standing(None)


def _check_nulls(table: Table, rows: pa.Table) -> None:
    for column in table.columns:
        if column.not_null and rows.column(f"c{column.id}").null_count:
            raise NotNullViolated(
                f'null value in column "{column.name}" of relation "{table.name}" '
                "violates not-null constraint",
                refused=Refused(table, column, row=_first_null(rows, f"c{column.id}")),
            )


def _first_null(rows: pa.Table, name: str) -> pa.Table:
    nulls: Sequence[object] = rows.column(name).is_null().to_pylist()
    return rows.slice(nulls.index(True), 1)
