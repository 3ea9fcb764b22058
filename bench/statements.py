"""What both servers do with ordinary statements: COPY in, a scan, rows out, small statements."""

from __future__ import annotations

from dataclasses import dataclass

import psycopg

from bench import data
from bench.measure import Times, repeat, say

SCAN = "SELECT count(*), sum(quantity), avg(price), max(at) FROM big WHERE quantity < 9000"
GROUPED = "SELECT name, count(*), sum(price) FROM big GROUP BY name ORDER BY 2 DESC, 1 LIMIT 10"


@dataclass
class Statements:
    """Times of one server; `rows` are in the table that was copied, scanned and sent."""

    rows: int
    copy_in: Times
    scan: Times
    grouped: Times
    rows_out: Times
    insert: Times
    select: Times


def measure(dsn: str, rows: int, small: int) -> Statements:
    """`rows` in the big table; `small` single-row statements."""
    csv = data.rows_as_csv(rows)
    with psycopg.connect(dsn, autocommit=True) as connection:
        say(f"COPY of {rows:,} rows")
        data.create(connection, "big")
        copy_in = repeat(1, lambda: data.copy_in(connection, "big", csv))
        _settle(connection)
        say("scans")
        scan = _warm(connection, SCAN, 7)
        grouped = _warm(connection, GROUPED, 5)
        say(f"{rows:,} rows out")
        rows_out = _warm(connection, "SELECT * FROM big", 3)
        say(f"{small:,} single-row INSERTs and SELECTs")
        data.create(connection, "little")
        return Statements(
            rows,
            copy_in,
            scan,
            grouped,
            rows_out,
            _insert(connection, small),
            _select(connection, small, rows),
        )


def _settle(connection: psycopg.Connection) -> None:
    """Leave no work of the load to what is measured next."""
    connection.execute("CHECKPOINT")
    if "PostgreSQL" in str(_one(connection, "SELECT version()")) and connection.info.user == "postgres":
        connection.execute("VACUUM ANALYZE big")


def _one(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def _warm(connection: psycopg.Connection, query: str, count: int) -> Times:
    """The server's work and libpq's, once warm; psycopg turns no value into an object until it is asked."""
    connection.execute(query)
    return repeat(count, lambda: connection.execute(query))


def _insert(connection: psycopg.Connection, count: int) -> Times:
    numbers = iter(range(1, count + 1))
    statement = "INSERT INTO little VALUES (%s, 1, 2.5, 'a name', '2024-01-01')"
    return repeat(count, lambda: connection.execute(statement, [next(numbers)], prepare=True))


def _select(connection: psycopg.Connection, count: int, rows: int) -> Times:
    keys = iter(1 + (position * 7919) % rows for position in range(count))
    statement = "SELECT * FROM big WHERE id = %s"
    return repeat(count, lambda: connection.execute(statement, [next(keys)], prepare=True).fetchone())
