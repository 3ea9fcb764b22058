"""A connection to the PostgreSQL that serves as the oracle, and a DuckDB."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import psycopg
import pytest


@pytest.fixture(scope="session")
def oracle_connection(postgres_dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_dsn, autocommit=True, prepare_threshold=None) as connection:
        yield connection


@pytest.fixture
def oracle(oracle_connection: psycopg.Connection) -> psycopg.Connection:
    """PostgreSQL, its settings as they are by default with TimeZone UTC."""
    oracle_connection.execute("RESET ALL; SET timezone = 'UTC'")
    return oracle_connection


@pytest.fixture
def duck() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
