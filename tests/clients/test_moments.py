"""Moments and snapshots as parameters: one prepared statement, executed at several moments."""

from __future__ import annotations

import asyncio
import datetime

import asyncpg
import psycopg
import pytest

from tests.clients.conftest import ATenant
from tests.clients.serving import PASSWORD

MOMENTS = 4


def _fill(connection: psycopg.Connection[tuple[object, ...]]) -> list[datetime.datetime]:
    """A table with one value at each of several moments, which are also snapshots ``s0``, ``s1``, …"""
    connection.execute("CREATE TABLE t (x int)")
    connection.execute("INSERT INTO t VALUES (-1)")
    for number in range(MOMENTS):
        connection.execute("UPDATE t SET x = %s", [number])
        connection.execute(f"CREATE SNAPSHOT s{number}")  # type: ignore[arg-type]
    rows = connection.execute("SELECT timestamp FROM mo_snapshots ORDER BY 1").fetchall()
    moments = [row[0] for row in rows]
    assert all(isinstance(moment, datetime.datetime) for moment in moments)
    return moments  # type: ignore[return-value]


def test_psycopg(tenant: ATenant) -> None:
    at = "SELECT x FROM t FOR SYSTEM_TIME AS OF %s"
    by_name = "SELECT x FROM t FOR SYSTEM_TIME AS OF SNAPSHOT %s"
    with tenant.connect() as connection:
        moments = _fill(connection)
        for binary in (False, True):
            for prepare in (None, True):
                for number, moment in enumerate(moments):
                    for text, value in ((at, moment), (at, moment.isoformat()), (by_name, f"s{number}")):
                        with connection.cursor(binary=binary) as cursor:
                            cursor.execute(text, [value], prepare=prepare)
                            assert cursor.fetchall() == [(number,)]
        past = "SELECT a.x, b.x FROM t AT (SNAPSHOT => %s) a, t {TIMESTAMP = %s} b WHERE a.x = %s"
        assert connection.execute(past, ["s1", moments[2], 1]).fetchall() == [(1, 2)]
        with pytest.raises(psycopg.errors.NullValueNotAllowed):
            connection.execute(by_name, [None])
        connection.execute("RESTORE TABLE t FROM SNAPSHOT %s", ["s2"])
        assert connection.execute("TABLE t").fetchall() == [(2,)]


def test_snapshots_are_made_and_dropped_by_parameters(tenant: ATenant) -> None:
    """What a parameter holds is a name, also when it reads as a condition."""

    def names(connection: psycopg.Connection[tuple[object, ...]]) -> list[object]:
        return [row[0] for row in connection.execute("SELECT name FROM mo_snapshots ORDER BY 1")]

    with tenant.connect() as connection:
        for name in ("t", "true", "1", "nightly", "kept"):
            connection.execute("CREATE SNAPSHOT %s", [name])
        for prepare in (False, True):
            with pytest.raises(psycopg.errors.UndefinedObject):
                connection.execute("DROP SNAPSHOT %s", ["on"], prepare=prepare)
        assert connection.execute("DROP SNAPSHOT %s", ["t"]).statusmessage == "DROP SNAPSHOT 1"
        assert connection.execute("DROP SNAPSHOT %s, %s", ["true", "1"]).statusmessage == "DROP SNAPSHOT 2"
        assert connection.execute("DROP SNAPSHOT IF EXISTS %s", ["y"]).statusmessage == "DROP SNAPSHOT 0"
        assert names(connection) == ["kept", "nightly"]
        connection.execute("DROP SNAPSHOT name = %s", ["nightly"])
        assert names(connection) == ["kept"]
        with pytest.raises(psycopg.errors.NullValueNotAllowed):
            connection.execute("DROP SNAPSHOT %s", [None])


def test_the_columns_are_the_moments(tenant: ATenant) -> None:
    """psycopg asks what a portal gives, so even ``*`` follows the moment; dropped tables are read too."""
    with tenant.connect() as connection:
        moments = _fill(connection)
        connection.execute("ALTER TABLE t ADD COLUMN y text DEFAULT 'y'")
        (now,) = connection.execute("SELECT clock_timestamp()").fetchone() or ()
        for prepare in (False, True):
            for moment, row in ((moments[0], (0,)), (now, (3, "y")), (moments[1], (1,))):
                found = connection.execute(
                    "SELECT * FROM t FOR SYSTEM_TIME AS OF %s", [moment], prepare=prepare
                )
                assert found.fetchall() == [row]
        connection.execute("DROP TABLE t")
        found = connection.execute("SELECT x FROM t FOR SYSTEM_TIME AS OF %s", [moments[0]])
        assert found.fetchall() == [(0,)]
        with pytest.raises(psycopg.errors.UndefinedTable, match="does not exist at"):
            connection.execute("SELECT x FROM t FOR SYSTEM_TIME AS OF clock_timestamp()")


def test_asyncpg(tenant: ATenant) -> None:
    with tenant.connect() as connection:
        moments = _fill(connection)

    async def body() -> None:
        server = tenant.server
        client = await asyncpg.connect(
            host=server.host, port=server.port, user=tenant.user, password=PASSWORD, database="postgres"
        )
        try:
            at = await client.prepare("SELECT x FROM t FOR SYSTEM_TIME AS OF $1")
            text = await client.prepare("SELECT x FROM t FOR SYSTEM_TIME AS OF $1::text::timestamptz")
            name = await client.prepare("SELECT x FROM t FOR SYSTEM_TIME AS OF SNAPSHOT $1")
            types = [prepared.get_parameters()[0].name for prepared in (at, text, name)]
            assert types == ["timestamptz", "text", "text"]
            for _ in range(2):
                for number, moment in enumerate(moments):
                    assert await at.fetchval(moment) == number
                    assert await text.fetchval(moment.isoformat()) == number
                    assert await name.fetchval(f"s{number}") == number
            await client.execute("DROP TABLE t")
            assert await at.fetchval(moments[1]) == 1
            assert await client.fetchval("SELECT x FROM t AT (SNAPSHOT => $1)", "s3") == 3
            drop = await client.prepare("DROP SNAPSHOT $1")
            assert [parameter.name for parameter in drop.get_parameters()] == ["text"]
            await drop.fetch("s3")
            left = "SELECT string_agg(name, ' ' ORDER BY name) FROM mo_snapshots"
            assert await client.fetchval(left) == "s0 s1 s2"
        finally:
            await client.close()

    asyncio.run(body())
