"""One seed replays one run: the same answers, and the same objects byte for byte.

A seeded history of sessions side by side runs twice, in two processes with different hash seeds, so that
nothing can depend on the order of a set. REWINDDB_SEED gives another seed; a failure names the one it had.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from engine.clock import ManualClock
from engine.duck import Ducks
from engine.errors import EngineError
from engine.extent import Extent
from engine.restore import Method
from engine.stores.memory import MemoryStore
from engine.tenant import Options
from tests.engine.lab import Lab, opened
from tests.engine.simulation import seeded_runner

ROOT = Path(__file__).parent.parent.parent
SEED = int(os.environ.get("REWINDDB_SEED", "11"))
SESSIONS = 3
STEPS = 25
OPTIONS = Options(threads=1, grace_seconds=0, inline_refs_max=4, flush_bytes_min=2_000, collect_seconds=0.001)


class Session:
    """One of several that work on the same two tables, each step a transaction or an order."""

    def __init__(self, lab: Lab, chance: random.Random, clock: ManualClock, said: list[str]) -> None:
        self._lab = lab
        self._chance = chance
        self._clock = clock
        self._said = said

    async def run(self) -> None:
        moves: tuple[tuple[Callable[[], Awaitable[object]], int], ...] = (
            (self._write, 10),
            (self._bulk, 1),
            (self._read, 4),
            (self._lab.snapshot, 2),
            (self._restore, 1),
            (self._restore_table, 1),
            (self._lab.tenant.flush, 1),
            (self._lab.tenant.compact, 1),
            (self._lab.tenant.collect, 1),
        )
        for _ in range(STEPS):
            [move] = self._chance.choices([m for m, _ in moves], [weight for _, weight in moves])
            self._clock.advance(self._chance.choice((0, 0, 1, 1_000)))
            try:
                self._said.append(f"{move.__name__} {await move()}")
            except EngineError as error:
                self._said.append(f"{move.__name__} {type(error).__name__}: {error.message}")

    def _name(self) -> str:
        return self._chance.choice("tu")

    async def _write(self) -> object:
        ids = self._chance.sample(range(40), 4)
        transaction = self._lab.tenant.begin()
        try:
            for name in ("t", "u")[: self._chance.randint(1, 2)]:
                await self._lab.delete_in(transaction, *ids, name=name)
                value = "value" * self._chance.randrange(3)
                await self._lab.insert_in(transaction, *((id, value) for id in ids), name=name)
            return await transaction.commit()
        finally:
            await transaction.rollback()

    async def _bulk(self) -> object:
        first = self._chance.randrange(1_000, 2**31 - 20_000)
        return await self._lab.insert(*((first + id, "bulk" * 30) for id in range(10_000)), name=self._name())

    async def _read(self) -> object:
        name = self._name()
        return [len(await self._lab.rows(name)), len(await self._lab.cold_rows(name))]

    def _moment(self) -> int:
        return self._chance.choice([self._lab.tenant.visible_ts, *self._lab.tenant.catalog.snapshots])

    async def _restore(self) -> object:
        return await self._lab.tenant.restore(self._moment(), self._method())

    def _method(self) -> Method:
        return self._chance.choice(("physical", "logical"))

    async def _restore_table(self) -> object:
        moment = self._moment()
        await self._lab.tenant.settle(moment)
        transaction = self._lab.tenant.begin()
        try:
            extent = Extent("table", (self._lab.table(self._name()).id,))
            await transaction.restore(moment, extent, self._method())
            return await transaction.commit()
        finally:
            await transaction.rollback()


async def history(seed: int, ducks: Ducks, folder: Path) -> tuple[list[str], MemoryStore]:
    store, clock, said = MemoryStore(), ManualClock(), list[str]()
    for opening in range(2):
        cache = folder / str(opening)
        async with opened(
            store, cache, clock=clock, options=OPTIONS, seed=seed + opening, ducks=ducks
        ) as lab:
            if not opening:
                await lab.create("t")
                await lab.create("u")
            chances = [random.Random(seed * 100 + opening * 10 + number) for number in range(SESSIONS)]
            sessions = (Session(lab, chance, clock, said) for chance in chances)
            await asyncio.gather(*(session.run() for session in sessions))
    return said, store


async def run(seed: int, ducks: Ducks, folder: Path) -> list[str]:
    """What was answered, and what the store holds in the end, a line each."""
    said, store = await history(seed, ducks, folder)
    held = [info.key async for info in store.scan("")]
    digests = [f"{hashlib.sha256(await store.get(key)).hexdigest()} {key}" for key in held]
    return [*said, *digests]


def main(seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder, seeded_runner(seed) as (runner, threads):
        for line in runner.run(run(seed, Ducks(pool=threads), Path(folder))):
            print(line)


def started(seed: int, hash_seed: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.engine.test_deterministic", str(seed)],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        stdout=subprocess.PIPE,
        text=True,
    )


def test_one_seed_replays_one_run() -> None:
    with started(SEED, 1) as first, started(SEED, 2) as second:
        (one, _), (two, _) = first.communicate(), second.communicate()
    assert first.returncode == second.returncode == 0, f"seed {SEED}"
    assert one.splitlines() == two.splitlines(), f"seed {SEED}: two runs differ"
    assert "_restore RestoreReport" in one, f"seed {SEED} tried too little"
    assert ".parquet" in one


if __name__ == "__main__":
    main(int(sys.argv[1]))
