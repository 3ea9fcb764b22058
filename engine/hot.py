"""Hot tables: a storage's rows as a native DuckDB table, for reads at memory speed.

A hot table has ``c<id>`` per column its storage ever had, and `_row_id, _commit_ts, _deleted_ts`. A
read at ts is ``_commit_ts <= ts AND _deleted_ts > ts``. It is a copy of refs and tail, and can be
dropped and made again at any time.

Invariants
- A hot table holds every row and every delete of its storage up to `visible_ts`, from the moment it
  is ready: commits are applied to it, under the write lock, before `visible_ts` is raised. A commit
  that arrives while it is loading waits in `pending` and is applied when it is loaded.
- It serves a read at ts when every ref visible at ts went into it: those that were live when it was
  loaded did, those that compaction had ended before did not.
- After a restore of storage A, as of m, to storage B, the table of A serves B as well, from that moment
  on and without any work (`engine.hot_lines`). A goes on being served up to the restore, so that undoing
  it is as quick. Work begins a while after B's first commit: then the gap in B's line is closed (rows
  that came in it deleted, stamps that lie in it cleared), slice by slice between other commits, every
  slice and what lies between right for readers. From then on A is served up to m only.
- While somebody reads of A what B's commit would stamp over, B moves to a copy instead.
- A statement pins what it reads, from planning until its last batch.

Rejected: stamping deletes per storage (a map of row id to ts beside the rows), which would make every
read pay for the rare restore. Closing the gap at once: the first query after a restore waited for it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from engine.catalog import Column
from engine.duck import Cursor, Duck
from engine.errors import EngineError, ObjectCorrupted, ObjectMissing, OutOfMemory, StoreUnavailable
from engine.hot_lines import Line, hidden
from engine.hot_rows import HotRows, add_column, by_columns, changes_of
from engine.hot_table import HIDDEN_BYTES, HotTable, estimated_bytes
from engine.ids import INFINITY, CatalogId, StorageId, Timestamp
from engine.refs import OWN_COMMIT
from engine.state import Storage
from engine.wal import Transaction

SLICE_ROWS = 122_880
"""Rows of a table (one row group of DuckDB's) that are looked through at once for what lies in a gap."""
FIRST_PAUSE_SECONDS, PAUSE_SECONDS = 1.0, 0.02
"""Before the first slice and before each other: statements at work come first."""
GAPS_MAX = 8
LINES_MAX = 32
"""A table with more of them has been restored again and again without a chance to tidy up."""

NO_COPY = (OutOfMemory, StoreUnavailable, ObjectMissing, ObjectCorrupted)
"""Why rows that are durable may not get into a hot table: there is no memory, or a bulk object that the cache
has lost cannot be read again."""

log = logging.getLogger("rewinddb.engine")

LoadStorage = Callable[[Cursor, HotTable, Storage, Timestamp], Awaitable[None]]
"""Fill a hot table, on a cursor, with all that a storage's refs and tail hold up to a moment."""


class HotTables:
    """Hot tables of one tenant, of one kind (`engine.tenant_hot`). Everything runs on the event loop but
    DuckDB's own work."""

    def __init__(
        self,
        duck: Duck,
        columns_of: Callable[[StorageId], Mapping[CatalogId, Column]],
        load_storage: LoadStorage,
        make_room: Callable[[int], bool],
        use: Callable[[], int],
        sleep: Callable[[float], Awaitable[None]],
        *,
        keys_only: bool = False,
    ) -> None:
        """`columns_of` are the columns that a storage's table has; `make_room` evicts tables until so many
        bytes fit, `use` counts reads. With `keys_only` columns that come later are not added."""
        self._make_room = make_room
        self._use = use
        self._sleep = sleep
        self._keys_only = keys_only
        self._duck = duck
        self._columns_of = columns_of
        self._load_storage = load_storage
        self._of: dict[StorageId, HotTable] = {}
        self._write_lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._applying: tuple[Transaction, ...] = ()
        self._abandoned: list[HotTable] = []
        self._count = 0
        self._closed = False

    def serving(self, storage: StorageId, ts: Timestamp) -> HotTable | None:
        """The table, ready or loading, that can be read for `storage` at `ts`."""
        table = self._of.get(storage)
        if table is None:
            return None
        line = table.lines[storage]
        if not line.first <= ts <= line.last:
            return None
        table.used = self._use()
        return table

    def holds(self, storage: StorageId) -> bool:
        """Whether there is a table, ready or loading, for `storage` at some moment."""
        return storage in self._of

    def let_go(self, storage: StorageId) -> bool:
        """Drop its table unless somebody reads or loads it."""
        table = self._of[storage]
        if table.pins or not table.ready.done():
            return False
        self.evict(table)
        return True

    def tables(self) -> list[HotTable]:
        return list(dict.fromkeys(self._of.values()))

    # --- coming and going -----------------------------------------------------------------------------

    def load(self, storage: Storage, visible_ts: Timestamp) -> None:
        """Begin to make `storage` hot with what it has now, if there is room; later commits are added
        here."""
        needed = self._estimate(storage)
        if self._closed or not self._make_room(needed):
            return
        columns = {id: column.storage_type for id, column in self._columns_of(storage.id).items()}
        ended = [ref.removed_ts for ref in storage.refs.values() if ref.removed_ts <= visible_ts]
        table = self._new(storage.id, columns, Line(Timestamp(max(ended, default=0))))
        now = Storage(storage.id, dict(storage.refs), list(storage.inserts), list(storage.deletes))
        table.bytes = needed
        self._spawn(self._load(table, now, visible_ts))

    def _estimate(self, storage: Storage) -> int:
        return estimated_bytes(storage, self._columns_of(storage.id).values(), whole=not self._keys_only)

    def evict(self, table: HotTable) -> None:
        self._forget(table, table.lines)
        self._spawn(self._drop(table))

    def _forget(self, table: HotTable, storages: Iterable[StorageId]) -> None:
        for storage in storages:
            if self._of.get(storage) is table:
                del self._of[storage]

    async def _drop(self, table: HotTable) -> None:
        """After the commits that are being written to it."""
        async with self._write_lock:
            await self._duck.writer.execute(f"DROP TABLE IF EXISTS {table.name}")

    def _new(self, storage: StorageId, columns: Mapping[CatalogId, str], line: Line) -> HotTable:
        self._count += 1
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        kind = "keys" if self._keys_only else "hot"
        table = HotTable(self, f"{kind}_{self._count}", dict(columns), {storage: line}, ready)
        table.pending = {transaction.ts: transaction for transaction in self._applying}
        self._of[storage] = table
        return table

    def _spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            await work

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _load(self, table: HotTable, storage: Storage, visible_ts: Timestamp) -> None:
        columns = "".join(f"c{id} {type}, " for id, type in table.columns.items())

        async def fill(cursor: Cursor) -> None:
            await cursor.execute(
                f"CREATE TABLE {table.name} ({columns}_row_id BIGINT, _commit_ts BIGINT, _deleted_ts BIGINT)"
            )
            await self._load_storage(cursor, table, storage, visible_ts)

        await self._make_ready(table, fill)

    async def _make_ready(self, table: HotTable, fill: Callable[[Cursor], Awaitable[None]]) -> None:
        """Fill it, apply what was committed meanwhile and let readers in; let go of it when that fails."""
        cursor = self._duck.cursor()
        try:
            await fill(cursor)
            await self._catch_up(table)
        except BaseException as error:
            self.evict(table)
            if not table.ready.done():
                table.ready.set_exception(error)
                table.ready.exception()
            if not isinstance(error, Exception):
                raise
        finally:
            await self._duck.release(cursor)

    async def _catch_up(self, table: HotTable) -> None:
        async with self._write_lock:
            await self._apply_to(table, list(table.pending.values()))
            table.pending.clear()
            table.ready.set_result(None)

    # --- commits ------------------------------------------------------------------------------------

    async def apply(self, transactions: Iterable[Transaction]) -> None:
        """Make durable transactions part of every hot table they touch. The caller makes them part of
        the state right after, without waiting for anything in between."""
        async with self._write_lock:
            self._applying = tuple(transactions)
            self._drop_abandoned()
            touched = {id for transaction in self._applying for id in _storages(transaction)}
            for table in dict.fromkeys(table for id in sorted(touched) if (table := self._of.get(id))):
                if table.ready.done():
                    try:
                        await self._apply_to(table, self._applying)
                    except NO_COPY as error:
                        self._abandon(table, error)
                else:
                    self._wait_with(table, self._applying)

    def _abandon(self, table: HotTable, error: EngineError) -> None:
        """What was committed cannot be copied: the copy is let go of, the commit stands. Those who are
        reading it go on, at moments before the commit."""
        log.info("a table is no longer hot: %s", error.message)
        self._forget(table, table.lines)
        self._abandoned.append(table)

    def _drop_abandoned(self) -> None:
        for table in [table for table in self._abandoned if not table.pins]:
            self._abandoned.remove(table)
            self._spawn(self._drop(table))

    def applied(self) -> None:
        """The state has what `apply` was given: a table loaded from now on finds it there."""
        self._applying = ()

    def _wait_with(self, table: HotTable, transactions: Iterable[Transaction]) -> None:
        """Commits for a table that is not ready: until it is, nobody reads it at their moments."""
        for transaction in transactions:
            table.pending[transaction.ts] = transaction
            for storage in _storages(transaction) & table.lines.keys():
                line = table.lines[storage]
                line.own = min(line.own, transaction.ts)

    async def _apply_to(self, table: HotTable, transactions: Sequence[Transaction]) -> None:
        """Commits of each storage that the table serves, in the order in which the storages began."""
        for storage in list(table.lines):
            own = [transaction for transaction in transactions if storage in _storages(transaction)]
            if not own or self._of.get(storage) is not table:
                continue
            line = table.lines[storage]
            line.own = min(line.own, own[0].ts)
            stamps = any(item.storage == storage for transaction in own for item in transaction.deletes)
            if stamps and not table.spared(line):
                self._fork(table, storage)
                continue
            if stamps:
                self._forget(table, table.limit_others(line))
            await self._write(table, storage, own)
            if line.gaps and line is table.newest and not table.closing_gaps and table.spared(line):
                table.closing_gaps = True
                self._spawn(self._close_gaps(table, storage, line))

    async def _write(self, table: HotTable, storage: StorageId, transactions: Iterable[Transaction]) -> None:
        """All inserts first, then all deletes: a row id is inserted once and deleted once."""
        for transaction in transactions:
            refs = {
                ref.key: ref.resolved(transaction.ts) for ref in transaction.refs if ref.storage == storage
            }
            if refs:
                installed = Storage(storage, refs)
                table.bytes += self._estimate(installed)
                self._make_room(0)
                if self._of.get(storage) is not table:
                    return
                await self._add_columns(table, storage, {id for ref in refs.values() for id in ref.columns})
                await self._load_storage(self._duck.writer, table, installed, transaction.ts)
        inserts, deletes = changes_of(storage, transactions)
        if not inserts and not deletes:
            return
        names = {name for item in inserts for name in item.rows.column_names} - {"_row_id"}
        await self._add_columns(table, storage, {CatalogId(int(name[1:])) for name in names})
        rows = HotRows(table.name, table.columns)
        for group in by_columns(inserts):
            rows.insert(group)
        table.bytes += sum(item.rows.nbytes + HIDDEN_BYTES * item.rows.num_rows for item in inserts)
        for item in deletes:
            rows.stamp(item)
        await self._duck.writer.run(lambda: rows.write_now(self._duck.writer))

    async def _add_columns(self, table: HotTable, storage: StorageId, ids: set[CatalogId]) -> None:
        """Those of `ids` that came by ALTER TABLE since the table was made."""
        if self._keys_only or ids <= table.columns.keys():
            return
        for id, column in self._columns_of(storage).items():
            if id not in table.columns:
                await self._duck.writer.execute(add_column(table.name, column))
                table.columns[id] = column.storage_type

    # --- restore ------------------------------------------------------------------------------------

    def hand_over(self, old: StorageId, new: StorageId, moment: Timestamp, restored: Transaction) -> None:
        """`new` begins as `old` was at `moment`: the table of `old`, if it has the moment, serves both.
        What the transaction that restored it wrote to it besides comes on top; had it written to `old`
        too, the two could not be told apart by their moment, and `new` is loaded when it is read."""
        table = self.serving(old, moment)
        if table is None or _storages(restored) & table.lines.keys():
            return
        line = table.lines[old].heir(moment, restored.ts)
        if len(line.gaps) > GAPS_MAX or len(table.lines) > LINES_MAX:
            return
        for other in table.lines.values():
            other.last = min(other.last, Timestamp(restored.ts - 1))
        table.lines[new] = line
        self._of[new] = table
        refs = tuple(ref for ref in restored.refs if ref.min_ts == OWN_COMMIT)
        own = dataclasses.replace(restored, refs=refs)
        if new in _storages(own):
            ready = table.ready.done()
            self._wait_with(table, [own])
            if ready:
                table.ready = asyncio.get_running_loop().create_future()
                self._spawn(self._make_ready(table, _nothing))

    def _fork(self, table: HotTable, storage: StorageId) -> None:
        """`storage` leaves the table, which somebody reads as it was, for a copy of its own."""
        line = table.lines.pop(storage)
        copy = self._new(storage, table.columns, Line(line.first, line.last, own=line.own))
        copy.bytes = table.bytes
        copy.pending.update(table.pending)
        table.pin(line, INFINITY)
        columns = "".join(f"c{id}, " for id in table.columns)

        async def fill(cursor: Cursor) -> None:
            try:
                await table.ready
                await cursor.execute(
                    f"CREATE TABLE {copy.name} AS SELECT {columns}_row_id, _commit_ts, "
                    f"CASE WHEN {hidden('_deleted_ts', line.gaps)} THEN {INFINITY} ELSE _deleted_ts END "
                    f"AS _deleted_ts FROM {table.name} WHERE NOT ({hidden('_commit_ts', line.gaps)})"
                )
            finally:
                table.unpin(line, INFINITY)

        self._spawn(self._make_ready(copy, fill))

    async def _close_gaps(self, table: HotTable, storage: StorageId, line: Line) -> None:
        """Delete the rows and clear the stamps that lie in the gaps of the table's newest line, unless
        it stops being that. Half done is as right as not begun."""
        gaps = line.gaps
        statements = (
            f"DELETE FROM {table.name} WHERE ({hidden('_commit_ts', gaps)})",
            f"UPDATE {table.name} SET _deleted_ts = {INFINITY} WHERE ({hidden('_deleted_ts', gaps)})",
        )
        cursor = self._duck.cursor()
        try:
            await self._sleep(FIRST_PAUSE_SECONDS)
            if not self._may_close_gaps(table, storage, line):
                return
            [(rows,)] = await cursor.rows(f"SELECT coalesce(max(rowid) + 1, 0) FROM {table.name}")
            slices = [
                f" AND rowid BETWEEN {at} AND {at + SLICE_ROWS - 1}" for at in range(0, rows, SLICE_ROWS)
            ]
            for among in (*slices, ""):  # the whole once more: DuckDB may have moved rows
                async with self._write_lock:
                    if not self._may_close_gaps(table, storage, line):
                        return
                    await cursor.script([statement + among for statement in statements])
                await self._sleep(PAUSE_SECONDS)
            line.gaps = ()
        except EngineError as error:
            if self._of.get(storage) is table:
                log.warning("a hot table keeps what a restore has hidden: %s", error.message)
        finally:
            table.closing_gaps = False
            await self._duck.release(cursor)

    def _may_close_gaps(self, table: HotTable, storage: StorageId, line: Line) -> bool:
        """Whether the line is the table's newest still, and nobody reads what its gaps hide; from now on
        nobody will."""
        if self._of.get(storage) is not table or table.newest is not line or not table.spared(line):
            return False
        self._forget(table, table.limit_others(line))
        return True

    async def close(self) -> None:
        """Stop loading; what is stopped may have something to clean up, which is waited for too."""
        self._closed = True
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)


async def _nothing(_: Cursor) -> None:
    """A table that only has to catch up."""


def _storages(transaction: Transaction) -> set[StorageId]:
    """What a transaction writes to."""
    changes = (transaction.inserts, transaction.deletes, transaction.refs)
    return {item.storage for items in changes for item in items}
