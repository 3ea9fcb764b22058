"""The commit pipeline: one WAL writer per tenant.

What is queued while a put is in flight becomes the next WAL object: group commit, one put in flight.
**That put is the commit point.** Then, in this order: state, hot tables, `visible_ts`, acknowledge.

- The process dies before the put: nothing happened. After it: replay makes it so, acknowledged or not.
- The reply is lost: `engine.puts` puts the same bytes under the same number until it is decided; no
  other record and no later number is used meanwhile.
- The number is taken by a newer epoch (a fence, or a commit after it): this writer is fenced, lets go
  of the tenant, and whatever was queued was certainly not committed. `TenantFenced`.
- It cannot be decided, or applying fails: the tenant closes; opening it again recovers from the store.
- Everybody who waits hears something: the put ends in time (`engine.puts.decide_seconds_max`), a request
  that cannot be built is refused alone, and when the writer itself ends, for whatever reason, it says so
  to all. What comes between put and acknowledgement is this machine's own work: it waits for no network
  unless the cache has lost a bulk object that was written a moment ago.
- A request may be *exclusive* (restore): it is alone in its object, after all that was queued before
  it is applied, and its transaction is made then, from the state as it is then.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from engine import wal
from engine.catalog import Edit, Put, Restoration, Snapshot
from engine.clock import Clock
from engine.errors import (
    CommitUnknown,
    EngineError,
    MomentTooOld,
    ObjectMissing,
    StoreFull,
    StoreUnavailable,
    TenantClosed,
    TenantFenced,
)
from engine.ids import INFINITY, CatalogId, Timestamp
from engine.paths import TenantPaths
from engine.positions import Joining
from engine.puts import put_decided
from engine.state import State
from engine.stores.base import Store

GROUP_TRANSACTIONS_MAX = 1_000
GROUP_BYTES_MAX = 32 * 2**20
ENCODE_IN_THREAD_BYTES = 256 * 1024


@dataclass(eq=False)
class Request:
    """A transaction that waits to be committed. `build` gets the commit's ts and makes it; it runs on
    the event loop, right before its object is encoded, and may raise to refuse the commit. `world` is
    the tenant id it was made under: after a restore it is too late."""

    build: Callable[[Timestamp], wal.Transaction]
    world: CatalogId
    bytes: int
    done: asyncio.Future[Timestamp]
    exclusive: bool = False


class Committer:
    """Assigns timestamps, writes the WAL, applies. `apply` makes durable transactions visible;
    `failed` is told why the tenant can go on no longer."""

    def __init__(
        self,
        *,
        state: State,
        store: Store,
        paths: TenantPaths,
        clock: Clock,
        epoch: int,
        writer: str,
        next_wal: int,
        apply: Callable[[tuple[wal.Transaction, ...]], Awaitable[None]],
        refuse_world: Callable[[Request], EngineError | None],
        failed: Callable[[EngineError], None],
    ) -> None:
        self._state = state
        self._store = store
        self._paths = paths
        self._clock = clock
        self._epoch = epoch
        self._writer = writer
        self._next_wal = next_wal
        self._first_unapplied = next_wal
        self._sequence = 0
        self._apply = apply
        self._refuse_world = refuse_world
        self._failed = failed
        self._queue: deque[Request] = deque()
        self._arrived = asyncio.Event()
        self._in_flight: asyncio.Future[None] | None = None
        self._joining_since = INFINITY
        state.history.ask(state.last_ts)
        self._closed: EngineError | None = None
        self._task = asyncio.create_task(self._run())

    @property
    def next_wal(self) -> int:
        """The number of the first WAL object that is not part of the state."""
        return self._first_unapplied

    async def commit(self, request: Request) -> Timestamp:
        """Queue and wait until it is visible; the commit's ts. A task that is cancelled meanwhile waits
        all the same: the outcome is on its way, and its locks must be held until it is known."""
        if self._closed is not None:
            raise self._closed
        self._queue.append(request)
        self._arrived.set()
        while not request.done.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait([request.done])
        return request.done.result()

    async def settle(self, ts: Timestamp) -> None:
        """No commit at or before `ts` is to come, and none that joins a sequence's positions across it: raise
        the clock, wait for what is under way."""
        self._state.history.ask(ts)
        self._state.last_ts = max(self._state.last_ts, ts)
        if self._in_flight is not None and (self._state.visible_ts < ts or ts >= self._joining_since):
            await asyncio.wait([self._in_flight])
            if self._closed is not None:
                raise self._closed
        self._state.visible_ts = max(self._state.visible_ts, ts)

    async def look_for_fence(self) -> None:
        """Whoever commits runs into a newer writer's fence; a server that only reads has to look for it, or
        what it shows would grow old without anybody knowing."""
        number = self._next_wal
        if self._closed is not None or self._in_flight is not None or self._queue:
            return
        key = self._paths.wal(number)
        try:
            found = wal.decode(await self._store.get(key), key)
        except ObjectMissing:
            return
        if found.writer != self._writer and self._closed is None and self._next_wal == number:
            self._give_up([], self._fenced(found))

    async def close(self, reason: EngineError) -> None:
        """Refuse what comes from now on, finish what is in flight."""
        if self._closed is None:
            self._closed = reason
        self._arrived.set()
        await asyncio.wait([self._task])

    async def _run(self) -> None:
        try:
            while self._closed is None:
                await self._arrived.wait()
                self._arrived.clear()
                while self._queue and self._closed is None:
                    await self._fly(self._take_group())
        finally:
            if self._closed is None:
                self._closed = TenantClosed("the tenant's writer has ended", hint="Connect again.")
                self._failed(self._closed)
            for request in self._queue:
                _refuse(request, self._closed)
            self._queue.clear()

    async def _fly(self, group: list[Request]) -> None:
        """One group, from its timestamps to its acknowledgement."""
        self._in_flight = in_flight = asyncio.get_running_loop().create_future()
        try:
            await self._commit_group(group)
        finally:
            stopped = CommitUnknown("the server stopped while it committed", hint="Connect again and look.")
            for request in group:
                _refuse(request, stopped)
            self._in_flight = None
            in_flight.set_result(None)

    def _take_group(self) -> list[Request]:
        """What fits into the next object; an exclusive request is alone in its own."""
        group = [self._queue.popleft()]
        size = group[0].bytes
        while (
            not group[0].exclusive
            and self._queue
            and not self._queue[0].exclusive
            and len(group) < GROUP_TRANSACTIONS_MAX
            and size + self._queue[0].bytes <= GROUP_BYTES_MAX
        ):
            group.append(self._queue.popleft())
            size += group[-1].bytes
        return group

    async def _commit_group(self, group: list[Request]) -> None:
        requests: list[Request] = []
        transactions: list[wal.Transaction] = []
        horizon = self._state.horizon
        joining = Joining(self._state.history)
        for request in group:
            error = self._refuse_world(request)
            if error is not None:
                _refuse(request, error)
                continue
            ts = self._next_ts()
            try:
                transaction = _resolved(request.build(ts))
                _require_kept(transaction, horizon)
                joined = joining.joined(transaction.edits, ts)
                transactions.append(dataclasses.replace(transaction, joined=joined))
                requests.append(request)
                horizon = max(horizon, transaction.horizon or horizon)
            except Exception as refusal:
                _refuse(request, refusal)
        if not requests:
            return
        since = [since for transaction in transactions for _, since in transaction.joined]
        self._joining_since = min(since, default=INFINITY)
        try:
            await self._write(tuple(transactions))
        except (StoreUnavailable, StoreFull) as error:
            for request in requests:
                _refuse(request, error)
            return
        except Exception as error:
            self._give_up(requests, _fatal(error))
            return
        self._next_wal += 1
        try:
            await self._apply(tuple(transactions))
        except Exception as error:
            self._give_up(requests, _fatal(error))
            return
        self._first_unapplied = self._next_wal
        for request, transaction in zip(requests, transactions, strict=True):
            if not request.done.done():
                request.done.set_result(transaction.ts)

    def _next_ts(self) -> Timestamp:
        self._state.last_ts = Timestamp(max(self._clock.now(), self._state.last_ts + 1))
        return self._state.last_ts

    def _give_up(self, requests: list[Request], error: EngineError) -> None:
        unsure = not isinstance(error, TenantFenced)
        for request in requests:
            _refuse(request, _unknown(error) if unsure else error)
        self._closed = error
        self._failed(error)

    async def _write(self, transactions: tuple[wal.Transaction, ...]) -> None:
        """The commit point."""
        self._sequence += 1
        record = wal.WalObject(self._epoch, self._writer, self._sequence, transactions)
        if sum(_nbytes(transaction) for transaction in transactions) > ENCODE_IN_THREAD_BYTES:
            data = await asyncio.to_thread(wal.encode, record)
        else:
            data = wal.encode(record)
        key = self._paths.wal(self._next_wal)
        other = await put_decided(
            self._store, self._clock, key, data, lambda found: wal.decode(found, key).same_put(record)
        )
        if other is not None:
            raise self._fenced(wal.decode(other, key))

    def _fenced(self, found: wal.WalObject) -> TenantFenced:
        return TenantFenced(
            f"another server has taken over the tenant {self._paths.name!r}",
            detail=f"WAL object {self._next_wal} is of epoch {found.epoch}, not {self._epoch}.",
            hint="Connect to the other server. Nothing acknowledged here is lost.",
        )


def _require_kept(transaction: wal.Transaction, horizon: Timestamp) -> None:
    """A snapshot of a moment that the horizon has passed meanwhile comes too late: who raised it has
    looked at the pins there were."""
    for edit in transaction.edits:
        if isinstance(edit, Put) and isinstance(edit.body, Snapshot) and edit.body.timestamp < horizon:
            raise MomentTooOld("the snapshot's moment is no longer readable", hint="Take a later one.")


def _resolved(transaction: wal.Transaction) -> wal.Transaction:
    """Snapshots and restorations that mean "my own commit" get its ts."""
    edits = tuple(_resolved_edit(edit, transaction.ts) for edit in transaction.edits)
    return dataclasses.replace(transaction, edits=edits)


def _resolved_edit(edit: Edit, ts: Timestamp) -> Edit:
    match edit:
        case Put(Snapshot(timestamp=0) as snapshot):
            return Put(dataclasses.replace(snapshot, timestamp=ts))
        case Put(Restoration(commit_ts=0) as restoration):
            return Put(dataclasses.replace(restoration, commit_ts=ts))
        case _:
            return edit


def _nbytes(transaction: wal.Transaction) -> int:
    rows: int = sum(inserted.rows.nbytes for inserted in transaction.inserts)
    dead: int = sum(deleted.row_ids.nbytes for deleted in transaction.deletes)
    return rows + dead + 100 * len(transaction.refs) + 500 * len(transaction.edits)


def _fatal(error: Exception) -> EngineError:
    """Why the tenant closes."""
    if isinstance(error, EngineError):
        return error
    closing = TenantClosed(f"a commit failed: {error}", hint="Connect again: the tenant is being recovered.")
    closing.__cause__ = error
    return closing


def _unknown(error: EngineError) -> EngineError:
    if isinstance(error, CommitUnknown):
        return error
    unknown = CommitUnknown(
        "the connection to the tenant was lost while it committed; the transaction may be durable",
        detail=error.message,
        hint="Connect again and look.",
    )
    unknown.__cause__ = error
    return unknown


def _refuse(request: Request, error: Exception | None) -> None:
    """Tell who waits, unless it has been told already."""
    if not request.done.done():
        request.done.set_exception(error or TenantClosed("the tenant is closed"))
        request.done.exception()
