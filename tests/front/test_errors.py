"""What is wrong is told as PostgreSQL tells it: SQLSTATE, message and place.

`_OTHER` are the few where we say something else, with what we say.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from sql.errors import SqlError
from sql.parse import parse
from tests.front.world import planned, postgres_ddl

_STATEMENTS = [
    line.removesuffix(";")
    for line in (Path(__file__).parent / "errors.sql").read_text().splitlines()
    if line.strip()
]
_OTHER: dict[str, str] = {}


@pytest.fixture(scope="module")
def postgres(postgres_dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS front_errors CASCADE")
        connection.execute("CREATE SCHEMA front_errors")
        connection.execute("SET search_path = front_errors")
        for statement in postgres_ddl():
            connection.execute(statement.replace("public.", "front_errors."))  # type: ignore[arg-type]
        yield connection


@pytest.mark.parametrize("text", _STATEMENTS)
def test_same_error(text: str, postgres: psycopg.Connection) -> None:
    with pytest.raises(psycopg.Error) as theirs:
        postgres.execute(text)  # type: ignore[arg-type]
    with pytest.raises(SqlError) as ours:
        _run(text)
    diagnostic = theirs.value.diag
    error = ours.value
    if text in _OTHER:
        assert f"{error.sqlstate} {error.message}" == _OTHER[text]
        return
    assert (error.sqlstate, error.message) == (diagnostic.sqlstate, diagnostic.message_primary)
    if diagnostic.statement_position is not None and error.position is not None:
        assert error.position == int(diagnostic.statement_position)


def _run(text: str) -> None:
    parse(text)
    planned(text)
