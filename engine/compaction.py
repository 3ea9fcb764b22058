"""Compaction: rewriting a storage's objects without changing what any timestamp shows.

W is the watermark. The inputs are refs that are live and were added by W; the output holds their rows
that are alive at W, sorted by primary key, under their old commit ts and row ids, and lives from W on,
where the inputs end. A read before W finds the inputs as ever; a read from W on finds the output.

Tombstones that speak of input rows have done their work at W. One that speaks of other rows as well is
replaced by what is left of it; none is removed while a row it speaks of is still in a live object.

Which inputs: objects of about the same size, as soon as `TIER_OBJECTS_MIN` of them have gathered
(size-tiered), so that a row is rewritten once per tier and a table's objects stay logarithmic in number
however many small flushes came before; and objects whose rows are mostly dead, when no snapshot would
keep the old ones anyway. A run's rows are bounded by `RUN_ROWS_MAX`; DuckDB sorts in bounded memory.

Publication is a manifest with the same watermark. A crash before it leaves a garbage object.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from engine.catalog import Table
from engine.duck import Cursor
from engine.ids import INFINITY, StorageId, Timestamp
from engine.objects import Layout, ObjectWriter
from engine.pins import Pins
from engine.refs import Ref
from engine.scan import Scan
from engine.state import State, Storage

TIER_OBJECTS_MIN = 4
TIER_FACTOR = 4
RUN_ROWS_MAX = 4_000_000
DEAD_SHARE_MIN = 0.3
DEAD_ROWS_MIN = 1_000


@dataclass(frozen=True, slots=True)
class Run:
    """What one compaction reads: data refs, and every tombstone ref that may speak of their rows."""

    storage: StorageId
    data: tuple[Ref, ...]
    tombstones: tuple[Ref, ...]

    @property
    def inputs(self) -> tuple[Ref, ...]:
        return (*self.data, *self.tombstones)


@dataclass(frozen=True, slots=True)
class Compacted:
    """`removed` are the inputs as they are afterwards, `made` the outputs."""

    removed: tuple[Ref, ...]
    made: tuple[Ref, ...]


def choose(
    storage: StorageId, refs: Iterable[Ref], watermark: Timestamp, pins: Pins, restored: Collection[Timestamp]
) -> Run | None:
    """The most useful run among the refs of `storage`, if there is one. `restored` are the moments of
    restores."""
    live = [ref for ref in refs if ref.removed_ts == INFINITY and ref.added_ts <= watermark]
    data = [ref for ref in live if ref.kind == "data"]
    tombstones = [ref for ref in live if ref.kind == "tombstone"]
    chosen = _fullest_tier(data) or _mostly_dead(data, tombstones, watermark, pins, restored)
    if not chosen and len(tombstones) < TIER_OBJECTS_MIN:
        return None
    touched = tombstones if not chosen else [ref for ref in tombstones if ref.may_touch(chosen)]
    return Run(storage, tuple(chosen), tuple(touched)) if chosen or len(touched) > 1 else None


def _fullest_tier(data: Iterable[Ref]) -> list[Ref]:
    """The smallest objects of one tier, as many as fit into a run; none while there are too few."""
    tiers: dict[int, list[Ref]] = {}
    for ref in data:
        tiers.setdefault(_tier(ref.rows), []).append(ref)
    for _, refs in sorted(tiers.items()):
        if len(refs) >= TIER_OBJECTS_MIN:
            run = _within_limit(sorted(refs, key=lambda ref: ref.rows))
            if len(run) > 1:
                return run
    return []


def _tier(rows: int) -> int:
    tier = 0
    while rows >= 1_000:
        rows //= TIER_FACTOR
        tier += 1
    return tier


def _within_limit(refs: Iterable[Ref]) -> list[Ref]:
    run: list[Ref] = []
    rows = 0
    for ref in refs:
        rows += ref.rows
        if rows > RUN_ROWS_MAX:
            break
        run.append(ref)
    return run


def _mostly_dead(
    data: list[Ref],
    tombstones: list[Ref],
    watermark: Timestamp,
    pins: Pins,
    restored: Collection[Timestamp],
) -> list[Ref]:
    """Data refs worth rewriting for their dead rows alone: what a snapshot keeps is not freed by it.
    What was written at this watermark has none: or the same run would be chosen for ever."""
    free = [ref for ref in data if ref.added_ts < watermark and not pins.any_in(ref.added_ts, watermark)]
    dead = sum(
        tombstone.rows
        for tombstone in tombstones
        if any(tombstone.may_touch([ref]) and not _settled(tombstone, ref, restored) for ref in free)
    )
    if dead < DEAD_ROWS_MIN or dead < DEAD_SHARE_MIN * sum(ref.rows for ref in free):
        return []
    return _within_limit(sorted(free, key=lambda ref: ref.rows))


def _settled(tombstone: Ref, data: Ref, restored: Collection[Timestamp]) -> bool:
    """Whether all that the tombstone ref says was known when the data ref came, and left out of it. A
    restore alone installs rows together with deletes that concern them."""
    before = tombstone.added_ts < data.added_ts or data.added_ts not in restored
    return before and tombstone.max_ts <= data.added_ts


async def compact(
    state: State, run: Run, watermark: Timestamp, cursor: Cursor, scan: Scan, objects: ObjectWriter
) -> Compacted:
    """Write the run's outputs. Nothing is published yet. `scan` reads on `cursor`. An object that a restore
    has installed may hold columns dropped before the restore's moment: the storage never had them."""
    known = state.columns_of_storage(run.storage)
    written = sorted({id for ref in run.data for id in ref.columns})
    columns = [known[id] for id in written if id in known]
    inputs = Storage(run.storage, {ref.key: ref for ref in run.inputs})
    rows, dead = await scan.sources(inputs, columns, watermark)
    items = ", ".join([*(f"c{column.id}" for column in columns), "_row_id", "_commit_ts"])
    all_rows = " UNION ALL ".join(f"SELECT {items} FROM {part}" for part in rows)
    all_dead = " UNION ALL ".join(f"SELECT _row_id, _commit_ts FROM {part}" for part in dead)
    made: list[Ref | None] = []
    if rows:
        alive = f"SELECT {items} FROM ({all_rows}) AS input"
        if dead:
            alive += f" ANTI JOIN ({all_dead}) AS dead USING (_row_id)"
        layout = Layout.of(columns, _newest_table(state, run.storage))
        made.append(await objects.data(cursor, run.storage, layout, f"({alive})"))
    if dead:
        left = f"SELECT _row_id, _commit_ts FROM ({all_dead}) AS dead"
        if rows:
            left += f" ANTI JOIN ({all_rows}) AS input USING (_row_id)"
        made.append(await objects.tombstones(cursor, run.storage, f"({left})"))
    return Compacted(
        removed=tuple(dataclasses.replace(ref, removed_ts=watermark) for ref in run.inputs),
        made=tuple(dataclasses.replace(ref, added_ts=watermark) for ref in made if ref is not None),
    )


def _newest_table(state: State, storage: StorageId) -> Table | None:
    tables = state.tables_of_storage.get(storage)
    return tables[-1] if tables else None
