"""The commit pipeline under lost replies, full disks and other writers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.clock import ManualClock, SystemClock
from engine.errors import CommitUnknown, StoreFull, StoreUnavailable, TenantFenced
from engine.stores.faulty import FaultyStore
from engine.stores.memory import MemoryStore
from engine.tenant_hot import TenantHot
from tests.engine.lab import opened


def test_many_commits_share_a_put(tmp_path: Path) -> None:
    async def run() -> None:
        store = FaultyStore(MemoryStore(), SystemClock())
        async with opened(store, tmp_path) as lab:
            await lab.create()
            await lab.rows()
            store.forget_calls()
            await asyncio.gather(*(lab.insert((id, "v")) for id in range(50)))
            assert store.count("put", "/wal/") < 50
            assert len(await lab.rows()) == 50

    asyncio.run(run())


@pytest.mark.parametrize("toxic", ["error_before", "error_after", "throttled"])
def test_a_passing_fault_is_waited_out(tmp_path: Path, toxic: str) -> None:
    """A put whose reply was lost sees its own object as "already exists", and knows it."""

    async def run() -> None:
        store = FaultyStore(MemoryStore(), SystemClock())
        async with opened(store, tmp_path) as lab:
            await lab.create()
            store.inject(toxic, "put", "/wal/", times=2)
            await lab.insert((1, "a"))
            await lab.insert((2, "b"))
            assert await lab.rows() == [(1, "a"), (2, "b")]
        async with opened(store, tmp_path / "again") as lab:
            assert await lab.rows() == [(1, "a"), (2, "b")]

    asyncio.run(run())


def test_a_definite_failure_is_no_commit(tmp_path: Path) -> None:
    async def run() -> None:
        store = FaultyStore(MemoryStore(), ManualClock())
        async with opened(store, tmp_path, clock=ManualClock()) as lab:
            await lab.create()
            store.inject("error_before", "put", "/wal/", times=None)
            with pytest.raises(StoreUnavailable):
                await lab.insert((1, "a"))
            store.heal()
            store.inject("disk_full", "put", "/wal/")
            with pytest.raises(StoreFull):
                await lab.insert((1, "a"))
            await lab.insert((2, "b"))
            assert await lab.rows() == [(2, "b")]

    asyncio.run(run())


def test_a_full_disk_does_not_decide_an_earlier_try(tmp_path: Path) -> None:
    """The first try was applied and its reply lost; that the second found no room says nothing of it."""

    async def run() -> None:
        store = FaultyStore(MemoryStore(), SystemClock())
        async with opened(store, tmp_path) as lab:
            await lab.create()
            store.inject("error_after", "put", "/wal/")
            store.inject("disk_full", "put", "/wal/")
            await lab.insert((1, "a"))
            await lab.insert((2, "b"))
            assert await lab.rows() == [(1, "a"), (2, "b")]

    asyncio.run(run())


def test_an_undecided_put_closes_the_tenant_and_recovery_decides(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        store = FaultyStore(MemoryStore(), clock)
        async with opened(store, tmp_path, clock=clock) as lab:
            await lab.create()
            store.inject("error_after", "put", "/wal/", times=None)
            store.inject("error_before", "get", "/wal/", times=None)
            with pytest.raises(CommitUnknown):
                await lab.insert((1, "a"))
            assert lab.tenant.closed
            store.heal()
            lab.tenant = await lab.cluster.tenant("acme")
            assert await lab.rows() == [(1, "a")]

    asyncio.run(run())


def test_what_is_durable_is_never_told_to_have_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store goes away between a commit's put and its becoming visible."""

    async def unavailable(hot: TenantHot, transactions: object) -> None:
        raise StoreUnavailable("no answer")

    async def run() -> None:
        store = MemoryStore()
        async with opened(store, tmp_path / "first") as lab:
            await lab.create()
            with monkeypatch.context() as patched:
                patched.setattr(TenantHot, "apply", unavailable)
                with pytest.raises(CommitUnknown):
                    await lab.insert((1, "a"))
            assert lab.tenant.closed
        async with opened(store, tmp_path / "second") as lab:
            assert await lab.rows() == [(1, "a")]

    asyncio.run(run())


def test_an_older_writer_meets_the_fence(tmp_path: Path) -> None:
    async def run() -> None:
        store = MemoryStore()
        async with opened(store, tmp_path / "one") as old:
            await old.create()
            await old.insert((1, "a"))
            async with opened(store, tmp_path / "two") as new:
                assert await new.rows() == [(1, "a")]
                with pytest.raises(TenantFenced):
                    await old.insert((2, "lost"))
                with pytest.raises(TenantFenced):
                    await old.insert((3, "lost too"))
                await new.insert((4, "b"))
                assert await new.rows() == [(1, "a"), (4, "b")]

    asyncio.run(run())


def test_a_commit_that_slips_in_before_the_fence_is_kept(tmp_path: Path) -> None:
    async def run() -> None:
        store = FaultyStore(MemoryStore(), SystemClock())
        async with opened(store, tmp_path / "one") as old:
            await old.create()
            store.inject("held", "put", "tenants/acme/")
            taking_over = asyncio.create_task(_rows_of_new_server(store, tmp_path / "two"))
            await store.holding.wait()
            await old.insert((1, "acknowledged"))
            store.heal()
            store.release()
            assert await taking_over == [(1, "acknowledged")]

    asyncio.run(run())


async def _rows_of_new_server(store: FaultyStore, folder: Path) -> list[tuple[int, str]]:
    async with opened(store, folder) as lab:
        return await lab.rows()


def test_reading_claims_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        store = FaultyStore(MemoryStore(), SystemClock())
        async with opened(store, tmp_path) as lab:
            await lab.create()
            store.forget_calls()
            second = type(lab.cluster)(store, cache_dir=tmp_path / "second")
            material = await second.login_material("acme", "admin")
            assert material is not None
            assert material.admin
            assert await second.login_material("acme", "nobody") is None
            assert await second.login_material("nobody", "admin") is None
            assert store.count("put") == 0
            await lab.insert((1, "still the writer"))

    asyncio.run(run())
