"""Manifests that scale: what a flush writes does not grow with the tenant's objects."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

from engine.clock import ManualClock
from engine.stores.faulty import FaultyStore
from engine.stores.memory import MemoryStore
from engine.tenant import Options
from tests.engine.lab import opened

REFS = 100_000


def test_a_flush_costs_the_same_with_100_000_refs(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        store = FaultyStore(MemoryStore(), clock)
        async with opened(store, tmp_path, clock=clock) as lab:
            await lab.create()
            await lab.insert((1, "a"))
            await lab.tenant.flush()
            small = await flushed_bytes(store, lab.tenant.flush(), lab.insert((2, "b")))
            [ref, *_] = lab.tenant.state.refs()
            others = (dataclasses.replace(ref, key=f"{ref.key}.{n}", added_ts=0) for n in range(REFS))
            lab.tenant.state.set_refs(other.resolved(lab.tenant.visible_ts) for other in others)
            await lab.tenant.flush()
            large = await flushed_bytes(store, lab.tenant.flush(), lab.insert((3, "c")))
            assert large < small + 2_000
            assert len(list(lab.tenant.state.refs())) == REFS + 3

    asyncio.run(run())


async def flushed_bytes(store: FaultyStore, flush: object, insert: object) -> int:
    """Bytes put for manifest and ref files by a flush of one more row."""
    await insert  # type: ignore[misc]
    store.forget_calls()
    await flush  # type: ignore[misc]
    return store.total_bytes("put", "/manifest/") + store.total_bytes("put", ".refs")


def test_files_are_merged_and_recovered_from(tmp_path: Path) -> None:
    async def run() -> None:
        store = MemoryStore()
        options = Options(inline_refs_max=3, grace_seconds=0)
        async with opened(store, tmp_path, options=options) as lab:
            await lab.create()
            for step in range(80):
                await lab.insert((step, "v"))
                await lab.tenant.flush()
                if step % 10 == 9:
                    await lab.tenant.compact()
            assert 1 <= len(lab.tenant.state.ref_files) <= 8
            await lab.tenant.collect()
            expected, refs = await lab.rows(), set(lab.tenant.state.refs())
        async with opened(store, tmp_path / "again", options=options) as lab:
            assert set(lab.tenant.state.refs()) == refs
            assert await lab.rows() == await lab.cold_rows() == expected

    asyncio.run(run())
