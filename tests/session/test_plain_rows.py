"""A long list of plain constants gives the rows that the same constants give one by one."""

from __future__ import annotations

import asyncio

import pytest

from sql import plain_rows
from sql.errors import SqlError
from tests.session.harness import Client, running_cluster

COLUMNS = (
    "(id int PRIMARY KEY, s smallint, b bigint DEFAULT 7, n numeric(12,2), m numeric, f float8, o boolean, "
    "t text DEFAULT 'it''s', v varchar(20), p char(4), d date, ts timestamp, z timestamptz, "
    "u uuid, y bytea, k serial)"
)
ROWS = (
    "(%d, 1, -9223372036854775808, 1.25, 0.1, 1.5, true, 'a''b', 'x', 'ab', '2024-02-29', '2024-01-01 "
    "10:00:00.123456', '2024-01-01 10:00:00+02', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '\\xDEAD')",
    "(%d, -1, 7, -0.00, -0, -0, false, 7, 12, '', '0001-01-01', '1999-12-31T23:59:59', "
    "'2024-07-01 10:00:00', NULL, '\\x')",
    "(%d, '-5', '+7', 99.995, 0.1, -0.1, 't', E'\\t', '', 'ab  ', NULL, NULL, "
    "'2024-11-03 01:30:00', NULL, NULL)",
    "(%d, DEFAULT, DEFAULT, -99.995, 3.14, 123456.789, 'f', DEFAULT, -5, NULL, NULL, NULL, NULL, NULL, NULL)",
    "(%d, DEFAULT, DEFAULT, '-99.995', '3.14', '-0', 'f', -0, -0, NULL, NULL, NULL, NULL, NULL, NULL)",
    "(%d, '5', ' 7 ', '12.345', '-1e3', 0.1, 't', 'x', '', 'ab  ', '2024-1-2', "
    "'20240102', 'epoch', NULL, 'ab')",
    "(%d, 1.5, 2.5, 7, 12345678901234567890, 12345678901234567, NULL, 007, 1.50, 'a', '01/02/2024', "
    "'2024-01-01 10:00:00+05', '2024-01-01 10:00:00 Europe/Paris', NULL, NULL)",
)
NAMES = "id, s, b, n, m, f, o, t, v, p, d, ts, z, u, y"
PLAIN = plain_rows.ROWS_MIN


def test_together_as_one_by_one() -> None:
    async def body() -> None:
        async with running_cluster() as cluster:
            a = await Client.connect(cluster)
            await a.lines("SET TimeZone = 'America/New_York'")
            for kind, row in enumerate(ROWS):
                await a.lines(f"CREATE TABLE one{kind} {COLUMNS}")
                await a.lines(f"CREATE TABLE all{kind} {COLUMNS}")
                await a.lines(f"INSERT INTO one{kind} ({NAMES}) VALUES {row % 0}")
                many = ", ".join(row % number for number in range(PLAIN))
                assert await a.lines(f"INSERT INTO all{kind} ({NAMES}) VALUES {many}") == [
                    f"INSERT 0 {PLAIN}"
                ]
                first, distinct, last = "id = 0", NAMES.removeprefix("id, "), f"id = {PLAIN - 1}"
                alone = await a.lines(f"SELECT * FROM one{kind}")
                assert await a.lines(f"SELECT * FROM all{kind} WHERE {first}") == alone
                counted = await a.lines(f"SELECT count(*) FROM (SELECT DISTINCT {distinct} FROM all{kind}) q")
                assert counted[1] == "1"
                assert (await a.lines(f"SELECT k FROM all{kind} WHERE {last}"))[1] == str(PLAIN)

    asyncio.run(body())


@pytest.mark.parametrize(
    ("wrong", "sqlstate"),
    [
        ("1, 40000, 'x', 'x'", "22003"),
        ("1, 'x', 'x', 'x'", "22P02"),
        ("1, 1, 'toolong', 'x'", "22001"),
        ("1, 1, 'x', NULL", "23502"),
        ("2, 1, 'x', 'x'", "23505"),
        ("1, true, 'x', 'x'", "42804"),
        ("1, 1, 'x', current_user || missing", "42703"),
    ],
)
def test_what_is_wrong_is_told_as_ever(wrong: str, sqlstate: str) -> None:
    async def body() -> None:
        async with running_cluster() as cluster:
            a = await Client.connect(cluster)
            await a.lines("CREATE TABLE t (id int PRIMARY KEY, s smallint, v varchar(3), w text NOT NULL)")
            many = ", ".join(f"({number}, 1, 'x', 'y')" for number in range(2, PLAIN + 2))
            with pytest.raises(SqlError) as refused:
                await a.lines(f"INSERT INTO t VALUES {many}, ({wrong})")
            assert refused.value.sqlstate == sqlstate
            assert await a.lines("SELECT count(*) FROM t") == ["count", "0", "SELECT 1"]

    asyncio.run(body())


def test_on_conflict_and_returning_read_them() -> None:
    async def body() -> None:
        async with running_cluster() as cluster:
            a = await Client.connect(cluster)
            await a.lines(
                "CREATE TABLE t (id int PRIMARY KEY, w text DEFAULT 'default', c int CHECK (c < 9))"
            )
            await a.lines("INSERT INTO t VALUES (0, 'old', 1)")
            many = ", ".join(f"({number}, DEFAULT, 2)" for number in range(PLAIN))
            upsert = "ON CONFLICT (id) DO UPDATE SET w = t.w || excluded.w RETURNING id, w"
            lines = await a.lines(f"INSERT INTO t VALUES {many} {upsert}")
            assert len(lines) == PLAIN + 2
            assert "0 | olddefault" in lines
            assert "1 | default" in lines
            with pytest.raises(SqlError, match="check constraint"):
                await a.lines(f"INSERT INTO t VALUES {many.replace('(', '(1').replace('2)', '9)')}")

    asyncio.run(body())
