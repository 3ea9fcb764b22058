"""Compaction changes nothing that any timestamp shows, and keeps the number of objects small."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.clock import ManualClock
from engine.ids import INFINITY, Timestamp
from engine.stores.base import Store
from engine.stores.memory import MemoryStore
from tests.engine.lab import Lab, Row, opened


async def churn(lab: Lab, rounds: int) -> dict[Timestamp, list[Row]]:
    """Many small flushes with deletes of old and new rows; what each moment shows."""
    await lab.create()
    shown: dict[Timestamp, list[Row]] = {}
    for step in range(rounds):
        await lab.insert(*((10 * step + k, f"round {step}") for k in range(5)))
        if step:
            await lab.delete(10 * (step - 1), 10 * step + 1)
            await lab.update(10 * (step - 1) + 2, f"changed in {step}")
        moment = await lab.snapshot(f"s{step}") if step % 3 == 0 else lab.tenant.visible_ts
        shown[moment] = await lab.rows()
        await lab.tenant.flush()
    return shown


def live(lab: Lab) -> list[str]:
    refs = lab.tenant.state.storage(lab.table().storage).refs.values()
    return [ref.kind for ref in refs if ref.removed_ts == INFINITY]


def test_every_moment_shows_the_same(any_store: Store, tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(any_store, tmp_path, clock=ManualClock()) as lab:
            shown = await churn(lab, 9)
            assert len(live(lab)) > 12
            assert await lab.tenant.compact() > 0
            assert len(live(lab)) < 10
            for moment, rows in shown.items():
                assert await lab.rows(ts=moment) == rows
                assert await lab.cold_rows(ts=moment) == rows
            assert await lab.rows() == await lab.cold_rows()
        async with opened(any_store, tmp_path / "again", clock=ManualClock(1_800_000_000_000_000)) as lab:
            assert await lab.rows() == await lab.cold_rows() == list(shown.values())[-1]
            for moment, rows in shown.items():
                assert await lab.rows(ts=moment) == await lab.cold_rows(ts=moment) == rows

    asyncio.run(run())


@pytest.mark.parametrize("method", ["physical", "logical"])
def test_restores_across_a_compaction(tmp_path: Path, method: str) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path, clock=ManualClock()) as lab:
            shown = await churn(lab, 8)
            await lab.tenant.compact()
            for moment, rows in shown.items():
                await lab.tenant.restore(moment, method)
                assert await lab.rows() == await lab.cold_rows() == rows
                await lab.insert((5_000, "in between"))
                await lab.delete(5_000)
                await lab.tenant.flush()
                await lab.tenant.compact()
            for moment, rows in shown.items():
                assert await lab.rows(ts=moment) == await lab.cold_rows(ts=moment) == rows

    asyncio.run(run())


def test_objects_stay_few_however_many_flushes(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path, clock=ManualClock()) as lab:
            await lab.create()
            for step in range(60):
                await lab.insert(*((100 * step + k, "v") for k in range(50)))
                await lab.delete(100 * step)
                await lab.tenant.flush()
                await lab.tenant.compact()
            assert len(live(lab)) <= 10
            assert len(await lab.cold_rows()) == 60 * 49

    asyncio.run(run())


def test_rows_that_are_mostly_dead_go(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path, clock=ManualClock()) as lab:
            await lab.create()
            await lab.insert(*((id, "v") for id in range(3_000)))
            await lab.tenant.flush()
            moment = lab.tenant.visible_ts
            await lab.delete(*range(2_000))
            await lab.tenant.flush()
            await lab.tenant.compact()
            refs = lab.tenant.state.storage(lab.table().storage).refs.values()
            assert [(r.kind, r.rows) for r in refs if r.removed_ts == INFINITY] == [("data", 1_000)]
            assert len(await lab.cold_rows(ts=moment)) == 3_000

    asyncio.run(run())


def test_deletes_of_pinned_rows_do_not_have_others_rewritten_again_and_again(tmp_path: Path) -> None:
    """The deletes lie on both sides of what may be rewritten, and concern none of it."""

    async def run() -> None:
        async with opened(MemoryStore(), tmp_path, clock=ManualClock()) as lab:
            await lab.create()
            await lab.insert(*((id, "v") for id in range(3_000)))
            await lab.tenant.flush()
            for step in range(4):
                await lab.insert(*((10_000 + 100 * step + k, "w") for k in range(100)))
                await lab.tenant.flush()
            await lab.insert(*((20_000 + id, "x") for id in range(3_000)))
            await lab.tenant.flush()
            await lab.snapshot("s")
            await lab.insert((30_000, "later"))
            await lab.tenant.flush()
            assert await lab.tenant.compact() == 1
            for k in range(2):
                await lab.delete(
                    *range(1_000 * k, 1_000 * k + 900), *range(20_000 + 1_000 * k, 20_900 + 1_000 * k)
                )
                await lab.tenant.flush()
                assert await asyncio.wait_for(lab.tenant.compact(), 20) <= 1
            assert len(await lab.cold_rows()) == 6_401 - 3_600

    asyncio.run(run())


def test_a_reader_under_way_is_not_disturbed(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path, clock=ManualClock()) as lab:
            shown = await churn(lab, 6)
            first = next(iter(shown))
            reading = lab.tenant.begin("repeatable read")
            reading.start_statement()
            before = await lab.rows_in(reading, lab.table())
            await lab.tenant.compact()
            await lab.insert((7_000, "later"))
            assert await lab.rows_in(reading, lab.table()) == before
            assert await lab.rows(ts=first) == shown[first]
            await reading.rollback()

    asyncio.run(run())
