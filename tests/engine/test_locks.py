"""Locks: sharing, fairness, upgrades, deadlocks, time-outs."""

from __future__ import annotations

import asyncio
import random

import pytest

from engine.errors import Deadlock, LockTimeout
from engine.locks import Locks, Owner


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_shared_then_exclusive_then_shared() -> None:
    async def run() -> None:
        locks, a, b, c = Locks(), Owner(), Owner(), Owner()
        assert not await locks.acquire(a, "k", exclusive=False)
        writer = asyncio.create_task(locks.acquire(b, "k", exclusive=True))
        await settled()
        late = asyncio.create_task(locks.acquire(c, "k", exclusive=False))
        await settled()
        assert not writer.done()
        assert not late.done(), "a shared request may not overtake a waiting exclusive one"
        locks.release_all(a)
        assert await writer
        assert not late.done()
        locks.release_all(b)
        assert await late
        locks.release_all(c)

    asyncio.run(run())


def test_upgrade_goes_first() -> None:
    async def run() -> None:
        locks, a, b, c = Locks(), Owner(), Owner(), Owner()
        await locks.acquire(a, "k", exclusive=False)
        await locks.acquire(b, "k", exclusive=False)
        waiting = asyncio.create_task(locks.acquire(c, "k", exclusive=True))
        await settled()
        upgrade = asyncio.create_task(locks.acquire(a, "k", exclusive=True))
        await settled()
        locks.release_all(b)
        assert await upgrade
        assert not waiting.done()
        locks.release_all(a)
        assert await waiting

    asyncio.run(run())


def test_deadlocks_are_refused() -> None:
    async def run() -> None:
        locks, a, b, c = Locks(), Owner(), Owner(), Owner()
        for owner, key in ((a, 1), (b, 2), (c, 3)):
            await locks.acquire(owner, key, exclusive=True)
        first = asyncio.create_task(locks.acquire(a, 2, exclusive=True))
        second = asyncio.create_task(locks.acquire(b, 3, exclusive=True))
        await settled()
        with pytest.raises(Deadlock):
            await locks.acquire(c, 1, exclusive=True)
        locks.release_all(c)
        assert await second
        locks.release_all(b)
        assert await first

    asyncio.run(run())


def test_two_upgrades_are_a_deadlock() -> None:
    async def run() -> None:
        locks, a, b = Locks(), Owner(), Owner()
        await locks.acquire(a, "k", exclusive=False)
        await locks.acquire(b, "k", exclusive=False)
        first = asyncio.create_task(locks.acquire(a, "k", exclusive=True))
        await settled()
        with pytest.raises(Deadlock):
            await locks.acquire(b, "k", exclusive=True)
        locks.release_all(b)
        assert await first

    asyncio.run(run())


def test_time_out_leaves_the_line() -> None:
    async def run() -> None:
        locks, a, b, c = Locks(), Owner(), Owner(), Owner()
        await locks.acquire(a, "k", exclusive=False)
        with pytest.raises(LockTimeout):
            await locks.acquire(b, "k", exclusive=True, timeout_seconds=0.01)
        assert not await locks.acquire(c, "k", exclusive=False)
        locks.release_all(a)
        locks.release_all(c)
        assert not await locks.acquire(b, "k", exclusive=True)

    asyncio.run(run())


def test_cancelled_waiter_lets_the_next_one_in() -> None:
    async def run() -> None:
        locks, a, b, c = Locks(), Owner(), Owner(), Owner()
        await locks.acquire(a, "k", exclusive=False)
        waiting = asyncio.create_task(locks.acquire(b, "k", exclusive=True))
        await settled()
        next_one = asyncio.create_task(locks.acquire(c, "k", exclusive=False))
        await settled()
        waiting.cancel()
        assert await next_one

    asyncio.run(run())


def test_who_has_just_been_let_in_waits_for_nothing() -> None:
    """Between being granted a lock and going on, an owner may be asked about by others."""

    async def run() -> None:
        locks, a, b, c = Locks(), Owner(), Owner(), Owner()
        await locks.acquire(a, "k", exclusive=True)
        granted = asyncio.create_task(locks.acquire(b, "k", exclusive=True))
        await settled()
        locks.release_all(a)
        with pytest.raises(LockTimeout):
            await locks.acquire(c, "k", exclusive=True, timeout_seconds=0.01)
        assert await granted

    asyncio.run(run())


def test_a_circle_through_somebody_who_waits_for_more_of_what_it_has() -> None:
    """b would get the lock beside its holders, were it not for c, who stands in line before it."""

    async def run() -> None:
        locks, a, b, c = Locks(), Owner(), Owner(), Owner()
        for owner, key in ((a, 1), (c, 1), (a, 2), (b, 2)):
            await locks.acquire(owner, key, exclusive=False)
        upgrade = asyncio.create_task(locks.acquire(c, 1, exclusive=True))
        await settled()
        behind = asyncio.create_task(locks.acquire(b, 1, exclusive=False))
        await settled()
        with pytest.raises(Deadlock):
            await locks.acquire(a, 2, exclusive=True)
        locks.release_all(a)
        assert await upgrade
        locks.release_all(c)
        assert await behind

    asyncio.run(run())


@pytest.mark.parametrize("seed", range(20))
def test_nobody_waits_for_ever(seed: int) -> None:
    """Whoever takes locks in whatever order gets them in the end, or is told of a deadlock."""

    async def one(locks: Locks, chance: random.Random) -> None:
        owner = Owner()
        try:
            for _ in range(chance.randint(1, 5)):
                await locks.acquire(owner, chance.randrange(3), exclusive=chance.random() < 0.4)
                for _ in range(chance.randrange(3)):
                    await asyncio.sleep(0)
        except Deadlock:
            pass
        finally:
            locks.release_all(owner)

    async def run() -> None:
        for number in range(100):
            locks, chance = Locks(), random.Random(f"{seed} {number}")
            tasks = [asyncio.create_task(one(locks, chance)) for _ in range(5)]
            done, waiting = await asyncio.wait(tasks, timeout=20)
            assert not waiting, f"seed {seed}, run {number}"
            for task in done:
                task.result()
            assert not locks._locks

    asyncio.run(run())
