"""Threads for DuckDB's work: nobody's commit waits for somebody else's long statements."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from engine.duck import THREADS_MAX
from engine.stores.memory import MemoryStore
from engine.threads import Threads
from tests.engine.lab import Lab, opened


def test_commits_wait_for_no_statement(tmp_path: Path) -> None:
    """As many long statements as there are threads: the tenant's own commits go on, and other tenants."""

    async def run() -> None:
        over = threading.Event()
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            await lab.cluster.create_tenant("other", "admin", "verifier")
            other = Lab(lab.cluster, await lab.cluster.tenant("other"))
            await other.create()
            transaction = lab.tenant.begin()
            await transaction.insert(lab.table(), lab.arrow(lab.table(), [(1, "before")]))
            cursors = [lab.tenant.duck.cursor() for _ in range(THREADS_MAX + 1)]
            long = [asyncio.create_task(cursor.run(over.wait)) for cursor in cursors]
            try:
                async with asyncio.timeout(20):
                    await other.insert((1, "elsewhere"))
                    assert await other.rows() == [(1, "elsewhere")]
                    await transaction.commit()
            finally:
                over.set()
                await asyncio.gather(*long)
                for cursor in cursors:
                    await lab.tenant.duck.release(cursor)
            assert await lab.rows() == [(1, "before")]

    asyncio.run(run())


def test_open_tenants_keep_no_threads(tmp_path: Path) -> None:
    def working() -> int:
        return sum(thread.name.startswith("duck") for thread in threading.enumerate())

    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            for name in (f"other{number}" for number in range(16)):
                await lab.cluster.create_tenant(name, "admin", "verifier")
                other = Lab(lab.cluster, await lab.cluster.tenant(name))
                await other.create()
                await other.insert((1, "elsewhere"))
                assert await other.rows() == [(1, "elsewhere")]
            assert working() < 16
        assert working() == 0

    asyncio.run(run())


def test_a_thread_that_the_system_refuses_is_not_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work is done once, by a thread that is there; nobody hears that it failed."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    over, asked, done = threading.Event(), list[str](), list[int]()
    with Threads(8, "few", lambda: asked.append("room")) as threads:
        assert asked == ["room"]
        monkeypatch.setattr(threading.Thread, "start", refuse)
        first = threads.submit(over.wait)
        later = [threads.submit(done.append, number) for number in range(3)]
        assert len(asked) == 4
        assert not done
        over.set()
        for future in (first, *later):
            future.result(20)
    assert done == [0, 1, 2]
