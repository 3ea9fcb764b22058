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
- After a restore of storage A, as of m, to storage B, the table of A is *handed over*: rows after m
  are deleted and delete stamps after m cleared, in one DuckDB transaction; it then serves B at any
  time and A up to m. Only a table that no statement is reading is handed over; otherwise B gets a copy.
- A statement pins what it reads, from planning until its last batch.
- Together they take no more than a tenant's share and all tenants' budget, by estimate. The table that
  was read longest ago makes room for the next; what does not fit at all is read from objects.

Rejected: stamping deletes per storage (a map of row id to ts beside the rows), which would make every
read pay for the rare restore.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.catalog import Column
from engine.duck import Cursor, Duck
from engine.hot_rows import HotRows, by_columns, changes_of
from engine.ids import INFINITY, CatalogId, StorageId, Timestamp
from engine.refs import OWN_COMMIT
from engine.state import Storage, TailRows
from engine.wal import Transaction

ALWAYS = Timestamp(0)
HIDDEN_BYTES = 24
WIDTHS = {"BOOLEAN": 1, "SMALLINT": 2, "INTEGER": 4, "REAL": 4, "FLOAT": 4, "DATE": 4, "VARCHAR": 24}
"""Bytes of a value in memory by DuckDB type, roughly; 8 for the fixed ones not named, 16 otherwise."""


def estimated_bytes(storage: Storage, columns: Iterable[Column]) -> int:
    """What a storage takes as a hot table, roughly: strings are taken to be short, or as long as they
    are in the (compressed) objects."""
    width = HIDDEN_BYTES
    for column in columns:
        fixed = column.storage_type in ("BIGINT", "DOUBLE") or column.storage_type.startswith("TIME")
        width += WIDTHS.get(column.storage_type, 8 if fixed else 16)
    data = [ref for ref in storage.refs.values() if ref.kind == "data"]
    tail = sum(item.rows.nbytes + HIDDEN_BYTES * item.rows.num_rows for item in storage.inserts)
    return int(tail + sum(max(ref.rows * width, ref.bytes) for ref in data))


@dataclass(eq=False)
class HotTable:
    """One DuckDB table. `columns` maps the column ids it has to their types; `serves` the storages it
    can be read for to the first and the last moment it is right for."""

    home: HotTables
    name: str
    columns: dict[CatalogId, str]
    serves: dict[StorageId, tuple[Timestamp, Timestamp]]
    owner: StorageId
    ready: asyncio.Future[None]
    bytes: int = 0
    used: int = 0
    pins: int = 0
    pending: dict[Timestamp, Transaction] = field(default_factory=dict)

    def relation(self, columns: Iterable[str], ts: Timestamp) -> str:
        """Rows at `ts`; `columns` are select-list items."""
        items = ", ".join([*columns, "_row_id"])
        return f"(SELECT {items} FROM {self.name} WHERE _commit_ts <= {ts} AND _deleted_ts > {ts})"


LoadStorage = Callable[[Cursor, HotTable, Storage, Timestamp], Awaitable[None]]
"""Fill a hot table, on a cursor, with all that a storage's refs and tail hold up to a moment."""


def make_room(tables: Iterable[HotTable], needed: int, bytes_max: int) -> bool:
    """Evict of `tables` what was read longest ago until `needed` bytes fit beside the rest; False, and
    nothing evicted, when they cannot."""
    tables = list(tables)
    taken = sum(table.bytes for table in tables)
    idle = sorted((t for t in tables if t.pins == 0 and t.ready.done()), key=lambda t: t.used)
    if taken + needed - sum(table.bytes for table in idle) > bytes_max:
        return False
    for table in idle:
        if taken + needed <= bytes_max:
            break
        taken -= table.bytes
        table.home.evict(table)
    return True


class HotBudget:
    """What the hot tables of all tenants of a server may take together."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._members: set[HotTables] = set()
        self._uses = 0

    def join(self, member: HotTables) -> None:
        self._members.add(member)

    def leave(self, member: HotTables) -> None:
        self._members.discard(member)

    def use(self) -> int:
        """A number greater than all before: when a table was read."""
        self._uses += 1
        return self._uses

    def make_room(self, needed: int) -> bool:
        tables = [table for member in self._members for table in member.tables()]
        return make_room(tables, needed, self._bytes_max)


class HotTables:
    """The hot tables of one tenant. Everything runs on the event loop but DuckDB's own work."""

    def __init__(
        self,
        duck: Duck,
        columns_of: Callable[[StorageId], Mapping[CatalogId, Column]],
        load_storage: LoadStorage,
        bytes_max: int,
        budget: HotBudget,
    ) -> None:
        self._bytes_max = bytes_max
        self._budget = budget
        budget.join(self)
        self._duck = duck
        self._columns_of = columns_of
        self._load_storage = load_storage
        self._of: dict[StorageId, HotTable] = {}
        self._write_lock = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()
        self._applying: tuple[Transaction, ...] = ()
        self._count = 0

    def serving(self, storage: StorageId, ts: Timestamp) -> HotTable | None:
        """The table, ready or loading, that can be read for `storage` at `ts`."""
        table = self._of.get(storage)
        if table is None:
            return None
        first, last = table.serves[storage]
        if not first <= ts <= last:
            return None
        table.used = self._budget.use()
        return table

    def holds(self, storage: StorageId) -> bool:
        """Whether there is a table, ready or loading, for `storage` at some moment."""
        return storage in self._of

    def load(self, storage: Storage, visible_ts: Timestamp) -> None:
        """Begin to make `storage` hot with what it has now, if there is room; later commits are added
        here."""
        needed = estimated_bytes(storage, self._columns_of(storage.id).values())
        if not self._make_room(needed):
            return
        columns = {id: column.storage_type for id, column in self._columns_of(storage.id).items()}
        ended = [ref.removed_ts for ref in storage.refs.values() if ref.removed_ts <= visible_ts]
        table = self._new(storage.id, columns, Timestamp(max(ended, default=0)))
        now = Storage(storage.id, dict(storage.refs), list(storage.inserts), list(storage.deletes))
        table.bytes = needed
        self._spawn(self._load(table, now, visible_ts))

    def _make_room(self, needed: int) -> bool:
        """Evict what was read longest ago until `needed` bytes fit; False when they cannot."""
        tables = self.tables()
        return make_room(tables, needed, self._bytes_max) and self._budget.make_room(needed)

    def tables(self) -> list[HotTable]:
        return list(set(self._of.values()))

    def evict(self, table: HotTable) -> None:
        for storage in table.serves:
            if self._of.get(storage) is table:
                del self._of[storage]
        self._spawn(self._drop(table))

    async def _drop(self, table: HotTable) -> None:
        """After the commits that are being written to it."""
        async with self._write_lock:
            await self._duck.writer.execute(f"DROP TABLE IF EXISTS {table.name}")

    def _new(
        self, storage: StorageId, columns: Mapping[CatalogId, str], first: Timestamp = ALWAYS
    ) -> HotTable:
        self._count += 1
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        table = HotTable(
            self, f"hot_{self._count}", dict(columns), {storage: (first, INFINITY)}, storage, ready
        )
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
        cursor = self._duck.cursor()
        try:
            columns = "".join(f"c{id} {type}, " for id, type in table.columns.items())
            await cursor.execute(
                f"CREATE TABLE {table.name} ({columns}_row_id BIGINT, _commit_ts BIGINT, _deleted_ts BIGINT)"
            )
            await self._load_storage(cursor, table, storage, visible_ts)
            await self._catch_up(table)
        except BaseException as error:
            self._abandon(table, error)
            if not isinstance(error, Exception):
                raise
        finally:
            await self._duck.release(cursor)

    async def _catch_up(self, table: HotTable) -> None:
        """Apply what was committed meanwhile and let readers in."""
        async with self._write_lock:
            await self._apply_to(table, list(table.pending.values()))
            table.pending.clear()
            table.ready.set_result(None)

    def _abandon(self, table: HotTable, error: BaseException) -> None:
        for storage in list(table.serves):
            if self._of.get(storage) is table:
                del self._of[storage]
        self._spawn(self._drop(table))
        if not table.ready.done():
            table.ready.set_exception(error)
            table.ready.exception()

    # --- commits ------------------------------------------------------------------------------------

    async def apply(self, transactions: Iterable[Transaction]) -> None:
        """Make durable transactions part of every hot table they touch. The caller makes them part of
        the state right after, without waiting for anything in between."""
        async with self._write_lock:
            self._applying = tuple(transactions)
            for table in self._touched(self._applying):
                if table.ready.done():
                    await self._apply_to(table, self._applying)
                else:
                    table.pending.update({transaction.ts: transaction for transaction in self._applying})

    def applied(self) -> None:
        """The state has what `apply` was given: a table loaded from now on finds it there."""
        self._applying = ()

    def _touched(self, transactions: Iterable[Transaction]) -> list[HotTable]:
        storages = {
            item.storage
            for transaction in transactions
            for items in (transaction.inserts, transaction.deletes, transaction.refs)
            for item in items
        }
        return [table for id in storages if (table := self._of.get(id)) is not None and table.owner == id]

    async def _apply_to(self, table: HotTable, transactions: Sequence[Transaction]) -> None:
        """All inserts first, then all deletes: a row id is inserted once and deleted once."""
        for transaction in transactions:
            refs = {r.key: r.resolved(transaction.ts) for r in transaction.refs if r.storage == table.owner}
            if refs:
                installed = Storage(table.owner, refs)
                table.bytes += estimated_bytes(installed, self._columns_of(table.owner).values())
                self._make_room(0)
                if self._of.get(table.owner) is not table:
                    return
                await self._load_storage(self._duck.writer, table, installed, transaction.ts)
        inserts, deletes = changes_of(table.owner, transactions)
        if not inserts and not deletes:
            return
        rows = HotRows(table.name, table.columns)
        self._add_columns(table, rows, inserts)
        for group in by_columns(inserts):
            rows.insert(group)
        table.bytes += sum(item.rows.nbytes + HIDDEN_BYTES * item.rows.num_rows for item in inserts)
        for item in deletes:
            rows.stamp(item)
        await self._duck.writer.run(lambda: rows.write_now(self._duck.writer))

    def _add_columns(self, table: HotTable, rows: HotRows, inserts: Iterable[TailRows]) -> None:
        names = {name for item in inserts for name in item.rows.column_names} - {"_row_id"}
        if names <= {f"c{id}" for id in table.columns}:
            return
        for id, column in self._columns_of(table.owner).items():
            if id not in table.columns:
                rows.add_column(column)
                table.columns[id] = column.storage_type

    # --- restore ------------------------------------------------------------------------------------

    def hand_over(self, old: StorageId, new: StorageId, moment: Timestamp, restored: Transaction) -> None:
        """`new` begins as `old` was at `moment`: reuse the rows in memory, if they are there. What the
        transaction that restored it wrote to it besides comes on top."""
        source = self.serving(old, moment)
        if source is None or not source.ready.done() or source.ready.exception() is not None:
            return
        if source.pins == 0:
            self._take_over(source, old, new, moment)
        else:
            target = self._new(new, source.columns)
            target.bytes = source.bytes
            source.pins += 1
            self._spawn(self._copy(source, target, moment))
        own = tuple(ref for ref in restored.refs if ref.min_ts == OWN_COMMIT)
        self._of[new].pending[restored.ts] = dataclasses.replace(restored, refs=own)

    def _take_over(self, source: HotTable, old: StorageId, new: StorageId, moment: Timestamp) -> None:
        first, last = source.serves[old]
        for storage in source.serves:
            del self._of[storage]
        source.serves = {old: (first, min(last, moment)), new: (ALWAYS, INFINITY)}
        source.owner = new
        self._of[old] = self._of[new] = source
        source.ready = asyncio.get_running_loop().create_future()
        self._spawn(self._cut(source, moment))

    async def _cut(self, table: HotTable, moment: Timestamp) -> None:
        cursor = self._duck.cursor()
        try:
            await cursor.script(
                (
                    f"DELETE FROM {table.name} WHERE _commit_ts > {moment}",
                    f"UPDATE {table.name} SET _deleted_ts = {INFINITY} "
                    f"WHERE _deleted_ts > {moment} AND _deleted_ts < {INFINITY}",
                )
            )
            await self._catch_up(table)
        except BaseException as error:
            self._abandon(table, error)
            if not isinstance(error, Exception):
                raise
        finally:
            await self._duck.release(cursor)

    async def _copy(self, source: HotTable, target: HotTable, moment: Timestamp) -> None:
        cursor = self._duck.cursor()
        columns = "".join(f"c{id}, " for id in source.columns)
        try:
            await cursor.execute(
                f"CREATE TABLE {target.name} AS SELECT {columns}_row_id, _commit_ts, "
                f"CASE WHEN _deleted_ts > {moment} THEN {INFINITY} ELSE _deleted_ts END AS _deleted_ts "
                f"FROM {source.name} WHERE _commit_ts <= {moment}"
            )
            await self._catch_up(target)
        except BaseException as error:
            self._abandon(target, error)
            if not isinstance(error, Exception):
                raise
        finally:
            source.pins -= 1
            await self._duck.release(cursor)

    async def close(self) -> None:
        """Stop loading; what is stopped may have something to clean up, which is waited for too."""
        self._budget.leave(self)
        while self._tasks:
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks)
