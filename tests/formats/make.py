"""Writes a store folder as today's code does it, to be kept for ever: `python -m tests.formats.make 3`.

Run once when the format of manifests, WAL or objects changes, with the next number; what is there already
is never written again. Ids are seeded and the clock stands where it is put, so that a run can be repeated,
but for the salt of the password. What the store shows is written beside it: today's answers, for all later
code to give.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from engine.clock import ManualClock
from engine.stores.local import TEMPORARY, LocalStore
from tests.formats import rich

HERE = Path(__file__).parent


async def write(folder: Path) -> dict[str, object]:
    """The store, and what it shows."""
    store = LocalStore(folder)
    clock = ManualClock(rich.START)
    with tempfile.TemporaryDirectory() as cache:
        async with rich.served(store, Path(cache), clock) as cluster:
            await rich.live(cluster, clock)
            remembered = await rich.remembers(cluster, await rich.moments(cluster))
            shown = {"now": await rich.shows(cluster), "lasts": await rich.lasts(cluster), "then": remembered}
    await store.close()
    return shown


def main(number: str) -> None:
    folder = HERE / number
    if folder.exists():
        raise SystemExit(f"{folder} is there already; a format is written once")
    shown = asyncio.run(write(folder))
    folder.with_suffix(".json").write_text(json.dumps(shown, indent=1, ensure_ascii=False) + "\n")
    (folder / TEMPORARY).rmdir()


if __name__ == "__main__":
    main(sys.argv[1])
