"""Restore of less than a tenant: tables and schemas, as part of a transaction."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine.catalog import Put, Sequence
from engine.errors import NameTaken
from engine.extent import Extent
from engine.stores.memory import MemoryStore
from tests.engine.lab import opened


@pytest.mark.parametrize("method", ["physical", "logical"])
@pytest.mark.parametrize("hot", [True, False])
def test_one_table_goes_back_and_the_others_stay(tmp_path: Path, method: str, hot: bool) -> None:
    async def run() -> None:
        store = MemoryStore()
        async with opened(store, tmp_path) as lab:
            for name in ("t", "u"):
                await lab.create(name)
                await lab.insert((1, "a"), (2, "b"), name=name)
            moment = lab.tenant.visible_ts
            for name in ("t", "u"):
                await lab.update(1, "changed", name=name)
            if hot:
                await lab.rows("t")
            transaction = lab.tenant.begin()
            lines = await transaction.restore(moment, Extent("table", (lab.table("t").id,)), method)
            assert [(line.table, line.action, line.rows) for line in lines] == [("t", "restored", 2)]
            table = transaction.catalog.tables[lab.table("t").id]
            assert await lab.rows_in(transaction, table) == [(1, "a"), (2, "b")]
            await transaction.insert(table, lab.arrow(table, [(3, "on top")]))
            assert await lab.rows_in(transaction, table) == [(1, "a"), (2, "b"), (3, "on top")]
            assert await lab.rows("t") == [(1, "changed"), (2, "b")]
            await transaction.commit()
            after = [(1, "a"), (2, "b"), (3, "on top")]
            assert await lab.rows("t") == await lab.cold_rows("t") == after
            assert await lab.rows("u") == [(1, "changed"), (2, "b")]
            [record] = lab.tenant.catalog.restorations
            before = record.commit_ts - 1
            assert (
                await lab.rows("t", before)
                == await lab.cold_rows("t", before)
                == [
                    (1, "changed"),
                    (2, "b"),
                ]
            )
            undo = lab.tenant.begin()
            await undo.restore(before, Extent(record.level, record.objects), method)
            await undo.commit()
            assert await lab.rows("t") == await lab.cold_rows("t") == [(1, "changed"), (2, "b")]
        async with opened(store, tmp_path / "again") as lab:
            assert await lab.rows("t") == await lab.cold_rows("t") == [(1, "changed"), (2, "b")]

    asyncio.run(run())


def test_a_preview_is_rolled_back(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            moment = await lab.insert((1, "a"))
            table_id = lab.table().id
            await lab.drop()
            transaction = lab.tenant.begin()
            await transaction.restore(moment, Extent("table", (table_id,)))
            assert await lab.rows_in(transaction, transaction.catalog.tables[table_id]) == [(1, "a")]
            await transaction.rollback()
            assert not lab.tenant.catalog.tables
            await lab.create()
            other = lab.tenant.begin()
            with pytest.raises(NameTaken, match="something else is called"):
                await other.restore(moment, Extent("table", (table_id,)))
            await other.rollback()

    asyncio.run(run())


def test_a_schema_comes_back_with_all_that_was_in_it(tmp_path: Path) -> None:
    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            await lab.insert((1, "a"))
            transaction = lab.tenant.begin()
            schema = next(iter(transaction.catalog.schemas.values()))
            sequence = Sequence(transaction.new_id(), schema.id, "s")
            transaction.edit(Put(sequence))
            assert [transaction.next_value(sequence.id) for _ in range(3)] == [1, 2, 3]
            await transaction.commit()
            moment = lab.tenant.visible_ts
            advance = lab.tenant.begin()
            assert advance.next_value(sequence.id) == 4
            await advance.commit()
            await lab.drop()
            await lab.create("later")
            restore = lab.tenant.begin()
            lines = await restore.restore(moment, Extent("schema", (schema.id,)))
            assert {(line.table, line.action) for line in lines} == {("t", "recreated"), ("later", "dropped")}
            await restore.commit()
            assert await lab.rows() == [(1, "a")]
            again = lab.tenant.begin()
            assert again.next_value(sequence.id) == 4
            await again.rollback()

    asyncio.run(run())
