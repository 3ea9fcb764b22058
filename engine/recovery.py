"""Opening a tenant: newest manifest + WAL after it, and the claim that makes this server its writer.

Reading claims nothing: `read_state` serves password checks as well as recovery. Claiming is two puts:
the next manifest with ``epoch + 1`` (two servers that try it at once: one wins, the other starts over),
then a fence at the next WAL number. If an older writer got a commit in at that number first, it was
acknowledged: it is applied, and the fence goes to the next one. From the fence on, that writer's next
put fails. A fence of a still newer epoch means that this server is the older one.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import operator
from collections.abc import Iterable
from dataclasses import dataclass

from engine import manifest as manifests
from engine import ref_files, wal
from engine.aside import aside
from engine.clock import Clock
from engine.errors import LogCorrupted, ObjectMissing, TenantFenced, UnknownTenant
from engine.ids import Ids
from engine.manifest import Manifest
from engine.paths import TenantPaths, parse
from engine.puts import put_decided
from engine.ref_files import RefChanges
from engine.state import State
from engine.stores.base import Store
from engine.together import together

READS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Recovered:
    """`next_wal` is the first WAL number that is not part of the state."""

    manifest: Manifest
    state: State
    next_wal: int


@dataclass(frozen=True, slots=True)
class Claimed:
    state: State
    manifest_number: int
    first_wal: int
    next_wal: int
    epoch: int
    writer: str


async def read_state(store: Store, paths: TenantPaths) -> Recovered:
    """The tenant as the store has it now. `UnknownTenant` when it has no manifest, `LogCorrupted` when
    manifest or WAL are damaged or have a gap. The tenant's writer may publish a manifest meanwhile and
    collect what an older one needs: then reading starts over."""
    manifest = await newest_manifest(store, paths)
    while True:
        try:
            return await _read_from(store, paths, manifest)
        except (ObjectMissing, LogCorrupted):
            newer = await newest_manifest(store, paths)
            if newer.number == manifest.number:
                raise
            manifest = newer


async def _read_from(store: Store, paths: TenantPaths, manifest: Manifest) -> Recovered:
    refs = await ref_files.read(store, manifest.ref_files)
    records = await _read_wal(store, paths, manifest.first_wal)
    items = len(refs) + sum(len(record.transactions) for _, record in records)
    return await aside(items, lambda: _recovered(paths, manifest, refs, records))


def _recovered(
    paths: TenantPaths, manifest: Manifest, refs: RefChanges, records: Iterable[tuple[int, wal.WalObject]]
) -> Recovered:
    """Anywhere: nobody else has the state yet."""
    state = State(
        entries=manifest.entries,
        refs=(ref for ref in {**refs, **manifest.ref_changes}.values() if ref is not None),
        ref_files=manifest.ref_files,
        ref_changes=manifest.ref_changes,
        next_id=manifest.next_id,
        next_row_id=manifest.next_row_id,
        last_ts=manifest.last_ts,
        watermark=manifest.watermark,
        horizon=manifest.horizon,
        claims=manifest.claims,
        fences=manifest.fences,
    )
    state.visible_ts = manifest.watermark
    next_wal = manifest.first_wal
    for number, record in records:
        if number != next_wal:
            raise LogCorrupted(
                f"WAL object {next_wal} of tenant {paths.name!r} is missing, {number} is there"
            )
        replay(state, record, number)
        next_wal += 1
    state.visible_ts = max(state.visible_ts, state.last_ts)
    return Recovered(manifest, state, next_wal)


def replay(state: State, record: wal.WalObject, number: int) -> None:
    """Apply what the state does not have yet of WAL object `number`."""
    if record.fence and number not in state.fences:
        state.fences.append(number)
    for transaction in record.transactions:
        if transaction.ts > state.visible_ts:
            state.apply(transaction)


async def newest_manifest(store: Store, paths: TenantPaths) -> Manifest:
    """`UnknownTenant` when the tenant has none."""
    newest = None
    async for info in store.scan(paths.manifests):
        newest = info.key
    if newest is None:
        raise UnknownTenant(f"tenant {paths.name!r} has no manifest in the store")
    return await asyncio.to_thread(manifests.decode, await store.get(newest), newest)


async def _read_wal(store: Store, paths: TenantPaths, first: int) -> list[tuple[int, wal.WalObject]]:
    keys = [info.key async for info in store.scan(paths.wals, after=paths.wal(first - 1) if first else None)]
    slots = asyncio.Semaphore(READS_AT_ONCE)

    async def read(key: str) -> wal.WalObject:
        async with slots:
            return await read_wal_object(store, key)

    records = await together(read(key) for key in keys)
    numbers = [parsed.number for key in keys if (parsed := parse(key)) is not None]
    return [(number, record) for number, record in zip(numbers, records, strict=True) if number is not None]


async def read_wal_object(store: Store, key: str) -> wal.WalObject:
    """A WAL object, with the ref lists that it names."""
    record = wal.decode(await store.get(key), key)
    if all(transaction.refs_key is None for transaction in record.transactions):
        return record
    transactions = []
    for transaction in record.transactions:
        if transaction.refs_key is not None:
            key = transaction.refs_key
            data = await store.get(key)
            installed = (await asyncio.to_thread(ref_files.decode, data, key)).values()
            refs = tuple(ref for ref in installed if ref is not None)
            transaction = dataclasses.replace(transaction, refs=refs)
        transactions.append(transaction)
    return dataclasses.replace(record, transactions=tuple(transactions))


async def claim(store: Store, paths: TenantPaths, clock: Clock, ids: Ids) -> Claimed:
    """Become the tenant's only writer."""
    writer = ids.token()
    while True:
        recovered = await read_state(store, paths)
        newest = recovered.manifest
        number = newest.number + 1
        claims = (*newest.claims, number)
        claimed = dataclasses.replace(
            newest, number=number, epoch=newest.epoch + 1, writer=writer, claims=claims
        )
        data = await asyncio.to_thread(manifests.encode, claimed)
        key = paths.manifest(claimed.number)
        if await put_decided(store, clock, key, data, functools.partial(operator.eq, data)) is None:
            break
    next_wal = await _fence(store, paths, clock, recovered, claimed)
    recovered.state.claims.append(claimed.number)
    recovered.state.fences.append(next_wal - 1)
    return Claimed(recovered.state, claimed.number, claimed.first_wal, next_wal, claimed.epoch, writer)


async def _fence(
    store: Store, paths: TenantPaths, clock: Clock, recovered: Recovered, claimed: Manifest
) -> int:
    """Put the fence behind the last commit of the older writer; the next WAL number."""
    fence = wal.WalObject(claimed.epoch, claimed.writer, 0, fence=True)
    data = wal.encode(fence)
    number = recovered.next_wal
    while True:
        key = paths.wal(number)
        other = await put_decided(store, clock, key, data, functools.partial(operator.eq, data))
        if other is None:
            recovered.state.visible_ts = max(recovered.state.visible_ts, recovered.state.last_ts)
            return number + 1
        try:
            record = await read_wal_object(store, key)
        except ObjectMissing:
            continue
        if record.epoch > claimed.epoch:
            raise TenantFenced(
                f"another server took over the tenant {paths.name!r} while this one was opening it"
            )
        replay(recovered.state, record, number)
        number += 1
