"""asyncpg: everything binary, everything prepared."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections.abc import Awaitable, Callable
from decimal import Decimal

import asyncpg
import pytest

from tests.clients.conftest import ATenant
from tests.clients.serving import PASSWORD
from tests.clients.test_psycopg import SLOW

VALUES = [
    (True, "bool"),
    (12, "int2"),
    (-5, "int4"),
    (2**62, "int8"),
    (1.5, "float8"),
    (0.5, "float4"),
    (Decimal("-12.3400"), "numeric(10,4)"),
    ("grün \U0001f600", "text"),
    ("x", "varchar(5)"),
    (b"\x00\xff", "bytea"),
    (dt.date(1969, 12, 31), "date"),
    (dt.time(23, 59, 59, 999999), "time"),
    (dt.datetime(1950, 1, 2, 3, 4, 5, 6), "timestamp"),
    (dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC), "timestamptz"),
    (dt.timedelta(days=3, microseconds=5), "interval"),
    (uuid.UUID("12345678-1234-5678-1234-567812345678"), "uuid"),
    ('{"a": [1, null]}', "json"),
    ([1, None, 3], "int4[]"),
    (["a", None, "c,d"], "text[]"),
]


def run(tenant: ATenant, work: Callable[[asyncpg.Connection], Awaitable[None]]) -> None:
    async def connected() -> None:
        connection = await asyncpg.connect(
            host=tenant.server.host,
            port=tenant.server.port,
            user=tenant.user,
            password=PASSWORD,
            database="postgres",
            timeout=20,
        )
        try:
            await work(connection)
        finally:
            await connection.close(timeout=20)

    asyncio.run(connected())


def test_values_there_and_back(tenant: ATenant) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        for value, declared in VALUES:
            row = await connection.fetchrow(f"select $1::{declared}, $2::{declared}", value, None)
            assert tuple(row) == (value, None), declared

    run(tenant, work)


def test_values_through_a_table(tenant: ATenant) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        columns = ", ".join(f"c{number} {declared}" for number, (_, declared) in enumerate(VALUES))
        await connection.execute(f"create table t ({columns})")
        marks = ", ".join(f"${number}" for number in range(1, len(VALUES) + 1))
        await connection.execute(f"insert into t values ({marks})", *[value for value, _ in VALUES])
        row = await connection.fetchrow("select * from t")
        assert tuple(row) == tuple(value for value, _ in VALUES)

    run(tenant, work)


def test_parameter_types_are_inferred(tenant: ATenant) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        await connection.execute("create table t (a int primary key, b text, c timestamptz)")
        moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
        await connection.execute("insert into t values ($1, $2, $3)", 1, "one", moment)
        assert await connection.fetchval("select b from t where a = $1", 1) == "one"
        assert await connection.fetchval("select a from t where b like $1 and c <= $2", "o%", moment) == 1
        assert await connection.execute("update t set b = $2 where a = $1", 1, "uno") == "UPDATE 1"
        assert await connection.fetch("select a from t limit $1", 5) == [(1,)]
        assert await connection.fetch("select b from t where a = any($1::int[])", [1, 2]) == [("uno",)]

    run(tenant, work)


def test_executemany(tenant: ATenant) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        await connection.execute("create table t (a int primary key, b text)")
        await connection.executemany("insert into t values ($1, $2)", [(n, str(n)) for n in range(200)])
        assert await connection.fetchval("select count(*) from t") == 200
        with pytest.raises(asyncpg.UniqueViolationError):
            await connection.executemany("insert into t values ($1, $2)", [(1000, "x"), (1, "y")])
        assert await connection.fetchval("select count(*) from t") == 200

    run(tenant, work)


def test_transactions_and_cursors(tenant: ATenant) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        async with connection.transaction():
            await connection.execute("create table t as select n as a from generate_series(1, 500) as s(n)")
            seen = [row["a"] async for row in connection.cursor("select a from t order by a", prefetch=70)]
        assert seen == list(range(1, 501))
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("delete from t")
        await transaction.rollback()
        assert await connection.fetchval("select count(*) from t") == 500

    run(tenant, work)


def test_copy(tenant: ATenant) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        await connection.execute("create table t (a int, b text)")

        async def chunks() -> object:
            for number in range(100):
                yield f"{number},x{number}\n".encode()

        assert await connection.copy_to_table("t", source=chunks(), format="csv") == "COPY 100"
        taken: list[bytes] = []

        async def take(data: bytes) -> None:
            taken.append(bytes(data))

        tag = await connection.copy_from_query("select * from t order by a", output=take, format="csv")
        assert tag == "COPY 100"
        assert b"".join(taken) == b"".join([chunk async for chunk in chunks()])  # type: ignore[attr-defined]

    run(tenant, work)


def test_errors_and_cancelling(tenant: ATenant) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        with pytest.raises(asyncpg.UndefinedTableError):
            await connection.fetch("select * from nothing")
        with pytest.raises(asyncpg.DivisionByZeroError):
            await connection.fetch("select 1 / $1::int", 0)
        with pytest.raises(TimeoutError):
            await connection.fetch(SLOW, timeout=0.5)
        assert await connection.fetchval("select 1") == 1

    run(tenant, work)


def test_notices_and_reset(tenant: ATenant) -> None:
    async def work(connection: asyncpg.Connection) -> None:
        heard: list[str] = []
        connection.add_log_listener(lambda _, message: heard.append(message.message))
        await connection.execute("drop table if exists nothing")
        assert heard == ['table "nothing" does not exist, skipping']
        await connection.execute("set search_path to pg_catalog")
        await connection.reset()
        assert "public" in await connection.fetchval("show search_path")

    run(tenant, work)


def test_pool(tenant: ATenant) -> None:
    async def work() -> None:
        async with asyncpg.create_pool(
            host=tenant.server.host,
            port=tenant.server.port,
            user=tenant.user,
            password=PASSWORD,
            database="postgres",
            min_size=2,
            max_size=8,
        ) as pool:
            await pool.execute("create table t (a int)")
            await asyncio.gather(*(pool.execute("insert into t values ($1)", n) for n in range(40)))
            assert await pool.fetchval("select sum(a) from t") == 780

    asyncio.run(work())
