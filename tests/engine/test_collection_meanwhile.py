"""What a collection finds is true of a moment that is over: what began since keeps what it needs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from engine import collection
from engine.catalog import Put, Snapshot
from engine.clock import ManualClock
from engine.errors import MomentTooOld
from engine.ids import Timestamp
from engine.stores.base import ObjectInfo
from engine.stores.memory import MemoryStore
from tests.engine.lab import Lab, opened
from tests.engine.test_collection import HOUR_US, NO_GRACE, keep

WAIT_SECONDS_MAX = 60


class Held:
    """In the place of `collection.forgettable`: its results wait until `go` is set. `threads` ran it."""

    def __init__(self) -> None:
        self.judged = threading.Event()
        self.go = threading.Event()
        self.threads: set[int] = set()

    def __call__(self, *arguments: Any) -> collection.Forgettable:
        self.threads.add(threading.get_ident())
        found = collection.forgettable(*arguments)
        self.judged.set()
        assert self.go.wait(WAIT_SECONDS_MAX)
        return found

    async def until_judged(self) -> None:
        assert await asyncio.to_thread(self.judged.wait, WAIT_SECONDS_MAX)


async def snapshot_as_of(lab: Lab, moment: Timestamp) -> None:
    transaction = lab.tenant.begin()
    try:
        transaction.edit(Put(Snapshot(transaction.new_id(), moment, "late")))
        await transaction.commit()
    finally:
        await transaction.rollback()


def test_what_begins_during_a_collection_keeps_what_it_needs(tmp_path: Path) -> None:
    async def run() -> None:
        clock, held = ManualClock(), Held()
        async with opened(MemoryStore(), tmp_path, clock=clock, options=NO_GRACE) as lab:
            await keep(lab, 0)
            await lab.create()
            before = await lab.insert((1, "a"))
            await lab.tenant.flush()
            await lab.create("gone")
            await lab.insert((7, "g"), name="gone")
            await lab.tenant.flush()
            await lab.drop("gone")
            clock.advance(HOUR_US)
            with mock.patch("engine.upkeep.forgettable", held), mock.patch("engine.aside.ITEMS_MIN", 0):
                collecting = asyncio.create_task(lab.tenant.collect())
                await held.until_judged()
                with pytest.raises(MomentTooOld):
                    await snapshot_as_of(lab, before)
                reader = lab.tenant.begin("repeatable read")
                moment = await lab.snapshot("s")
                restoring = asyncio.create_task(lab.tenant.restore(moment))
                await lab.update(1, "b")
                await lab.drop()
                held.go.set()
                await collecting
            assert held.threads
            assert threading.get_ident() not in held.threads
            assert [table.name for table in lab.tenant.history.at(moment).tables.values()] == ["t"]
            assert await lab.rows_in(reader, lab.table(ts=moment)) == [(1, "a")]
            await reader.rollback()
            await restoring
            clock.advance(HOUR_US)
            await lab.tenant.collect()
            assert await lab.rows() == await lab.cold_rows() == [(1, "a")]
            assert await lab.cold_rows(ts=moment) == [(1, "a")]

    asyncio.run(run())


class Listing(MemoryStore):
    """Runs `meanwhile` when the first object has been listed, and when all have been."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def scan(self, prefix: str, after: str | None = None) -> AsyncIterator[ObjectInfo]:
        first = True
        async for info in super().scan(prefix, after):
            if first and "/objects/" in prefix and self.meanwhile is not None:
                await self.meanwhile()
            first = False
            yield info
        if "/objects/" in prefix and self.meanwhile is not None:
            await self.meanwhile()


def test_what_is_written_while_objects_are_listed_stays(tmp_path: Path) -> None:
    """Without any grace period: what is named is asked when all objects are listed."""

    async def run() -> None:
        store = Listing()
        async with opened(store, tmp_path, options=NO_GRACE) as lab:
            await lab.create()
            await lab.insert(*((id, "much" * 30) for id in range(12_000)))
            times = iter(range(1, 10))

            async def insert() -> None:
                first = 12_000 * next(times)
                await lab.insert(*((first + id, "much" * 30) for id in range(12_000)))

            store.meanwhile = insert
            assert (await lab.tenant.collect()).objects == 0
            store.meanwhile = None
            assert len(await lab.cold_rows()) == 36_000

    asyncio.run(run())
