"""What a restore shares, what it rewrites, and whom it disturbs."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from engine import wal
from engine.clock import SystemClock
from engine.errors import TenantRestored
from engine.ids import Timestamp
from engine.stores.faulty import FaultyStore
from engine.stores.memory import MemoryStore
from engine.tenant import Options
from tests.engine.lab import opened


def test_objects_are_shared_untouched(tmp_path: Path) -> None:
    """Same paths, and none of their bytes read or written: the store's calls are counted."""

    async def run() -> None:
        store = FaultyStore(MemoryStore(), SystemClock())
        async with opened(store, tmp_path) as lab:
            for name in ("t", "u"):
                await lab.create(name)
                await lab.insert((1, "a"), (2, "b"), name=name)
                await lab.delete(1, name=name)
            moment = await lab.snapshot("s")
            await lab.insert((3, "c"))
            await lab.tenant.flush()
            before = {ref.key for ref in lab.tenant.state.refs() if ref.max_ts <= moment}
            store.forget_calls()
            report = await lab.tenant.restore(moment)
            assert {line.table: (line.objects_shared, line.objects_rewritten) for line in report.tables} == {
                "t": (2, 0),
                "u": (2, 0),
            }
            storages = {lab.table(name).storage for name in ("t", "u")}
            assert {
                ref.key for id in storages for ref in lab.tenant.state.storage(id).refs.values()
            } == before
            assert [call.operation for call in store.calls] == ["put"]
            assert "/wal/" in store.calls[0].key

    asyncio.run(run())


def test_flushed_snapshot_has_no_straddler(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            moments = []
            for step in range(5):
                await lab.insert((step, "v"), (100 + step, "w"))
                await lab.delete(100 + step)
                moments.append(await lab.snapshot(f"s{step}"))
            await lab.insert((99, "after"))
            await lab.tenant.flush()
            refs = list(lab.tenant.state.refs())
            assert refs
            assert not [ref for ref in refs for moment in moments if ref.straddles(moment)]

    asyncio.run(run())


def test_rewritten_object_is_sorted_by_primary_key(tmp_path: Path) -> None:
    async def run() -> None:
        store = MemoryStore()
        async with opened(store, tmp_path) as lab:
            await lab.create()
            for id in (5, 3, 9, 1):
                moment = await lab.insert((id, "v"))
            await lab.insert((4, "after"))
            await lab.tenant.flush()
            report = await lab.tenant.restore(moment)
            assert report.tables[0].objects_rewritten == 1
            [ref] = lab.tenant.state.storage(lab.table().storage).refs.values()
            path = tmp_path / "rewritten.parquet"
            path.write_bytes(await store.get(ref.key))
            assert pq.read_table(path).column("id").to_pylist() == [1, 3, 5, 9]

    asyncio.run(run())


def test_others_see_the_old_state_until_it_commits(tmp_path: Path) -> None:
    async def run() -> None:
        store = FaultyStore(MemoryStore(), SystemClock())
        async with opened(store, tmp_path) as lab:
            await lab.cluster.create_tenant("other", "admin", "verifier")
            other = await lab.cluster.tenant("other")
            await lab.create()
            moment = await lab.insert((1, "a"))
            await lab.insert((2, "b"))
            await lab.tenant.flush()
            writer, reader = lab.tenant.begin(), lab.tenant.begin()
            frozen = lab.tenant.begin("repeatable read")
            frozen.start_statement()
            await lab.insert_in(writer, (3, "uncommitted"))
            store.inject("held", "put", "tenants/acme")
            restore = asyncio.create_task(lab.tenant.restore(moment))
            await store.holding.wait()
            assert await lab.rows() == [(1, "a"), (2, "b")]
            idle = other.begin()
            idle.edit()
            await idle.commit()
            store.heal()
            store.release()
            await restore
            assert await lab.rows() == [(1, "a")]
            reader.start_statement()
            assert await lab.rows_in(reader, lab.table()) == [(1, "a")]
            with pytest.raises(TenantRestored):
                await writer.commit()
            with pytest.raises(TenantRestored):
                frozen.start_statement()
            await lab.insert((3, "again"))
            assert await lab.rows() == [(1, "a"), (3, "again")]

    asyncio.run(run())


def test_a_reader_under_way_finishes_on_what_it_reads(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            moment = await lab.insert((1, "a"))
            await lab.insert((2, "b"))
            assert len(await lab.rows()) == 2
            transaction = lab.tenant.begin()
            async with transaction.reader() as reader:
                relation = await reader.relation(lab.table())
                await lab.tenant.restore(moment)
                assert await lab.rows() == [(1, "a")]
                assert await reader.rows(f"SELECT count(*) FROM {relation}") == [(2,)]
            await transaction.rollback()
            await lab.update(1, "changed")
            assert await lab.rows() == await lab.cold_rows() == [(1, "changed")]

    asyncio.run(run())


def test_long_lists_of_refs_are_objects_of_their_own(tmp_path: Path) -> None:
    async def run() -> None:
        store = FaultyStore(MemoryStore(), SystemClock())
        async with opened(store, tmp_path, options=Options(inline_refs_max=3)) as lab:
            await lab.create()
            for step in range(6):
                moment = await lab.insert((step, "v"))
                await lab.tenant.flush()
            await lab.insert((99, "after"))
            store.forget_calls()
            await lab.tenant.restore(moment)
            assert store.count("put", ".refs") == 1
            expected = await lab.rows()
        async with opened(store, tmp_path / "again") as lab:
            assert await lab.rows() == await lab.cold_rows() == expected == [(s, "v") for s in range(6)]

    asyncio.run(run())


def test_a_commit_that_waits_behind_a_restore_is_refused(tmp_path: Path) -> None:
    """It was made in the world before: nothing of it would be seen, whatever its client was told."""

    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            await lab.insert((1, "a"))
            moment = await lab.snapshot()
            late = lab.tenant.begin()
            await lab.insert_in(late, (2, "late"))
            committer = lab.tenant._committer
            write, waiting = committer._write, list[asyncio.Task[Timestamp]]()

            async def overtaken(transactions: tuple[wal.Transaction, ...]) -> None:
                if not waiting:
                    waiting.append(asyncio.create_task(late.commit()))
                    while not committer._queue:  # noqa: ASYNC110
                        await asyncio.sleep(0)
                await write(transactions)

            committer._write = overtaken  # type: ignore[method-assign]
            world = lab.tenant.catalog.world
            await lab.tenant.restore(moment)
            with pytest.raises(TenantRestored):
                await waiting[0]
            assert await lab.rows() == [(1, "a")]
            assert lab.tenant.catalog.world != world
            assert [body.kind for body in lab.tenant.catalog].count("world") == 1

    asyncio.run(run())
