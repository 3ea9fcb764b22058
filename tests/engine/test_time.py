"""The one rule of time: objects that straddle a moment, and every way of going back to it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.clock import ManualClock
from engine.errors import MomentInFuture, MomentTooOld
from engine.ids import Timestamp
from engine.stores.base import Store
from engine.stores.memory import MemoryStore
from tests.engine.lab import Lab, opened


async def straddling(lab: Lab) -> tuple[Timestamp, list[tuple[int, str]], list[tuple[int, str]]]:
    """Rows inserted, updated and deleted before and after a moment, flushed as one data object and one
    tombstone object around it. The moment, the rows then, the rows now."""
    await lab.create()
    await lab.insert((1, "one"), (2, "two"), (3, "three"), (4, "four"))
    await lab.update(2, "two, before")
    await lab.delete(3)
    moment = await lab.insert((5, "five"))
    await lab.update(1, "one, after")
    await lab.delete(5)
    await lab.insert((3, "three, again"), (6, "six"))
    await lab.tenant.flush()
    refs = list(lab.tenant.state.storage(lab.table().storage).refs.values())
    assert sorted(ref.kind for ref in refs) == ["data", "tombstone"]
    assert all(ref.straddles(moment) for ref in refs)
    then = [(1, "one"), (2, "two, before"), (4, "four"), (5, "five")]
    now = [(1, "one, after"), (2, "two, before"), (3, "three, again"), (4, "four"), (6, "six")]
    return moment, then, now


@pytest.mark.parametrize("method", ["physical", "logical"])
def test_straddlers_read_and_restored(any_store: Store, tmp_path: Path, method: str) -> None:
    async def run() -> None:
        async with opened(any_store, tmp_path) as lab:
            moment, then, now = await straddling(lab)
            before = lab.tenant.visible_ts
            assert await lab.rows() == await lab.cold_rows() == now
            assert await lab.rows(ts=moment) == await lab.cold_rows(ts=moment) == then
            report = await lab.tenant.restore(moment, method)
            assert [line.rows for line in report.tables] == [4]
            assert await lab.rows() == await lab.cold_rows() == then
            assert await lab.rows(ts=before) == await lab.cold_rows(ts=before) == now
            assert await lab.rows(ts=moment) == then
        async with opened(any_store, tmp_path / "another machine") as lab:
            assert await lab.rows() == await lab.cold_rows() == then
            assert await lab.rows(ts=before) == now

    asyncio.run(run())


def test_adjacent_microseconds(tmp_path: Path) -> None:
    """Two commits in one microsecond of the wall clock, on either side of a snapshot."""

    async def run() -> None:
        clock = ManualClock()
        async with opened(MemoryStore(), tmp_path, clock=clock) as lab:
            await lab.create()
            before = await lab.insert((1, "before"))
            moment = await lab.snapshot("between")
            after = await lab.insert((2, "after"))
            assert (moment - before, after - moment) == (1, 1)
            await lab.tenant.flush()
            assert await lab.rows(ts=moment) == await lab.cold_rows(ts=moment) == [(1, "before")]
            report = await lab.tenant.restore(moment)
            assert report.tables[0].objects_rewritten == 0
            assert await lab.rows() == [(1, "before")]

    asyncio.run(run())


def test_back_and_forth(tmp_path: Path) -> None:
    """Restore, restore to a later moment, then to before the first restore."""

    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            first = await lab.insert((1, "a"))
            second = await lab.insert((2, "b"))
            third = await lab.update(1, "c")
            back = await lab.tenant.restore(second)
            await lab.insert((9, "after the restore"))
            latest = lab.tenant.visible_ts
            expected = {
                first: [(1, "a")],
                second: [(1, "a"), (2, "b")],
                third: [(1, "c"), (2, "b")],
                back.commit_ts: [(1, "a"), (2, "b")],
                latest: [(1, "a"), (2, "b"), (9, "after the restore")],
            }
            for moment in (third, first, latest, second, back.commit_ts, third):
                await lab.tenant.restore(moment)
                assert await lab.rows() == await lab.cold_rows() == expected[moment]
                for ts, rows in expected.items():
                    assert await lab.rows(ts=ts) == await lab.cold_rows(ts=ts) == rows

    asyncio.run(run())


def test_dropped_table_comes_back(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            table = lab.table()
            moment = await lab.insert((1, "a"))
            await lab.drop()
            await lab.create("later")
            await lab.insert((7, "x"), name="later")
            assert await lab.rows(ts=moment) == [(1, "a")]
            report = await lab.tenant.restore(moment)
            assert {(line.table, line.action) for line in report.tables} == {
                ("t", "recreated"),
                ("later", "dropped"),
            }
            assert lab.table().id == table.id
            assert lab.table().storage != table.storage
            assert await lab.rows() == [(1, "a")]
            assert [table.name for table in lab.tenant.catalog.tables.values()] == ["t"]

    asyncio.run(run())


def test_moments_out_of_reach(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        async with opened(MemoryStore(), tmp_path, clock=clock) as lab:
            with pytest.raises(MomentInFuture):
                await lab.tenant.settle(Timestamp(lab.tenant.now() + 1))
            born = lab.tenant.earliest_ts
            with pytest.raises(MomentTooOld, match="did not exist yet") as caught:
                await lab.tenant.settle(Timestamp(born - 1))
            assert (caught.value.detail or "").startswith("It began at ")
            settled = lab.tenant.now()
            await lab.tenant.settle(settled)
            await lab.create()
            assert await lab.insert((1, "a")) > settled
            clock.advance(lab.tenant.catalog.history_retention_us + 1)
            await lab.tenant.collect()
            with pytest.raises(MomentTooOld, match="no longer readable") as caught:
                await lab.tenant.settle(born)
            assert "earliest readable moment" in (caught.value.detail or "")

    asyncio.run(run())


def test_bulk_objects_never_straddle(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            await lab.insert((0, "small"))
            many = [(id, f"row {id}") for id in range(1, 60_001)]
            moment = await lab.insert(*many)
            table = lab.table()
            refs = list(lab.tenant.state.storage(table.storage).refs.values())
            assert [(ref.bulk_base is not None, ref.min_ts, ref.max_ts) for ref in refs] == [
                (True, moment, moment)
            ]
            await lab.delete(*range(100, 200))
            now = [(0, "small"), *(row for row in many if not 100 <= row[0] < 200)]
            assert await lab.rows() == await lab.cold_rows() == now
            report = await lab.tenant.restore(moment)
            assert await lab.rows() == await lab.cold_rows() == [(0, "small"), *many]
            assert report.tables[0].rows == 60_001

    asyncio.run(run())
