"""What the folder store promises beyond the contract: durability, and nothing left behind."""

from __future__ import annotations

import asyncio
import errno
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from engine.errors import ObjectExists, PutUnknown, StoreFull, StoreMisconfigured, StoreUnavailable
from engine.stores.local import TEMPORARY, LocalStore


def run(folder: Path, body: Callable[[LocalStore], Awaitable[None]]) -> None:
    async def whole() -> None:
        store = LocalStore(folder)
        try:
            await body(store)
        finally:
            await store.close()

    asyncio.run(whole())


def fail_fsync(monkeypatch: pytest.MonkeyPatch, *, folders: bool, failure: int = errno.EIO) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) == folders:
            raise OSError(failure, os.strerror(failure))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)


def record_fsyncs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    synced: list[str] = []
    real = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    return synced


def test_what_was_put_is_there_for_the_next_process(tmp_path: Path) -> None:
    async def write(store: LocalStore) -> None:
        await store.put("tenants/a/1/wal/1", b"bytes")

    async def read(store: LocalStore) -> None:
        assert await store.get("tenants/a/1/wal/1") == b"bytes"

    run(tmp_path / "store", write)
    run(tmp_path / "store", read)
    assert (tmp_path / "store/tenants/a/1/wal/1").stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform != "linux", reason="reads descriptors' names from /proc")
def test_file_folder_and_new_parents_are_fsynced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "new" / "store"

    async def body(store: LocalStore) -> None:
        assert synced == [str(tmp_path), str(tmp_path / "new")]
        synced.clear()
        await store.put("a/b/1", b"x")
        assert synced[:2] == [str(root), str(root / "a")]
        assert TEMPORARY in synced[2]
        assert synced[3:] == [str(root / "a/b")]
        synced.clear()
        await store.put("a/b/2", b"x")
        assert TEMPORARY in synced[0]
        assert synced[1:] == [str(root / "a/b")]

    synced = record_fsyncs(monkeypatch)
    run(root, body)


@pytest.mark.skipif(sys.platform != "linux", reason="reads descriptors' names from /proc")
def test_a_folder_that_an_earlier_process_made_is_fsynced_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    synced = record_fsyncs(monkeypatch)

    async def body(store: LocalStore) -> None:
        await store.put("a/b/1", b"x")

    run(tmp_path, body)
    assert [name for name in synced if TEMPORARY not in name] == [
        str(tmp_path),
        str(tmp_path / "a"),
        str(tmp_path / "a/b"),
    ]


def test_a_failed_fsync_of_the_data_stores_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(store: LocalStore) -> None:
        fail_fsync(monkeypatch, folders=False)
        with pytest.raises(StoreUnavailable, match="Input/output error"):
            await store.put("a", b"x")
        monkeypatch.undo()
        assert [info async for info in store.scan("")] == []
        assert list((tmp_path / TEMPORARY).iterdir()) == []
        await store.put("a", b"x")

    run(tmp_path, body)


def test_a_failed_fsync_of_the_folder_is_undecided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def body(store: LocalStore) -> None:
        await store.put("a/1", b"x")
        fail_fsync(monkeypatch, folders=True)
        with pytest.raises(PutUnknown):
            await store.put("a/2", b"x")
        with pytest.raises(PutUnknown):
            await store.put("a/2", b"x")
        monkeypatch.undo()
        with pytest.raises(ObjectExists):
            await store.put("a/2", b"x")
        assert list((tmp_path / TEMPORARY).iterdir()) == []

    run(tmp_path, body)


@pytest.mark.parametrize("failure", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: int) -> None:
    async def body(store: LocalStore) -> None:
        def write(descriptor: int, data: bytes) -> int:
            raise OSError(failure, os.strerror(failure))

        monkeypatch.setattr(os, "write", write)
        with pytest.raises(StoreFull, match="cannot store a/b"):
            await store.put("a/b", b"x")
        monkeypatch.undo()
        assert [info async for info in store.scan("")] == []
        assert list((tmp_path / TEMPORARY).iterdir()) == []

    run(tmp_path, body)


def test_short_writes_are_carried_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write

    async def body(store: LocalStore) -> None:
        monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data[:7])))
        await store.put("a", bytes(range(100)))
        monkeypatch.undo()
        assert await store.get("a") == bytes(range(100))

    run(tmp_path, body)


def test_leftovers_of_a_crash_are_removed_and_work_under_way_is_not(tmp_path: Path) -> None:
    LocalStore(tmp_path)
    (tmp_path / TEMPORARY / "left").write_bytes(b"half")
    busy = tmp_path / TEMPORARY / "busy"
    script = (
        "import fcntl, sys; f = open(sys.argv[1], 'wb'); fcntl.flock(f, fcntl.LOCK_EX);"
        "print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, busy], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        LocalStore(tmp_path)
        assert [path.name for path in (tmp_path / TEMPORARY).iterdir()] == ["busy"]
        other.communicate()
    LocalStore(tmp_path)
    assert list((tmp_path / TEMPORARY).iterdir()) == []


def test_temporary_files_are_no_objects(tmp_path: Path) -> None:
    async def body(store: LocalStore) -> None:
        (tmp_path / TEMPORARY / "x").write_bytes(b"half")
        assert [info async for info in store.scan("")] == []
        assert await store.folders("") == []

    run(tmp_path, body)


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreMisconfigured, match="cannot use the folder"):
        LocalStore(tmp_path / "file" / "store")


@pytest.fixture
def nobodys_folder() -> Iterator[Path]:
    """A folder, and a process whose rights count: root may write everywhere."""
    nobody = 65534
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as name:
        if is_root:
            os.chown(name, nobody, nobody)
            os.seteuid(nobody)
        try:
            yield Path(name)
        finally:
            if is_root:
                os.seteuid(0)


@pytest.mark.parametrize("locked", ["", TEMPORARY, "tenants", "tenants/sys"])
def test_a_folder_that_cannot_be_written(nobodys_folder: Path, locked: str) -> None:
    (nobodys_folder / "tenants" / "sys").mkdir(parents=True)
    LocalStore(nobodys_folder)
    (nobodys_folder / locked).chmod(0o500)
    try:
        with pytest.raises(StoreMisconfigured, match=r"cannot use the folder .*Permission denied"):
            LocalStore(nobodys_folder)
        LocalStore(nobodys_folder, read_only=True)
    finally:
        (nobodys_folder / locked).chmod(0o700)
