"""What snapshots hold, counted by hand on a state made by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.catalog import Level, Schema, Snapshot, Table
from engine.collection import Known
from engine.history import Entry
from engine.ids import INFINITY, CatalogId, RowId, StorageId, Timestamp
from engine.pins import Covered, Pin, Pins
from engine.refs import Ref
from engine.state import State
from engine.usage import SnapshotUsage, snapshot_usage, storage_bytes

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


def state(horizon: int, *snapshots: int, of: int | None = None) -> State:
    """A table whose storage OLD was truncated at 100; NEW is live. Snapshots of the tenant, or of the
    table `of`."""

    def entry(body: object, created: int, dropped: int = INFINITY) -> Entry:
        return Entry(body, Timestamp(created), Timestamp(dropped))  # type: ignore[arg-type]

    entries = [entry(Schema(CatalogId(2), CatalogId(1), "public"), 1)]
    entries.append(entry(Table(CatalogId(3), CatalogId(2), "t", (), OLD), 1, 100))
    entries.append(entry(Table(CatalogId(3), CatalogId(2), "t", (), NEW), 100))
    level: Level = "tenant" if of is None else "table"
    objects = () if of is None else (CatalogId(of),)
    entries += [
        entry(Snapshot(CatalogId(10 + number), Timestamp(ts), f"s{ts}", level, objects=objects), ts)
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


def usage(state: State) -> list[SnapshotUsage]:
    snapshots = state.history.current.snapshots
    pins = Pins(state.horizon, Covered(state.history).by(snapshots.values()))
    return snapshot_usage(Known.of(state), pins, {ts: snapshot.name for ts, snapshot in snapshots.items()})


def test_a_snapshot_holds_what_a_read_at_it_would_use() -> None:
    (held,) = usage(state(150, 30))
    assert (held.timestamp, held.name) == (30, "s30")
    assert (held.objects, held.bytes) == (2, 110)
    assert held.straddlers == 1


def test_bytes_are_unique_when_nothing_else_needs_them() -> None:
    assert [u.unique_bytes for u in usage(state(150, 30))] == [110]


def test_bytes_above_the_horizon_would_not_be_freed() -> None:
    assert [u.unique_bytes for u in usage(state(50, 30))] == [0]


def test_bytes_that_another_snapshot_needs_would_not_be_freed() -> None:
    assert [u.unique_bytes for u in usage(state(150, 20, 30))] == [0, 100]


def test_live_bytes_would_not_be_freed() -> None:
    (held,) = usage(state(190, 180))
    assert (held.bytes, held.unique_bytes, held.straddlers) == (1000, 0, 0)


def test_a_narrower_snapshot_holds_what_it_covers() -> None:
    assert [(u.objects, u.bytes, u.unique_bytes) for u in usage(state(150, 30, of=3))] == [(2, 110, 110)]
    assert [(u.objects, u.bytes, u.unique_bytes) for u in usage(state(150, 30, of=4))] == [(0, 0, 0)]


def test_a_storage_counts_its_live_objects() -> None:
    assert storage_bytes(state(150), NEW) == 1000
    assert storage_bytes(state(150), StorageId(99)) == 0


TIMES = st.integers(1, 9)
REFS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 2), TIMES, st.integers(0, 3), st.none() | TIMES),
    max_size=7,
    unique_by=lambda it: (it[0], it[1]),
)
COVERED = st.none() | st.frozensets(st.integers(0, 2).map(CatalogId))


@given(REFS, st.dictionaries(TIMES.map(Timestamp), COVERED), st.integers(0, 12))
def test_counts_are_those_of_a_look_at_every_object_for_every_snapshot(
    drawn: list[tuple[str, int, int, int, int | None]],
    covered: dict[Timestamp, frozenset[CatalogId] | None],
    horizon: int,
) -> None:
    """Each table has one storage, of the same number; objects `a`, `b` and `c` may be in several."""
    tables = [Table(CatalogId(n), CatalogId(9), "t", (), StorageId(n)) for n in range(3)]
    refs = [
        ref(key, StorageId(at), 10 ** "abc".index(key), first, first + length, removed or INFINITY)
        for key, at, first, length, removed in drawn
    ]
    pins = Pins(Timestamp(horizon), {ts: Pin("s", relations) for ts, relations in covered.items()})
    known = Known(tuple(refs), tuple(Entry(table, Timestamp(1), INFINITY) for table in tables))

    def holds(ts: Timestamp, one: Ref) -> bool:
        relations = covered[ts]
        return one.visible_at(ts) and (relations is None or one.storage in relations)

    holders = {
        one.key: [ts for ts in covered if any(holds(ts, r) for r in refs if r.key == one.key)] for one in refs
    }
    recent = {one.key for one in refs if one.removed_ts > horizon}
    sizes = {one.key: one.bytes for one in refs}
    expected = [
        SnapshotUsage(
            ts,
            "s",
            len(held := [key for key in holders if ts in holders[key]]),
            sum(sizes[key] for key in held),
            sum(sizes[key] for key in held if holders[key] == [ts] and key not in recent),
            len([one for one in refs if holds(ts, one) and one.straddles(ts)]),
        )
        for ts in sorted(covered)
    ]
    assert snapshot_usage(known, pins, dict.fromkeys(covered, "s")) == expected
