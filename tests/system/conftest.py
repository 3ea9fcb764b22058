"""PostgreSQL with schema.sql in it, and the same schema as a catalog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.services import PostgresService
from tests.system.servers import Servers
from tests.system.shop import Shop

SCHEMA = (Path(__file__).parent / "schema.sql").read_text()


@pytest.fixture(scope="session")
def postgres_shop(postgres_service: PostgresService) -> Iterator[psycopg.Connection]:
    """A connection to PostgreSQL's database `shop`."""
    with psycopg.connect(postgres_service.dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE shop")
    dsn = postgres_service.dsn.replace("dbname=postgres", "dbname=shop")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA)
        yield connection


@pytest.fixture(scope="session")
def servers(postgres_shop: psycopg.Connection) -> Iterator[Servers]:
    """Both, to ask the same of."""
    both = Servers(Shop(), postgres_shop)
    yield both
    both.duckdb.close()


@pytest.fixture(scope="session")
def shop() -> Shop:
    return Shop()
