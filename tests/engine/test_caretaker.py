"""The caretaker: upkeep without commits, tenants put to sleep and woken, dropped ones swept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.catalog import Password, Put, Setting, Snapshot
from engine.clock import ManualClock
from engine.cluster import Cluster
from engine.errors import TenantExists, TenantFenced, UnknownTenant
from engine.ids import Timestamp
from engine.paths import SYSTEM_TENANT, generations
from engine.stores.memory import MemoryStore
from engine.tenant import Options, Tenant
from tests.engine.lab import TENANT, Lab, Unclosed, opened

HOUR_US = 3_600_000_000
OPTIONS = Options(grace_seconds=300, collect_seconds=300, idle_seconds=600, sweep_seconds=3600)


async def rounds(lab: Lab, clock: ManualClock, minutes: int) -> None:
    """Time passes, with the caretaker looking in every minute."""
    for _ in range(minutes):
        clock.advance(60_000_000)
        await lab.cluster.caretaker.round()
        while any(tenant.schedule.running for tenant in lab.cluster.opened().values()):  # noqa: ASYNC110
            await asyncio.sleep(0)


async def keys(store: MemoryStore, prefix: str) -> list[str]:
    return [info.key async for info in store.scan(prefix)]


async def objects(store: MemoryStore) -> int:
    return len([key for key in await keys(store, generations(TENANT)) if "/objects/" in key])


async def set_retention(tenant: Tenant, seconds: int) -> None:
    transaction = tenant.begin()
    setting = Setting(transaction.new_id(), "history_retention", str(seconds * 1_000_000))
    transaction.edit(Put(setting))
    await transaction.commit()


async def churn(lab: Lab) -> None:
    """A table whose first object is of use to history alone."""
    await lab.create()
    await lab.insert((1, "a"))
    await lab.tenant.flush()
    await lab.drop()


def test_history_passes_without_a_commit(tmp_path: Path) -> None:
    async def run() -> None:
        clock, store = ManualClock(), MemoryStore()
        async with opened(store, tmp_path, clock=clock, options=OPTIONS) as lab:
            lab.tenant.join()
            await set_retention(lab.tenant, 3600)
            await churn(lab)
            await rounds(lab, clock, 50)
            assert await objects(store) == 1, "history still needs it"
            await rounds(lab, clock, 30)
            assert await objects(store) == 0
            log = lab.tenant.upkeep.wal_objects
            await rounds(lab, clock, 120)
            assert lab.tenant.upkeep.wal_objects == log, "a quiet tenant writes nothing"

    asyncio.run(run())


def test_a_tenant_is_closed_and_woken_when_its_history_has_passed(tmp_path: Path) -> None:
    async def run() -> None:
        clock, store = ManualClock(), MemoryStore()
        async with opened(store, tmp_path, clock=clock, options=OPTIONS) as lab:
            await set_retention(lab.tenant, 3600)
            await churn(lab)
            lab.tenant.used()
            await rounds(lab, clock, 15)
            assert lab.tenant.closed
            assert lab.cluster.caretaker.sleepers.keys() == {TENANT}
            assert await objects(store) == 1
            await rounds(lab, clock, 90)
            assert await objects(store) == 0
            assert TENANT not in lab.cluster.opened()
            assert TENANT not in lab.cluster.caretaker.sleepers

    asyncio.run(run())


def test_a_snapshot_expires_while_its_tenant_sleeps(tmp_path: Path) -> None:
    async def run() -> None:
        clock, store = ManualClock(), MemoryStore()
        async with opened(store, tmp_path, clock=clock, options=OPTIONS) as lab:
            await set_retention(lab.tenant, 60)
            transaction = lab.tenant.begin()
            end = Timestamp(clock.now() + 5 * HOUR_US)
            transaction.edit(Put(Snapshot(transaction.new_id(), Timestamp(0), "s", expires_at=end)))
            await transaction.commit()
            await rounds(lab, clock, 20)
            assert lab.tenant.closed
            await rounds(lab, clock, 5 * 60)
            again = await lab.cluster.tenant(TENANT)
            assert not again.catalog.snapshots

    asyncio.run(run())


def test_a_closed_tenant_opens_without_replaying(tmp_path: Path) -> None:
    async def run() -> None:
        clock, store = ManualClock(), MemoryStore()
        async with opened(store, tmp_path, clock=clock, options=OPTIONS) as lab:
            await lab.create()
            await lab.insert((1, "a"))
            await rounds(lab, clock, 15)
            assert lab.tenant.closed
            again = Lab(lab.cluster, await lab.cluster.tenant(TENANT))
            assert again.tenant.state.tail_bytes == 0
            assert await again.rows() == [(1, "a")]

    asyncio.run(run())


def test_a_sleeper_that_another_server_took_is_left_alone(tmp_path: Path) -> None:
    async def run() -> None:
        clock, store = ManualClock(), MemoryStore()
        async with opened(store, tmp_path, clock=clock, options=OPTIONS) as lab:
            await set_retention(lab.tenant, 3600)
            await churn(lab)
            await rounds(lab, clock, 15)
            assert lab.tenant.closed
            async with opened(store, tmp_path / "other", clock=clock, options=OPTIONS) as other:
                await rounds(lab, clock, 120)
                assert TENANT not in lab.cluster.opened()
                assert TENANT not in lab.cluster.caretaker.sleepers
                await other.create("still_mine")

    asyncio.run(run())


def test_a_dropped_tenant_is_kept_brought_back_and_swept(tmp_path: Path) -> None:
    async def run() -> None:
        clock, store = ManualClock(), MemoryStore()
        async with opened(store, tmp_path, clock=clock, options=OPTIONS) as lab:
            cluster = lab.cluster
            system = await cluster.tenant(SYSTEM_TENANT)
            system.join()
            await lab.create()
            await lab.insert((1, "a"))
            await cluster.drop_tenant(TENANT)
            with pytest.raises(UnknownTenant):
                await cluster.tenant(TENANT)
            await rounds(lab, clock, 20 * 60)
            await cluster.undrop_tenant(TENANT)
            with pytest.raises(TenantExists):
                await cluster.undrop_tenant(TENANT)
            again = Lab(cluster, await cluster.tenant(TENANT))
            assert await again.rows() == [(1, "a")]
            await cluster.drop_tenant(TENANT)
            await rounds(lab, clock, 23 * 60)
            assert await keys(store, generations(TENANT))
            await rounds(lab, clock, 3 * 60)
            assert await keys(store, generations(TENANT)) == []
            with pytest.raises(UnknownTenant, match="brought back"):
                await cluster.undrop_tenant(TENANT)

    asyncio.run(run())


def test_a_dropped_tenant_does_not_come_back_over_a_new_one(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path, clock=ManualClock()) as lab:
            await lab.create()
            await lab.cluster.drop_tenant(TENANT)
            await lab.cluster.create_tenant(TENANT, "admin", "verifier")
            with pytest.raises(TenantExists):
                await lab.cluster.undrop_tenant(TENANT)
            fresh = await lab.cluster.tenant(TENANT)
            assert not fresh.catalog.tables
            await lab.cluster.drop_tenant(TENANT)
            await lab.cluster.undrop_tenant(TENANT)
            last = await lab.cluster.tenant(TENANT)
            assert not last.catalog.tables, "the one that had the name last"
            await lab.cluster.drop_tenant(TENANT)
            system = await lab.cluster.tenant(SYSTEM_TENANT)
            first = min(body.created_ts for body in system.history.entries() if body.body.kind == "tenant")
            with pytest.raises(UnknownTenant, match="1970-01-01"):
                await lab.cluster.undrop_tenant(TENANT, Timestamp(0))
            await lab.cluster.undrop_tenant(TENANT, first)
            assert (await lab.cluster.tenant(TENANT)).catalog.tables, "the one that had it then"

    asyncio.run(run())


def test_what_a_half_made_tenant_left_is_swept(tmp_path: Path) -> None:
    async def run() -> None:
        clock, store = ManualClock(), MemoryStore()
        async with opened(store, tmp_path, clock=clock, options=OPTIONS) as lab:
            (await lab.cluster.tenant(SYSTEM_TENANT)).join()
            await store.put(f"{generations('ghost')}g1/manifest/0000000000000001", b"no more than this")
            await rounds(lab, clock, 130)
            assert await keys(store, generations("ghost")) == []
            assert await keys(store, generations(TENANT))

    asyncio.run(run())


def test_a_drop_fences_the_server_that_has_the_tenant_open(tmp_path: Path) -> None:
    async def run() -> None:
        store, clock = MemoryStore(), ManualClock()
        async with opened(store, tmp_path / "a", clock=clock) as lab:
            await lab.create()
            dropping = Cluster(Unclosed(store), cache_dir=tmp_path / "b", clock=clock)
            await dropping.drop_tenant(TENANT)
            with pytest.raises(TenantFenced):
                await lab.insert((1, "too late"))
            await dropping.close()

    asyncio.run(run())


def test_only_the_writer_of_the_system_tenant_sweeps(tmp_path: Path) -> None:
    """A server that has lost the system tenant does not know the newest names: it must not delete what
    it cannot name."""

    async def run() -> None:
        clock, store = ManualClock(), MemoryStore()
        async with opened(store, tmp_path / "a", clock=clock, options=OPTIONS) as lab:
            (await lab.cluster.tenant(SYSTEM_TENANT)).join()
            newer = Cluster(Unclosed(store), cache_dir=tmp_path / "b", clock=clock, options=OPTIONS)
            await newer.create_tenant("new", "admin", "verifier")
            await rounds(lab, clock, 300)
            assert await newer.login_material("new", "admin") is not None
            await newer.close()

    asyncio.run(run())


def test_a_server_that_only_reads_learns_of_a_takeover(tmp_path: Path) -> None:
    async def run() -> None:
        clock, store = ManualClock(), MemoryStore()
        async with opened(store, tmp_path / "a", clock=clock, options=OPTIONS) as lab:
            await lab.create()
            await lab.insert((1, "a"))
            async with opened(store, tmp_path / "b", clock=clock, options=OPTIONS) as other:
                await other.insert((2, "b"))
                assert await lab.rows() == [(1, "a")]
                await rounds(lab, clock, 1)
                with pytest.raises(TenantFenced, match="taken over"):
                    await lab.rows()
                await rounds(other, clock, 1)
                assert await other.rows() == [(1, "a"), (2, "b")]

    asyncio.run(run())


def test_a_login_and_a_name_are_not_what_an_overtaken_server_remembers(tmp_path: Path) -> None:
    async def run() -> None:
        clock, store = ManualClock(), MemoryStore()
        async with opened(store, tmp_path / "a", clock=clock) as lab:
            await lab.create()
            (await lab.cluster.tenant(SYSTEM_TENANT)).join()
            newer = Cluster(Unclosed(store), cache_dir=tmp_path / "b", clock=clock)
            taken = await newer.tenant(TENANT)
            transaction = taken.begin()
            [role] = transaction.catalog.roles.values()
            transaction.edit(Put(Password(role.id, "changed")))
            await transaction.commit()
            await newer.create_tenant("new", "admin", "verifier")
            material = await lab.cluster.login_material(TENANT, "admin")
            assert material is not None
            assert material.verifier == "changed"
            assert await lab.cluster.login_material("new", "admin") is not None
            await newer.drop_tenant(TENANT)
            assert await lab.cluster.login_material(TENANT, "admin") is None
            await lab.cluster.drop_tenant("new")
            await newer.close()

    asyncio.run(run())
