"""Where a sequence stood at a moment: never behind, and always the same once somebody has asked."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

from engine.catalog import Catalog, Put, Sequence
from engine.clock import ManualClock
from engine.extent import Extent
from engine.ids import CatalogId, Timestamp
from engine.stores.faulty import FaultyStore
from engine.stores.memory import MemoryStore
from tests.engine.lab import Lab, opened


async def create(lab: Lab, increment: int = 1) -> CatalogId:
    transaction = lab.tenant.begin()
    schema = next(iter(transaction.catalog.schemas.values()))
    bounds = (1, 10**6) if increment > 0 else (-(10**6), -1)
    sequence = Sequence(
        transaction.new_id(), schema.id, "s", "bigint", increment, increment, bounds[0], bounds[1]
    )
    transaction.edit(Put(sequence))
    await transaction.commit()
    return sequence.id


async def draw(lab: Lab, id: CatalogId) -> tuple[Timestamp, int]:
    transaction = lab.tenant.begin()
    value = transaction.next_value(id)
    return await transaction.commit(), value


def entries(lab: Lab) -> int:
    return sum(entry.body.kind == "position" for entry in lab.tenant.history.entries())


async def asked(lab: Lab, id: CatalogId, ts: Timestamp) -> int | None:
    await lab.tenant.settle(ts)
    catalog: Catalog = lab.tenant.history.at(ts)
    return catalog.positions.get(id)


def test_those_of_a_second_become_one(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        async with opened(MemoryStore(), tmp_path, clock=clock) as lab:
            id = await create(lab)
            for _ in range(1000):
                clock.advance(10_000)
                await draw(lab, id)
            assert entries(lab) < 25

    asyncio.run(run())


def test_the_answer_stays_the_same(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        store = MemoryStore()
        async with opened(store, tmp_path / "one", clock=clock) as lab:
            id = await create(lab)
            await draw(lab, id)
            ts, value = await draw(lab, id)
            clock.advance(10)
            assert await asked(lab, id, ts) == value == 2
            for _ in range(5):
                clock.advance(10)
                await draw(lab, id)
            assert await asked(lab, id, ts) == 2
        async with opened(store, tmp_path / "two", clock=clock) as lab:
            assert await asked(lab, id, ts) == 2

    asyncio.run(run())


def test_who_asks_while_they_are_being_joined_waits(tmp_path: Path) -> None:
    async def run() -> None:
        clock = ManualClock()
        store = FaultyStore(MemoryStore(), clock)
        async with opened(store, tmp_path, clock=clock) as lab:
            id = await create(lab)
            clock.advance(10)
            first, _ = await draw(lab, id)
            clock.advance(10)
            await draw(lab, id)
            clock.advance(10)
            store.inject("held", key="/wal/")
            drawing = asyncio.ensure_future(draw(lab, id))
            await store.holding.wait()
            asking = asyncio.ensure_future(asked(lab, id, first))
            await asyncio.sleep(0.01)
            assert not asking.done()
            store.heal()
            await drawing
            assert await asking == await asked(lab, id, first) == 2

    asyncio.run(run())


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("increment", [1, -1])
def test_random_histories(tmp_path: Path, seed: int, increment: int) -> None:
    """Draws, asks, snapshots, restores, users setting it; flushed, compacted and opened again in between."""

    async def run() -> None:
        chance = random.Random(seed)
        clock = ManualClock()
        store = MemoryStore()
        answers: dict[Timestamp, int | None] = {}
        used: list[tuple[Timestamp, int]] = []
        backwards = Timestamp(0)
        id = None
        for opening in range(4):
            async with opened(store, tmp_path / str(opening), clock=clock) as lab:
                if id is None:
                    id = await create(lab, increment)
                    began = lab.tenant.visible_ts
                for _ in range(40):
                    clock.advance(chance.choice([0, 1, 1000, 100_000, 700_000]))
                    match chance.choice("ddddddaasrRuff"):
                        case "d":
                            together = chance.choice([1, 3])
                            used += await asyncio.gather(*(draw(lab, id) for _ in range(together)))
                        case "a":
                            moment = Timestamp(chance.randint(began, lab.tenant.now()))
                            answers.setdefault(moment, await asked(lab, id, moment))
                        case "s":
                            ts = await lab.snapshot()
                            answers[ts] = lab.tenant.catalog.positions.get(id)
                        case "r" | "R" as which if used:
                            moment = Timestamp(chance.randint(used[0][0], lab.tenant.now()))
                            answers.setdefault(moment, await asked(lab, id, moment))
                            before = lab.tenant.catalog.positions.get(id)
                            if which == "R":
                                ts = (await lab.tenant.restore(moment)).commit_ts
                            else:
                                part = lab.tenant.begin()
                                schema = next(iter(part.catalog.schemas.values()))
                                await part.restore(moment, Extent("schema", (schema.id,)))
                                ts = await part.commit()
                            assert lab.tenant.catalog.positions.get(id) == answers[moment]
                            answers[Timestamp(ts - 1)] = before
                            backwards = lab.tenant.visible_ts
                        case "u" if used:
                            user = lab.tenant.begin()
                            user.set_value(id, increment * chance.randint(1, 50))
                            await user.commit()
                            backwards = lab.tenant.visible_ts
                        case "f":
                            await lab.tenant.flush()
                            await lab.tenant.compact()
                    if used:
                        moment = Timestamp(chance.randint(min(used)[0], lab.tenant.now()))
                        if moment > backwards:
                            position = lab.tenant.history.at(moment).positions[id]
                            values = [value for ts, value in used if backwards < ts <= moment]
                            assert all((position - value) * increment >= 0 for value in values)
                    for moment, answer in answers.items():
                        assert await asked(lab, id, moment) == answer

    asyncio.run(run())
