"""What is forgotten, what is deleted, and what never is."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from engine.catalog import Drop, Put, Setting
from engine.check import Counts, check
from engine.clock import ManualClock
from engine.errors import MomentTooOld, TenantFenced
from engine.ids import Timestamp
from engine.paths import parse
from engine.stores.base import Store
from engine.stores.memory import MemoryStore
from engine.tenant import Options
from tests.engine.lab import Lab, opened

HOUR_US = 3600 * 1_000_000
NO_GRACE = Options(grace_seconds=0)


async def keep(lab: Lab, microseconds: int) -> None:
    """ALTER TENANT SET history_retention."""
    transaction = lab.tenant.begin()
    transaction.edit(Put(Setting(transaction.new_id(), "history_retention", str(microseconds))))
    await transaction.commit()


async def drop_snapshot(lab: Lab, ts: Timestamp) -> None:
    transaction = lab.tenant.begin()
    transaction.edit(Drop("snapshot", lab.tenant.catalog.snapshots[ts].id))
    await transaction.commit()


async def objects_of(store: Store) -> set[str]:
    keys = [info.key async for info in store.scan("tenants/acme/")]
    return {key for key in keys if "/objects/" in key}


async def vacuum(lab: Lab) -> None:
    await lab.tenant.flush()
    await lab.tenant.compact()
    await lab.tenant.collect()


def test_a_snapshot_keeps_its_objects_until_it_is_dropped(any_store: Store, tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        async with opened(any_store, tmp_path, clock=clock, options=NO_GRACE) as lab:
            await keep(lab, 0)
            await lab.create()
            await lab.insert((1, "a"), (2, "b"))
            moment = await lab.snapshot("s")
            between = await lab.insert((3, "c"))
            await lab.drop()
            await lab.create("u")
            await lab.insert((9, "z"), name="u")
            clock.advance(HOUR_US)
            await vacuum(lab)
            assert await lab.rows(ts=moment) == await lab.cold_rows(ts=moment) == [(1, "a"), (2, "b")]
            with pytest.raises(MomentTooOld, match="no longer readable"):
                await lab.tenant.settle(between)
            before = await objects_of(any_store)
            await drop_snapshot(lab, moment)
            clock.advance(HOUR_US)
            await vacuum(lab)
            left = await objects_of(any_store)
            assert left < before
            assert {ref.key for ref in lab.tenant.state.refs()} == left
            assert [table.name for table in lab.tenant.catalog.tables.values()] == ["u"]
            assert await lab.rows("u") == await lab.cold_rows("u") == [(9, "z")]
        async with opened(any_store, tmp_path / "again", clock=clock) as lab:
            assert await lab.rows("u") == await lab.cold_rows("u") == [(9, "z")]

    asyncio.run(run())


def test_history_is_kept_for_as_long_as_was_promised(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        store = MemoryStore()
        async with opened(store, tmp_path, clock=clock, options=NO_GRACE) as lab:
            await keep(lab, 10 * HOUR_US)
            await lab.create()
            early = await lab.insert((1, "a"))
            clock.advance(6 * HOUR_US)
            late = await lab.update(1, "b")
            await vacuum(lab)
            assert await lab.rows(ts=early) == await lab.cold_rows(ts=early) == [(1, "a")]
            clock.advance(5 * HOUR_US)
            await lab.update(1, "c")
            await vacuum(lab)
            with pytest.raises(MomentTooOld):
                await lab.tenant.settle(early)
            await lab.tenant.settle(late)
            assert await lab.rows(ts=late) == await lab.cold_rows(ts=late) == [(1, "b")]

    asyncio.run(run())


def test_what_is_unnamed_waits_for_its_grace(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        store = MemoryStore()
        async with opened(store, tmp_path, clock=clock, options=Options(grace_seconds=60)) as lab:
            await lab.create()
            await lab.insert((1, "a"))
            [generation] = await store.folders("tenants/acme/")
            orphan = lab.tenant.objects.new_object_id()
            newer = f"{99:08x}-{'ab' * 12}"
            for id in (orphan, newer):
                await store.put(f"tenants/acme/{generation}/objects/{id}.parquet", b"garbage")
            assert (await lab.tenant.collect()).objects == 0
            clock.advance(30 * 1_000_000)
            assert (await lab.tenant.collect()).waiting == 1
            clock.advance(31 * 1_000_000)
            assert (await lab.tenant.collect()).objects == 1
            assert [key for key in await objects_of(store) if newer in key]

    asyncio.run(run())


def test_claims_and_fences_outlive_collection(tmp_path: Path) -> None:
    """A writer that stalled before collection freed numbers meets a fence all the same."""

    async def run() -> None:
        clock = ManualClock()
        store = MemoryStore()
        async with opened(store, tmp_path / "stalled", clock=clock) as stalled:
            await stalled.create()
            await stalled.insert((1, "a"))
            async with opened(store, tmp_path / "new", clock=clock, options=NO_GRACE) as lab:
                for step in range(5):
                    await lab.insert((10 + step, "v"))
                    await lab.tenant.flush()
                clock.advance(HOUR_US)
                await vacuum(lab)
                await vacuum(lab)
                parsed = [parse(info.key) async for info in store.scan("tenants/acme/")]
                left = [(p.kind, p.number) for p in parsed if p is not None and p.kind in ("wal", "manifest")]
                assert len(left) < 10
                with pytest.raises(TenantFenced):
                    await stalled.insert((2, "lost"))
                with pytest.raises(TenantFenced):
                    await stalled.tenant.flush()
                assert len(await lab.rows()) == 6

    asyncio.run(run())


def test_the_same_past_count_whatever_is_collected(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        async with opened(MemoryStore(), tmp_path, clock=clock, options=NO_GRACE) as lab:
            await keep(lab, 0)
            await lab.create()
            shown = {}
            for step in range(12):
                await lab.insert(*((100 * step + k, "v") for k in range(20)))
                await lab.delete(*(100 * step + k for k in range(0, 20, 3)))
                if step % 2:
                    moment = await lab.snapshot(f"s{step}")
                    shown[moment] = await lab.rows()
                clock.advance(HOUR_US)
                await vacuum(lab)
            for moment, rows in shown.items():
                assert await lab.cold_rows(ts=moment) == rows
            for moment, rows in list(shown.items())[:3]:
                await lab.tenant.restore(moment)
                await vacuum(lab)
                assert await lab.rows() == await lab.cold_rows() == rows

    asyncio.run(run())


def test_a_narrower_snapshot_keeps_what_it_covers_and_no_more(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        store = MemoryStore()
        async with opened(store, tmp_path, clock=clock, options=NO_GRACE) as lab:
            await keep(lab, 0)
            for name in ("t", "u"):
                await lab.create(name)
                await lab.insert((1, "a"), name=name)
            moment = await lab.snapshot("of t", table="t")
            await lab.tenant.flush()
            for name in ("t", "u"):
                await lab.drop(name)
            clock.advance(HOUR_US)
            await vacuum(lab)
            assert await lab.rows("t", moment) == await lab.cold_rows("t", moment) == [(1, "a")]
            assert len(await objects_of(store)) == 1
            assert [t.name for t in lab.tenant.history.at(moment).tables.values()] == ["t"]

    asyncio.run(run())


def test_upkeep_collects_by_itself(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        store = MemoryStore()
        async with opened(store, tmp_path, clock=clock, options=NO_GRACE) as lab:
            await keep(lab, 0)
            await lab.create()
            await lab.create("u")
            await lab.insert((1, "a"))
            moment = await lab.snapshot("of a day")
            snapshot = lab.tenant.catalog.snapshots[moment]
            transaction = lab.tenant.begin()
            transaction.edit(Put(dataclasses.replace(snapshot, expires_at=moment + 24 * HOUR_US)))
            await transaction.commit()
            await lab.drop()
            await lab.tenant.flush()
            for hours, kept in ((1, True), (24, False)):
                clock.advance(hours * HOUR_US)
                await lab.insert((hours, "any commit"), name="u")
                await idle(lab)
                assert bool(lab.tenant.catalog.snapshots) == kept
                assert bool(await objects_of(store)) == kept

    asyncio.run(run())


async def idle(lab: Lab) -> None:
    """Until upkeep in the background is done."""
    while lab.tenant.schedule.running:  # noqa: ASYNC110 - nothing else would need to be told
        await asyncio.sleep(0.01)


def test_what_the_log_still_names_is_flushed_before_it_is_forgotten(tmp_path: Path) -> None:
    """A bulk object whose table is dropped before the next flush: no recovery brings its ref back."""

    async def run() -> None:
        store, clock = MemoryStore(), ManualClock()
        async with opened(store, tmp_path / "one", clock=clock, options=NO_GRACE) as lab:
            await lab.create()
            await lab.insert(*((id, "much" * 30) for id in range(12_000)))
            await lab.drop()
            clock.advance(72 * HOUR_US)
            assert (await lab.tenant.collect()).objects == 1
        assert [str(finding) async for finding in check(store, Counts()) if finding.kind == "fault"] == []
        async with opened(store, tmp_path / "two", clock=clock, options=NO_GRACE) as lab:
            assert list(lab.tenant.state.refs()) == []

    asyncio.run(run())
