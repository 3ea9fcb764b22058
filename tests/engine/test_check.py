"""Check finds every kind of damage, and tells it from what is merely left over."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.check import Counts, Finding, check
from engine.clock import ManualClock
from engine.stores.memory import MemoryStore
from tests.engine.lab import opened
from tests.engine.test_crash import copy_of


async def findings(store: MemoryStore) -> list[Finding]:
    return [finding async for finding in check(store, Counts())]


async def replaced(store: MemoryStore, key: str, data: bytes | None) -> MemoryStore:
    """A copy of `store` with one object altered, or gone."""
    copy = await copy_of(store)
    await copy.delete(key)
    if data is not None:
        await copy.put(key, data)
    return copy


async def sound(folder: Path) -> MemoryStore:
    store = MemoryStore()
    async with opened(store, folder, clock=ManualClock()) as lab:
        await lab.create()
        await lab.insert((1, "a"), (2, "b"))
        await lab.delete(1)
        await lab.tenant.flush()
        await lab.insert((3, "c"))
        await lab.insert((4, "d"))
    return store


def test_a_sound_store_has_no_findings(tmp_path: Path) -> None:
    async def run() -> None:
        store = await sound(tmp_path)
        counts = Counts()
        assert [finding async for finding in check(store, counts)] == []
        assert (counts.tenants, counts.objects) == (2, 2)

    asyncio.run(run())


def test_every_object_is_missed_and_every_altered_byte_is_seen(tmp_path: Path) -> None:
    async def run() -> None:
        store = await sound(tmp_path)
        keys = [info.key async for info in store.scan("tenants/acme/")]
        manifests = sorted(key for key in keys if "/manifest/" in key)
        wals = sorted(key for key in keys if "/wal/" in key)
        objects = [key for key in keys if "/objects/" in key]
        needed = [manifests[-1], *objects, wals[-2]]
        for key in needed:
            data = bytearray(await store.get(key))
            data[len(data) // 2] ^= 0x40
            found = await findings(await replaced(store, key, bytes(data)))
            assert [finding.kind for finding in found] == ["fault"], key
            assert "acme" in str(found[0])
        for key in [*objects, wals[-2]]:
            found = await findings(await replaced(store, key, None))
            assert [finding.kind for finding in found] == ["fault"], key

    asyncio.run(run())


def test_orphans_are_no_faults(tmp_path: Path) -> None:
    async def run() -> None:
        store = await sound(tmp_path)
        [generation] = await store.folders("tenants/acme/")
        await store.put(f"tenants/acme/{generation}/objects/00000001-ff.parquet", b"left over")
        await store.put(f"tenants/acme/{generation}/somebody/else", b"?")
        await store.put("tenants/ghost/0123/manifest/0000000000000001", b"never named")
        found = await findings(store)
        assert sorted(finding.kind for finding in found) == ["orphan", "orphan", "unknown"]
        assert all("waits to be collected" in str(finding) for finding in found if finding.kind == "orphan")

    asyncio.run(run())
