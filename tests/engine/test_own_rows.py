"""What a transaction keeps of its own rows says what going through all of them would say."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from engine.errors import KeyViolated
from engine.ids import CatalogId, StorageId
from engine.own_rows import OwnKeys, Runs
from engine.stores.memory import MemoryStore
from engine.workspace import Workspace
from tests.engine.lab import opened

STORAGE = StorageId(7)
ONE = CatalogId(1)
UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"


def rows(*items: tuple[int, object], type: pa.DataType | None = None) -> pa.Table:
    ids, values = [item[0] for item in items], [item[1] for item in items]
    return pa.table({"c1": pa.array(values, type), "_row_id": pa.array(ids, pa.int64())})


def ids(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


def test_a_thousand_tables_of_one_row_become_a_few_runs() -> None:
    runs, inserts = Runs(), []
    copied = 0
    for number in range(1000):
        inserts.append(rows((number, number)))
        before = {id(table) for table in runs.of(inserts[:-1])}
        copied += sum(table.num_rows for table in runs.of(inserts) if id(table) not in before)
    assert len(runs.of(inserts)) <= 12
    assert copied < 12_000
    assert pa.concat_tables(runs.of(inserts)).column("_row_id").to_pylist() == list(range(1000))


def test_runs_are_cut_with_their_tables() -> None:
    runs, inserts = Runs(), [rows((number, number)) for number in range(100)]
    for length in (100, 63, 64, 3, 0, 100):
        runs.cut(length)
        assert sum(table.num_rows for table in runs.of(inserts[:length])) == length


def test_key_values_follow_inserts_deletes_and_rollbacks() -> None:
    workspace = Workspace()

    def present(value: object) -> list[int]:
        found = workspace.own_keys(STORAGE, {ONE: "INTEGER"})
        assert found is not None
        keys, gone = found
        return [id for id in keys.having((value,)) if id not in gone]

    workspace.insert(STORAGE, rows((10, 1), (11, 2), (12, None)))
    assert (present(1), present(2), present(None)) == ([10], [11], [])
    first = workspace.savepoint()
    workspace.delete(STORAGE, ids(10, 3))
    workspace.insert(STORAGE, rows((13, 1)))
    assert present(1) == [13]
    second = workspace.savepoint()
    workspace.delete(STORAGE, ids(13))
    assert present(1) == []
    workspace.rollback_to(second)
    assert present(1) == [13]
    workspace.rollback_to(first)
    assert present(1) == [10]
    tables, dead = asyncio.run(workspace.rows_of(STORAGE))
    assert [table.column("_row_id").to_pylist() for table in tables] == [[10, 11, 12]]
    assert dead is None


@pytest.mark.parametrize(
    ("type", "kept", "given"),
    [
        ("DECIMAL(10,2)", pa.array([Decimal("1.00")]), pa.array([Decimal("1.0")])),
        ("UUID", pa.array([UUID.upper()]), pa.array([UUID])),
        ("SMALLINT", pa.array([3], pa.int16()), pa.array([3], pa.int64())),
    ],
)
def test_values_are_equal_where_the_database_says_so(type: str, kept: pa.Array, given: pa.Array) -> None:
    keys = OwnKeys({ONE: type})
    assert keys.follow([pa.table({"c1": kept, "_row_id": pa.array([5])})])
    [value] = keys.values(pa.table({"c1": given})) or ()
    assert keys.having(value) == [5]


def test_floats_and_rows_without_the_column_are_left_to_duckdb() -> None:
    assert not OwnKeys({ONE: "DOUBLE"}).follow([rows((1, 0.0))])
    assert not OwnKeys({CatalogId(2): "INTEGER"}).follow([rows((1, 1))])


@pytest.mark.parametrize("together", [1, 7], ids=["one by one", "together"])
def test_a_key_is_taken_or_free_as_the_transaction_left_it(tmp_path: Path, together: int) -> None:
    """Own and committed rows, deleted, back again by ROLLBACK TO; few values and many in a statement."""

    async def run() -> None:
        async with opened(MemoryStore(), tmp_path) as lab:
            await lab.create()
            await lab.insert((1, "committed"))
            transaction = lab.tenant.begin()

            async def insert(id: int) -> None:
                others = [(1000 * id + more, "") for more in range(1, together)]
                await lab.insert_in(transaction, (id, ""), *others)

            async def taken(id: int) -> bool:
                savepoint = transaction.savepoint()
                try:
                    await insert(id)
                except KeyViolated:
                    return True
                finally:
                    transaction.rollback_to(savepoint)
                return False

            await insert(2)
            assert [await taken(id) for id in (1, 2, 3)] == [True, True, False]
            savepoint = transaction.savepoint()
            present = await lab.rows_in(transaction, lab.table())
            await lab.delete_in(transaction, *(row[0] for row in present))
            assert [await taken(id) for id in (1, 2, 3)] == [False, False, False]
            await insert(1)
            assert [await taken(id) for id in (1, 2, 3)] == [True, False, False]
            transaction.rollback_to(savepoint)
            assert [await taken(id) for id in (1, 2, 3)] == [True, True, False]
            await insert(3)
            await transaction.commit()
            assert [row[0] for row in await lab.rows() if row[0] < 1000] == [1, 2, 3]

    asyncio.run(run())
