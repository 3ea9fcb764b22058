"""The watch on the server's memory: what it drops first, whom it ends, and whom it spares."""

from __future__ import annotations

import asyncio
import resource
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine import memory
from engine.allocators import give_back
from engine.clock import ManualClock
from engine.duck import Cursor, Duck, Ducks
from engine.errors import OutOfMemory
from engine.memory import MemoryWatch, Process

MAX = 1000 * 2**20
SMALL = "SELECT sum(a.range) FROM range(1000000) a, range(100000) b"
LARGE = "SELECT count(DISTINCT hash(range)) FROM range(2000000000)"

PLENTY = 5 * memory.AT_WORK_BYTES_MIN


@dataclass
class World:
    """A machine that is told what the process takes."""

    ducks: list[Duck]
    watch: MemoryWatch = field(init=False)
    clock: ManualClock = field(default_factory=ManualClock)
    taken: int = 0
    copies: int = 0
    frees_at_once: bool = True
    room: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        process = Process(lambda: self.taken, self.room.append)
        given = MAX + memory.RESERVE_BYTES
        self.watch = MemoryWatch(process, given, self, lambda: self.ducks, self.clock)

    def shed(self, bytes_min: int) -> int:
        freed = min(self.copies, bytes_min)
        self.copies -= freed
        self.taken -= freed if self.frees_at_once else 0
        return freed


@asynccontextmanager
async def world(folder: Path, tenants: int) -> AsyncIterator[World]:
    ducks = Ducks()
    limits = {"memory_bytes_max": 2**30, "spill_bytes_max": 2**30}
    opened = [ducks.open(folder / str(n), **limits, threads=1) for n in range(tenants)]
    try:
        yield World(opened)
    finally:
        for duck in opened:
            duck.close()
        ducks.close()


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def at_work(duck: Duck, sql: str) -> tuple[Cursor, asyncio.Task[object]]:
    cursor = duck.cursor()
    task = asyncio.create_task(cursor.rows(sql))
    await asyncio.sleep(0)
    return cursor, task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.to_thread(lambda: None)


async def stop(duck: Duck, cursor: Cursor, task: Awaitable[object]) -> None:
    cursor.interrupt()
    await asyncio.gather(task, return_exceptions=True)
    await duck.release(cursor)


def test_the_ceiling_follows_what_is_left(tmp_path: Path) -> None:
    async def run() -> None:
        async with world(tmp_path, 0) as here:
            for here.taken in (0, MAX // 2, 2 * MAX):
                await here.watch.look()
            assert here.room == [MAX, MAX - MAX // 2, memory.RESERVE_BYTES]

    asyncio.run(run())


def test_copies_go_first(tmp_path: Path) -> None:
    async def run() -> None:
        async with world(tmp_path, 1) as here:
            cursor, task = await at_work(here.ducks[0], LARGE)
            await until(lambda: here.ducks[0].bytes_at_work() > PLENTY)
            here.copies = MAX // 2
            here.taken = int(MAX * memory.SHED_AT) - 1
            await here.watch.look()
            assert here.copies == MAX // 2
            here.taken = MAX
            await here.watch.look()
            assert here.taken == int(MAX * memory.SHED_TO)
            assert not task.done()
            assert cursor.ended_by is None
            await stop(here.ducks[0], cursor, task)

    asyncio.run(run())


def test_what_was_dropped_a_moment_ago_counts_as_gone(tmp_path: Path) -> None:
    async def run() -> None:
        async with world(tmp_path, 0) as here:
            here.copies = MAX
            here.frees_at_once = False
            here.taken = MAX
            for _ in range(3):
                await here.watch.look()
            dropped = MAX - int(MAX * memory.SHED_TO)
            assert here.copies == MAX - dropped
            here.clock.advance(int(memory.SHED_SECONDS * 1e6) + 1)
            await here.watch.look()
            assert here.copies == MAX - 2 * dropped

    asyncio.run(run())


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured by /proc")
def test_what_duckdb_has_freed_goes_back(tmp_path: Path) -> None:
    async def run() -> None:
        async with world(tmp_path, 1) as here:
            cursor = here.ducks[0].cursor()
            await cursor.execute("CREATE TABLE t AS SELECT hash(range) AS h FROM range(20000000)")
            before = resident_bytes()
            await cursor.execute("DROP TABLE t")
            async with asyncio.timeout(30):
                while before - resident_bytes() < 100 * 2**20:
                    await asyncio.to_thread(give_back)
            await here.ducks[0].release(cursor)

    asyncio.run(run())


def test_the_statement_with_the_most_is_ended_and_no_other(tmp_path: Path) -> None:
    async def run() -> None:
        async with world(tmp_path, 3) as here:
            _, modest, greedy = here.ducks
            spared, spared_task = await at_work(modest, SMALL)
            cursor, task = await at_work(greedy, LARGE)
            await until(lambda: greedy.bytes_at_work() > PLENTY)
            here.taken = MAX
            await here.watch.look()
            with pytest.raises(OutOfMemory, match="server's memory limit"):
                await task
            await greedy.release(cursor)
            await here.watch.look()
            assert not spared_task.done()
            assert spared.ended_by is None
            again = greedy.cursor()
            assert await again.rows("SELECT 42") == [(42,)]
            await greedy.release(again)
            await stop(modest, spared, spared_task)

    asyncio.run(run())


def test_as_many_as_it_needs_and_others_when_they_do_not_go(tmp_path: Path) -> None:
    async def run() -> None:
        async with world(tmp_path, 2) as here:
            running = [await at_work(duck, LARGE) for duck in here.ducks]
            for duck in here.ducks:
                await until(lambda duck=duck: duck.bytes_at_work() > PLENTY)  # type: ignore[misc]

            def ended() -> int:
                return sum(cursor.ended_by is not None for cursor, _ in running)

            await here.watch._end(2**20)
            await here.watch._end(2**20)
            assert ended() == 1
            here.clock.advance(int(memory.PATIENCE_SECONDS * 1e6) + 1)
            await here.watch._end(2**20)
            assert ended() == 2
            for duck, (cursor, task) in zip(here.ducks, running, strict=True):
                await stop(duck, cursor, task)

    asyncio.run(run())


def test_much_too_much_ends_several(tmp_path: Path) -> None:
    async def run() -> None:
        async with world(tmp_path, 2) as here:
            running = [await at_work(duck, LARGE) for duck in here.ducks]
            for duck in here.ducks:
                await until(lambda duck=duck: duck.bytes_at_work() > PLENTY)  # type: ignore[misc]
            here.taken = 4 * MAX
            await here.watch.look()
            assert all(cursor.ended_by is not None for cursor, _ in running)
            for duck, (cursor, task) in zip(here.ducks, running, strict=True):
                await stop(duck, cursor, task)

    asyncio.run(run())


def test_many_open_tenants_flush_sooner() -> None:
    wanted, server = 32 * 2**20, 8 * 2**30
    sizes = [memory.flush_bytes(wanted, server, tenants) for tenants in (0, 1, 10, 200, 10_000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[:2] == [wanted, wanted]
    assert sizes[3] * 200 <= server * memory.TAIL_SHARE
    assert sizes[4] == memory.FLUSH_BYTES_MIN
