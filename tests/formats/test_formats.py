"""Stores written by every format so far, opened by today's code. The folders are never changed."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from engine.check import Counts, check
from engine.clock import ManualClock
from engine.cluster import Cluster
from engine.ids import Timestamp
from engine.stores.local import LocalStore
from engine.tenant import Options
from tests.engine.lab import Lab, opened
from tests.formats import rich
from tests.formats.make import HERE
from tests.session.harness import TENANT

FORMATS = sorted(path.stem for path in HERE.glob("*.json"))
FIRST_START = 1_700_000_000_000_000
DAY_US = 24 * 3600 * 1_000_000
SECOND = [(2, "zwei")]


async def as_it_was(lab: Lab) -> None:
    """Rows, past and snapshots of the first fixture, from hot tables and from objects."""
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


def test_the_first_store_is_read_and_written(tmp_path: Path) -> None:
    async def run() -> None:
        shutil.copytree(HERE / "1", tmp_path / "store")
        store = LocalStore(tmp_path / "store")
        clock = ManualClock(FIRST_START + 60_000_000)
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


async def faults(store: LocalStore) -> list[str]:
    return [str(finding) async for finding in check(store, Counts()) if finding.kind == "fault"]


async def change(cluster: Cluster) -> None:
    """Of every table something, written, flushed, compacted and collected by today's code."""
    postgres, shop = [await rich.connected(cluster, database) for database in rich.DATABASES]
    await postgres.lines("DELETE FROM types WHERE id = 2; INSERT INTO types (id, t) VALUES (4, 'new')")
    await shop.lines("UPDATE items SET price = price + 1; ALTER TABLE items DROP COLUMN colour")
    assert (await shop.error("INSERT INTO items (sku, price) VALUES ('cheap', -1)")).sqlstate == "23514"
    assert (await shop.error("INSERT INTO items (sku, price) VALUES ('sku1', 1)")).sqlstate == "23505"
    await shop.lines("DELETE FROM bulk WHERE id % 2 = 0; TRUNCATE stock.counts; DROP TABLE log CASCADE")
    await shop.lines("INSERT INTO items (sku, price) VALUES ('today', 1)")
    await shop.lines("CHECKPOINT")
    await (await cluster.tenant(TENANT)).compact()
    await shop.lines("VACUUM")


@pytest.mark.parametrize("number", FORMATS)
def test_an_old_store_shows_what_it_showed_and_goes_on(tmp_path: Path, number: str) -> None:
    """Long after, so that only its own history_retention keeps its moments."""
    told = json.loads((HERE / f"{number}.json").read_text())
    moments = [moment for moment in told["then"] if moment != "parts"]

    async def run() -> None:
        shutil.copytree(HERE / number, tmp_path / "store")
        store = LocalStore(tmp_path / "store")
        clock = ManualClock(rich.START + 100 * DAY_US)
        assert await faults(store) == []
        async with rich.served(store, tmp_path / "one", clock, seed=2) as cluster:
            assert await rich.shows(cluster) == told["now"]
            assert await rich.lasts(cluster) == told["lasts"]
            assert await rich.remembers(cluster, moments) == told["then"]
            await change(cluster)
        async with rich.served(store, tmp_path / "two", clock, seed=3) as cluster:
            assert await rich.remembers(cluster, moments) == told["then"]
            client = await rich.connected(cluster, "postgres")
            named = {name: moment for name, moment, *_ in told["lasts"][rich.LASTING[0]]}
            for name in rich.SNAPSHOTS:
                for method in ("PHYSICAL", "LOGICAL"):
                    await client.lines(f"RESTORE TENANT FROM SNAPSHOT {name} USING {method}")
                    assert await rich.shows(cluster) == told["then"][named[name]], (name, method)
        assert await faults(store) == []
        await store.close()

    asyncio.run(run())


def test_there_is_one_at_least() -> None:
    assert FORMATS
