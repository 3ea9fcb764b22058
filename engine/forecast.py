"""What a restore of a table would come to, told from refs alone: nothing is read or written.

Numbers of objects are what they will be, unless the tail has to be flushed first or upkeep comes in
between. Numbers of rows are at most what they will be: of an object that is seen only then or only now every
row counts, also rows that compaction has put elsewhere, and of a straddler all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.catalog import Table
from engine.ids import Timestamp
from engine.outcome import Present
from engine.refs import Ref
from engine.restore import Method
from engine.state import Storage, TailRows


@dataclass(frozen=True, slots=True)
class Forecast:
    objects_shared: int
    objects_rewritten: int
    rows_rewritten: int
    bytes_rewritten: int
    rows_gained: int
    rows_lost: int


def forecast(now: Present, then: Table, current: Table | None, moment: Timestamp, method: Method) -> Forecast:
    """`then` as it was at `moment`, in the place of `current`; None when nothing is there."""
    storage = now.state.storages.get(then.storage) or Storage(then.storage)
    seen = [ref for ref in storage.refs_at(moment) if ref.min_ts <= moment]
    rewritten = [ref for ref in seen if method == "logical" or ref.straddles(moment)]
    gained, lost = _moved(now, storage, seen, current, moment)
    return Forecast(
        0 if method == "logical" else len(seen) - len(rewritten),
        len(rewritten),
        sum(ref.rows for ref in rewritten if method == "physical" or ref.kind == "data"),
        sum(ref.bytes for ref in rewritten),
        gained,
        lost,
    )


def rows_now(now: Present, table: Table) -> int:
    """At most so many rows there are in it."""
    storage = now.state.storages.get(table.storage) or Storage(table.storage)
    refs = [*storage.refs_at(now.state.visible_ts), *_own(now, table)]
    return _rows(refs, "data") + _inserted(storage.inserts)


def _moved(
    now: Present, storage: Storage, seen: Iterable[Ref], current: Table | None, moment: Timestamp
) -> tuple[int, int]:
    """How many rows come and how many go, at most."""
    inserts, deletes = storage.tail_until(moment)
    whole = {ref.key: ref for ref in seen}
    if current is None:
        return _rows(whole.values(), "data") + _inserted(inserts), 0
    held = now.state.storages.get(current.storage) or Storage(current.storage)
    present = {ref.key: ref for ref in (*held.refs_at(now.state.visible_ts), *_own(now, current))}
    cut = [ref for key, ref in whole.items() if key in present and ref.max_ts > moment]
    come = [ref for key, ref in whole.items() if key not in present]
    go = [*cut, *(ref for key, ref in present.items() if key not in whole)]
    gained, lost = _rows(come, "data") + _rows(go, "tombstone"), _rows(go, "data") + _rows(come, "tombstone")
    same = held.id == storage.id
    lost += _inserted(item for item in held.inserts if not same or item.ts > moment)
    gained += sum(len(item.row_ids) for item in held.deletes if not same or item.ts > moment)
    if not same:
        gained += _inserted(inserts)
        lost += sum(len(item.row_ids) for item in deletes)
    return gained, lost


def _own(now: Present, table: Table) -> Iterable[Ref]:
    return now.own.refs_of(table.storage).values() if now.own is not None else ()


def _inserted(items: Iterable[TailRows]) -> int:
    return sum(int(item.rows.num_rows) for item in items)


def _rows(refs: Iterable[Ref], kind: str) -> int:
    return sum(ref.rows for ref in refs if ref.kind == kind)
