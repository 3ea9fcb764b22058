"""The toxics do what their names say, and the account is true."""

from __future__ import annotations

import asyncio

import pytest

from engine.clock import ManualClock
from engine.errors import ObjectExists, ObjectMissing, PutUnknown, StoreFull, StoreUnavailable
from engine.stores.faulty import Call, FaultyStore
from engine.stores.memory import MemoryStore


def make() -> tuple[FaultyStore, MemoryStore, ManualClock]:
    inner, clock = MemoryStore(), ManualClock()
    return FaultyStore(inner, clock), inner, clock


def test_error_before_stores_nothing() -> None:
    async def body() -> None:
        store, inner, _ = make()
        for name, expected in (
            ("error_before", StoreUnavailable),
            ("throttled", StoreUnavailable),
            ("disk_full", StoreFull),
        ):
            store.inject(name)  # type: ignore[arg-type]
            with pytest.raises(expected):
                await store.put("a", b"x")
            with pytest.raises(ObjectMissing):
                await inner.get("a")
        await store.put("a", b"x")

    asyncio.run(body())


def test_error_after_has_stored_it() -> None:
    async def body() -> None:
        store, inner, _ = make()
        store.inject("error_after", "put", "wal/")
        await store.put("manifest/1", b"unharmed")
        with pytest.raises(PutUnknown):
            await store.put("wal/1", b"x")
        assert await inner.get("wal/1") == b"x"
        with pytest.raises(ObjectExists):
            await store.put("wal/1", b"x")
        store.inject("error_after", "delete")
        with pytest.raises(StoreUnavailable):
            await store.delete("wal/1")
        with pytest.raises(ObjectMissing):
            await inner.get("wal/1")

    asyncio.run(body())


def test_times_and_skip() -> None:
    async def body() -> None:
        store, _, _ = make()
        store.inject("error_before", skip=1, times=2)
        outcomes = await asyncio.gather(
            *(store.put(str(number), b"") for number in range(5)), return_exceptions=True
        )
        assert [outcome is None for outcome in outcomes] == [True, False, False, True, True]
        store.inject("error_before", times=None)
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                await store.put("x", b"")
        store.heal()
        await store.put("x", b"")

    asyncio.run(body())


def test_slow_and_short() -> None:
    async def body() -> None:
        store, _, clock = make()
        await store.put("a", b"12345678")
        before = clock.now()
        store.inject("slow", "get", seconds=2.5)
        assert await store.get("a") == b"12345678"
        assert clock.now() - before == 2_500_000
        store.inject("short_read", "get")
        assert await store.get("a") == b"1234"

    asyncio.run(body())


def test_held_calls_wait_to_be_released() -> None:
    async def body() -> None:
        store, inner, _ = make()
        store.inject("held", "put", "wal/", times=None)
        put = asyncio.create_task(store.put("wal/1", b"x"))
        await asyncio.wait_for(store.holding.wait(), 5)
        with pytest.raises(ObjectMissing):
            await inner.get("wal/1")
        store.release()
        await asyncio.wait_for(put, 5)
        again = asyncio.create_task(store.put("wal/2", b"x"))
        await asyncio.wait_for(store.holding.wait(), 5)
        store.heal()
        await asyncio.wait_for(again, 5)
        await store.put("wal/3", b"x")

    asyncio.run(body())


def test_the_account() -> None:
    async def body() -> None:
        store, _, _ = make()
        await store.put("objects/1", b"123")
        await store.put("wal/1", b"1")
        await store.get("objects/1")
        with pytest.raises(ObjectMissing):
            await store.get("objects/2")
        assert store.calls == [
            Call("put", "objects/1", 3),
            Call("put", "wal/1", 1),
            Call("get", "objects/1", 3),
            Call("get", "objects/2", 0),
        ]
        assert store.count("put") == 2
        assert store.keys("get", "objects/") == ["objects/1", "objects/2"]
        assert store.total_bytes("put", "objects/") == 3
        store.forget_calls()
        assert store.count("get") == 0

    asyncio.run(body())
