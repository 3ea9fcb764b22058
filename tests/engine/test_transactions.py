"""Two transactions at once: what waits, what is run again, what is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pyarrow as pa
import pytest

from engine.errors import CommitConflict, KeyViolated, LockTimeout, NotNullViolated, StaleRead
from engine.stores.memory import MemoryStore
from tests.engine.lab import opened


def test_own_writes_are_visible_to_itself_alone(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            await lab.insert((1, "a"), (2, "b"))
            transaction = lab.tenant.begin()
            await lab.insert_in(transaction, (3, "c"))
            await lab.delete_in(transaction, 1)
            assert await lab.rows_in(transaction, lab.table()) == [(2, "b"), (3, "c")]
            assert await lab.rows() == [(1, "a"), (2, "b")]
            savepoint = transaction.savepoint()
            await lab.delete_in(transaction, 3, 2)
            assert await lab.rows_in(transaction, lab.table()) == []
            transaction.rollback_to(savepoint)
            assert await lab.rows_in(transaction, lab.table()) == [(2, "b"), (3, "c")]
            await lab.delete_in(transaction, 2)
            assert await lab.rows_in(transaction, lab.table()) == [(3, "c")]
            transaction.rollback_to(savepoint)
            await transaction.commit()
            assert await lab.rows() == await lab.cold_rows() == [(2, "b"), (3, "c")]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("isolation", "refusal"), [("read committed", StaleRead), ("repeatable read", CommitConflict)]
)
def test_a_row_that_died_after_the_read(tmp_path: Path, isolation: str, refusal: type[Exception]) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            await lab.insert((1, "a"))
            first, second = lab.tenant.begin(), lab.tenant.begin(isolation)
            second.start_statement()
            ids = await lab.row_ids(second, [1])
            await lab.delete_in(first, 1)
            waiting = asyncio.create_task(second.delete(lab.table(), ids))
            await asyncio.sleep(0.01)
            assert not waiting.done()
            await first.commit()
            with pytest.raises(refusal):
                await waiting
            await second.rollback()

    asyncio.run(run())


def test_a_key_waits_for_whoever_inserts_it(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            for commits in (True, False):
                key = 1 if commits else 2
                first, second = lab.tenant.begin(), lab.tenant.begin()
                await lab.insert_in(first, (key, "first"))
                waiting = asyncio.create_task(lab.insert_in(second, (key, "second")))
                await asyncio.sleep(0.01)
                assert not waiting.done()
                await (first.commit() if commits else first.rollback())
                if commits:
                    with pytest.raises(KeyViolated):
                        await waiting
                    await second.rollback()
                else:
                    await waiting
                    await second.commit()
            assert await lab.rows() == [(1, "first"), (2, "second")]

    asyncio.run(run())


@pytest.mark.parametrize("count", [2, 40, 20_000])
def test_keys_and_nulls_are_checked_however_many(tmp_path: Path, count: int) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            await lab.insert((count - 1, "there"))
            with pytest.raises(KeyViolated) as caught:
                await lab.insert(*((id, "v") for id in range(count)))
            key = caught.value.refused
            assert key is not None
            assert key.key is not None
            assert key.row is not None
            assert (key.key.name, list(key.row.to_pylist()[0].values())) == ("t_pkey", [count - 1])
            with pytest.raises(KeyViolated):
                await lab.insert(*((id % (count - 1) + count, "v") for id in range(count)))
            table = lab.table()
            rows = lab.arrow(table, [(id + 5 * count, "v") for id in range(count)])
            ids = pa.array([None, *range(1, count)], pa.int32())
            transaction = lab.tenant.begin()
            with pytest.raises(NotNullViolated) as null:
                await transaction.insert(table, rows.set_column(0, rows.column_names[0], ids))
            row = null.value.refused
            assert row is not None
            assert row.column is not None
            assert row.row is not None
            assert (row.column.name, list(row.row.to_pylist()[0].values())) == ("id", [None, "v"])
            await transaction.rollback()
            assert await lab.rows() == [(count - 1, "there")]

    asyncio.run(run())


def test_bulk_load_has_the_table_to_itself(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            small, bulk = lab.tenant.begin(), lab.tenant.begin()
            await lab.insert_in(small, (1, "a"))
            bulk.lock_timeout_seconds = 0.01
            many = [(id, "v") for id in range(100, 20_100)]
            with pytest.raises(LockTimeout):
                await lab.insert_in(bulk, *many)
            await small.commit()
            await lab.insert_in(bulk, *many)
            await bulk.commit()
            assert len(await lab.rows()) == 20_001

    asyncio.run(run())


def test_sequences_never_repeat_and_go_back_with_a_restore(tmp_path: Path) -> None:
    from engine.catalog import Put, Sequence

    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            transaction = lab.tenant.begin()
            schema = next(iter(transaction.catalog.schemas.values()))
            sequence = Sequence(transaction.new_id(), schema.id, "s")
            transaction.edit(Put(sequence))
            assert [transaction.next_value(sequence.id) for _ in range(3)] == [1, 2, 3]
            await transaction.commit()
            moment = await lab.snapshot("at three")
            abandoned = lab.tenant.begin()
            assert abandoned.next_value(sequence.id) == 4
            await abandoned.rollback()
            later = lab.tenant.begin()
            assert later.next_value(sequence.id) == 5
            await later.commit()
            await lab.tenant.restore(moment)
            restored = lab.tenant.begin()
            assert restored.next_value(sequence.id) == 4
            await restored.commit()

    asyncio.run(run())
