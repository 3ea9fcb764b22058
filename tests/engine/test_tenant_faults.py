"""Faults of the store while a tenant is created or dropped: it is there, or it is not, and both can be
done again. Each toxic meets each call of the operation once (in the long form), as in
`tests.engine.test_faults`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.clock import ManualClock
from engine.errors import CommitUnknown, EngineError, StoreFull, StoreUnavailable
from engine.stores.faulty import FaultyStore, Operation, ToxicName
from engine.stores.memory import MemoryStore
from tests.engine.lab import Lab, opened
from tests.engine.test_crash import LONG
from tests.engine.test_faults import TOXICS, expected
from tests.tally import tally

NEW = "newcomer"
KINDS = ["create", "drop"]
CALLS_MAX = 60
STRIDE = 1 if LONG else 3


async def operate(lab: Lab, kind: str) -> None:
    if kind == "create":
        await lab.cluster.create_tenant(NEW, "admin", "verifier")
    else:
        await lab.cluster.drop_tenant(NEW)


async def is_there(lab: Lab) -> bool:
    return await lab.cluster.login_material(NEW, "admin") is not None


async def begin(lab: Lab, kind: str) -> None:
    """What the operation needs: nothing, or the tenant with something in it."""
    if kind == "drop":
        await operate(lab, "create")
        newcomer = Lab(lab.cluster, await lab.cluster.tenant(NEW))
        await newcomer.create()
        await newcomer.insert((1, "here"))


async def as_it_should_be(lab: Lab, kind: str) -> None:
    """The operation is done; what comes next works, and the neighbours notice nothing."""
    assert await is_there(lab) == (kind == "create")
    if kind == "drop":
        await operate(lab, "create")
    newcomer = Lab(lab.cluster, await lab.cluster.tenant(NEW))
    await newcomer.create()
    await newcomer.insert((2, "goes on"))
    assert await newcomer.rows() == [(2, "goes on")]
    await lab.insert((1, "a neighbour"))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("toxic", TOXICS)
def test_one_fault(tmp_path: Path, kind: str, toxic: ToxicName) -> None:
    async def run() -> None:
        met = 0
        for call in TOXICS[toxic]:
            for skip in range(0, CALLS_MAX, STRIDE):
                if not await meets(tmp_path / f"{call} {skip}", kind, toxic, call, skip):
                    break
                met += 1
        tally("faults of the store", met)
        assert met > 0 or toxic == "short_read"

    asyncio.run(run())


async def meets(folder: Path, kind: str, toxic: ToxicName, call: Operation, skip: int) -> bool:
    """One fault at one call; whether there was such a call."""
    clock = ManualClock()
    store = FaultyStore(MemoryStore(), clock)
    async with opened(store, folder, clock=clock) as lab:
        await lab.create()
        await begin(lab, kind)
        store.forget_calls()
        store.inject(toxic, call, skip=skip)
        try:
            await operate(lab, kind)
        except expected(toxic, call):
            hit = True
            store.heal()
            assert await is_there(lab) == (kind == "drop"), "refused for certain"
            await operate(lab, kind)
        else:
            hit = store.count(call) > skip
            store.heal()
        await as_it_should_be(lab, kind)
    return hit


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("toxic", ["error_before", "error_after", "throttled", "disk_full"])
def test_an_outage(tmp_path: Path, kind: str, toxic: ToxicName) -> None:
    """The store takes nothing any more for longer than anybody waits, and then it does again."""

    async def run() -> None:
        clock = ManualClock()
        store = FaultyStore(MemoryStore(), clock)
        async with opened(store, tmp_path, clock=clock) as lab:
            await lab.create()
            await begin(lab, kind)
            store.inject(toxic, "put", times=None)
            if toxic == "error_after":
                store.inject("error_before", "get", times=None)
            with pytest.raises((StoreUnavailable, StoreFull, CommitUnknown)) as failure:
                await operate(lab, kind)
            store.heal()
            done = await is_there(lab) == (kind == "create")
            assert isinstance(failure.value, CommitUnknown) or not done
            if not done:
                await operate(lab, kind)
            await as_it_should_be(lab, kind)

    asyncio.run(run())


def test_two_at_once(tmp_path: Path) -> None:
    """Two sessions create the same tenant while the store loses replies: one of them has it."""

    async def run() -> None:
        clock = ManualClock()
        store = FaultyStore(MemoryStore(), clock)
        async with opened(store, tmp_path, clock=clock) as lab:
            store.inject("error_after", "put", times=3)
            both = await asyncio.gather(
                operate(lab, "create"), operate(lab, "create"), return_exceptions=True
            )
            assert sorted(isinstance(end, EngineError) for end in both) == [False, True]
            assert await is_there(lab)

    asyncio.run(run())
