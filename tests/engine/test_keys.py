"""Key checks touch what can hold the value: key ranges, hot keys, and nothing else."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import random
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.catalog import Key, Put
from engine.errors import KeyViolated
from engine.ids import CatalogId
from engine.key_ranges import KeyRange, KeyValues, bounds, ranges_of
from engine.scan import Scan
from engine.stores.memory import MemoryStore
from tests.engine.lab import Lab, opened
from tests.engine.test_hot import quiet

OBJECTS = 12
ROWS = 3_000
HOT_BYTES_MAX = 2_000_000
"""Room for the keys, not for the rows."""


class Watched:
    """The keys of the objects that scans have opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened: set[str] = set()
        hold = Scan._hold

        async def watched(scan: Scan, storage: object, refs: list[object]) -> object:
            refs = list(refs)
            self.opened |= {ref.key for ref in refs}  # type: ignore[attr-defined]
            return await hold(scan, storage, refs)  # type: ignore[arg-type]

        monkeypatch.setattr(Scan, "_hold", watched)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(monkeypatch)


@asynccontextmanager
async def large(folder: Path, *, mixed: bool = False) -> AsyncIterator[Lab]:
    """A table that does not fit into memory, in a dozen objects, in order of its key or in any order;
    only even keys are there."""
    store = MemoryStore()
    ids = [2 * id for id in range(OBJECTS * ROWS)]
    if mixed:
        random.Random(1).shuffle(ids)
    async with opened(store, folder / "one") as lab:
        await lab.create()
        for part in range(OBJECTS):
            await lab.insert(*((id, "some text") for id in ids[part * ROWS : (part + 1) * ROWS]))
            await lab.tenant.flush()
    async with opened(store, folder / "two") as lab:
        lab.tenant._hot._budgets[0]._bytes_max = HOT_BYTES_MAX
        assert len(lab.tenant.state.storage(lab.table().storage).refs) == OBJECTS
        yield lab


def test_an_insert_opens_the_objects_that_can_hold_its_key(tmp_path: Path, watched: Watched) -> None:
    async def run() -> None:
        async with large(tmp_path) as lab:
            watched.opened.clear()
            await lab.insert((10_000_000, "beyond all"))
            await lab.insert((-1, "before all"))
            assert watched.opened == set()
            assert not lab.tenant._hot.tables()
            with pytest.raises(KeyViolated):
                await lab.insert((10_000_000, "in the tail"))
            await lab.insert((ROWS + 1, "odd"))
            await quiet(lab)
            refs = lab.tenant.state.storage(lab.table().storage).refs.values()
            held = {ref.key for ref in refs if ref.ranges[0].low <= ROWS + 1 <= ref.ranges[0].high}
            assert len(held) == 1
            with pytest.raises(KeyViolated):
                await lab.insert((ROWS + 2, "even"))

    asyncio.run(run())


@pytest.mark.parametrize("mixed", [False, True])
def test_keys_are_hot_where_a_table_is_too_large(tmp_path: Path, watched: Watched, mixed: bool) -> None:
    async def run() -> None:
        async with large(tmp_path, mixed=mixed) as lab:
            await lab.insert((1, "odd"))
            while lab.tenant._hot.keys._tasks:
                await asyncio.wait(set(lab.tenant._hot.keys._tasks))
            [keys] = lab.tenant._hot.tables()
            assert len(keys.columns) == 1
            watched.opened.clear()
            for id in (3, 5, 7):
                await lab.insert((id, "odd"))
            await lab.delete(5)
            await lab.insert((5, "again"))
            await lab.update(7, "changed")
            for id in (0, 1, 2, 3, 5, 7, 2 * ROWS):
                with pytest.raises(KeyViolated):
                    await lab.insert((id, "there"))
            await lab.insert(*((id, "many") for id in range(1_000_001, 1_000_101, 2)))
            with pytest.raises(KeyViolated):
                await lab.insert(*((id, "many") for id in range(2_000_001, 2_000_101, 2)), (4, "there"))
            opened_by_reads = watched.opened  # deletes read the rows themselves
            watched.opened = set()
            await lab.insert((9, "odd"))
            assert watched.opened == set()
            assert opened_by_reads

    asyncio.run(run())


def test_hot_keys_go_through_a_restore(tmp_path: Path) -> None:
    async def run() -> None:
        async with large(tmp_path) as lab:
            await lab.insert((1, "odd"))
            await drained(lab)
            moment = lab.tenant.visible_ts
            await lab.delete(2)
            await lab.insert((2, "again"), (3, "odd"))
            await lab.delete(1)
            await lab.tenant.restore(moment)
            [keys] = lab.tenant._hot.keys.tables()
            await lab.insert((3, "odd"))
            for id in (1, 2, 3):
                with pytest.raises(KeyViolated):
                    await lab.insert((id, "there"))
            await drained(lab)
            assert lab.tenant._hot.keys.tables() == [keys]
            for id in (1, 2, 3):
                with pytest.raises(KeyViolated):
                    await lab.insert((id, "there"))
            await lab.delete(1)
            await lab.insert((1, "free"))

    asyncio.run(run())


async def drained(lab: Lab) -> None:
    for tables in (lab.tenant._hot.whole, lab.tenant._hot.keys):
        while tables._tasks:
            await asyncio.wait(set(tables._tasks))


def test_a_key_that_comes_later_is_checked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects from before have no range of it, a table of hot keys has no column of it."""

    async def run() -> None:
        async with large(tmp_path) as lab:
            await lab.insert((1, "odd"))
            await drained(lab)
            lab.tenant._hot._budgets[0]._bytes_max *= 2
            monkeypatch.setattr(lab.tenant._hot.whole, "load", lambda *_: None)
            table = lab.table()
            transaction = lab.tenant.begin()
            key = Key(
                transaction.new_id(), "v_key", (table.columns[0].id, table.columns[1].id), primary=False
            )
            transaction.edit(Put(dataclasses.replace(table, keys=(*table.keys, key))))
            await transaction.commit()
            for _ in range(2):
                with pytest.raises(KeyViolated):
                    await lab.insert((1, "odd"))
                with pytest.raises(KeyViolated):
                    await lab.insert((4, "some text"))
                await drained(lab)
            await lab.insert((3, "odd"))
            assert any(len(keys.columns) == 2 for keys in lab.tenant._hot.keys.tables())

    asyncio.run(run())


@pytest.mark.parametrize("after", ["flush", "compact", "restore"])
def test_ranges_are_written_whatever_writes_objects(tmp_path: Path, after: str) -> None:
    async def run() -> None:
        store = MemoryStore()
        async with opened(store, tmp_path) as lab:
            await lab.create()
            for id in (5, 3, 9, 1):
                moment = await lab.insert((id, "v"))
                if after == "compact":
                    await lab.tenant.flush()
            await lab.insert((40, "v"))
            await lab.tenant.flush()
            if after == "compact":
                await lab.tenant.compact()
            if after == "restore":
                await lab.tenant.restore(moment)
            storage = lab.tenant.state.storage(lab.table().storage)
            [ref] = [ref for ref in storage.refs.values() if ref.visible_at(lab.tenant.visible_ts)]
            id = lab.table().columns[0].id
            assert ref.ranges == (KeyRange(id, 1, 9 if after == "restore" else 40),)
        async with opened(store, tmp_path / "again") as lab:
            storage = lab.tenant.state.storage(lab.table().storage)
            assert storage.refs[ref.key].ranges == ref.ranges

    asyncio.run(run())


def test_a_deleted_key_in_objects_is_free(tmp_path: Path) -> None:
    """The tombstones that speak of the rows looked at are read with them."""

    async def run() -> None:
        async with large(tmp_path) as lab:
            await lab.delete(4, ROWS)
            await lab.tenant.flush()
            for tables in (lab.tenant._hot.whole, lab.tenant._hot.keys):
                for table in tables.tables():
                    tables.evict(table)
            await lab.insert((4, "again"), (ROWS, "again"))
            with pytest.raises(KeyViolated):
                await lab.insert((6, "there"))

    asyncio.run(run())


KIND = {
    "INTEGER": st.integers(-(2**31), 2**31 - 1),
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "VARCHAR": st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=80),
    "DATE": st.dates(),
    "TIMESTAMP": st.datetimes(),
    "TIMESTAMP WITH TIME ZONE": st.datetimes(timezones=st.just(datetime.UTC)),
    "UUID": st.uuids().map(str),
    "DECIMAL(38,10)": st.decimals(-(10**27), 10**27, places=10),
}
ARROW = {
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "VARCHAR": pa.string(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us"),
    "TIMESTAMP WITH TIME ZONE": pa.timestamp("us", "UTC"),
    "UUID": pa.string(),
    "DECIMAL(38,10)": pa.decimal128(38, 10),
}
COLUMN = CatalogId(7)


@given(st.data(), st.sampled_from(sorted(KIND)), st.integers(1, 20))
def test_a_range_never_hides_a_value(
    duck_cursor: object, data: st.DataObject, type: str, looked_for: int
) -> None:
    """The order here is DuckDB's: what it finds to be lowest and highest brackets every value."""
    present = data.draw(st.lists(st.none() | KIND[type], min_size=1, max_size=12))
    others = data.draw(st.lists(KIND[type], max_size=looked_for))
    rows = pa.table({"c7": pa.array(present, ARROW[type])})
    found = duck_cursor(f"SELECT {', '.join(bounds({COLUMN: type}))} FROM rows", rows)  # type: ignore[operator]
    ranges = ranges_of(found, {COLUMN: type})
    assert len(ranges) == 1
    for value in present:
        if value is not None:
            wanted = pa.table({"c7": pa.array([value, *others], ARROW[type])})
            assert KeyValues.of(wanted, {COLUMN: type}).may_be_in(ranges)
    empty = KeyRange(COLUMN, None, None)
    assert (ranges == (empty,)) == all(value is None for value in present)
    if ranges == (empty,) and others:
        wanted = pa.table({"c7": pa.array(others, ARROW[type])})
        assert not KeyValues.of(wanted, {COLUMN: type}).may_be_in(ranges)


@pytest.fixture(scope="module")
def duck_cursor() -> object:
    import duckdb

    connection = duckdb.connect()

    def query(sql: str, rows: pa.Table) -> pa.Table:
        connection.register("rows", rows)
        return connection.sql(sql).to_arrow_table()

    return query


def test_values_beyond_a_range_are_not_in_it() -> None:
    types = {COLUMN: "INTEGER"}
    range = KeyRange(COLUMN, 10, 20)

    def may(*values: int) -> bool:
        rows = pa.table({"c7": pa.array(values, pa.int32())})
        return KeyValues.of(rows, types).may_be_in([range])

    assert [may(9), may(10), may(20), may(21), may(1, 30), may(1, 15, 30)] == [
        False,
        True,
        True,
        False,
        False,
        True,
    ]
    assert may(*[1] * 10_000, 30)
    assert not may(*[1] * 10_000, 9)


def test_what_a_cast_would_change_is_looked_for_everywhere() -> None:
    """A numeric with more digits than its column is rounded when it is stored."""
    far = [KeyRange(COLUMN, 0, 0)]
    types = {COLUMN: "DECIMAL(10,2)"}
    for type, fits in (
        (pa.decimal128(10, 2), True),
        (pa.decimal128(12, 1), True),
        (pa.decimal128(12, 3), False),
    ):
        rows = pa.table({"c7": pa.array([5], type)})
        assert KeyValues.of(rows, types).may_be_in(far) != fits
    assert not KeyValues.of(pa.table({"c7": pa.array([5])}), types).may_be_in(far)
    assert KeyValues.of(pa.table({"c7": pa.array([5])}), {COLUMN: "DATE"}).may_be_in(far)
    names = [str(uuid.UUID(int=number)) for number in range(20_000)]
    assert KeyValues.of(pa.table({"c7": names}), {COLUMN: "UUID"}).columns == {}


def test_long_text_is_cut() -> None:
    a, last = "a" * 100, "\U0010ffff" * 100
    assert KeyRange.of(COLUMN, a, a) == (COLUMN, "a" * 64, "a" * 63 + "b")
    assert KeyRange.of(COLUMN, last, last) == (COLUMN, last[:64], None)
    assert KeyRange.of(COLUMN, a, "\ud7ff" * 70).high == "\ud7ff" * 63 + "\ue000"


def test_infinite_moments_and_uuids_have_their_place() -> None:
    moments = pa.array([2**63 - 1, -(2**63) + 1], pa.int64()).cast(pa.timestamp("us"))
    rows = pa.table({"c7": moments})
    wanted = KeyValues.of(rows, {COLUMN: "TIMESTAMP"})
    assert wanted.may_be_in([KeyRange(COLUMN, 2**63 - 1, 2**63 - 1)])
    assert not wanted.may_be_in([KeyRange(COLUMN, 0, 1)])
    name = str(uuid.UUID(int=5)).upper()
    found = KeyValues.of(pa.table({"c7": [name]}), {COLUMN: "UUID"})
    assert found.may_be_in([KeyRange(COLUMN, name.lower(), name.lower())])
