"""Crash points: the process dies between any two calls to the store, and the tenant is opened again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from engine.clock import ManualClock
from engine.errors import EngineError
from engine.ids import Timestamp
from engine.stores.base import Store
from engine.stores.faulty import FaultyStore
from engine.stores.memory import MemoryStore
from tests.engine.lab import Lab, Row, opened

Rows = list[Row]


async def prepared(store: Store, folder: Path) -> tuple[Timestamp, Rows, Rows]:
    """A tenant with a moment to go back to: the moment, the rows then, the rows now."""
    async with opened(store, folder, clock=ManualClock()) as lab:
        await lab.create()
        await lab.insert((1, "a"), (2, "b"))
        await lab.tenant.flush()
        moment = await lab.insert((3, "c"))
        then = await lab.rows()
        await lab.delete(1)
        await lab.insert(*((id, "many") for id in range(10, 20)))
        return moment, then, await lab.rows()


async def copy_of(store: MemoryStore) -> MemoryStore:
    """What a store holds now, on its own."""
    copy = MemoryStore()
    async for info in store.scan(""):
        await copy.put(info.key, await store.get(info.key))
    return copy


@pytest.mark.parametrize("kind", ["flush", "physical", "logical", "commit", "bulk"])
@pytest.mark.parametrize("reply", ["error_before", "error_after"])
def test_killed_between_any_two_puts(tmp_path: Path, kind: str, reply: str) -> None:
    """Every put of the operation is once the last thing that the server did, applied or not."""

    async def run() -> None:
        original = MemoryStore()
        moment, then, now = await prepared(original, tmp_path / "prepared")
        many = [(id, f"bulk {id}") for id in range(100, 60_000)]
        allowed = {
            "flush": [now],
            "physical": [now, then],
            "logical": [now, then],
            "commit": [now, sorted([*now, (50, "new")])],
            "bulk": [now, sorted([*now, *many])],
        }[kind]

        def operation(lab: Lab) -> Awaitable[object]:
            work: dict[str, Callable[[], Awaitable[object]]] = {
                "flush": lab.tenant.flush,
                "physical": lambda: lab.tenant.restore(moment, "physical"),
                "logical": lambda: lab.tenant.restore(moment, "logical"),
                "commit": lambda: lab.insert((50, "new")),
                "bulk": lambda: lab.insert(*many),
            }
            return work[kind]()

        for survived in range(20):
            folder = tmp_path / f"{survived}"
            store = await copy_of(original)
            if not await _killed(store, folder, operation, survived, reply):
                assert survived > 0
                return
            async with opened(store, folder / "after", clock=ManualClock(1_800_000_000_000_000)) as lab:
                found = await lab.rows()
                assert found in allowed
                assert await lab.cold_rows() == found
                assert await lab.rows(ts=moment) == then
                await lab.insert((77, "goes on"))
                assert (77, "goes on") in await lab.rows()
        raise AssertionError("the operation never came to its end")

    asyncio.run(run())


async def _killed(
    store: MemoryStore,
    folder: Path,
    operation: Callable[[Lab], Awaitable[object]],
    survived: int,
    reply: str,
) -> bool:
    """Run `operation`; after `survived` puts of the tenant the store is gone for good. False when the
    operation needed no more puts than that."""
    clock = ManualClock(1_750_000_000_000_000)
    faulty = FaultyStore(store, clock)
    async with opened(faulty, folder, clock=clock) as lab:
        await lab.rows()
        faulty.inject(reply, "put", "tenants/acme/", times=1, skip=survived)
        faulty.inject("error_before", "put", "tenants/acme/", times=None, skip=survived)
        faulty.inject("error_before", "get", "tenants/acme/", times=None)
        try:
            await operation(lab)
        except EngineError:
            return True
        return False
