"""psycopg 3: parameters, prepared statements, pipelines, COPY, errors, cancelling; sync and async."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import threading
import time
import uuid
from decimal import Decimal
from typing import LiteralString

import psycopg
import pytest
from psycopg import errors

from tests.clients.conftest import ATenant
from tests.clients.serving import PASSWORD

Row = tuple[object, ...]

VALUES = [
    (True, "bool"),
    (12, "int2"),
    (-5, "int4"),
    (2**62, "int8"),
    (1.5, "float8"),
    (Decimal("12.3400"), "numeric(10,4)"),
    ("grün \U0001f600 'quote' \\ tab\t", "text"),
    ("", "text"),
    (b"\x00\xff'\\", "bytea"),
    (dt.date(1969, 12, 31), "date"),
    (dt.time(23, 59, 59, 999999), "time"),
    (dt.datetime(1950, 1, 2, 3, 4, 5, 6), "timestamp"),
    (dt.datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=dt.UTC), "timestamptz"),
    (dt.timedelta(days=3, microseconds=5), "interval"),
    (uuid.UUID("12345678-1234-5678-1234-567812345678"), "uuid"),
    ([1, None, 3], "int4[]"),
    (["a", None, "c,d"], "text[]"),
]


@pytest.mark.parametrize("binary", [False, True], ids=["text results", "binary results"])
@pytest.mark.parametrize("placeholder", ["%s", "%b", "%t"])
def test_values_there_and_back(tenant: ATenant, placeholder: str, binary: bool) -> None:
    with tenant.connect() as connection, connection.cursor(binary=binary) as cursor:
        for value, declared in VALUES:
            cursor.execute(f"select {placeholder}::{declared}, %s::{declared}", (value, None))  # type: ignore[arg-type]
            assert cursor.fetchall() == [(value, None)], declared


def test_values_through_a_table(tenant: ATenant) -> None:
    names = [f"c{number}" for number in range(len(VALUES))]
    columns = ", ".join(f"{name} {declared}" for name, (_, declared) in zip(names, VALUES, strict=True))
    marks = ", ".join(["%s"] * len(VALUES))
    with tenant.connect() as connection:
        connection.execute(f"create table t (id int primary key, {columns})")  # type: ignore[arg-type]
        for number, row in enumerate([[value for value, _ in VALUES], [None] * len(VALUES)]):
            connection.execute(f"insert into t values ({number}, {marks})", row)  # type: ignore[arg-type]
        rows = connection.execute(f"select {', '.join(names)} from t order by id").fetchall()  # type: ignore[arg-type]
    assert rows == [tuple(value for value, _ in VALUES), (None,) * len(VALUES)]


def test_prepared_statements(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        connection.execute("create table t (a int primary key, b text)")
        for number in range(20):
            connection.execute("insert into t values (%s, %s)", (number, f"row {number}"), prepare=True)
        for number in range(20):
            found = connection.execute("select b from t where a = %s", (number,), prepare=True).fetchone()
            assert found == (f"row {number}",)
        assert connection.execute("select count(*) from t").fetchone() == (20,)


def test_prepared_statements_see_changed_tables(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        connection.execute("create table t (a int)")
        for _ in range(3):
            connection.execute("select count(*) from t", prepare=True)
        connection.execute("drop table t")
        connection.execute("create table t (a int, b int)")
        connection.execute("insert into t values (1, 2)")
        assert connection.execute("select count(*) from t", prepare=True).fetchone() == (1,)


def test_executemany_and_returning(tenant: ATenant) -> None:
    with tenant.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create table t (id int generated always as identity, v text)")
        cursor.executemany("insert into t (v) values (%s) returning id", [("a",), ("b",)], returning=True)
        ids = []
        while True:
            ids += cursor.fetchall()
            if not cursor.nextset():
                break
        assert ids == [(1,), (2,)]


def test_pipeline(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        connection.execute("create table t (a int primary key)")
        with connection.pipeline():
            cursors = [connection.execute("insert into t values (%s) returning a", (n,)) for n in range(50)]
            total = connection.execute("select count(*) from t")
        assert [cursor.fetchone() for cursor in cursors] == [(n,) for n in range(50)]
        assert total.fetchone() == (50,)


def pipelined(connection: psycopg.Connection[Row], *statements: LiteralString) -> None:
    with connection.pipeline():
        for statement in statements:
            connection.execute(statement)


def test_an_error_in_a_pipeline_undoes_up_to_its_sync(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        connection.execute("create table t (a int primary key)")
        with pytest.raises(errors.DivisionByZero):
            pipelined(connection, "insert into t values (1)", "select 1/0", "insert into t values (2)")
        assert connection.execute("select count(*) from t").fetchone() == (0,)
        with connection.pipeline() as pipeline:
            connection.execute("insert into t values (1)")
            pipeline.sync()
            with pytest.raises(errors.DivisionByZero):
                connection.execute("select 1/0").fetchall()
            pipeline.sync()
            connection.execute("insert into t values (2)")
        assert connection.execute("select count(*) from t").fetchone() == (2,)


def nested(connection: psycopg.Connection[Row], *statements: LiteralString) -> None:
    with connection.transaction():
        for statement in statements:
            connection.execute(statement)


def test_transactions(tenant: ATenant) -> None:
    with tenant.connect(autocommit=False) as one, tenant.connect() as two:
        one.execute("create table t (a int)")
        one.commit()
        one.execute("insert into t values (1)")
        assert one.execute("select count(*) from t").fetchone() == (1,)
        assert two.execute("select count(*) from t").fetchone() == (0,)
        one.rollback()
        assert one.execute("select count(*) from t").fetchone() == (0,)
        with one.transaction():
            one.execute("insert into t values (1)")
            with pytest.raises(errors.DivisionByZero):
                nested(one, "insert into t values (2)", "select 1/0")
        one.commit()
        assert two.execute("select a from t").fetchall() == [(1,)]


def test_a_failed_block_says_so_until_it_is_rolled_back(tenant: ATenant) -> None:
    with tenant.connect(autocommit=False) as connection:
        with pytest.raises(errors.UndefinedTable):
            connection.execute("select * from nothing")
        assert connection.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
        with pytest.raises(errors.InFailedSqlTransaction):
            connection.execute("select 1")
        connection.rollback()
        assert connection.execute("select 1").fetchone() == (1,)


@pytest.mark.parametrize(
    ("statement", "parameters", "error"),
    [
        ("selec 1", (), errors.SyntaxError),
        ("select * from nothing", (), errors.UndefinedTable),
        ("select nothing", (), errors.UndefinedColumn),
        ("select nothing()", (), errors.UndefinedFunction),
        ("select %s::int", ("x",), errors.InvalidTextRepresentation),
        ("select 1/0", (), errors.DivisionByZero),
        ("select 2147483647 + 1", (), errors.NumericValueOutOfRange),
        ("select '2026-02-30'::date", (), errors.DatetimeFieldOverflow),
        ("listen x", (), errors.FeatureNotSupported),
    ],
)
def test_errors_have_their_sqlstate_and_the_session_goes_on(
    tenant: ATenant, statement: str, parameters: tuple[object, ...], error: type[psycopg.Error]
) -> None:
    with tenant.connect() as connection:
        for prepare in (False, True):
            with pytest.raises(error):
                connection.execute(statement, parameters, prepare=prepare)  # type: ignore[arg-type]
        assert connection.execute("select 1").fetchone() == (1,)


def test_constraint_errors_name_their_detail(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        connection.execute("create table t (a int primary key, b text not null)")
        connection.execute("insert into t values (1, 'x')")
        with pytest.raises(errors.UniqueViolation) as caught:
            connection.execute("insert into t values (1, 'y')")
        assert caught.value.diag.message_detail == "Key (a)=(1) already exists."
        with pytest.raises(errors.NotNullViolation):
            connection.execute("insert into t values (2, null)")


def test_a_statement_is_described_and_not_executed(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        connection.execute("create table t (a int, b text)")
        raw = connection.pgconn
        assert raw.prepare(b"s", b"insert into t values ($1, $2) returning b").status == 1
        described = raw.describe_prepared(b"s")
        assert [described.param_type(number) for number in range(described.nparams)] == [23, 25]
        assert described.fname(0) == b"b"
        assert connection.execute("select count(*) from t").fetchone() == (0,)


def test_notices(tenant: ATenant) -> None:
    heard: list[str | None] = []
    with tenant.connect() as connection:
        connection.add_notice_handler(lambda diagnostic: heard.append(diagnostic.message_primary))
        connection.execute("drop table if exists nothing")
    assert heard == ['table "nothing" does not exist, skipping']


def test_a_reported_setting_is_told_when_it_changes(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        assert connection.info.parameter_status("server_encoding") == "UTF8"
        connection.execute("set timezone to 'Europe/Berlin'")
        assert connection.info.parameter_status("TimeZone") == "Europe/Berlin"
        row = connection.execute("select '2026-01-01 00:00Z'::timestamptz::text").fetchone()
        assert row == ("2026-01-01 01:00:00+01",)
        value = connection.execute("select '2026-01-01 00:00Z'::timestamptz").fetchone()
        assert value is not None
        assert str(value[0]) == "2026-01-01 01:00:00+01:00"


def test_many_rows(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        for binary in (False, True):
            cursor = connection.cursor(binary=binary)
            rows = cursor.execute("select n, n::text from generate_series(1, 200000) as s(n)").fetchall()
            assert len(rows) == 200_000
            assert rows[-1] == (200_000, "200000")


def test_rows_a_few_at_a_time(tenant: ATenant) -> None:
    with tenant.connect() as connection, connection.cursor() as cursor:
        rows = list(cursor.stream("select n from generate_series(1, 1000) as s(n)", size=1))
        assert rows == [(n,) for n in range(1, 1001)]


def test_a_large_value_there_and_back(tenant: ATenant) -> None:
    value = "x" * (20 << 20)
    with tenant.connect() as connection:
        assert connection.execute("select length(%s::text), %s::text", (value, value)).fetchone() == (
            len(value),
            value,
        )


# --- COPY --------------------------------------------------------------------------------------------


def copy_in(cursor: psycopg.Cursor[Row], statement: LiteralString, *data: str, pause: float = 0) -> None:
    with cursor.copy(statement) as copy:
        for part in data:
            copy.write(part)
            time.sleep(pause)


def copy_and_give_up(cursor: psycopg.Cursor[Row], statement: LiteralString, data: str) -> None:
    with cursor.copy(statement) as copy:
        copy.write(data)
        raise RuntimeError


def test_copy_in_and_out_by_rows(tenant: ATenant) -> None:
    rows = [(n, None if n % 3 == 0 else f"r\t{n}\n\\") for n in range(5000)]
    with tenant.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create table t (a int, b text)")
        with cursor.copy("copy t from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        assert cursor.rowcount == 5000
        with cursor.copy("copy t (a, b) to stdout") as copy:
            copy.set_types(["int4", "text"])
            assert sorted(copy.rows()) == rows
        with cursor.copy("copy (select a from t where a < 3 order by a) to stdout (format csv)") as copy:
            assert b"".join(bytes(data) for data in copy) == b"0\n1\n2\n"


def test_a_copy_given_up_leaves_nothing(tenant: ATenant) -> None:
    with tenant.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create table t (a int)")
        with pytest.raises(RuntimeError):
            copy_and_give_up(cursor, "copy t from stdin", "1\n2\n")
        assert cursor.execute("select count(*) from t").fetchone() == (0,)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("1\tx\textra\n", errors.BadCopyFileFormat),
        ("1\n", errors.BadCopyFileFormat),
        ("x\ty\n", errors.InvalidTextRepresentation),
        ("1\tx\n1\ty\n", errors.UniqueViolation),
    ],
)
def test_bad_copy_data(tenant: ATenant, data: str, error: type[psycopg.Error]) -> None:
    with tenant.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create table t (a int primary key, b text)")
        with pytest.raises(error):
            copy_in(cursor, "copy t from stdin", "5\tgood\n", data)
        assert cursor.execute("select count(*) from t").fetchone() == (0,)


def test_copy_in_a_transaction_block(tenant: ATenant) -> None:
    with tenant.connect(autocommit=False) as connection, connection.cursor() as cursor:
        cursor.execute("create table t (a int)")
        with cursor.copy("copy t from stdin") as copy:
            copy.write("1\n")
        assert cursor.execute("select count(*) from t").fetchone() == (1,)
        connection.rollback()
        with pytest.raises(errors.UndefinedTable):
            cursor.execute("select count(*) from t")


def test_a_cut_connection_within_a_copy_leaves_nothing(tenant: ATenant) -> None:
    with tenant.connect() as watcher:
        watcher.execute("create table t (a int)")
        with contextlib.closing(tenant.connect()) as connection:
            raw = connection.pgconn
            raw.send_query(b"copy t from stdin")
            while raw.is_busy():
                raw.consume_input()
            raw.put_copy_data(b"1\n2\n3\n" * 1000)
            raw.flush()
            time.sleep(0.2)
            raw.finish()
        time.sleep(0.2)
        assert watcher.execute("select count(*) from t").fetchone() == (0,)
        watcher.execute("drop table t")


# --- cancelling --------------------------------------------------------------------------------------

SLOW = (
    "select count(*) from generate_series(1, 100000000) a(n), generate_series(1, 1000) b(m) where n * m < 0"
)


def test_cancel_from_another_connection(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        timer = threading.Timer(0.5, connection.cancel_safe)
        timer.start()
        began = time.monotonic()
        with pytest.raises(errors.QueryCanceled):
            connection.execute(SLOW)  # type: ignore[arg-type]
        assert time.monotonic() - began < 10
        timer.join()
        assert connection.execute("select 1").fetchone() == (1,)


def test_cancel_within_a_copy(tenant: ATenant) -> None:
    with tenant.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create table t (a int)")
        timer = threading.Timer(0.2, connection.cancel_safe)
        timer.start()
        with pytest.raises(errors.QueryCanceled):
            copy_in(cursor, "copy t from stdin", *["1\n"] * 50, pause=0.02)
        timer.join()
        assert cursor.execute("select count(*) from t").fetchone() == (0,)


def test_a_cancel_that_comes_late_cancels_nothing(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        connection.execute("select 1")
        connection.cancel_safe()
        time.sleep(0.1)
        assert connection.execute("select 1").fetchone() == (1,)


def test_statement_timeout(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        connection.execute("set statement_timeout = '200ms'")
        with pytest.raises(errors.QueryCanceled):
            connection.execute(SLOW)  # type: ignore[arg-type]
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_client_that_leaves_stops_its_statement(tenant: ATenant) -> None:
    with tenant.connect() as watcher:
        watcher.execute("create table t (a int)")
        with contextlib.closing(tenant.connect()) as connection:
            connection.execute("begin")
            connection.execute("insert into t values (1)")
            connection.pgconn.send_query(SLOW.encode())
            time.sleep(0.3)
            connection.pgconn.finish()
        began = time.monotonic()
        watcher.execute("drop table t")
        assert time.monotonic() - began < 10


# --- async -------------------------------------------------------------------------------------------


def test_async_connection(tenant: ATenant) -> None:
    async def work() -> None:
        connection = await psycopg.AsyncConnection.connect(tenant.dsn, autocommit=True)
        async with connection:
            await connection.execute("create table t (a int)")
            async with connection.pipeline():
                await asyncio.gather(
                    *(connection.execute("insert into t values (%s)", (n,)) for n in range(10))
                )
            cursor = await connection.execute("select sum(a) from t")
            assert await cursor.fetchone() == (45,)
            async with cursor.copy("copy t to stdout") as copy:
                assert len([row async for row in copy]) == 10

    asyncio.run(work())


def test_newer_minor_protocol_versions_are_negotiated_down(tenant: ATenant) -> None:
    if psycopg.pq.version() < 180000:
        pytest.skip("psycopg's libpq is older than 18 and cannot ask for protocol 3.2")
    with psycopg.connect(f"{tenant.dsn} max_protocol_version=latest") as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_many_connections(tenant: ATenant) -> None:
    connections = [tenant.connect() for _ in range(40)]
    try:
        connections[0].execute("create table t (a int)")
        for number, connection in enumerate(connections):
            connection.execute("insert into t values (%s)", (number,))
        assert connections[-1].execute("select count(*) from t").fetchone() == (40,)
    finally:
        for connection in connections:
            connection.close()


def test_a_session_knows_its_number(tenant: ATenant) -> None:
    """The one that the client was told to cancel it by."""
    with tenant.connect() as connection:
        number = connection.info.backend_pid
        assert connection.execute("select pg_backend_pid()").fetchone() == (number,)
        found = connection.execute("select pid from pg_stat_activity where pid = pg_backend_pid()")
        assert found.fetchall() == [(number,)]


def test_each_of_the_tenants_that_had_a_name_comes_back(tenant: ATenant) -> None:
    """A script that makes the tenant again after a DROP does not put the old one out of reach."""
    make = f"CREATE TENANT {tenant.name} ADMIN admin PASSWORD '{PASSWORD}'"
    with tenant.connect() as connection:
        connection.execute("CREATE TABLE precious AS SELECT 42 AS x")
    with tenant.server.connect() as system:
        system.execute(f"DROP TENANT {tenant.name}")  # type: ignore[arg-type]
        system.execute(make)  # type: ignore[arg-type]
        with pytest.raises(psycopg.errors.DuplicateObject, match="already exists") as refused:
            system.execute(f"UNDROP TENANT {tenant.name}")  # type: ignore[arg-type]
        assert "TO TIMESTAMP" in (refused.value.diag.message_hint or "")
        system.execute(f"DROP TENANT {tenant.name}")  # type: ignore[arg-type]
        kept = "SELECT created_at FROM mo_dropped_tenants WHERE name = %s ORDER BY created_at"
        first, second = (row[0] for row in system.execute(kept, [tenant.name]))
        undrop = f"UNDROP TENANT {tenant.name} TO TIMESTAMP %s"
        system.execute(undrop, [first])  # type: ignore[arg-type]
        with tenant.connect() as connection:
            assert connection.execute("SELECT x FROM precious").fetchone() == (42,)
        system.execute(f"DROP TENANT {tenant.name}")  # type: ignore[arg-type]
        system.execute(undrop, [second])  # type: ignore[arg-type]
        with tenant.connect() as connection, pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT x FROM precious")
