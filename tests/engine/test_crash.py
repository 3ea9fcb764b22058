"""Crash points: the process dies between any two calls that change the store, and the tenant is opened
again. Afterwards it is in the state before or the state after, the promised moments show what they
showed, `check` finds no fault, and what the crash left over is collected."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.catalog import Put, Setting
from engine.check import Counts, check
from engine.clock import ManualClock
from engine.errors import EngineError, PutUnknown, StoreUnavailable
from engine.extent import Extent
from engine.ids import Timestamp
from engine.restore import Method
from engine.stores.base import ObjectInfo, Store
from engine.stores.memory import MemoryStore
from engine.tenant import Options
from tests.engine.lab import Lab, Row, opened
from tests.tally import tally

Rows = list[Row]
Operation = Callable[[Lab], Awaitable[object]]

START = 1_700_000_000_000_000
LATER = 1_750_000_000_000_000
LAST = 1_800_000_000_000_000
RETENTION_US = 1_000_000
NEW = [(50, "new")]
MANY = [(id, f"bulk {id}") for id in range(100, 60_000)]
LONG = os.environ.get("REWINDDB_TORTURE") == "1"
STRIDES = {"upkeep": 4, "collect": 2}
"""These make many changes, and are tried at every one of them in the long form only."""
OPTIONS = Options(grace_seconds=0, inline_refs_max=1)


@dataclass(frozen=True)
class Prepared:
    """A tenant with a snapshot to go back to, small objects to merge, and old ones to forget."""

    store: MemoryStore
    moment: Timestamp
    then: Rows
    now: Rows


class Mortal:
    """A store whose server dies at its `last`th change: `applied` says whether that one still happens.
    From then on nothing answers."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._left: int | None = None
        self._applied = False

    def die_after(self, changes: int, *, applied: bool) -> None:
        self._left, self._applied = changes, applied

    def _alive(self) -> None:
        if self._left is not None and self._left < 0:
            raise StoreUnavailable("the server is dead")

    async def _change(self, work: Callable[[], Awaitable[None]], lost: EngineError) -> None:
        if self._left is not None:
            self._left -= 1
        if self._left is None or self._left >= 0:
            await work()
            return
        if self._left == -1 and self._applied:
            await work()
            raise lost
        raise StoreUnavailable("the server is dead")

    async def put(self, key: str, data: bytes) -> None:
        await self._change(lambda: self._store.put(key, data), PutUnknown("the reply was lost"))

    async def delete(self, key: str) -> None:
        await self._change(lambda: self._store.delete(key), StoreUnavailable("the reply was lost"))

    async def get(self, key: str) -> bytes:
        self._alive()
        return await self._store.get(key)

    async def scan(self, prefix: str, after: str | None = None) -> AsyncIterator[ObjectInfo]:
        self._alive()
        async for info in self._store.scan(prefix, after):
            yield info

    async def folders(self, prefix: str) -> list[str]:
        self._alive()
        return await self._store.folders(prefix)

    async def close(self) -> None:
        await self._store.close()


async def prepare(store: MemoryStore, folder: Path) -> Prepared:
    clock = ManualClock(START)
    async with opened(store, folder, clock=clock, options=OPTIONS) as lab:
        transaction = lab.tenant.begin()
        transaction.edit(Put(Setting(transaction.new_id(), "history_retention", str(RETENTION_US))))
        await transaction.commit()
        await lab.create()
        await lab.insert((1, "a"), (2, "b"))
        await lab.tenant.flush()
        await lab.insert((3, "c"))
        moment = await lab.snapshot()
        then = await lab.rows()
        await lab.tenant.flush()
        await lab.delete(1)
        for id in range(4, 8):
            await lab.insert((id, "small"))
            await lab.update(id, "small too")
            await lab.tenant.flush()
            clock.advance(1_000)
        await lab.create("gone")
        await lab.insert((1, "forgotten"), name="gone")
        await lab.tenant.flush()
        await lab.drop("gone")
        await lab.delete(4)
        await lab.insert(*((id, "many") for id in range(10, 20)))
        return Prepared(store, moment, then, await lab.rows())


async def copy_of(store: MemoryStore) -> MemoryStore:
    """What a store holds now, on its own."""
    copy = MemoryStore()
    async for info in store.scan(""):
        await copy.put(info.key, await store.get(info.key))
    return copy


async def partial(lab: Lab, moment: Timestamp, method: Method) -> None:
    transaction = lab.tenant.begin()
    try:
        await transaction.restore(moment, Extent("table", (lab.table().id,)), method)
        await transaction.commit()
    finally:
        await transaction.rollback()


async def upkeep(lab: Lab) -> None:
    """All of it, one after the other."""
    await lab.tenant.flush()
    await lab.tenant.compact()
    await lab.tenant.collect()


def cases(prepared: Prepared) -> dict[str, tuple[Operation, list[Rows]]]:
    """Each operation, and what a reader may find after a crash in it."""
    moment, then, now = prepared.moment, prepared.then, prepared.now
    return {
        "flush": (lambda lab: lab.tenant.flush(), [now]),
        "compact": (lambda lab: lab.tenant.compact(), [now]),
        "collect": (lambda lab: lab.tenant.collect(), [now]),
        "upkeep": (upkeep, [now]),
        "commit": (lambda lab: lab.insert(*NEW), [now, sorted([*now, *NEW])]),
        "bulk": (lambda lab: lab.insert(*MANY), [now, sorted([*now, *MANY])]),
        "physical": (lambda lab: lab.tenant.restore(moment, "physical"), [now, then]),
        "logical": (lambda lab: lab.tenant.restore(moment, "logical"), [now, then]),
        "partial physical": (lambda lab: partial(lab, moment, "physical"), [now, then]),
        "partial logical": (lambda lab: partial(lab, moment, "logical"), [now, then]),
    }


KINDS = list(cases(Prepared(MemoryStore(), Timestamp(0), [], [])))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("applied", [False, True], ids=["refused", "applied"])
def test_killed_between_any_two_changes(tmp_path: Path, kind: str, applied: bool) -> None:
    """Every put and every delete of the operation is once the last thing that the server did."""

    async def run() -> None:
        prepared = await prepare(MemoryStore(), tmp_path / "prepared")
        operation, allowed = cases(prepared)[kind]
        for survived in range(0, 100, 1 if LONG else STRIDES.get(kind, 1)):
            folder = tmp_path / f"{survived}"
            store = await copy_of(prepared.store)
            if not await killed(store, folder, operation, survived, applied):
                assert survived > 0
                return
            await sound_afterwards(store, folder / "after", prepared, allowed)
            tally("crashes between two changes of the store")
        raise AssertionError("the operation never came to its end")

    asyncio.run(run())


async def killed(
    store: MemoryStore, folder: Path, operation: Operation, survived: int, applied: bool
) -> bool:
    """Run `operation`; after `survived` changes the store is gone for good. False when the operation
    needed no more changes than that."""
    mortal = Mortal(store)
    async with opened(mortal, folder, clock=ManualClock(LATER), options=OPTIONS) as lab:
        await lab.rows()
        mortal.die_after(survived, applied=applied)
        try:
            await operation(lab)
        except EngineError:
            return True
        return False


async def sound_afterwards(store: MemoryStore, folder: Path, prepared: Prepared, allowed: list[Rows]) -> None:
    assert await findings(store, "fault") == []
    async with opened(store, folder, clock=ManualClock(LAST), options=OPTIONS) as lab:
        found = await lab.rows()
        assert found in allowed
        assert await lab.cold_rows() == found
        assert await lab.rows(ts=prepared.moment) == prepared.then
        await lab.insert((77, "goes on"))
        await upkeep(lab)
        await lab.tenant.collect()
        assert await lab.rows() == await lab.cold_rows() == sorted([*found, (77, "goes on")])
        assert await lab.cold_rows(ts=prepared.moment) == prepared.then
    assert await findings(store) == []


async def findings(store: Store, kind: str | None = None) -> list[str]:
    """What `check` says, of one kind or at all."""
    return [str(each) async for each in check(store, Counts()) if kind in (None, each.kind)]
