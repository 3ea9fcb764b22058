"""Logins: cheap however often they are tried, right at once after a change, and telling nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from engine import logins
from engine.catalog import Password, Put
from engine.clock import ManualClock
from engine.cluster import Cluster
from engine.paths import SYSTEM_GENERATION, SYSTEM_TENANT, TenantPaths
from engine.stores.faulty import FaultyStore
from engine.stores.memory import MemoryStore
from engine.tenant import Tenant
from tests.engine.lab import Unclosed

LOOK = TenantPaths(SYSTEM_TENANT, SYSTEM_GENERATION).wal(0)
"""What is asked for in place of the next WAL number of a tenant that is not open."""


@asynccontextmanager
async def servers(folder: Path, count: int) -> AsyncIterator[tuple[FaultyStore, list[Cluster]]]:
    """Servers on one store that has the tenants t0, t1 and t2; none is open, but sys on the first."""
    clock = ManualClock()
    store = FaultyStore(MemoryStore(), clock)
    clusters = [Cluster(Unclosed(store), cache_dir=folder, clock=clock) for _ in range(count)]
    await clusters[0].start(lambda: "sys's")
    for name in ("t0", "t1", "t2"):
        await clusters[0].create_tenant(name, "admin", f"{name}'s")
    store.forget_calls()
    yield store, clusters
    for cluster in clusters:
        await cluster.close()


async def verifier(cluster: Cluster, tenant: str = "t0", role: str = "admin") -> str | None:
    found = await cluster.login_material(tenant, role)
    return found.verifier if found is not None else None


async def change(tenant: Tenant, verifier: str) -> None:
    transaction = tenant.begin()
    role = tenant.catalog.roles["admin"]
    transaction.edit(Put(Password(role.id, verifier)))
    await transaction.commit()


def test_a_tenant_s_state_is_read_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with servers(tmp_path, 2) as (store, (_, second)):
            found = await asyncio.gather(*(verifier(second, f"t{n % 3}") for n in range(60)))
            assert found == [f"t{n % 3}'s" for n in range(60)]
            reads = [key for key in store.keys("get") if key != LOOK]
            assert len(reads) == len(set(reads)), "nothing is read twice"
            for _ in range(20):
                assert await verifier(second, role="nobody") is None
            assert [key for key in store.keys("get") if key != LOOK] == reads
            assert store.count("put") == 0

    asyncio.run(run())


def test_a_changed_password_counts_at_once_wherever_it_was_changed(tmp_path: Path) -> None:
    async def run() -> None:
        async with servers(tmp_path, 2) as (_, (first, second)):
            assert [await verifier(one) for one in (first, second)] == ["t0's", "t0's"]
            tenant = await first.tenant("t0")
            await change(tenant, "new")
            assert [await verifier(one) for one in (first, second)] == ["new", "new"]
            await tenant.flush()
            assert await verifier(second) == "new"
            await change(tenant, "newer")
            await tenant.flush()
            assert await first.reopen(tenant)
            assert [await verifier(one) for one in (first, second)] == ["newer", "newer"]
            taken_over = await second.tenant("t0")
            await change(taken_over, "newest")
            assert [await verifier(one) for one in (first, second)] == ["newest", "newest"]

    asyncio.run(run())


def test_a_dropped_and_a_new_tenant_count_at_once(tmp_path: Path) -> None:
    async def run() -> None:
        async with servers(tmp_path, 2) as (_, (first, second)):
            assert await verifier(second) == "t0's"
            await first.drop_tenant("t0")
            assert [await verifier(one) for one in (first, second)] == [None, None]
            await first.create_tenant("t0", "admin", "another's")
            assert [await verifier(one) for one in (first, second)] == ["another's", "another's"]

    asyncio.run(run())


def test_the_store_is_asked_the_same_for_whoever_there_is_or_not(tmp_path: Path) -> None:
    async def run() -> None:
        async with servers(tmp_path, 2) as (store, (first, second)):
            for cluster in (first, second):
                await cluster.tenant("t1")
                asked = []
                for tenant, role in [
                    ("t0", "admin"),
                    ("t0", "no"),
                    ("t1", "admin"),
                    ("no", "admin"),
                    ("0", ""),
                ]:
                    await verifier(cluster, tenant, role)
                    store.forget_calls()
                    await verifier(cluster, tenant, role)
                    asked.append((store.count("scan"), store.count("get")))
                assert len(set(asked)) == 1, asked
                assert asked[0][1] == 2, "no more than whether sys and the tenant have been taken over"

    asyncio.run(run())


def test_salts_of_unknown_users_are_the_store_s(tmp_path: Path) -> None:
    async def run() -> None:
        secrets = []
        async with servers(tmp_path, 2) as (_, clusters):
            for cluster in clusters:
                await verifier(cluster, "nobody")
                secrets.append(cluster.mock_secret())
            await clusters[1].tenant("sys")
            await verifier(clusters[1], "nobody")
            secrets.append(clusters[1].mock_secret())
        assert len(set(secrets)) == 1
        assert len(secrets[0]) >= 32
        other = Cluster(MemoryStore(), cache_dir=tmp_path, clock=ManualClock())
        await other.start(lambda: "another sys's")
        await verifier(other, "nobody")
        assert other.mock_secret() not in secrets
        await other.close()

    asyncio.run(run())


def test_books_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        monkeypatch.setattr(logins, "BOOKS_MAX", 2)
        async with servers(tmp_path, 2) as (store, (_, second)):
            for _ in range(2):
                for number in range(3):
                    assert await verifier(second, f"t{number}") == f"t{number}'s"
            assert store.count("get") > 4

    asyncio.run(run())
