"""Stores written by every format so far, opened by today's code. The folders are never changed."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from engine.check import Counts, check
from engine.clock import ManualClock
from engine.ids import Timestamp
from engine.stores.local import LocalStore
from engine.tenant import Options
from tests.engine.lab import Lab, opened
from tests.formats.make import HERE, START

FORMATS = sorted(path.name for path in HERE.iterdir() if path.name.isdigit())
SECOND = [(2, "zwei")]


async def as_it_was(lab: Lab) -> None:
    """Rows, past and snapshots as tests/formats/make.py left them, from hot tables and from objects."""
    for read in (lab.rows, lab.cold_rows):
        assert await read("t") == [(2, "zwei"), (3, "three"), (4, "four")]
        assert await read("gone") == [(7, "seven")]
        assert len(await read("bulk")) == 12_000
        first, second = (lab.tenant.snapshot(name).timestamp for name in ("first", "second"))
        assert await read("t", first) == [(1, "one"), (2, "two")]
        assert await read("t", second) == SECOND
        assert await read("gone", second) == [(7, "seven")]
    [restoration] = lab.tenant.catalog.restorations
    before = Timestamp(restoration.commit_ts - 1)
    assert restoration.moment == second
    names = {table.name for table in lab.tenant.history.at(before).tables.values()}
    assert names == {"t", "bulk"}, "the table was dropped before the restore brought it back"
    assert await lab.rows("t", before) == SECOND


@pytest.mark.parametrize("number", FORMATS)
def test_an_old_store_is_read_and_written(tmp_path: Path, number: str) -> None:
    async def run() -> None:
        shutil.copytree(HERE / number, tmp_path / "store")
        store = LocalStore(tmp_path / "store")
        clock = ManualClock(START + 60_000_000)
        options = Options(grace_seconds=0)
        assert [str(finding) async for finding in check(store, Counts()) if finding.kind == "fault"] == []
        async with opened(store, tmp_path / "one", clock=clock, options=options) as lab:
            await as_it_was(lab)
            await lab.tenant.flush()
            await lab.tenant.compact()
            await lab.tenant.collect()
            await as_it_was(lab)
        async with opened(store, tmp_path / "two", clock=clock, options=options) as lab:
            await as_it_was(lab)
            for method in ("physical", "logical"):
                await lab.tenant.restore(lab.tenant.snapshot("first").timestamp, method)
                assert await lab.rows("t") == await lab.cold_rows("t") == [(1, "one"), (2, "two")]
            await lab.insert((9, "goes on"))
        assert [str(finding) async for finding in check(store, Counts()) if finding.kind == "fault"] == []
        await store.close()

    asyncio.run(run())


def test_there_is_one_at_least() -> None:
    assert FORMATS
