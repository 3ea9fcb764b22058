"""Hot tables within a budget: eviction, loading again, and tables that never fit."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.catalog import Put, Setting
from engine.clock import ManualClock
from engine.cluster import OPEN_TRIES_MAX, Cluster
from engine.duck import Duck, Ducks
from engine.errors import LimitExceeded, OutOfMemory
from engine.memory import too_large
from engine.stores.memory import MemoryStore
from engine.tenant import MEMORY_LIMIT, Options, Tenant
from tests.engine.lab import Lab, opened

MEMORY_BYTES = 64 * 2**20


def rows_of(name: str, count: int) -> list[tuple[int, str]]:
    return [(id, f"{name} {id}") for id in range(count)]


async def hot_count(lab: Lab) -> int:
    [(count,)] = await lab.tenant.duck.writer.rows(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name LIKE 'hot%'"
    )
    return int(count)


def test_tables_take_turns_in_memory(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path, options=Options(memory_bytes_max=MEMORY_BYTES)) as lab:
            names = [f"t{k}" for k in range(6)]
            for name in names:
                await lab.create(name)
                await lab.insert(*rows_of(name, 200_000), name=name)
            for name in [*names, *reversed(names)]:
                assert len(await lab.rows(name)) == 200_000
                await lab.insert((1_000_000, "more"), name=name)
                assert (await lab.rows(name))[-1] == (1_000_000, "more")
                await lab.delete(1_000_000, name=name)
            assert 1 <= await hot_count(lab) < len(names)

    asyncio.run(run())


def test_a_table_that_does_not_fit_is_read_from_objects(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path, options=Options(memory_bytes_max=MEMORY_BYTES)) as lab:
            await lab.create()
            for part in range(4):
                await lab.insert(*((part * 300_000 + id, "v") for id in range(300_000)))
            moment = lab.tenant.visible_ts
            await lab.delete(*range(1_000))
            await lab.insert((5_000_000, "tail"))
            transaction = lab.tenant.begin()
            async with transaction.reader() as reader:
                relation = await reader.relation(lab.table())
                assert "hot_" not in relation
                assert await reader.rows(f"SELECT count(*) FROM {relation}") == [(1_199_001,)]
            await transaction.rollback()
            await lab.tenant.restore(moment)
            transaction = lab.tenant.begin()
            async with transaction.reader() as reader:
                relation = await reader.relation(lab.table())
                assert await reader.rows(f"SELECT count(*) FROM {relation}") == [(1_200_000,)]
            await transaction.rollback()

    asyncio.run(run())


def test_a_transaction_too_large_names_the_limit_in_its_way(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            lab.tenant.memory_bytes_max = 1_000
            with pytest.raises(LimitExceeded, match="would write more than 1,000 bytes") as caught:
                await lab.insert(*((id, "a long text") for id in range(100)))
            assert f"ALTER TENANT {lab.tenant.name} SET (memory_limit = '...')" in (caught.value.hint or "")
            assert await lab.rows() == []

    asyncio.run(run())
    assert "the server's memory limit (--memory)" in (too_large("acme", 1_000, 1_000).hint or "")


def test_statements_spill_no_more_than_they_may(tmp_path: Path) -> None:
    async def run() -> None:
        options = Options(memory_bytes_max=64 * 2**20, cache_bytes_max=64 * 2**20)
        async with opened(MemoryStore(), tmp_path, options=options) as lab:
            cursor = lab.tenant.duck.cursor()
            with pytest.raises(OutOfMemory, match="room on disk"):
                await cursor.rows(
                    "SELECT max(s), count(n) FROM (SELECT 'longer than it need be ' || hash(range) AS s, "
                    "row_number() OVER (ORDER BY hash(range)) AS n FROM range(3000000))"
                )
            assert await cursor.rows("SELECT 42") == [(42,)]
            await lab.tenant.duck.release(cursor)

    asyncio.run(run())


async def limit_of(tenant: Tenant) -> str:
    [(limit,)] = await tenant.duck.writer.rows("SELECT current_setting('memory_limit')")
    return str(limit)


def test_a_memory_limit_holds_from_the_next_opening(tmp_path: Path) -> None:
    async def run() -> None:
        options = Options(server_memory_bytes_max=512 * 2**20, memory_bytes_max=256 * 2**20)
        async with opened(MemoryStore(), tmp_path, options=options) as lab:
            tenant = lab.tenant
            for size in (128 * 2**20, 2**40):
                transaction = tenant.begin()
                known = tenant.catalog.settings.get(MEMORY_LIMIT)
                id = known.id if known is not None else transaction.new_id()
                transaction.edit(Put(Setting(id, MEMORY_LIMIT, str(size))))
                await transaction.commit()
                before = await limit_of(tenant)
                tenant.join()
                assert not await lab.cluster.reopen(tenant)
                tenant.leave()
                assert await limit_of(tenant) == before
                assert await lab.cluster.reopen(tenant)
                tenant = await lab.cluster.tenant(tenant.name)
                assert tenant.memory_bytes_max == min(size, 512 * 2**20)
                assert await limit_of(tenant) == f"{tenant.memory_bytes_max / 2**20:.1f} MiB"

    asyncio.run(run())


def test_all_tenants_transactions_together_are_bounded(tmp_path: Path) -> None:
    async def run() -> None:
        options = Options(server_memory_bytes_max=20 * 2**20)
        async with opened(MemoryStore(), tmp_path, options=options) as lab:
            await lab.cluster.create_tenant("b", "admin", "verifier")
            other = Lab(lab.cluster, await lab.cluster.tenant("b"))
            await lab.create()
            await other.create()
            first, second = lab.tenant.begin(), other.tenant.begin()
            await lab.insert_in(first, *rows_of("v", 200_000))
            with pytest.raises(OutOfMemory, match="open transactions"):
                await other.insert_in(second, *rows_of("v", 200_000))
            await other.insert_in(second, *rows_of("v", 1_000))
            await first.rollback()
            await other.insert_in(second, *((id + 1_000, "v") for id in range(200_000)))
            await second.commit()
            assert len(await other.rows()) == 201_000
            assert await lab.rows() == []

    asyncio.run(run())


def test_idle_tenants_are_closed_and_share_one_budget(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        options = Options(server_memory_bytes_max=60 * 2**20, idle_seconds=60)
        async with opened(MemoryStore(), tmp_path, clock=clock, options=options) as lab:
            tenants = [lab.tenant]
            for name in ("b", "c"):
                await lab.cluster.create_tenant(name, "admin", "verifier")
                tenants.append(await lab.cluster.tenant(name))
            for tenant in tenants:
                tenant.join()
            labs = [Lab(lab.cluster, tenant) for tenant in tenants]
            for one in labs:
                await one.create()
                await one.insert(*rows_of("v", 200_000))
                assert len(await one.rows()) == 200_000
            assert sum([await hot_count(one) for one in labs]) < 3
            assert all([len(await one.rows()) == 200_000 for one in labs])
            tenants[1].leave()
            clock.advance(61_000_000)
            await lab.cluster.caretaker.round()
            assert [tenant.closed for tenant in tenants] == [False, True, False]
            again = Lab(lab.cluster, await lab.cluster.tenant("b"))
            assert len(await again.rows()) == 200_000

    asyncio.run(run())


class Scarce(Ducks):
    """There is no memory for an instance the first few times."""

    def __init__(self, refusals: int) -> None:
        super().__init__()
        self.refusals = refusals

    def open(self, *arguments: object, **named: object) -> Duck:
        if self.refusals:
            self.refusals -= 1
            raise OutOfMemory("no memory to open the tenant")
        return super().open(*arguments, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize("refusals", [3, 1_000])
def test_memory_that_is_scarce_for_a_moment_keeps_nobody_out(tmp_path: Path, refusals: int) -> None:
    async def run() -> None:
        cluster = Cluster(MemoryStore(), cache_dir=tmp_path, clock=ManualClock(), ducks=Scarce(refusals))
        await cluster.start(lambda: "verifier")
        if refusals > OPEN_TRIES_MAX:
            with pytest.raises(OutOfMemory):
                await cluster.tenant("sys")
        else:
            assert not (await cluster.tenant("sys")).closed
        await cluster.close()

    asyncio.run(run())
