"""Faults of the store during every operation: the right outcome, nothing lost, and it goes on.

Each toxic meets each operation once at one call after the other (every call in the long form). A put whose
reply was lost, or that was refused in passing, is waited out, and the operation succeeds; a full disk, or
a read that fails or comes up short, fails it with an error of its own; after that the same operation
works, on the same tenant if it is still open.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import get_args

import pytest

from engine.clock import ManualClock
from engine.errors import (
    CommitUnknown,
    EngineError,
    LogCorrupted,
    ObjectCorrupted,
    StoreFull,
    StoreUnavailable,
)
from engine.stores.faulty import FaultyStore, Operation, ToxicName
from engine.stores.memory import MemoryStore
from tests.engine.lab import Lab, opened
from tests.engine.test_crash import (
    LATER,
    LONG,
    MANY,
    NEW,
    OPTIONS,
    Prepared,
    cases,
    copy_of,
    findings,
    prepare,
)
from tests.tally import tally

ACME = "tenants/acme/"
STRIDES: dict[Operation, int] = {} if LONG else {"get": 6, "scan": 6, "folders": 6, "delete": 6, "put": 2}
OPERATIONS: tuple[Operation, ...] = get_args(Operation)
TOXICS: dict[ToxicName, tuple[Operation, ...]] = {
    "error_before": OPERATIONS,
    "error_after": OPERATIONS,
    "throttled": OPERATIONS,
    "slow": OPERATIONS,
    "short_read": ("get",),
    "disk_full": ("put",),
}
KINDS = ["open", "commit", "bulk", "flush", "compact", "physical", "partial logical", "collect"]


def expected(toxic: ToxicName, call: Operation) -> tuple[type[EngineError], ...]:
    """The errors that one fault may end an operation with; none where it must be waited out."""
    if toxic == "slow":
        return ()
    if toxic == "disk_full":
        return (StoreFull,)
    if toxic == "short_read":
        return (ObjectCorrupted, LogCorrupted)
    return () if call == "put" else (StoreUnavailable,)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("toxic", TOXICS)
def test_one_fault(tmp_path: Path, kind: str, toxic: ToxicName) -> None:
    async def run() -> None:
        prepared = await prepare(MemoryStore(), tmp_path / "prepared")
        met = 0
        for call in TOXICS[toxic]:
            for skip in range(0, 100, STRIDES.get(call, 1)):
                folder = tmp_path / f"{call} {skip}"
                if not await meets(prepared, folder, kind, toxic, call, skip):
                    break
                met += 1
        tally("faults of the store", met)
        assert met > 0 or toxic == "short_read", "some call must have met it"

    asyncio.run(run())


async def meets(
    prepared: Prepared, folder: Path, kind: str, toxic: ToxicName, call: Operation, skip: int
) -> bool:
    """One fault at one call of one operation; whether there was such a call."""
    clock = ManualClock(LATER)
    store = FaultyStore(await copy_of(prepared.store), clock)
    errors = expected(toxic, call)
    if kind == "open":
        store.inject(toxic, call, ACME, skip=skip)
    try:
        async with opened(store, folder, clock=clock, options=OPTIONS) as lab:
            if kind != "open":
                await _operate(lab, store, prepared, kind, toxic, call, skip, errors)
            hit = store.count(call, ACME) > skip
            store.heal()
            await _as_it_should_be(lab, prepared, kind)
    except errors:
        assert kind == "open"
        hit = True
        store.heal()
        async with opened(store, folder, clock=clock, options=OPTIONS) as lab:
            await _as_it_should_be(lab, prepared, kind)
    if hit:
        assert [text for text in await findings(store) if text.startswith("fault")] == []
    return hit


async def _operate(
    lab: Lab,
    store: FaultyStore,
    prepared: Prepared,
    kind: str,
    toxic: ToxicName,
    call: Operation,
    skip: int,
    errors: tuple[type[EngineError], ...],
) -> None:
    """The operation, with the fault; when that fails it, once more without."""
    operation, allowed = cases(prepared)[kind]
    store.forget_calls()
    store.inject(toxic, call, ACME, skip=skip)
    try:
        await operation(lab)
    except errors:
        calls = list(store.calls)
        store.heal()
        lab.tenant = await lab.cluster.tenant("acme")
        assert await lab.rows() in allowed
        if await lab.rows() != allowed[-1] or len(allowed) == 1:
            await operation(lab)
        store.calls[:] = calls


async def _as_it_should_be(lab: Lab, prepared: Prepared, kind: str) -> None:
    """The rows after the operation, hot and cold; the snapshot's; and one commit more."""
    after = {
        "commit": sorted([*prepared.now, *NEW]),
        "bulk": sorted([*prepared.now, *MANY]),
        "physical": prepared.then,
        "partial logical": prepared.then,
    }.get(kind, prepared.now)
    assert await lab.rows() == await lab.cold_rows() == after
    assert await lab.rows(ts=prepared.moment) == prepared.then
    await lab.insert((77, "goes on"))
    await lab.tenant.flush()
    assert await lab.cold_rows() == sorted([*after, (77, "goes on")])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "open"])
@pytest.mark.parametrize("toxic", ["error_before", "error_after", "throttled", "disk_full"])
def test_an_outage(tmp_path: Path, kind: str, toxic: ToxicName) -> None:
    """The store takes nothing any more for longer than anybody waits, and then it does again."""

    async def run() -> None:
        prepared = await prepare(MemoryStore(), tmp_path / "prepared")
        clock = ManualClock(LATER)
        store = FaultyStore(await copy_of(prepared.store), clock)
        operation, allowed = cases(prepared)[kind]
        async with opened(store, tmp_path, clock=clock, options=OPTIONS) as lab:
            store.inject(toxic, "put", ACME, times=None)
            if toxic == "error_after":
                store.inject("error_before", "get", ACME, times=None)
            with pytest.raises((StoreUnavailable, StoreFull, CommitUnknown)) as failure:
                await operation(lab)
            decided = not isinstance(failure.value, CommitUnknown)
            store.heal()
            lab.tenant = await lab.cluster.tenant("acme")
            assert await lab.rows() in (allowed[:1] if decided else allowed)
            if await lab.rows() != allowed[-1] or len(allowed) == 1:
                await operation(lab)
            await _as_it_should_be(lab, prepared, kind)
        assert [text for text in await findings(store) if text.startswith("fault")] == []

    asyncio.run(run())
