"""An open tenant: one log, one writer, one clock, one DuckDB instance, one wall around it.

This is the facade that `sql` uses. All state changes happen on the event loop; DuckDB and files work in
threads. The tenant is open until it is closed, fenced or found broken; then every call raises the
reason, and `Cluster` opens it anew from the store on the next use.

Time is the tenant's: ``max(wall clock, last ts)``.
"""

from __future__ import annotations

import contextlib
import logging
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine import wal
from engine.aside import aside
from engine.cache import ObjectCache
from engine.catalog import Catalog, Drop, Position, Put, Restoration, Snapshot, World
from engine.checkpoint import Publisher
from engine.clock import Clock
from engine.collection import Collector, Deleted
from engine.commit import Committer, Request
from engine.duck import Cursor, Duck
from engine.errors import (
    EngineError,
    MomentInFuture,
    MomentTooOld,
    TenantClosed,
    TenantRestored,
    UnknownSnapshot,
)
from engine.history import History
from engine.hot_table import HotBudget, HotTable
from engine.ids import Ids, StorageId, Timestamp, format_ts
from engine.locks import Locks
from engine.memory import WorkspaceBudget, flush_bytes
from engine.numbers import Numbers
from engine.objects import ObjectWriter
from engine.paths import TenantPaths
from engine.pins import Covered, Pins
from engine.progress import Progress
from engine.recovery import Claimed
from engine.ref_files import RefFileWriter
from engine.restore import Method, RestoreReport
from engine.scan import Scan
from engine.schedule import Schedule
from engine.state import State, Storage
from engine.stores.base import Store
from engine.tenant_hot import TenantHot
from engine.transaction import Isolation, Transaction
from engine.upkeep import Upkeep
from engine.workspace import RowIds

MEMORY_LIMIT = "memory_limit"
"""The setting that takes the place of `Options.memory_bytes_max` when the tenant is opened."""
MEMORY_LIMIT_MIN = 64 * 2**20
HOT_SHARE = 0.6
"""Of a tenant's memory, what hot tables may take; the rest is for statements at work."""
CLOCK_AHEAD_WARNING_US = 60 * 1_000_000

log = logging.getLogger("rewinddb.engine")


@dataclass(frozen=True, slots=True)
class Options:
    """Limits of one tenant, then of the server. Bytes, seconds and rows as the names say."""

    memory_bytes_max: int = 2 * 2**30
    flush_bytes_min: int = 32 * 2**20
    flush_wal_objects_min: int = 2_000
    inline_refs_max: int = 1_000
    grace_seconds: float = 300.0
    collect_seconds: float = 300.0
    threads: int = 2
    server_memory_bytes_max: int = 16 * 2**30
    """For everything; `engine.memory` says how it is shared."""
    cache_bytes_max: int = 20 * 2**30
    """For the files of all tenants."""
    idle_seconds: float = 600.0
    """A tenant without sessions is closed after so long."""
    round_seconds: float = 5.0
    """How often the caretaker looks after the tenants."""
    sweep_seconds: float = 6 * 3600.0
    """How often it looks for dropped tenants that nothing remembers."""

    @property
    def spill_bytes_max(self) -> int:
        """What one tenant's statements may put aside on disk."""
        return self.cache_bytes_max // 2

    def memory_limit(self, catalog: Catalog) -> int:
        """What a tenant may take: what is set for it, as far as the server's memory goes."""
        setting = catalog.settings.get(MEMORY_LIMIT)
        size = int(setting.value) if setting is not None else self.memory_bytes_max
        return min(size, self.server_memory_bytes_max)


class Tenant:
    """Made by `Cluster`, from what recovery claimed."""

    def __init__(
        self,
        claimed: Claimed,
        store: Store,
        paths: TenantPaths,
        *,
        cache: ObjectCache,
        duck: Duck,
        clock: Clock,
        ids: Ids,
        options: Options,
        budget: HotBudget,
        workspaces: WorkspaceBudget,
    ) -> None:
        self.name = paths.name
        self.workspaces = workspaces
        self._budget = budget
        self.options = options
        self.epoch = claimed.epoch
        self.state: State = claimed.state
        self.memory_bytes_max = options.memory_limit(self.state.history.current)
        """As it was when the tenant was opened, until it is opened again."""
        self.locks = Locks()
        self._store = store
        self._paths = paths
        self._clock = clock
        self._ids = ids
        self._cache = cache
        self.duck = duck
        self.objects = ObjectWriter(store, cache, paths, clock=clock, ids=ids, epoch=claimed.epoch)
        share = int(self.memory_bytes_max * HOT_SHARE)
        self._hot = TenantHot(self.duck, self.state, self._load_storage, clock, share=share, budget=budget)
        self._committer = Committer(
            state=self.state,
            store=store,
            paths=paths,
            clock=clock,
            epoch=claimed.epoch,
            writer=claimed.writer,
            next_wal=claimed.next_wal,
            apply=self._apply,
            refuse_world=self._refuse_world,
            failed=self.fail,
        )
        self.numbers = Numbers(
            self.state.next_id, self.state.next_row_id, committed=lambda: self.catalog.positions
        )
        self._sessions = 0
        self._left_at = clock.monotonic()
        self._heirs: dict[StorageId, tuple[StorageId, Timestamp]] = {}
        self._transactions: set[Transaction] = set()
        self._recent_deletes: deque[tuple[Timestamp, StorageId, RowIds]] = deque()
        self.reading: Counter[str] = Counter()
        """How many readers each object has."""
        self.upkeep = self._make_upkeep(claimed)
        self.schedule = Schedule(self, clock)
        self._covered = Covered(self.state.history)
        self._closed: EngineError | None = None
        self._warn_of_a_late_clock()

    def _warn_of_a_late_clock(self) -> None:
        ahead_us = self.state.last_ts - self._clock.now()
        if ahead_us > CLOCK_AHEAD_WARNING_US:
            log.warning(
                "tenant %s: its newest commit is %.0f s ahead of the clock", self.name, ahead_us / 1e6
            )

    def _make_upkeep(self, claimed: Claimed) -> Upkeep:
        store, paths, clock = self._store, self._paths, self._clock
        ref_files = RefFileWriter(
            store,
            clock,
            lambda: paths.refs(self.objects.new_object_id()),
            self.options.inline_refs_max,
        )
        publisher = Publisher(
            store, paths, clock, claimed.epoch, claimed.writer, claimed.manifest_number, ref_files
        )
        collector = Collector(store, paths, claimed.epoch, self.options.grace_seconds)
        return Upkeep(self, self._committer, publisher, collector, claimed.first_wal)

    # --- sessions ------------------------------------------------------------------------------------

    def join(self) -> None:
        """A session begins; while there is one, the tenant stays open."""
        self._sessions += 1

    def leave(self) -> None:
        self._sessions -= 1
        self._left_at = self._clock.monotonic()

    def used(self) -> None:
        """Somebody has been given this tenant just now."""
        self._left_at = self._clock.monotonic()

    @property
    def unused(self) -> bool:
        """Whether it has neither sessions nor something to do."""
        return not (self._sessions or self._transactions or self.upkeep.busy or self.schedule.running)

    @property
    def idle_seconds(self) -> float:
        """How long nobody has had it; 0 while it is used."""
        return self._clock.monotonic() - self._left_at if self.unused else 0.0

    # --- what is -------------------------------------------------------------------------------------

    @property
    def history(self) -> History:
        return self.state.history

    @property
    def catalog(self) -> Catalog:
        """The newest committed catalog."""
        return self.state.history.current

    @property
    def visible_ts(self) -> Timestamp:
        return self.state.visible_ts

    @property
    def earliest_ts(self) -> Timestamp:
        """The earliest moment that can be read by its timestamp."""
        return self.state.horizon

    def now(self) -> Timestamp:
        return Timestamp(max(self._clock.now(), self.state.last_ts))

    @property
    def closed(self) -> bool:
        return self._closed is not None

    def check_open(self) -> None:
        if self._closed is not None:
            raise self._closed

    async def settle(self, ts: Timestamp) -> None:
        """Make sure that what a read at `ts` shows will never change: no commit at or before it is to
        come. `MomentInFuture` beyond the tenant's clock, `MomentTooOld` before what is kept."""
        self.check_open()
        if ts > self.now():
            raise MomentInFuture(
                f"the moment {format_ts(ts)} is in the future",
                detail=f"The tenant's clock is at {format_ts(self.now())}.",
            )
        if ts < self.state.horizon and ts not in self.catalog.snapshots:
            if self.history.begins_at(self.state.horizon):
                raise MomentTooOld(
                    f"the tenant did not exist yet at {format_ts(ts)}",
                    detail=f"It began at {format_ts(self.state.horizon)}.",
                )
            raise MomentTooOld(
                f"the moment {format_ts(ts)} is no longer readable",
                detail=f"The earliest readable moment is {format_ts(self.state.horizon)}.",
                hint="Moments of snapshots stay readable until they are dropped: SELECT * FROM mo_snapshots.",
            )
        await self._committer.settle(ts)

    def snapshot(self, name: str) -> Snapshot:
        """The snapshot of that name, `UnknownSnapshot` when there is none."""
        for snapshot in self.catalog.snapshots.values():
            if snapshot.name == name:
                return snapshot
        raise UnknownSnapshot(
            f'snapshot "{name}" does not exist', hint="SELECT timestamp, name FROM mo_snapshots shows them."
        )

    # --- transactions --------------------------------------------------------------------------------

    def begin(self, isolation: Isolation = "read committed", read_only: bool = False) -> Transaction:
        self.check_open()
        transaction = Transaction(self, isolation, read_only)
        self._transactions.add(transaction)
        return transaction

    def ended(self, transaction: Transaction) -> None:
        self._transactions.discard(transaction)
        self.workspaces.free(transaction)
        oldest = min((other.read_ts for other in self._transactions), default=self.visible_ts)
        while self._recent_deletes and self._recent_deletes[0][0] <= oldest:
            self._recent_deletes.popleft()

    def new_scan(self, cursor: Cursor) -> Scan:
        return Scan(self.state, self._hot, self._cache, cursor, self.reading)

    async def _load_storage(self, cursor: Cursor, hot: HotTable, storage: Storage, ts: Timestamp) -> None:
        scan = self.new_scan(cursor)
        try:
            await scan.load_into(hot, storage, ts)
        finally:
            await scan.close()

    def deleted_since(self, storage: StorageId, ts: Timestamp, row_ids: RowIds) -> bool:
        """Whether any of `row_ids` was deleted by a commit after `ts`."""
        return any(
            deleted_ts > ts and deleted_storage == storage and bool(np.isin(row_ids, deleted).any())
            for deleted_ts, deleted_storage, deleted in self._recent_deletes
        )

    def written_since(self, storage: StorageId, ts: Timestamp) -> bool:
        """Whether a commit after `ts` wrote to the storage; `ts` is the read ts of a transaction that is
        still open."""
        found = self.state.storages.get(storage)
        inserted = found is not None and found.written_since(ts)
        return inserted or any(at > ts and where == storage for at, where, _ in self._recent_deletes)

    # --- commit --------------------------------------------------------------------------------------

    async def commit(self, request: Request) -> Timestamp:
        ts = await self._committer.commit(request)
        self.schedule.after_commit()
        return ts

    def _refuse_world(self, request: Request) -> EngineError | None:
        if request.exclusive or request.world == self.catalog.world.id:
            return None
        return tenant_restored()

    async def _apply(self, transactions: tuple[wal.Transaction, ...]) -> None:
        """Hot tables first, then the state and with it the visible ts: readers never see half."""
        for transaction in transactions:
            self.state.learn(transaction)
        resolved = [
            await aside(len(transaction.refs), transaction.with_refs_resolved) for transaction in transactions
        ]
        await self._hot.apply(transactions)
        for transaction in resolved:
            self.state.apply(transaction)
            for deleted in transaction.deletes:
                self._recent_deletes.append((transaction.ts, deleted.storage, deleted.row_ids.to_numpy()))
        self._hot.applied()
        for transaction in transactions:
            for edit in transaction.edits:
                if isinstance(edit, Drop) and edit.kind == Position.kind:
                    self.numbers.restored(edit.id)
            bodies = [edit.body for edit in transaction.edits if isinstance(edit, Put)]
            if any(isinstance(body, Restoration) for body in bodies):
                self._restored(transaction, whole=any(isinstance(body, World) for body in bodies))

    @contextlib.contextmanager
    def expecting(self, heirs: Mapping[StorageId, tuple[StorageId, Timestamp]]) -> Iterator[None]:
        """A restore commits inside: each new storage begins as an old one was at a moment."""
        self._heirs.update(heirs)
        try:
            yield
        finally:
            for storage in heirs:
                self._heirs.pop(storage, None)

    def _restored(self, transaction: wal.Transaction, *, whole: bool) -> None:
        """A restore is visible: hot tables change hands, sequences stand where they stood. After that of
        a whole tenant nobody goes on from the world before it."""
        for table in self.catalog.tables.values() if self._heirs else ():
            if table.storage in self._heirs:
                old, moment = self._heirs.pop(table.storage)
                self._hot.hand_over(old, table.storage, moment, transaction)
        for edit in transaction.edits:
            if isinstance(edit, Put) and isinstance(edit.body, Position):
                self.numbers.restored(edit.body.id)
        if whole:
            self.numbers.all_restored()
            for open_transaction in list(self._transactions):
                if open_transaction.keeps_its_moment():
                    open_transaction.doom(tenant_restored())

    async def look_for_fence(self) -> None:
        """Let go of the tenant if another server has taken it over."""
        await self._committer.look_for_fence()

    def fail(self, error: EngineError) -> None:
        """The tenant can go on no longer."""
        if self._closed is None:
            log.error("tenant %s closes: %s", self.name, error.message)
            self._closed = error

    # --- upkeep --------------------------------------------------------------------------------------

    @property
    def flush_bytes(self) -> int:
        """The tail that makes a flush due."""
        options = self.options
        return flush_bytes(options.flush_bytes_min, options.server_memory_bytes_max, self._budget.members)

    async def flush(self) -> None:
        """Everything visible into objects (CHECKPOINT)."""
        await self.upkeep.flush()

    async def compact(self) -> int:
        """Merge what is worth merging; the number of runs."""
        return await self.upkeep.compact()

    async def collect(self) -> Deleted:
        """Forget what nothing needs, delete what nothing names."""
        return await self.upkeep.collect()

    async def restore(
        self,
        moment: Timestamp,
        method: Method = "physical",
        role: str = "",
        progress: Progress | None = None,
    ) -> RestoreReport:
        """Take the whole tenant back to `moment`, online."""
        await self.settle(moment)
        return await self.upkeep.restore(moment, method, role, progress or Progress())

    @property
    def restoring(self) -> Sequence[Progress]:
        """The restores that are at work, or wait for their turn."""
        return self.upkeep.running

    def pins(self) -> Pins:
        """The moments that must stay readable: history, snapshots, running transactions."""
        snapshots = self._covered.by(self.catalog.snapshots.values())
        return Pins(self.state.horizon, snapshots, [other.read_ts for other in self._transactions])

    def coming_pins(self) -> Pins:
        """Those that a collection would have now: it raises the horizon first."""
        return self.pins().raised(Timestamp(self.now() - self.catalog.history_retention_us))

    # --- the end -------------------------------------------------------------------------------------

    async def close(self, reason: EngineError | None = None) -> None:
        """Finish what is in flight, refuse what comes."""
        if self._closed is None:
            self._closed = reason or TenantClosed(
                f"the tenant {self.name!r} is closing", hint="Connect again."
            )
        await self._committer.close(self._closed)
        await self.schedule.close()
        await self._hot.close()
        self.duck.close()


def tenant_restored() -> TenantRestored:
    return TenantRestored(
        "the tenant was restored while the transaction was open",
        detail="Nothing of the transaction was kept.",
        hint="Roll back and run it again on the restored data.",
    )
