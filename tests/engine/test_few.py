"""Small results that are fetched without Arrow equal those that come through it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from engine.duck import Cursor, Ducks
from engine.errors import QueryFailed
from engine.few import FEW_ROWS, STATEMENTS_MAX, TEXT_CHARACTERS_MAX, Statements

VALUES = [
    "1::TINYINT",
    "(-32768)::SMALLINT",
    "2147483647::INTEGER",
    "9223372036854775807::BIGINT",
    "170141183460469231731687303715884105727::HUGEINT",
    "1.1::FLOAT",
    "5e-324::DOUBLE",
    "'-infinity'::DOUBLE",
    "true",
    "'grün'",
    "''",
    "'{\"a\": 1}'::JSON",
    "'\\x00\\xff'::BLOB",
    "'10101'::BIT",
    "-12.50::DECIMAL(10, 2)",
    "99999999999999999999999999999999999999::DECIMAL(38, 0)",
    "DATE '2026-11-22'",
    "DATE '0044-03-15 (BC)'",
    "DATE 'infinity'",
    "DATE '9999-12-31'",
    "TIME '23:59:59.999999'",
    "TIMESTAMP '2026-11-22 01:02:03.000004'",
    "TIMESTAMP '-infinity'",
    "TIMESTAMPTZ '2026-11-22 01:02:03.000004+00'",
    "TIMESTAMPTZ 'infinity'",
    "TIMESTAMPTZ '290000-01-01 00:00:00+00'",
    "INTERVAL '1 month 2 days'",
    "'8c3b7d9e-0000-4000-8000-000000000001'::UUID",
    "[1, NULL, 3]",
    "{'a': 1}",
    "NULL",
]


class Queries:
    """A cursor, each call run to its end."""

    def __init__(self, runner: asyncio.Runner, cursor: Cursor) -> None:
        self._runner = runner
        self._cursor = cursor

    def streamed(self, sql: str, *parameters: object) -> tuple[object, pa.Table]:
        async def run() -> tuple[object, pa.Table]:
            stream = await self._cursor.stream(sql, parameters)
            return stream.types, pa.Table.from_batches([b async for b in stream], schema=stream.schema)

        return self._runner.run(run())

    def table(self, sql: str, *parameters: object) -> pa.Table:
        return self._runner.run(self._cursor.table(sql, parameters))

    def execute(self, sql: str) -> None:
        self._runner.run(self._cursor.execute(sql))

    def set_timezone(self, name: str) -> None:
        self._runner.run(self._cursor.set_timezone(name))


@pytest.fixture
def queries(tmp_path: Path) -> Iterator[Queries]:
    with asyncio.Runner() as runner:
        ducks = Ducks()
        duck = ducks.open(tmp_path / "cache", memory_bytes_max=2**28, spill_bytes_max=2**30, threads=1)
        yield Queries(runner, duck.writer)
        duck.close()
        ducks.close()


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
@pytest.mark.parametrize("value", VALUES)
def test_a_value(queries: Queries, value: str, zone: str) -> None:
    queries.set_timezone(zone)
    sql = f"SELECT * FROM (VALUES (2, {value}), (1, NULL)) AS t(place, value) ORDER BY place"
    first = queries.streamed(sql)
    assert queries.streamed(sql) == first
    assert queries.streamed(sql) == first
    assert queries.table(sql) == first[1]


def test_a_result_without_rows(queries: Queries) -> None:
    sql = "SELECT 1 AS a, 'x' AS b, TIMESTAMPTZ '2026-01-01' AS c WHERE $1 > 1"
    first = queries.streamed(sql, 1)
    assert queries.streamed(sql, 1) == first
    assert queries.streamed(sql, 2)[1].num_rows == 1


@pytest.mark.parametrize("rows", [FEW_ROWS, FEW_ROWS + 1, 200_000])
def test_a_result_that_grows(queries: Queries, rows: int) -> None:
    sql = "SELECT i, i * 2 AS j FROM range($1) AS t(i) ORDER BY i"
    for count in (1, 1, rows, 1, rows):
        _, found = queries.streamed(sql, count)
        assert found.column("i").to_pylist() == list(range(count))
        assert queries.table(sql, count).num_rows == count


def test_a_result_of_another_type(queries: Queries) -> None:
    for value in (1, 1, 2**40, 1, "x"):
        _, found = queries.streamed("SELECT $1 AS value", value)
        assert found.column("value").to_pylist() == [value]


def test_a_failure_leaves_the_cursor_usable(queries: Queries) -> None:
    sql = "SELECT error('no') WHERE $1 > 1"
    for value in (1, 1, 2, 1):
        if value == 2:
            with pytest.raises(QueryFailed, match="no"):
                queries.streamed(sql, value)
        else:
            assert queries.streamed(sql, value)[1].num_rows == 0


def test_the_table_may_change(queries: Queries) -> None:
    queries.execute("CREATE TABLE t AS SELECT 1 AS a")
    for _ in range(2):
        assert queries.streamed("SELECT * FROM t")[1].to_pylist() == [{"a": 1}]
    queries.execute("ALTER TABLE t ADD COLUMN b VARCHAR")
    assert queries.streamed("SELECT * FROM t")[1].to_pylist() == [{"a": 1, "b": None}]


def test_statements_are_bounded() -> None:
    statements = Statements()
    for number in range(STATEMENTS_MAX * 2):
        statements.known(f"SELECT {number}", "UTC")
        kept = statements.known("SELECT", "UTC")
    statements.known("x" * (TEXT_CHARACTERS_MAX + 1), "UTC")
    assert len(statements) == STATEMENTS_MAX
    assert statements.known("SELECT", "UTC") is kept
