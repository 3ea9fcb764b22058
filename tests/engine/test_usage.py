"""What snapshots hold, counted by hand on a state made by hand."""

from __future__ import annotations

from engine.catalog import Schema, Snapshot, Table
from engine.history import Entry
from engine.ids import INFINITY, CatalogId, RowId, StorageId, Timestamp
from engine.refs import Ref
from engine.state import State
from engine.usage import snapshot_usage, storage_bytes

OLD, NEW = StorageId(50), StorageId(51)


def ref(key: str, storage: StorageId, size: int, first: int, last: int, removed: int = INFINITY) -> Ref:
    return Ref(
        kind="data",
        storage=storage,
        key=key,
        hash=key,
        rows=1,
        bytes=size,
        min_ts=Timestamp(first),
        max_ts=Timestamp(last),
        min_row_id=RowId(1),
        max_row_id=RowId(1),
        added_ts=Timestamp(first),
        removed_ts=Timestamp(removed),
    )


def state(horizon: int, *snapshots: int) -> State:
    """A table whose storage OLD was truncated at 100; NEW is live."""

    def entry(body: object, created: int, dropped: int = INFINITY) -> Entry:
        return Entry(body, Timestamp(created), Timestamp(dropped))  # type: ignore[arg-type]

    entries = [entry(Schema(CatalogId(2), CatalogId(1), "public"), 1)]
    entries.append(entry(Table(CatalogId(3), CatalogId(2), "t", (), OLD), 1, 100))
    entries.append(entry(Table(CatalogId(3), CatalogId(2), "t", (), NEW), 100))
    entries += [
        entry(Snapshot(CatalogId(10 + number), Timestamp(ts), f"s{ts}"), ts)
        for number, ts in enumerate(snapshots)
    ]
    refs = [
        ref("a", OLD, 10, 5, 20),
        ref("b", OLD, 100, 21, 40),
        ref("c", NEW, 1000, 120, 130),
    ]
    return State(
        entries=entries,
        refs=refs,
        next_id=1000,
        next_row_id=1,
        last_ts=Timestamp(200),
        watermark=Timestamp(200),
        horizon=Timestamp(horizon),
    )


def test_a_snapshot_holds_what_a_read_at_it_would_use() -> None:
    (usage,) = snapshot_usage(state(150, 30))
    assert (usage.timestamp, usage.name) == (30, "s30")
    assert (usage.objects, usage.bytes) == (2, 110)
    assert usage.straddlers == 1


def test_bytes_are_unique_when_nothing_else_needs_them() -> None:
    assert [u.unique_bytes for u in snapshot_usage(state(150, 30))] == [110]


def test_bytes_above_the_horizon_would_not_be_freed() -> None:
    assert [u.unique_bytes for u in snapshot_usage(state(50, 30))] == [0]


def test_bytes_that_another_snapshot_needs_would_not_be_freed() -> None:
    assert [u.unique_bytes for u in snapshot_usage(state(150, 20, 30))] == [0, 100]


def test_live_bytes_would_not_be_freed() -> None:
    (usage,) = snapshot_usage(state(190, 180))
    assert (usage.bytes, usage.unique_bytes, usage.straddlers) == (1000, 0, 0)


def test_a_storage_counts_its_live_objects() -> None:
    assert storage_bytes(state(150), NEW) == 1000
    assert storage_bytes(state(150), StorageId(99)) == 0
