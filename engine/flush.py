"""Flush: tail -> objects, and a new manifest.

A flush fixes W, the visible ts, writes for every storage with a tail up to W its data and tombstone
objects (cut at the snapshots in between, so that a snapshot that has been flushed has no straddlers),
and publishes a manifest with watermark W. Commits go on meanwhile; they are after W.

- Crash before the manifest's put: the objects are garbage, the WAL still has everything.
- Reply lost: `engine.puts` decides. Number taken: a newer writer; this one is fenced.
- After the put: refs go into the state and the tail up to W is forgotten, in one step of the event
  loop, so that a reader finds each row in exactly one of the two.

A manifest tells only of what was up to W, although the state has moved on: what it lists is taken when
W is fixed, plus the refs this flush made. One flush, restore or compaction at a time per tenant.

Cuts are bounded: with more than `CUTS_MAX` snapshots in one tail the oldest go uncut and have
straddlers, which a restore rewrites.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from engine.catalog import Column
from engine.checkpoint import Publisher
from engine.duck import Duck
from engine.ids import INFINITY, CatalogId, StorageId, Timestamp
from engine.manifest import Manifest
from engine.objects import Layout, ObjectWriter
from engine.refs import Ref
from engine.state import State, Storage
from engine.together import together

CUTS_MAX = 64
STORAGES_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Frozen:
    """The state as it was at W."""

    manifest: Manifest
    tails: tuple[Storage, ...]
    cuts: tuple[Timestamp, ...]


def freeze(
    state: State, publisher: Publisher, first_wal: int, extra_cuts: Iterable[Timestamp] = ()
) -> Frozen:
    """Fix W. `first_wal` is the first WAL object that is not part of the state."""
    watermark = state.visible_ts
    cuts = {*state.history.current.snapshots, *extra_cuts}
    moments = sorted(ts for ts in cuts if state.watermark <= ts < watermark)
    tails = tuple(
        Storage(storage.id, inserts=list(storage.inserts), deletes=list(storage.deletes))
        for storage in state.storages.values()
        if storage.has_tail_until(watermark)
    )
    manifest = publisher.next_manifest(state, watermark, first_wal)
    return Frozen(manifest, tails, tuple(moments[-CUTS_MAX:]))


async def write(frozen: Frozen, state: State, duck: Duck, objects: ObjectWriter) -> tuple[Ref, ...]:
    """The tails as objects; their refs."""
    slots = asyncio.Semaphore(STORAGES_AT_ONCE)

    async def one(storage: Storage) -> list[Ref]:
        async with slots:
            return await _flush_storage(state, duck, objects, storage, frozen.cuts)

    made = await together(one(storage) for storage in frozen.tails)
    return tuple(ref for group in made for ref in group)


async def _flush_storage(
    state: State, duck: Duck, objects: ObjectWriter, storage: Storage, cuts: Sequence[Timestamp]
) -> list[Ref]:
    cursor = duck.cursor()
    refs: list[Ref] = []
    try:
        names = 0
        for low, high in _segments(cuts):
            for column_names, rows in _by_columns(storage, low, high):
                names += 1
                await cursor.register(f"tail_{names}", rows)
                layout = layout_of(state, storage.id, column_names)
                ref = await objects.data(cursor, storage.id, layout, f"tail_{names}")
                refs += [ref] if ref is not None else []
            dead = _deletes(storage, low, high)
            if dead is not None:
                names += 1
                await cursor.register(f"tail_{names}", dead)
                ref = await objects.tombstones(cursor, storage.id, f"tail_{names}")
                refs += [ref] if ref is not None else []
    finally:
        await duck.release(cursor)
    return refs


def _segments(cuts: Sequence[Timestamp]) -> list[tuple[int, int]]:
    """Intervals (low, high] between the cuts."""
    edges = [-1, *cuts, INFINITY]
    return list(itertools.pairwise(edges))


def _by_columns(storage: Storage, low: int, high: int) -> list[tuple[tuple[str, ...], pa.Table]]:
    """The tail's rows in (low, high] with `_commit_ts`, one table per set of columns: rows from before
    an ALTER TABLE ADD COLUMN go into an object without it."""
    groups: dict[tuple[str, ...], list[pa.Table]] = {}
    for item in storage.inserts:
        if low < item.ts <= high:
            stamps = pa.repeat(pa.scalar(item.ts, pa.int64()), item.rows.num_rows)
            rows = item.rows.append_column("_commit_ts", stamps)
            groups.setdefault(tuple(sorted(item.rows.column_names)), []).append(rows)
    found = []
    for names, parts in groups.items():
        alike = [part.select(parts[0].column_names) for part in parts]
        found.append((names, pa.concat_tables(alike, promote_options="permissive")))
    return found


def _deletes(storage: Storage, low: int, high: int) -> pa.Table | None:
    items = [item for item in storage.deletes if low < item.ts <= high]
    if not items:
        return None
    return pa.table(
        {
            "_row_id": pa.chunked_array([item.row_ids for item in items]),
            "_commit_ts": pa.chunked_array(
                [pa.repeat(pa.scalar(item.ts, pa.int64()), len(item.row_ids)) for item in items]
            ),
        }
    )


def layout_of(state: State, storage: StorageId, column_names: Iterable[str]) -> Layout:
    """How rows with the columns ``c<id>`` among `column_names` are written."""
    known = state.columns_of_storage(storage)
    ids = sorted(CatalogId(int(name[1:])) for name in column_names if name != "_row_id")
    columns: list[Column] = [known[id] for id in ids]
    tables = state.tables_of_storage.get(storage)
    return Layout.of(columns, tables[-1] if tables else None)
