"""A statement that comes again with other parameters does what it would do the first time."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.cluster import Cluster
from sql.errors import SqlError
from tests.session.harness import Client
from tests.session.test_extended import execute

Run = Callable[[Callable[[Cluster], object]], None]

TABLE = (
    "CREATE TABLE t (a int PRIMARY KEY, b smallint, c bigint, d float8, e boolean, f text, g varchar(3), "
    "h timestamptz DEFAULT '2024-01-01', i numeric(4,1) DEFAULT 2.55, j serial, k varchar)"
)


def test_rows_of_constants_and_parameters(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines(TABLE)
        insert = "INSERT INTO t (a, b, c, d, e, f, k) VALUES ($1, $2, $3, $4, $5, $6, $7)"
        rows: list[tuple[object, ...]] = [
            (1, 1, 1, 1.5, True, "x", "y"),
            (2, None, None, None, None, None, None),
            (3, -32768, -(2**63), float("inf"), False, "", "long enough"),
            (4, "5", 2**63 - 1, 3, True, "'quoted'", "Ā"),
        ]
        for row in rows:
            assert await execute(a, insert, *row) == ["INSERT 0 1"]
        shown = await a.lines("SELECT a, b, c, d, e, f, k, h, i, j FROM t ORDER BY a")
        assert [line.split(" | ")[-3:] for line in shown[1:-1]] == [
            ["2024-01-01 00:00:00+00", "2.6", str(j)] for j in (1, 2, 3, 4)
        ]
        assert shown[1].startswith("1 | 1 | 1 | 1.5 | t | x | y | ")
        assert shown[3].startswith("3 | -32768 | -9223372036854775808 | Infinity | f |  | long enough | ")
        assert shown[4].startswith("4 | 5 | 9223372036854775807 | 3 | t | 'quoted' | Ā | ")

    with_cluster(body)


@pytest.mark.parametrize(
    ("values", "sqlstate"),
    [
        ((1, 5, "x"), "23505"),
        ((None, 5, "x"), "23502"),
        ((2, 40_000, "x"), "22003"),
        ((2, 5, "long"), "22001"),
    ],
)
def test_what_is_wrong_is_told_again(with_cluster: Run, values: tuple[object, ...], sqlstate: str) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines(TABLE)
        insert = "INSERT INTO t (a, b, g) VALUES ($1, $2, $3)"
        for id in (1, 10):
            await execute(a, insert, id, 5, "x")
        for _ in range(2):
            with pytest.raises(SqlError) as caught:
                await execute(a, insert, *values)
            assert caught.value.sqlstate == sqlstate
        assert await execute(a, insert, 3, 5, "abc") == ["INSERT 0 1"]

    with_cluster(body)


def test_a_cast_of_a_parameter_is_made(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (f text, k varchar, c bigint)")
        for number in (1, 2, 3):
            insert = "INSERT INTO t VALUES (CAST($1 AS varchar(2)), $2::varchar(2), $3::int2)"
            await execute(a, insert, "abc", "def", number)
        assert (await a.lines("SELECT * FROM t"))[1:-1] == ["ab | de | 1", "ab | de | 2", "ab | de | 3"]

    with_cluster(body)


def test_constants_are_read_in_the_time_zone_of_each_run(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (a int, h timestamptz)")
        for number, zone in enumerate(("UTC", "UTC", "Asia/Tokyo", "Asia/Tokyo", "UTC")):
            await a.lines(f"SET TimeZone = '{zone}'")
            await execute(a, "INSERT INTO t VALUES ($1, '2024-01-01')", number)
        await a.lines("SET TimeZone = 'UTC'")
        hours = await a.lines("SELECT date_part('hour', h) FROM t ORDER BY a")
        assert hours[1:-1] == ["0", "0", "15", "15", "0"]

    with_cluster(body)


def test_a_new_definition_counts_at_once(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (a int, b int DEFAULT 1)")
        for number, default in enumerate((1, 1, 2, 2)):
            await a.lines(f"ALTER TABLE t ALTER b SET DEFAULT {default}")
            await execute(a, "INSERT INTO t (a) VALUES ($1)", number)
        assert (await a.lines("SELECT * FROM t ORDER BY a"))[1:-1] == ["0 | 1", "1 | 1", "2 | 2", "3 | 2"]

    with_cluster(body)


def test_an_update_checks_the_keys_that_it_changes(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE, c int)")
        await a.lines("INSERT INTO t VALUES (1, 1, 1), (2, 2, 2)")
        assert await execute(a, "UPDATE t SET c = $1", 5) == ["UPDATE 2"]
        assert await execute(a, "UPDATE t SET a = a, c = 6 WHERE a = $1", 1) == ["UPDATE 1"]
        for column in ("a", "b"):
            with pytest.raises(SqlError, match="duplicate key"):
                await execute(a, f"UPDATE t SET {column} = 2 WHERE a = $1", 1)
        with pytest.raises(SqlError, match="duplicate key"):
            await execute(a, "INSERT INTO t VALUES ($1, 3, 3)", 1)
        assert (await a.lines("SELECT * FROM t ORDER BY a"))[1:-1] == ["1 | 1 | 6", "2 | 2 | 5"]

    with_cluster(body)
