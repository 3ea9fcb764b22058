"""Sequences: no value twice, in whatever order those who drew them commit, and whatever happens then."""

from __future__ import annotations

import asyncio
from pathlib import Path

from engine.catalog import Drop, Put, Sequence
from engine.clock import ManualClock
from engine.extent import Extent
from engine.ids import Timestamp
from engine.stores.memory import MemoryStore
from tests.engine.lab import Lab, opened


async def made(lab: Lab) -> Sequence:
    transaction = lab.tenant.begin()
    schema = next(iter(transaction.catalog.schemas.values()))
    transaction.edit(Put(Sequence(transaction.new_id(), schema.id, "s")))
    await transaction.commit()
    [sequence] = lab.tenant.catalog.sequences.values()
    return sequence


def test_values_are_given_once_in_whatever_order_they_are_committed(tmp_path: Path) -> None:
    async def run() -> None:
        store = MemoryStore()
        async with opened(store, tmp_path / "one") as lab:
            sequence = await made(lab)
            first, second = lab.tenant.begin(), lab.tenant.begin()
            assert [first.next_value(sequence.id), second.next_value(sequence.id)] == [1, 2]
            await second.commit()
            await first.commit()
        async with opened(store, tmp_path / "two") as lab:
            assert lab.tenant.begin().next_value(sequence.id) == 3

    asyncio.run(run())


def test_a_sequence_that_is_dropped_leaves_no_position(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            sequence = await made(lab)
            transaction = lab.tenant.begin()
            transaction.next_value(sequence.id)
            transaction.edit(Drop("sequence", sequence.id), Drop("position", sequence.id))
            await transaction.commit()
            assert lab.tenant.catalog.positions == {}

    asyncio.run(run())


def test_a_restore_does_not_change_where_a_sequence_stood_before_it(tmp_path: Path) -> None:
    """All within a second, in which positions are told together."""

    async def run() -> None:
        clock = ManualClock()
        async with opened(MemoryStore(), tmp_path, clock=clock) as lab:
            sequence = await made(lab)
            stood = {}
            for value in (1, 2, 3):
                clock.advance(1_000)
                transaction = lab.tenant.begin()
                assert transaction.next_value(sequence.id) == value
                stood[value] = await transaction.commit()
            report = await lab.tenant.restore(stood[1])
            before = Timestamp(report.commit_ts - 1)
            transaction = lab.tenant.begin()
            assert transaction.next_value(sequence.id) <= 3
            await transaction.commit()
            assert lab.tenant.history.at(before).positions == {sequence.id: 3}
            await lab.tenant.restore(before)
            assert lab.tenant.begin().next_value(sequence.id) == 4

    asyncio.run(run())


def test_a_value_from_before_a_restore_does_not_take_the_sequence_back(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            sequence = await made(lab)
            for _ in range(3):
                transaction = lab.tenant.begin()
                transaction.next_value(sequence.id)
                moment = await transaction.commit()
            transaction = lab.tenant.begin()
            transaction.set_value(sequence.id, 0)
            await transaction.commit()
            late, part = lab.tenant.begin(), lab.tenant.begin()
            assert late.next_value(sequence.id) == 1
            await part.restore(moment, Extent("schema", (sequence.schema,)))
            await part.commit()
            await late.commit()
            assert lab.tenant.begin().next_value(sequence.id) == 4

    asyncio.run(run())
