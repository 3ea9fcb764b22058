"""The contract of `engine.stores.base.Store`, on every store."""

from __future__ import annotations

import asyncio

import pytest

from engine.clock import ManualClock
from engine.errors import ObjectExists, ObjectMissing
from engine.stores import Store
from engine.stores.faulty import FaultyStore


async def keys(store: Store, prefix: str, after: str | None = None) -> list[str]:
    return [info.key async for info in store.scan(prefix, after)]


def test_gives_back_what_was_put(any_store: Store) -> None:
    async def body() -> None:
        for size in (0, 1, 4096, 9_000_000):
            data = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
            await any_store.put(f"a/{size}", data)
            assert await any_store.get(f"a/{size}") == data

    asyncio.run(body())


def test_a_second_put_changes_nothing(any_store: Store) -> None:
    async def body() -> None:
        await any_store.put("wal/0000000000000001", b"first")
        with pytest.raises(ObjectExists):
            await any_store.put("wal/0000000000000001", b"second")
        with pytest.raises(ObjectExists):
            await any_store.put("wal/0000000000000001", b"first")
        assert await any_store.get("wal/0000000000000001") == b"first"

    asyncio.run(body())


def test_of_racing_puts_one_wins(any_store: Store) -> None:
    async def body() -> None:
        values = [bytes([number]) * 1000 for number in range(8)]
        outcomes = await asyncio.gather(
            *(any_store.put("race/1", value) for value in values), return_exceptions=True
        )
        winners = [value for value, outcome in zip(values, outcomes, strict=True) if outcome is None]
        assert len(winners) == 1
        assert await any_store.get("race/1") == winners[0]

    asyncio.run(body())


def test_missing_objects(any_store: Store) -> None:
    async def body() -> None:
        with pytest.raises(ObjectMissing, match="a/nothing"):
            await any_store.get("a/nothing")
        await any_store.put("a/folder/object", b"x")
        with pytest.raises(ObjectMissing):
            await any_store.get("a/folder")
        await any_store.delete("a/nothing")
        await any_store.delete("b/nothing/either")

    asyncio.run(body())


def test_a_deleted_key_can_be_put_again(any_store: Store) -> None:
    async def body() -> None:
        await any_store.put("a/b/c", b"old")
        await any_store.delete("a/b/c")
        with pytest.raises(ObjectMissing):
            await any_store.get("a/b/c")
        assert await keys(any_store, "a/") == []
        await any_store.put("a/b/c", b"new")
        assert await any_store.get("a/b/c") == b"new"

    asyncio.run(body())


def test_scan_is_in_byte_order_across_folders(any_store: Store) -> None:
    names = ["a-b/x", "a.b/x", "a/b-/x", "a/b/x", "a/b/y", "a/b0", "a/c", "a0/x", "aB", "ab/x", "b/x"]

    async def body() -> None:
        for name in reversed(names):
            await any_store.put(name, name.encode())
        assert await keys(any_store, "") == sorted(names)
        assert await keys(any_store, "a/") == ["a/b-/x", "a/b/x", "a/b/y", "a/b0", "a/c"]
        assert await keys(any_store, "a/b") == ["a/b-/x", "a/b/x", "a/b/y", "a/b0"]
        assert await keys(any_store, "a/b/") == ["a/b/x", "a/b/y"]
        assert await keys(any_store, "nothing/") == []
        for after in [*names, "a/b/", "a", "zz", "a/b/xx"]:
            assert await keys(any_store, "", after) == [name for name in sorted(names) if name > after]
            expected = [name for name in sorted(names) if name > after and name.startswith("a/")]
            assert await keys(any_store, "a/", after) == expected

    asyncio.run(body())


def test_scan_tells_sizes_and_pages_through_many(any_store: Store) -> None:
    async def body() -> None:
        numbers = [f"wal/{number:016d}" for number in range(1, 1102)]
        for start in range(0, len(numbers), 50):
            await asyncio.gather(*(any_store.put(key, b"12345") for key in numbers[start : start + 50]))
        found = [info async for info in any_store.scan("wal/")]
        assert [info.key for info in found] == numbers
        assert {info.size for info in found} == {5}
        assert await keys(any_store, "wal/", numbers[-3]) == numbers[-2:]

    asyncio.run(body())


def test_folders(any_store: Store) -> None:
    async def body() -> None:
        for key in ("tenants/b/1/wal/1", "tenants/b/2/wal/1", "tenants/a-/1/wal/1", "tenants/c", "x/y"):
            await any_store.put(key, b"x")
        assert await any_store.folders("tenants/") == ["a-", "b"]
        assert await any_store.folders("tenants/b/") == ["1", "2"]
        assert {"tenants", "x"} <= set(await any_store.folders(""))
        assert await any_store.folders("nothing/") == []
        await any_store.delete("tenants/b/2/wal/1")
        assert "1" in await any_store.folders("tenants/b/")

    asyncio.run(body())


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "../a", "a/../b", "a/.", "a\\b", "a b", "ü", "a\n", "~a", "a" * 241]
)
def test_what_is_no_key_is_refused(any_store: Store, key: str) -> None:
    async def body() -> None:
        with pytest.raises(ValueError, match="not a key"):
            await any_store.put(key, b"x")
        with pytest.raises(ValueError, match="not a key"):
            await any_store.get(key)
        with pytest.raises(ValueError, match="not a key"):
            await any_store.delete(key)

    asyncio.run(body())


def test_prefixes_cannot_leave_the_store_either(any_store: Store) -> None:
    async def body() -> None:
        for prefix in ("../", "/etc/", "a/../../"):
            with pytest.raises(ValueError, match="not a key"):
                await keys(any_store, prefix)
            with pytest.raises(ValueError, match="not a key"):
                await any_store.folders(prefix)

    asyncio.run(body())


def test_a_faulty_store_without_toxics_keeps_the_contract(any_store: Store) -> None:
    async def body() -> None:
        store = FaultyStore(any_store, ManualClock())
        await store.put("a/b/c", b"abc")
        with pytest.raises(ObjectExists):
            await store.put("a/b/c", b"x")
        assert await store.get("a/b/c") == b"abc"
        assert await keys(store, "a/") == ["a/b/c"]
        assert await store.folders("a/") == ["b"]
        await store.delete("a/b/c")
        assert [call.operation for call in store.calls] == ["put", "put", "get", "scan", "folders", "delete"]
        assert store.total_bytes("get") == 3

    asyncio.run(body())
