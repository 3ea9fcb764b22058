"""Every error of the engine has a SQLSTATE, and DuckDB's failures read as PostgreSQL's."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import psycopg
import pytest

from engine import errors
from engine.cluster import Cluster
from sql.errors import FATAL, SQLSTATE_OF, SqlError
from sql.failures import as_sql_error
from tests.session.harness import Client

Run = Callable[[Callable[[Cluster], object]], None]


def engine_errors() -> set[type[errors.EngineError]]:
    return {
        member
        for _, member in inspect.getmembers(errors, inspect.isclass)
        if issubclass(member, errors.EngineError) and member is not errors.EngineError
    }


def test_every_engine_error_is_in_the_table() -> None:
    assert set(SQLSTATE_OF) == engine_errors() - {errors.QueryFailed}
    assert set(SQLSTATE_OF) >= FATAL


def test_detail_and_hint_are_kept() -> None:
    told = as_sql_error(errors.KeyViolated("duplicate", detail="Key (a)=(1).", hint="Do not."))
    assert (told.sqlstate, told.message, told.detail, told.hint) == (
        "23505",
        "duplicate",
        "Key (a)=(1).",
        "Do not.",
    )
    assert as_sql_error(errors.TenantFenced("gone")).severity == "FATAL"


def test_duckdbs_words_about_memory_stay_inside(caplog: pytest.LogCaptureFixture) -> None:
    """The log has them, or at least what the client was told."""
    told = as_sql_error(errors.OutOfMemory("too much", detail="failed to allocate 2.0 GiB", hint="Less."))
    assert (told.sqlstate, told.message, told.detail, told.hint) == ("53200", "too much", None, "Less.")
    as_sql_error(errors.OutOfMemory("much too much"))
    assert [record.getMessage() for record in caplog.records] == [
        "out of memory: failed to allocate 2.0 GiB",
        "out of memory: much too much",
    ]


def test_the_unknown_is_not_told() -> None:
    told = as_sql_error(ValueError("the secret of another tenant"))
    assert told.sqlstate == "XX000"
    assert "secret" not in told.message


FAILURES = [
    "SELECT 1 / 0",
    "SELECT 1 % 0",
    "SELECT 1.5 / 0",
    "SELECT 'abc'::int",
    "SELECT '99999999999'::int",
    "SELECT 99999999999::int",
    "SELECT 2147483647 + 1",
    "SELECT 9223372036854775807 + 1::bigint",
    "SELECT 32767::smallint + 1::smallint",
    "SELECT 'x'::date",
    "SELECT '2020-13-01'::date",
    "SELECT 'x'::timestamp",
    "SELECT '2020-01-01 25:00:00'::timestamp",
    "SELECT 'x'::uuid",
    "SELECT 'x'::boolean",
    "SELECT 'x'::numeric",
    "SELECT 123456.7::numeric(5,2)",
    "SELECT 'x'::double precision",
    "SELECT 'x'::interval",
    "SELECT '{'::json",
    "SELECT (SELECT a FROM (VALUES (1), (2)) v(a))",
    "SELECT nosuch FROM (VALUES (1)) v(a)",
    "SELECT w.a FROM (VALUES (1)) v(a)",
    "SELECT a FROM (VALUES (1)) v(a), (VALUES (2)) w(a)",
    "SELECT a, count(*) FROM (VALUES (1)) v(a)",
    "SELECT a FROM (VALUES (1)) v(a) WHERE count(*) > 1",
    "SELECT sum(sum(a)) FROM (VALUES (1)) v(a)",
    "SELECT a FROM (VALUES (1)) v(a) WHERE row_number() OVER () = 1",
    "SELECT nosuch(1, 'x')",
    "SELECT abs('x'::text)",
    "SELECT 1 + true",
    "SELECT date '2020-01-01' + 'x'::text",
    "SELECT 1 UNION SELECT 1, 2",
    "SELECT 1 UNION SELECT 'a'",
    "SELECT CASE WHEN true THEN 1 ELSE 'x' END",
    "SELECT 1 LIMIT -1",
    "SELECT a FROM (VALUES (1)) v(a) WHERE a IN (SELECT 1, 2)",
    "SELECT 'a' ~ '('",
    "SELECT true::date",
    "SELECT * FROM nosuch",
    "SELECT * FROM nosuch.t",
    "SELECT ARRAY[1, 'a']",
    "SELECT coalesce(1, 'a')",
    "SELECT 1 = 'a'",
    "SELECT chr(-1)",
    "SELECT 5 WHERE 1",
    "SELECT 12345678901234567890::bigint",
    "SELECT 12345678901.5::int",
    "SELECT 'ab' LIKE x FROM (VALUES ('a\\')) v(x)",
    "SELECT to_date('2020-13-45', 'YYYY-MM-DD')",
    "SELECT 'infinity'::timestamp - timestamp '2020-01-01'",
    "SELECT chr(0)",
    "SELECT ('1.5' || '')::int",
    "SELECT sqrt(-1)",
    "SELECT ln(0)",
    "SELECT ln(-1.5)",
    "SELECT exp(1000::float8)",
    "SELECT 0.0 ^ -1.5",
    "SELECT (-2.0) ^ 0.5",
    "SELECT 1.5 / 0",
    "SELECT '{\"a\"'::jsonb",
]


@pytest.fixture(scope="module")
def oracle(postgres_dsn: str) -> Callable[[str], tuple[str | None, str | None]]:
    def ask(text: str) -> tuple[str | None, str | None]:
        with psycopg.connect(postgres_dsn, autocommit=True) as connection:
            try:
                connection.execute(text.encode())
            except psycopg.Error as error:
                return error.sqlstate, error.diag.message_primary
        return None, None

    return ask


@pytest.mark.parametrize("text", FAILURES)
def test_failures_read_as_postgresql_says_them(
    with_cluster: Run, oracle: Callable[[str], tuple[str | None, str | None]], text: str
) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        error: SqlError = await a.error(text)
        assert (error.sqlstate, error.message) == oracle(text)

    with_cluster(body)
