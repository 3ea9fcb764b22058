"""Hot tables through restores: one table serves several storages, each with its own line of time."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from engine.catalog import Column, Put
from engine.errors import EngineError, ObjectCorrupted, ObjectMissing, OutOfMemory, StoreUnavailable
from engine.extent import Extent
from engine.hot import HotTables
from engine.hot_lines import Gap, Line, visible
from engine.ids import Timestamp
from engine.stores.memory import MemoryStore
from engine.transaction import Transaction
from tests.engine.lab import Lab, Row, opened


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gaps are closed without pauses."""
    monkeypatch.setattr("engine.hot.FIRST_PAUSE_SECONDS", 0)
    monkeypatch.setattr("engine.hot.PAUSE_SECONDS", 0)


async def reads_hot(lab: Lab, name: str = "t", ts: Timestamp | None = None) -> bool:
    """Whether a read goes to a hot table that is there already."""
    held = lab.tenant._hot.whole.holds(lab.table(name, ts).storage)
    transaction = lab.tenant.begin()
    async with transaction.reader() as reader:
        relation = await reader.relation(lab.table(name, ts), ts)
    await transaction.rollback()
    return held and "hot_" in relation


async def same(lab: Lab, expected: list[Row], ts: Timestamp | None = None, name: str = "t") -> None:
    """Hot and cold."""
    assert await lab.rows(name, ts) == expected
    assert await lab.cold_rows(name, ts) == expected


async def restore_table(lab: Lab, moment: Timestamp, name: str = "t") -> None:
    await lab.tenant.settle(moment)
    transaction = lab.tenant.begin()
    await transaction.restore(moment, Extent("table", (lab.table(name).id,)))
    await transaction.commit()


async def quiet(lab: Lab) -> None:
    """Until the hot tables have nothing more to do."""
    hot = lab.tenant._hot.whole
    while hot._tasks:
        await asyncio.wait(set(hot._tasks))


def physical_rows(lab: Lab) -> Awaitable[list[tuple[int, int]]]:
    [table] = lab.tenant._hot.whole.tables()
    return lab.tenant.duck.writer.rows(
        f"SELECT count(*), count(*) FILTER (_deleted_ts < {2**63 - 1}) FROM {table.name}"
    )


@asynccontextmanager
async def storied(folder: Path) -> AsyncIterator[tuple[Lab, Timestamp]]:
    """A hot table with rows 1, 2, 3; at the moment that is given; after it row 1 was deleted, 2 changed,
    4 inserted."""
    async with opened(MemoryStore(), folder) as lab:
        await lab.create()
        moment = await lab.insert((1, "a"), (2, "b"), (3, "c"))
        await lab.rows()
        await lab.delete(1)
        await lab.update(2, "changed")
        await lab.insert((4, "d"))
        yield lab, moment


THEN: list[Row] = [(1, "a"), (2, "b"), (3, "c")]
NOW: list[Row] = [(2, "changed"), (3, "c"), (4, "d")]

RestoreTo = Callable[[Lab, Timestamp], Awaitable[object]]


async def whole_tenant(lab: Lab, moment: Timestamp) -> None:
    await lab.tenant.restore(moment)


BOTH = pytest.mark.parametrize("restore", [whole_tenant, restore_table])


@BOTH
def test_a_restored_table_is_hot_at_once_and_nothing_is_done(tmp_path: Path, restore: RestoreTo) -> None:
    async def run() -> None:
        async with storied(tmp_path) as (lab, moment):
            before = await physical_rows(lab)
            await restore(lab, moment)
            assert not lab.tenant._hot.whole._tasks
            assert await reads_hot(lab)
            await same(lab, THEN)
            await same(lab, NOW, lab.tenant.catalog.restorations[0].commit_ts - 1)
            assert not lab.tenant._hot.whole._tasks
            assert await physical_rows(lab) == before

    asyncio.run(run())


@BOTH
def test_undone_at_once_the_table_was_hot_all_the_time(tmp_path: Path, restore: RestoreTo) -> None:
    async def run() -> None:
        async with storied(tmp_path) as (lab, moment):
            await restore(lab, moment)
            first = Timestamp(lab.tenant.catalog.restorations[-1].commit_ts)
            await same(lab, THEN)
            await restore(lab, Timestamp(first - 1))
            assert await reads_hot(lab)
            await same(lab, NOW)
            await lab.delete(3)
            await lab.insert((1, "again"))
            await same(lab, [(1, "again"), (2, "changed"), (4, "d")])
            await quiet(lab)
            await same(lab, [(1, "again"), (2, "changed"), (4, "d")])
            for ts, rows in ((moment, THEN), (Timestamp(first - 1), NOW), (first, THEN)):
                await same(lab, rows, ts)

    asyncio.run(run())


@BOTH
def test_commits_after_a_restore_close_the_gap(tmp_path: Path, restore: RestoreTo) -> None:
    async def run() -> None:
        async with storied(tmp_path) as (lab, moment):
            await restore(lab, moment)
            restored = lab.tenant.visible_ts
            await lab.delete(1)
            assert await reads_hot(lab)
            await same(lab, [(2, "b"), (3, "c")])
            await lab.update(2, "new")
            await quiet(lab)
            assert await reads_hot(lab)
            await same(lab, [(2, "new"), (3, "c")])
            assert await physical_rows(lab) == [(4, 2)]
            await same(lab, THEN, restored)
            await same(lab, THEN, moment)
            await same(lab, NOW, Timestamp(restored - 1))

    asyncio.run(run())


def test_restores_of_restores(tmp_path: Path) -> None:
    """To before, between and after, with and without commits in between; every moment stays right."""

    async def run() -> None:
        async with storied(tmp_path) as (lab, moment):
            known: dict[Timestamp, list[Row]] = {moment: THEN, lab.tenant.visible_ts: NOW}

            async def restore(ts: Timestamp) -> None:
                await lab.tenant.restore(ts)
                known[lab.tenant.visible_ts] = known[ts]

            async def note(rows: list[Row]) -> None:
                known[lab.tenant.visible_ts] = rows

            late = lab.tenant.visible_ts
            await restore(moment)
            untouched = lab.tenant.visible_ts
            await restore(untouched)
            await restore(late)
            assert await reads_hot(lab)
            await lab.insert((5, "e"))
            await note([*NOW, (5, "e")])
            grown = lab.tenant.visible_ts
            await restore(moment)
            await restore(grown)
            assert await reads_hot(lab)
            await lab.delete(5, 3)
            await note([(2, "changed"), (4, "d")])
            shrunk = lab.tenant.visible_ts
            await restore(untouched)
            await lab.update(3, "x")
            await note([(1, "a"), (2, "b"), (3, "x")])
            await restore(shrunk)
            await lab.update(2, "y")
            await note([(2, "y"), (4, "d")])
            for _ in range(2):
                for ts, rows in known.items():
                    await same(lab, rows, ts)
                await quiet(lab)

    asyncio.run(run())


def test_a_reader_of_the_old_line_keeps_it_and_the_new_one_gets_a_copy(tmp_path: Path) -> None:
    async def run() -> None:
        async with storied(tmp_path) as (lab, moment):
            transaction = lab.tenant.begin()
            async with transaction.reader() as old, transaction.reader() as new:
                was = await old.relation(lab.table())
                await lab.tenant.restore(moment)
                transaction.start_statement()
                restored = await new.relation(lab.table())
                assert "hot_" in restored
                await lab.delete(1, 3)
                await lab.update(2, "new")
                await same(lab, [(2, "new")])
                assert len(lab.tenant._hot.whole.tables()) == 2
                await quiet(lab)
                columns = "* EXCLUDE (_row_id)"
                assert await old.rows(f"SELECT {columns} FROM {was} ORDER BY ALL") == NOW
                assert await new.rows(f"SELECT {columns} FROM {restored} ORDER BY ALL") == THEN
            await transaction.rollback()
            await same(lab, [(2, "new")])

    asyncio.run(run())


def test_a_table_that_is_still_loading_serves_the_restored_storage(tmp_path: Path) -> None:
    """Commits before and after the restore wait for it, a reader of the old storage too."""

    async def run() -> None:
        async with storied(tmp_path) as (lab, moment):
            hot, held = lab.tenant._hot.whole, asyncio.Event()
            hot.evict(*hot.tables())
            await quiet(lab)
            load = hot._load_storage

            async def slow(*arguments: object) -> None:
                await held.wait()
                await load(*arguments)  # type: ignore[arg-type]

            hot._load_storage = slow
            reading = asyncio.create_task(lab.rows())
            frozen = lab.tenant.begin("repeatable read")
            old = asyncio.create_task(lab.rows_in(frozen, lab.table()))
            await asyncio.sleep(0.01)
            assert len(hot.tables()) == 1
            await lab.tenant.restore(moment)
            other = lab.tenant.begin()
            table = lab.table()
            rows = await ids_of(lab, THEN[:1])
            await other.delete(table, rows)
            await other.commit()
            new = asyncio.create_task(lab.rows())
            await asyncio.sleep(0.01)
            assert not reading.done()
            held.set()
            assert await reading == NOW
            assert await old == NOW
            assert await new == [(2, "b"), (3, "c")]
            await quiet(lab)
            await same(lab, [(2, "b"), (3, "c")])

    asyncio.run(run())


async def ids_of(lab: Lab, rows: list[Row]) -> pa.ChunkedArray:
    """Row ids, read cold."""
    cursor = lab.tenant.duck.cursor()
    scan = lab.tenant.new_scan(cursor)
    try:
        table = lab.table()
        storage = lab.tenant.state.storage(table.storage)
        relation = await scan.cold(storage, table.columns, lab.tenant.visible_ts)
        among = ", ".join(str(row[0]) for row in rows)
        sql = f"SELECT _row_id FROM {relation} WHERE c{table.columns[0].id} IN ({among})"
        return (await cursor.table(sql)).column(0)
    finally:
        await scan.close()
        await lab.tenant.duck.release(cursor)


@pytest.mark.parametrize("wrote_before", [False, True])
def test_what_the_restoring_transaction_wrote_itself(tmp_path: Path, wrote_before: bool) -> None:
    """Rows on top of what it restored, all at one moment; and what it did before it restored is gone."""

    async def run() -> None:
        async with storied(tmp_path) as (lab, moment):
            transaction = lab.tenant.begin()
            if wrote_before:
                await lab.insert_in(transaction, (7, "before"))
                await lab.delete_in(transaction, 3)
            await transaction.restore(moment, Extent("table", (lab.table().id,)))
            table = transaction.catalog.tables[lab.table().id]
            await transaction.insert(table, lab.arrow(table, [(8, "after")]))
            await delete_own(transaction, lab, 2)
            await transaction.commit()
            expected: list[Row] = [(1, "a"), (3, "c"), (8, "after")]
            assert await reads_hot(lab) != wrote_before
            await same(lab, expected)
            await lab.update(1, "z")
            await quiet(lab)
            await same(lab, [(1, "z"), (3, "c"), (8, "after")])
            await same(lab, NOW, Timestamp(lab.tenant.catalog.restorations[0].commit_ts - 1))

    asyncio.run(run())


async def delete_own(transaction: Transaction, lab: Lab, id: int) -> None:
    table = transaction.catalog.tables[lab.table().id]
    async with transaction.reader() as reader:
        relation = await reader.relation(table)
        found = await reader.table(f"SELECT _row_id FROM {relation} WHERE c{table.columns[0].id} = {id}")
    await transaction.delete(table, found.column(0))


def test_a_table_with_gaps_can_be_evicted(tmp_path: Path) -> None:
    async def run() -> None:
        async with storied(tmp_path) as (lab, moment):
            await lab.tenant.restore(moment)
            lab.tenant._hot.whole.evict(*lab.tenant._hot.whole.tables())
            await quiet(lab)
            await same(lab, THEN)
            await lab.delete(1)
            await same(lab, [(2, "b"), (3, "c")])
            await same(lab, NOW, Timestamp(lab.tenant.catalog.restorations[0].commit_ts - 1))

    asyncio.run(run())


@pytest.mark.parametrize("bulk", [False, True])
def test_columns_that_came_since(tmp_path: Path, bulk: bool) -> None:
    """A hot table gets a column that was added later, from rows and from bulk objects; and a restored
    storage gets rows without a column that only the old one had."""

    async def run() -> None:
        async with storied(tmp_path) as (lab, moment):
            text = "x" * (2_000_000 if bulk else 10)
            table = lab.table()
            transaction = lab.tenant.begin()
            added = Column(transaction.new_id(), "w", "text", "VARCHAR", missing="none")
            transaction.edit(Put(dataclasses.replace(table, columns=(*table.columns, added))))
            await transaction.commit()
            await lab.insert((5, text, "w"))
            expected = [*((*row, "none") for row in NOW), (5, text, "w")]
            assert await reads_hot(lab)
            await same(lab, expected)
            await lab.tenant.restore(moment)
            await lab.insert((6, text))
            assert await reads_hot(lab)
            await same(lab, [*THEN, (6, text)])

    asyncio.run(run())


def test_a_chain_without_end_lets_go_of_the_table(tmp_path: Path) -> None:
    async def run() -> None:
        async with storied(tmp_path) as (lab, moment):
            for _ in range(40):
                await lab.tenant.restore(moment)
            await same(lab, THEN)
            assert all(len(table.lines) < 40 for table in lab.tenant._hot.whole.tables())

    asyncio.run(run())


def test_gap_closing_goes_slice_by_slice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.hot.SLICE_ROWS", 2)

    async def run() -> None:
        async with storied(tmp_path) as (lab, moment):
            await lab.insert(*((id, "more") for id in range(100, 130)))
            await lab.tenant.restore(moment)
            steps = []
            await lab.insert((50, "e"))
            while lab.tenant._hot.whole._tasks:
                steps.append(await lab.rows())
                await lab.update(50, f"e{len(steps)}")
            assert all(rows[:3] == THEN for rows in steps)
            assert [rows[3][1] for rows in steps[1:]] == [f"e{step}" for step in range(1, len(steps))]
            [(rows, dead)] = await physical_rows(lab)
            assert (rows, dead) == (4 + len(steps), len(steps))

    asyncio.run(run())


def test_what_a_line_spares() -> None:
    first = Line(Timestamp(0))
    second = first.heir(Timestamp(10), Timestamp(20))
    assert (second.gaps, second.spares(first)) == ((Gap(Timestamp(10), Timestamp(20)),), 10)
    again = second.heir(Timestamp(25), Timestamp(30))
    assert again.gaps == (Gap(Timestamp(10), Timestamp(30)),)
    second.own = Timestamp(22)
    third = second.heir(Timestamp(25), Timestamp(30))
    assert [third.spares(line) for line in (first, second, third)] == [10, 25, 2**63 - 1]
    assert visible(third.gaps, Timestamp(40)) == (
        "(_commit_ts <= 10 OR _commit_ts BETWEEN 20 AND 25 OR _commit_ts BETWEEN 30 AND 40) AND "
        "(_deleted_ts > 40 OR _deleted_ts BETWEEN 11 AND 19 OR _deleted_ts BETWEEN 26 AND 29)"
    )


@pytest.mark.parametrize("count", [3, 12_000])
def test_a_column_and_rows_that_have_it_come_in_one_commit(tmp_path: Path, count: int) -> None:
    """In the log, and as a bulk object."""

    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            await lab.insert((1, "a"))
            assert await lab.rows() == [(1, "a")]
            transaction = lab.tenant.begin()
            table = lab.table()
            column = Column(transaction.new_id(), "b", "text", "VARCHAR", missing="")
            wider = dataclasses.replace(table, columns=(*table.columns, column))
            transaction.edit(Put(wider))
            rows = [(id, "x", "y" * 100) for id in range(2, count)]
            await transaction.insert(wider, lab.arrow(wider, rows))
            await transaction.commit()
            await same(lab, [(1, "a", ""), *rows])

    asyncio.run(run())


@pytest.mark.parametrize(
    "error",
    [
        OutOfMemory("no memory"),
        StoreUnavailable("no answer"),
        ObjectMissing("gone"),
        ObjectCorrupted("other"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_commit_that_a_hot_table_cannot_take_stands(
    error: EngineError, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy is let go of, also half written; who was reading it goes on."""

    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            await lab.insert((1, "a"))
            await same(lab, [(1, "a")])
            write = HotTables._write

            async def written_and_refused(hot: HotTables, *arguments: object) -> None:
                await write(hot, *arguments)  # type: ignore[arg-type]
                raise error

            reading = lab.tenant.begin()
            async with reading.reader() as reader:
                relation = await reader.relation(lab.table())
                assert "hot_" in relation
                monkeypatch.setattr(HotTables, "_write", written_and_refused)
                await lab.insert((2, "b"))
                monkeypatch.undo()
                assert not lab.tenant.closed
                await same(lab, [(1, "a"), (2, "b")])
                await lab.insert((3, "c"))
                assert await reader.rows(f"SELECT c{lab.table().columns[0].id} FROM {relation}") == [(1,)]
            await reading.rollback()
            await lab.delete(2)
            await quiet(lab)
            await same(lab, [(1, "a"), (3, "c")])
            assert lab.tenant._hot.whole._abandoned == []

    asyncio.run(run())
