"""An error's fields are PostgreSQL's, one by one: programs read them instead of the message."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from tests.clients.conftest import ATenant

SETUP = """
SET TimeZone = 'Europe/Berlin';
CREATE SCHEMA shop;
CREATE TABLE shop.things (id int PRIMARY KEY, at timestamptz NOT NULL DEFAULT '2024-01-01 12:00+00',
    doc jsonb DEFAULT '{"i":1}', code char(4) DEFAULT 'ab', raw bytea DEFAULT '\\x01',
    tags text[] DEFAULT '{a,"b c"}', took interval DEFAULT '1 day 2 hours', ratio float8 DEFAULT 1.5,
    ok bool DEFAULT true, price numeric(6,2) DEFAULT 1, big numeric DEFAULT 2.5 - 1,
    words text DEFAULT repeat('äb', 50), small smallint, day date DEFAULT '2024-02-29',
    CONSTRAINT few CHECK (id < 100), UNIQUE (at, ok), CONSTRAINT by_doc UNIQUE (small, code));
INSERT INTO shop.things (id, small) VALUES (1, 1);
CREATE TABLE plain (a int, b text);
INSERT INTO plain VALUES (1, 'x'), (1, NULL);
"""
STATEMENTS = [
    "INSERT INTO shop.things (id) VALUES (1)",
    "INSERT INTO shop.things (id, at) VALUES (2, '2024-01-01 12:00+00')",
    "INSERT INTO shop.things (id, at, small, code) SELECT 2, '2025-01-01 12:00+00', 1, 'ab'",
    "INSERT INTO shop.things (id, at) SELECT 2, '2025-01-01 00:00+00'::timestamptz + i * interval '1 day'"
    " FROM generate_series(1, 20) AS g(i)",
    "INSERT INTO shop.things (id, at) VALUES (2, NULL)",
    "INSERT INTO shop.things (id) VALUES (100)",
    "UPDATE shop.things SET at = NULL",
    'UPDATE shop.things SET id = 100, doc = \'[1, {"b": 2.0, "aa": null}]\'',
    "INSERT INTO shop.things VALUES ('x')",
    "SELECT '2024-13-01'::date",
    "INSERT INTO shop.things (id, price) VALUES (2, 1e9)",
    "ALTER TABLE plain ALTER COLUMN b SET NOT NULL",
    "ALTER TABLE plain ADD PRIMARY KEY (a)",
    "ALTER TABLE plain ADD CONSTRAINT none CHECK (a > 1)",
    "ALTER TABLE plain ADD COLUMN c int NOT NULL",
    "SELECT * FROM missing",
    "SELECT missing FROM plain",
]
FIELDS = (
    "sqlstate",
    "message_primary",
    "message_detail",
    "schema_name",
    "table_name",
    "column_name",
    "datatype_name",
    "constraint_name",
)


@pytest.fixture(scope="module")
def oracle(postgres_dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE diagnostics")
    dsn = psycopg.conninfo.make_conninfo(postgres_dsn, dbname="diagnostics")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SETUP)
        yield connection
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("DROP DATABASE diagnostics")


def told(connection: psycopg.Connection, text: str) -> dict[str, str | None]:
    with pytest.raises(psycopg.Error) as caught:
        connection.execute(text)  # type: ignore[arg-type]
    return {name: getattr(caught.value.diag, name) for name in FIELDS}


def test_the_same_fields(tenant: ATenant, oracle: psycopg.Connection) -> None:
    with tenant.connect() as connection:
        connection.execute(SETUP)
        for text in STATEMENTS:
            assert told(connection, text) == told(oracle, text), text


def test_also_at_once_in_a_block_and_from_a_copy(tenant: ATenant, oracle: psycopg.Connection) -> None:
    with tenant.connect() as connection:
        connection.execute(SETUP)
        for system in (connection, oracle):
            with (
                pytest.raises(psycopg.errors.UniqueViolation) as caught,
                system.transaction(),
                system.cursor().copy("COPY shop.things (id) FROM STDIN") as copy,
            ):
                copy.write("1\n")
            assert caught.value.diag.constraint_name == "things_pkey"
            assert (caught.value.diag.message_detail or "") == "Key (id)=(1) already exists."
