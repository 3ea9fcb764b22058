"""What a restore leaves behind when it does not come about: nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path

import pytest

from engine.catalog import Drop
from engine.clock import ManualClock
from engine.errors import EngineError
from engine.extent import Extent
from engine.stores.faulty import FaultyStore
from engine.stores.memory import MemoryStore
from engine.tenant import Options
from tests.engine.lab import Lab, opened


async def straddled(lab: Lab) -> int:
    """A table whose object has rows from before and after the moment that is given back."""
    await lab.create()
    await lab.insert((1, "a"), (2, "b"))
    moment = lab.tenant.visible_ts
    await lab.delete(1)
    await lab.insert((3, "c"))
    await lab.tenant.flush()
    return moment


def traces(lab: Lab) -> tuple[object, ...]:
    return (
        dict(lab.tenant._heirs),
        set(lab.tenant.objects.in_flight),
        +lab.tenant.reading,
        set(lab.tenant.locks._locks),
    )


@pytest.mark.parametrize("method", ["physical", "logical"])
@pytest.mark.parametrize("way", ["rollback", "savepoint", "doomed", "refused", "dropped", "twice"])
def test_a_restore_that_does_not_come_about_leaves_nothing(tmp_path: Path, method: str, way: str) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path, options=Options(grace_seconds=0)) as lab:
            moment = await straddled(lab)
            assert len(await lab.rows()) == 2
            nothing = traces(lab)
            id = lab.table().id
            part = Extent("table", (id,))
            transaction = lab.tenant.begin()
            savepoint = transaction.savepoint()
            await transaction.restore(moment, part, method)
            match way:
                case "rollback":
                    await transaction.rollback()
                case "savepoint":
                    transaction.rollback_to(savepoint)
                    assert not transaction.workspace.heirs
                    await lab.insert_in(transaction, (9, "other"))
                    await transaction.commit()
                case "doomed":
                    await lab.tenant.restore(moment)
                    with pytest.raises(EngineError):
                        await transaction.commit()
                case "refused":
                    transaction._world += 1
                    with pytest.raises(EngineError):
                        await transaction.commit()
                case "dropped":
                    transaction.edit(Drop("table", id))
                    await transaction.commit()
                case "twice":
                    await transaction.restore(moment, part, method)
                    await transaction.commit()
                    assert await lab.rows() == await lab.cold_rows() == [(1, "a"), (2, "b")]
            assert traces(lab) == nothing
            await lab.tenant.collect()
            await lab.tenant.collect()
            assert await lab.tenant.upkeep.unnamed() == {}

    asyncio.run(run())


async def interrupted(work: Awaitable[object], store: FaultyStore) -> None:
    """Cancels `work` while the store holds an object of it."""
    task = asyncio.ensure_future(work)
    await asyncio.wait_for(store.holding.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    store.heal()


@pytest.mark.parametrize("method", ["physical", "logical"])
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("objects", [0, 1])
def test_cancelled_in_the_middle(tmp_path: Path, method: str, whole: bool, objects: int) -> None:
    """Cancelled while the first of its objects is being put, or when one has been."""

    async def run() -> None:
        store = FaultyStore(MemoryStore(), ManualClock())
        async with opened(store, tmp_path, options=Options(grace_seconds=0)) as lab:
            for name in ("t", "u"):
                await lab.create(name)
                await lab.insert((1, "a"), (2, "b"), name=name)
            moment = lab.tenant.visible_ts
            for name in ("t", "u"):
                await lab.insert((3, "c"), name=name)
            await lab.tenant.flush()
            nothing = traces(lab)
            transaction = lab.tenant.begin()
            tables = tuple(lab.table(name).id for name in ("t", "u"))
            store.inject("held", key="/objects/", skip=objects)
            if whole:
                await interrupted(lab.tenant.restore(moment, method), store)
            else:
                await interrupted(transaction.restore(moment, Extent("table", tables), method), store)
            await transaction.rollback()
            assert traces(lab) == nothing
            for name in ("t", "u"):
                assert await lab.rows(name) == [(1, "a"), (2, "b"), (3, "c")]
            assert not lab.tenant.catalog.restorations
            await lab.tenant.collect()
            await lab.tenant.collect()
            assert await lab.tenant.upkeep.unnamed() == {}
            await lab.tenant.restore(moment, method)
            assert await lab.rows("u") == [(1, "a"), (2, "b")]

    asyncio.run(run())


def test_cancelled_while_its_flush_is_published(tmp_path: Path) -> None:
    """The manifest may be there already: it is waited for, and the tenant goes on from it."""

    async def run() -> None:
        store = FaultyStore(MemoryStore(), ManualClock())
        options = Options(grace_seconds=0)
        async with opened(store, tmp_path / "one", options=options) as lab:
            await lab.create()
            moment = await lab.insert((1, "a"), (2, "b"))
            await lab.insert((3, "c"))
            store.inject("error_after", key="/manifest/")
            store.inject("held", "get", key="/manifest/")
            restoring = asyncio.ensure_future(lab.tenant.restore(moment))
            await asyncio.wait_for(store.holding.wait(), 30)
            restoring.cancel()
            await asyncio.sleep(0.01)
            store.heal()
            with pytest.raises(asyncio.CancelledError):
                await restoring
            assert await lab.rows() == await lab.cold_rows() == [(1, "a"), (2, "b"), (3, "c")]
            await lab.insert((4, "d"))
            await lab.tenant.collect()
            await lab.tenant.flush()
            await lab.tenant.collect()
            after = [(1, "a"), (2, "b"), (3, "c"), (4, "d")]
            assert await lab.rows() == await lab.cold_rows() == after
        async with opened(store, tmp_path / "two", options=options) as lab:
            assert await lab.cold_rows() == after

    asyncio.run(run())
