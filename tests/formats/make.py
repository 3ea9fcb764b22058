"""Writes a store folder as today's code does it, to be kept for ever: `python -m tests.formats.make 2`.

Run once when the format of manifests, WAL or objects changes, with the next number; what is there already
is never written again. Ids are seeded and the clock stands where it is put, so a run can be repeated.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from engine.clock import ManualClock
from engine.stores.local import TEMPORARY, LocalStore
from engine.tenant import Options
from tests.engine.lab import opened

HERE = Path(__file__).parent
START = 1_700_000_000_000_000


async def write(folder: Path) -> None:
    """A tenant with everything in it that has a format: manifests with and without files of refs, WAL
    objects, data, tombstone and bulk objects, a dropped table, snapshots, a restore."""
    store = LocalStore(folder)
    options = Options(grace_seconds=0, inline_refs_max=2)
    with tempfile.TemporaryDirectory() as cache:
        async with opened(store, Path(cache), clock=ManualClock(START), options=options, seed=1) as lab:
            await lab.create("t")
            await lab.insert((1, "one"), (2, "two"), name="t")
            await lab.snapshot("first")
            await lab.tenant.flush()
            await lab.update(2, "zwei", name="t")
            await lab.delete(1, name="t")
            await lab.create("gone")
            await lab.insert((7, "seven"), name="gone")
            await lab.tenant.flush()
            await lab.create("bulk")
            await lab.insert(*((id, "much" * 30) for id in range(12_000)), name="bulk")
            await lab.snapshot("second")
            await lab.drop("gone")
            await lab.tenant.restore(lab.tenant.snapshot("second").timestamp)
            await lab.insert((3, "three"), name="t")
            await lab.tenant.flush()
            await lab.tenant.compact()
            await lab.insert((4, "four"), name="t")
    await store.close()


def main(number: str) -> None:
    folder = HERE / number
    if folder.exists():
        raise SystemExit(f"{folder} is there already; a format is written once")
    asyncio.run(write(folder))
    (folder / TEMPORARY).rmdir()


if __name__ == "__main__":
    main(sys.argv[1])
