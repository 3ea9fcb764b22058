"""Snapshots and restores of 20 tables: RewindDB's statements beside pg_dump and pg_restore.

PostgreSQL's way back is a dump taken before and restored into a new database; taking a base backup and
rolling a whole server back would be another way, but not of one database, and not online.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench import data
from bench.measure import Times, repeat, say
from tests.services import PostgresService

TABLES = 20
JOBS = 2
QUESTION = "SELECT count(*), sum(quantity), max(at) FROM t1"


@dataclass
class Restores:
    """Times of one server at one size; `question` is one query before, `first` the same right after."""

    rows: int
    snapshot: Times
    restore: Times
    question: Times
    first: Times


def rewinddb(dsn: str, rows: int, snapshots: int, restores: int) -> Restores:
    """Load, take snapshots, then damage and restore again and again, each with the first query after it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        _load(connection, rows)
        connection.execute("CHECKPOINT")
        say(f"{snapshots} snapshots")
        names = iter(range(snapshots))
        snapshot = repeat(snapshots, lambda: connection.execute(f"CREATE SNAPSHOT s{next(names)}"))
        connection.execute("CREATE SNAPSHOT good")
        connection.execute(QUESTION)
        question = repeat(5, lambda: connection.execute(QUESTION))
        restore, first = Times(), Times()
        for number in range(restores):
            say(f"damage and restore {number + 1} of {restores}")
            _damage(connection)
            with restore.once():
                connection.execute("RESTORE TENANT FROM SNAPSHOT good")
            with first.once():
                connection.execute(QUESTION)
        _check(connection, rows)
        _drop(connection)
        connection.execute("DROP SNAPSHOT true")
        return Restores(rows, snapshot, restore, question, first)


def postgresql(service: PostgresService, rows: int, restores: int) -> Restores:
    """The same with a dump in the directory format and parallel jobs, into a fresh database each time."""
    dump = service.folder / "dump"
    with psycopg.connect(service.dsn, autocommit=True) as connection:
        connection.execute("CREATE DATABASE tenant")
    dsn = service.dsn.replace("dbname=postgres", "dbname=tenant")
    with psycopg.connect(dsn, autocommit=True) as connection:
        _load(connection, rows)
        connection.execute("VACUUM ANALYZE")
        connection.execute("CHECKPOINT")
        say("pg_dump")
        snapshot = repeat(1, lambda: _run(service, "pg_dump", "-Fd", f"-j{JOBS}", "-f", dump, "tenant"))
        connection.execute(QUESTION)
        question = repeat(5, lambda: connection.execute(QUESTION))
        _damage(connection)
    restore, first = Times(), Times()
    for number in range(restores):
        say(f"pg_restore {number + 1} of {restores}")
        with restore.once():
            _run(service, "dropdb", "--force", "tenant")
            _run(service, "createdb", "tenant")
            _run(service, "pg_restore", f"-j{JOBS}", "-d", "tenant", dump)
        with psycopg.connect(dsn, autocommit=True) as connection:
            with first.once():
                connection.execute(QUESTION)
            _check(connection, rows)
    _run(service, "dropdb", "--force", "tenant")
    shutil.rmtree(dump)
    return Restores(rows, snapshot, restore, question, first)


def _load(connection: psycopg.Connection, rows: int) -> None:
    say(f"load of {TABLES} tables with {rows:,} rows")
    csv = data.rows_as_csv(rows // TABLES)
    for number in range(1, TABLES + 1):
        data.create(connection, f"t{number}")
        data.copy_in(connection, f"t{number}", csv)


def _damage(connection: psycopg.Connection) -> None:
    """A mixed accident: rows changed and gone, a table gone, a column added."""
    connection.execute("UPDATE t1 SET quantity = 0 WHERE id % 10 = 0")
    connection.execute("DELETE FROM t2 WHERE id % 10 = 0")
    connection.execute("DROP TABLE t3")
    connection.execute("ALTER TABLE t4 ADD COLUMN extra text")


def _check(connection: psycopg.Connection, rows: int) -> None:
    """A measurement of a wrong restore would be worth nothing."""
    for number in range(1, TABLES + 1):
        found = connection.execute(f"SELECT count(*), max(quantity) > 0 FROM t{number}").fetchone()
        assert found == (rows // TABLES, True), f"t{number} came back as {found}"


def _drop(connection: psycopg.Connection) -> None:
    for number in range(1, TABLES + 1):
        connection.execute(f"DROP TABLE t{number}")


def _run(service: PostgresService, program: str, *arguments: str | Path) -> None:
    where = ["-h", service.host, "-p", str(service.port), "-U", "postgres"]
    subprocess.run([service.programs / program, *where, *arguments], check=True, capture_output=True)
