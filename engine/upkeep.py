"""Upkeep of an open tenant: flush, compaction, collection, restore. One at a time.

Each of them writes objects, publishes (a manifest, or for a restore a commit), and then changes the
state in one step of the event loop. Since only one runs at a time, what it took when it began is still
so when it publishes: no flush moves rows between tail and objects while a restore gathers refs, no
collection deletes what a compaction has just written. Commits go on meanwhile, and they only add: a ref that
was there ends by upkeep alone. So a run that was chosen in a thread is still there to be compacted; why what
a thread found forgettable still is, `engine.collection` says.

All of it may be cancelled at any time. What is being published is published, then; what was written before
that is garbage, which is collected like any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from engine import flush as flushing
from engine import restore as restoring
from engine import wal
from engine.aside import aside
from engine.catalog import Put
from engine.checkpoint import Publisher
from engine.clock import give_way
from engine.collection import Collector, Deleted, Forgettable, Known, Named, forgettable
from engine.commit import Committer, Request
from engine.compaction import Run, choose, compact
from engine.errors import CommitUnknown, TenantFenced
from engine.extent import WHOLE_TENANT, Extent
from engine.ids import StorageId, Timestamp
from engine.manifest import Manifest
from engine.outcome import Present, RestoredTable
from engine.pins import Pins
from engine.progress import Progress
from engine.ref_files import RefChanges
from engine.refs import Ref
from engine.state import Storage
from engine.together import uninterrupted

if TYPE_CHECKING:
    from engine.tenant import Tenant


class Upkeep:
    """`flushed_wal` is the first WAL object that the newest manifest leaves to replay."""

    def __init__(
        self,
        tenant: Tenant,
        committer: Committer,
        publisher: Publisher,
        collector: Collector,
        flushed_wal: int,
    ) -> None:
        self._tenant = tenant
        self._state = tenant.state
        self._committer = committer
        self._publisher = publisher
        self._collector = collector
        self._alone = asyncio.Lock()
        self.flushed_wal = flushed_wal
        self.running: list[Progress] = []
        """The restores that are at work, or wait for their turn."""

    @property
    def busy(self) -> bool:
        return self._alone.locked()

    @property
    def wal_objects(self) -> int:
        """How many WAL objects a recovery would replay."""
        return self._committer.next_wal - self.flushed_wal

    async def flush(self) -> None:
        """Everything visible into objects (CHECKPOINT)."""
        async with self._alone:
            await self._flush()

    async def _flush(self, cuts: Sequence[Timestamp] = ()) -> None:
        self._tenant.check_open()
        first_wal = self._committer.next_wal
        frozen = flushing.freeze(self._state, self._publisher, first_wal, cuts)
        refs = await flushing.write(frozen, self._state, self._tenant.duck, self._tenant.objects)
        watermark = frozen.manifest.watermark

        def make_true() -> None:
            self._state.flushed(refs, watermark)
            self.flushed_wal = first_wal

        await self._publish(frozen.manifest, refs, make_true)

    async def _publish(
        self,
        manifest: Manifest,
        changed: Sequence[Ref],
        make_true: Callable[[], None],
        forgotten: Sequence[Ref] = (),
    ) -> None:
        """Publish `manifest` with refs changed and forgotten on top, then make the state so. A cancel request
        waits: a manifest that may be there must not be taken for another server's, nor its objects for
        garbage. If nobody can tell whether it is there, the tenant closes, and opening it again finds out."""
        await uninterrupted(self._publish_now(manifest, changed, make_true, forgotten))

    async def _publish_now(
        self,
        manifest: Manifest,
        changed: Sequence[Ref],
        make_true: Callable[[], None],
        forgotten: Sequence[Ref],
    ) -> None:
        changes: RefChanges = await aside(
            len(manifest.ref_changes) + len(changed) + len(forgotten),
            lambda: {
                **manifest.ref_changes,
                **{(ref.storage, ref.key): ref for ref in changed},
                **{(ref.storage, ref.key): None for ref in forgotten},
            },
        )
        try:
            published = await self._publisher.publish(dataclasses.replace(manifest, ref_changes=changes))
        except (TenantFenced, CommitUnknown) as error:
            self._tenant.fail(error)
            raise
        make_true()
        if published.ref_files != manifest.ref_files:
            self._state.published(published.ref_files, changes)

    async def compact(self, only: StorageId | None = None) -> int:
        """Merge what is worth merging, of all storages or `only` one, run by run; the number of runs."""
        runs = 0
        async with self._alone:
            pins = self._tenant.pins()
            restored = {done.commit_ts for done in self._tenant.catalog.restorations}
            for storage in list(self._state.storages.values()):
                if only is not None and storage.id != only:
                    continue
                while (run := await self._choose(storage, pins, restored)) is not None:
                    await self._compact(run)
                    runs += 1
        return runs

    async def _choose(self, storage: Storage, pins: Pins, restored: set[Timestamp]) -> Run | None:
        refs, watermark = tuple(storage.refs.values()), self._state.watermark
        await give_way()
        return await aside(len(refs), lambda: choose(storage.id, refs, watermark, pins, restored))

    async def _compact(self, run: Run) -> None:
        self._tenant.check_open()
        watermark = self._state.watermark
        cursor = self._tenant.duck.cursor()
        scan = self._tenant.new_scan(cursor)
        try:
            done = await compact(self._state, run, watermark, cursor, scan, self._tenant.objects)
        finally:
            await scan.close()
            await self._tenant.duck.release(cursor)
        manifest = self._publisher.next_manifest(self._state, watermark, self.flushed_wal)
        changed = (*done.removed, *done.made)
        await self._publish(manifest, changed, lambda: self._state.set_refs(changed))

    async def collect(self) -> Deleted:
        """Forget what nothing needs, delete what nothing names. A tenant that is closed knows no longer
        what the store names."""
        async with self._alone:
            self._tenant.check_open()
            await self._raise_horizon()
            over = await self._over()
            if any(ref.added_ts > self._state.watermark for ref in over.refs):
                # The log after the newest manifest names them: a recovery would bring them back.
                await self._flush()
                over = await self._over()
            if over.refs or over.entries:
                await self._forget(over)
            self._tenant.check_open()
            deleted = await self._collector.delete(self._named, self._publisher.clock.monotonic())
            await self._collector.delete_log(
                self._publisher.number, self.flushed_wal, self._state.claims, self._state.fences
            )
            return deleted

    async def _over(self) -> Forgettable:
        """What nothing needs. The horizon has been raised: from here on no pin comes before it."""
        known, pins = Known.of(self._state), self._tenant.pins()
        return await aside(len(known), lambda: forgettable(known, pins))

    def _named(self) -> Named:
        """What the state, something in flight or a reader names."""
        read = [key for key, readers in self._tenant.reading.items() if readers]
        files = [file.key for file in self._state.ref_files]
        others = frozenset([*read, *files, *self._state.ref_lists, *self._tenant.objects.in_flight])
        return Named(tuple(self._state.refs()), others)

    @property
    def waiting(self) -> int:
        """How many objects wait for their grace period to end."""
        return self._collector.waiting

    async def unnamed(self) -> dict[str, int]:
        """What waits to be deleted: keys and bytes of the objects that nothing names."""
        async with self._alone:
            return await self._collector.unnamed(self._named)

    async def _raise_horizon(self) -> None:
        """A commit of its own: whoever takes a snapshot of an earlier moment comes before or after it."""
        horizon = Timestamp(self._tenant.now() - self._tenant.catalog.history_retention_us)
        if horizon > self._state.horizon:
            await self._commit_horizon(horizon)

    async def prove_writer(self) -> None:
        """Commit nothing: when it is durable, no other server has taken the tenant over before it.
        `TenantFenced` when one has."""
        await self._commit_horizon(None)

    async def _commit_horizon(self, horizon: Timestamp | None) -> None:
        def build(ts: Timestamp) -> wal.Transaction:
            return wal.Transaction(
                ts=ts,
                horizon=horizon,
                next_id=self._tenant.numbers.next_id,
                next_row_id=self._tenant.numbers.next_row_id,
            )

        done: asyncio.Future[Timestamp] = asyncio.get_running_loop().create_future()
        await self._committer.commit(Request(build, self._tenant.catalog.world.id, 0, done))

    async def _forget(self, over: Forgettable) -> None:
        entries = set(map(id, over.entries))
        manifest = self._publisher.next_manifest(self._state, self._state.watermark, self.flushed_wal)
        kept = tuple(entry for entry in manifest.entries if id(entry) not in entries)
        await self._publish(
            dataclasses.replace(manifest, entries=kept),
            (),
            lambda: self._state.forget(over.refs, over.entries),
            forgotten=over.refs,
        )

    async def restore(
        self, moment: Timestamp, method: restoring.Method, role: str, progress: Progress
    ) -> restoring.RestoreReport:
        """Take the whole tenant back to `moment`, online."""
        async with self._restoring(moment, method, WHOLE_TENANT, role, progress):
            prepared = await self._prepare(progress, WHOLE_TENANT)
            try:
                return await self._commit_restore(prepared, progress)
            finally:
                self._tenant.objects.in_flight.difference_update(ref.key for ref in prepared.refs)

    async def prepare(
        self,
        moment: Timestamp,
        method: restoring.Method,
        extent: Extent,
        role: str,
        progress: Progress,
    ) -> restoring.Prepared:
        """What a transaction needs to take a part of the tenant back to `moment`."""
        async with self._restoring(moment, method, extent, role, progress):
            return await self._prepare(progress, extent)

    @contextlib.asynccontextmanager
    async def _restoring(
        self,
        moment: Timestamp,
        method: restoring.Method,
        extent: Extent,
        role: str,
        progress: Progress,
    ) -> AsyncIterator[None]:
        """Alone, and listed among what runs."""
        with self.listed(moment, method, extent, role, progress):
            async with self._alone:
                yield

    @contextlib.contextmanager
    def listed(
        self,
        moment: Timestamp,
        method: restoring.Method,
        extent: Extent,
        role: str,
        progress: Progress,
    ) -> Iterator[None]:
        """Among what runs. Whoever waits for locks before it is prepared may list it from then on."""
        if progress in self.running:
            yield
            return
        progress.moment, progress.method, progress.role = moment, method, role
        progress.level = extent.level
        progress.names = extent.names((self._state.history.at(moment), self._tenant.catalog), progress.names)
        self.running.append(progress)
        try:
            yield
        finally:
            self.running.remove(progress)

    async def _prepare(self, progress: Progress, extent: Extent) -> restoring.Prepared:
        tenant, moment = self._tenant, progress.moment
        await tenant.settle(moment)
        restorer = restoring.Restorer(
            self._state, tenant.duck, tenant.objects, progress, tenant.new_scan, extent
        )
        storages = [self._state.storages.get(table.storage) for table in restorer.tables]
        if any(storage is not None and storage.has_tail_until(moment) for storage in storages):
            progress.stage = "flushing"
            await self._flush([moment])
        progress.stage = "writing"
        new = {table.id: StorageId(tenant.numbers.new_id()) for table in restorer.tables}
        if progress.method == "physical":
            return await restorer.physical(new)
        return await restorer.logical(new, tenant.numbers.new_row_ids)

    async def _commit_restore(
        self, prepared: restoring.Prepared, progress: Progress
    ) -> restoring.RestoreReport:
        refs_key = await self._put_refs(prepared)
        world = self._tenant.numbers.new_id()
        id = self._tenant.numbers.new_id()
        lines: list[RestoredTable] = []

        def build(ts: Timestamp) -> wal.Transaction:
            lines[:] = prepared.lines(Present(self._state, self._tenant.catalog))
            record = prepared.record(id, lines)
            return wal.Transaction(
                ts=ts,
                edits=(*restoring.edits(self._tenant.catalog, prepared, world), Put(record)),
                refs=prepared.refs,
                refs_key=refs_key,
                next_id=self._tenant.numbers.next_id,
                next_row_id=self._tenant.numbers.next_row_id,
            )

        done: asyncio.Future[Timestamp] = asyncio.get_running_loop().create_future()
        request = Request(build, self._tenant.catalog.world.id, 0, done, exclusive=True)
        progress.commits()
        with self._tenant.expecting(prepared.heirs):
            ts = await self._committer.commit(request)
        return restoring.RestoreReport(prepared.moment, ts, tuple(lines))

    async def _put_refs(self, prepared: restoring.Prepared) -> str | None:
        if len(prepared.refs) <= self._publisher.ref_files.inline_max:
            return None
        refs = prepared.refs
        installed: RefChanges = await aside(len(refs), lambda: {(ref.storage, ref.key): ref for ref in refs})
        return (await self._publisher.ref_files.write(installed)).key
