"""The local cache of objects: whole, checked, bounded, one fetch a key, and pins that hold."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine.cache import INCOMING, ObjectCache, Wanted, content_hash
from engine.cache_folder import CacheFolder
from engine.clock import ManualClock
from engine.errors import ObjectCorrupted, ObjectMissing, StoreFull, StoreMisconfigured, StoreUnavailable
from engine.stores.faulty import FaultyStore
from engine.stores.memory import MemoryStore

SIZE = 100
COUNT = 10


def key(number: int) -> str:
    return f"tenants/a/1/objects/{number}.parquet"


def data(number: int) -> bytes:
    return bytes([number]) * SIZE


def wanted(number: int) -> Wanted:
    return Wanted(key(number), content_hash(data(number)), SIZE)


def run(body: Callable[[FaultyStore], Awaitable[None]]) -> None:
    async def whole() -> None:
        store = FaultyStore(MemoryStore(), ManualClock())
        for number in range(COUNT):
            await store.put(key(number), data(number))
        await body(store)

    asyncio.run(whole())


async def use(cache: ObjectCache, number: int) -> None:
    item = wanted(number)
    async with cache.hold(item.key, item.hash, item.size) as path:
        assert path.read_bytes() == data(number)


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.parquet"))


def test_fetched_once_then_local(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, 1000)
        for _ in range(3):
            await use(cache, 1)
        assert store.count("get") == 1
        assert cache.path(key(1)) == tmp_path / key(1)

    run(body)


def test_one_fetch_however_many_ask(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, 1000)
        store.inject("slow", "get", times=None, seconds=0)
        await asyncio.gather(*(use(cache, number % 2) for number in range(50)))
        assert sorted(store.keys("get")) == [key(0), key(1)]

    run(body)


def test_a_fetch_goes_on_without_those_who_gave_up(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, 1000)
        store.inject("held", "get")
        first = asyncio.create_task(use(cache, 1))
        await store.holding.wait()
        second = asyncio.create_task(use(cache, 1))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        store.release()
        await second
        assert first.cancelled()
        assert store.count("get") == 1

        store.inject("held", "get")
        alone = asyncio.create_task(use(cache, 2))
        await store.holding.wait()
        alone.cancel()
        await asyncio.sleep(0)
        cache.discard(key(2))
        store.release()
        await use(cache, 2)
        assert store.count("get", key(2)) == 1

    run(body)


def test_the_bound_holds_and_the_longest_unused_goes(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, 3 * SIZE)
        for number in (0, 1, 2, 0, 3):
            await use(cache, number)
            assert cache.size <= 3 * SIZE
        assert files(tmp_path) == ["0.parquet", "2.parquet", "3.parquet"]

    run(body)


def test_what_is_held_stays_even_beyond_the_bound(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, 3 * SIZE)
        async with cache.hold_many([wanted(number) for number in range(5)]) as paths:
            assert [path.read_bytes() for path in paths] == [data(number) for number in range(5)]
            await use(cache, 7)
            assert [path.read_bytes() for path in paths] == [data(number) for number in range(5)]
            assert cache.size == 5 * SIZE
        assert cache.size == 3 * SIZE
        assert len(files(tmp_path)) == 3

    run(body)


def test_pins_are_counted(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, SIZE)
        item = wanted(1)
        async with cache.hold(item.key, item.hash, item.size) as path:
            await use(cache, 1)
            await use(cache, 2)
            assert path.exists()

    run(body)


def test_wrong_bytes_are_fetched_once_more(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, 1000)
        store.inject("short_read", "get")
        await use(cache, 1)
        assert store.count("get") == 2

    run(body)


def test_an_object_that_stays_wrong_is_named(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, 1000)
        store.inject("short_read", "get", times=None)
        with pytest.raises(ObjectCorrupted, match=key(1)):
            await use(cache, 1)
        assert store.count("get") == 2
        assert cache.size == 0
        assert files(tmp_path) == []
        store.heal()
        await use(cache, 1)

    run(body)


def test_failures_of_the_store_come_through_and_leave_nothing(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, 1000)
        store.inject("error_before", "get", key(1))
        with pytest.raises(StoreUnavailable):
            async with cache.hold_many([wanted(0), wanted(1), wanted(2)]):
                pass
        with pytest.raises(ObjectMissing):
            async with cache.hold("tenants/a/1/objects/none.parquet", "00", 1):
                pass
        assert cache.size == 2 * SIZE
        await use(cache, 1)
        assert cache.size == 3 * SIZE

    run(body)


def test_an_error_inside_the_block_is_its_own(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, SIZE)
        with pytest.raises(KeyError):
            async with cache.hold_many([wanted(0), wanted(1)]):
                raise KeyError
        assert cache.size == SIZE

    run(body)


def test_a_file_that_was_tampered_with_is_not_served(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, 1000)
        await use(cache, 1)
        cache.path(key(1)).write_bytes(b"other")
        await use(cache, 1)
        cache.path(key(1)).unlink()
        await use(cache, 1)
        os.utime(cache.path(key(1)))
        await use(cache, 1)
        assert store.count("get") == 3
        assert cache.size == SIZE

    run(body)


def test_a_restart_keeps_good_files_and_drops_bad_ones(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        first = ObjectCache(tmp_path, store, 1000)
        for number in range(4):
            await use(first, number)
            os.utime(first.path(key(number)), ns=(number, number))
        first.path(key(2)).write_bytes(b"torn")
        (tmp_path / INCOMING / "left").write_bytes(b"half")
        first.new_file("tenants/a/1/").write_bytes(b"half")
        spilled = tmp_path / "tenants" / "a" / "1.spill" / "duckdb_temp_storage-0.tmp"
        spilled.parent.mkdir()
        spilled.write_bytes(b"of a query that is over")
        store.forget_calls()

        second = ObjectCache(tmp_path, store, 1000)
        assert second.size == 3 * SIZE + 4
        assert list((tmp_path / INCOMING).iterdir()) == []
        assert not spilled.exists()
        for number in range(4):
            await use(second, number)
        assert store.keys("get") == [key(2)]

        third = ObjectCache(tmp_path, store, 2 * SIZE)
        assert third.size == 2 * SIZE
        assert files(tmp_path) == ["2.parquet", "3.parquet"]

    run(body)


def test_seeded_objects_are_not_fetched(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, 1000)
        await cache.put(key(1), data(1))
        await cache.put(key(2), data(2), content_hash(data(2)))
        await cache.put(key(2), data(2))
        await use(cache, 1)
        await use(cache, 2)
        assert store.count("get") == 0
        assert cache.size == 2 * SIZE

    run(body)


def test_discard(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, 1000)
        item = wanted(1)
        async with cache.hold(item.key, item.hash, item.size) as path:
            cache.discard(key(1))
            assert path.exists()
        cache.discard(key(1))
        cache.discard("tenants/a/1/objects/none.parquet")
        assert cache.size == 0
        assert files(tmp_path) == []

    run(body)


def test_new_files_are_inside_the_folder_and_free(tmp_path: Path) -> None:
    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, 1000)
        path = cache.new_file()
        assert path.is_relative_to(cache.folder)
        assert path.parent.is_dir()
        assert not path.exists()
        assert path != cache.new_file()
        own = cache.new_file("tenants/a/1/")
        assert own.is_relative_to(cache.folder / "tenants/a/1")
        assert own.parent.is_dir()

    run(body)


def test_a_full_disk_empties_the_cache_before_it_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = True
    real = Path.write_bytes

    def write_bytes(self: Path, content: bytes) -> int:
        if full and files(tmp_path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, content)

    async def body(store: FaultyStore) -> None:
        cache = ObjectCache(tmp_path, store, 1000)
        await use(cache, 1)
        monkeypatch.setattr(Path, "write_bytes", write_bytes)
        await use(cache, 2)
        assert files(tmp_path) == ["2.parquet"]
        item = wanted(2)
        async with cache.hold(item.key, item.hash, item.size):
            with pytest.raises(StoreFull, match="cache folder"):
                await use(cache, 3)
        assert cache.size == SIZE

    run(body)


def test_servers_on_one_machine_have_folders_of_their_own(tmp_path: Path) -> None:
    first, second = CacheFolder(tmp_path), CacheFolder(tmp_path)
    assert first.path != second.path
    path = first.path
    first.close()
    again = CacheFolder(tmp_path)
    assert again.path == path
    del again
    assert CacheFolder(tmp_path).path == path
    assert second.path.is_relative_to(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreMisconfigured, match="cache folder"):
        CacheFolder(tmp_path / "file")


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreMisconfigured, match="cache folder"):
        ObjectCache(tmp_path / "file" / "cache", MemoryStore(), 1000)
