"""Sessions: settings, cancelling, COPY, and what happens when the server breaks off."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pyarrow as pa
import pytest

from engine.cluster import Cluster
from sql.answers import Batch, CopyIn, RowsBegin
from sql.errors import SqlError
from sql.principal import Principal
from sql.session import open_session
from tests.session.harness import TENANT, Client, render

Run = Callable[[Callable[[Cluster], object]], None]


def test_startup(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        options = {"application_name": "psql", "TimeZone": "Europe/Berlin", "statement_timeout": "5000"}
        a = await Client.connect(cluster, options=options)
        told = a.session.reported_parameters()
        assert told["application_name"] == "psql"
        assert told["TimeZone"] == "Europe/Berlin"
        assert told["server_version"] == "15.0"
        assert told["session_authorization"] == "admin"
        assert set(told) >= {
            "server_encoding",
            "client_encoding",
            "DateStyle",
            "IntervalStyle",
            "integer_datetimes",
            "standard_conforming_strings",
            "is_superuser",
            "in_hot_standby",
            "default_transaction_read_only",
        }
        assert await a.value("SHOW statement_timeout") == "5s"
        await a.lines("SET statement_timeout = 0")
        await a.lines("RESET ALL")
        assert await a.value("SHOW statement_timeout") == "5s"
        principal = Principal(TENANT, "admin", admin=True)
        for database, options, sqlstate in (
            ("nosuch", {}, "3D000"),
            ("postgres", {"nosuch": "1"}, "42704"),
            ("postgres", {"TimeZone": "Nowhere"}, "22023"),
        ):
            with pytest.raises(SqlError) as caught:
                await open_session(cluster, principal, database, options)
            assert caught.value.sqlstate == sqlstate

    with_cluster(body)


def test_settings_follow_the_transaction(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("BEGIN")
        await a.lines("SET application_name = 'inside'")
        assert a.settings["application_name"] == "inside"
        await a.lines("ROLLBACK")
        assert a.settings["application_name"] == ""
        await a.lines("BEGIN")
        await a.lines("SET LOCAL TimeZone = 'Asia/Tokyo'")
        assert a.settings["TimeZone"] == "Asia/Tokyo"
        assert await a.value("SELECT TIMESTAMPTZ '2024-01-01 00:00:00+00'") == "2024-01-01 09:00:00+09"
        await a.lines("COMMIT")
        assert a.settings["TimeZone"] == "UTC"
        await a.lines("BEGIN")
        await a.lines("SET search_path = a")
        await a.lines("SAVEPOINT s")
        await a.lines('SET search_path = b, "C d"')
        assert await a.value("SHOW search_path") == 'b, "C d"'
        await a.lines("ROLLBACK TO s")
        assert await a.value("SHOW search_path") == "a"
        await a.lines("COMMIT")
        assert await a.value("SHOW search_path") == "a"
        assert await a.lines("SET LOCAL search_path = x") == [
            "WARNING: SET LOCAL can only be used in transaction blocks",
            "SET",
        ]
        assert await a.value("SHOW search_path") == "a"
        assert await a.value("SELECT set_config('application_' || 'name', (6 * 7)::text, false)") == "42"
        assert await a.value("SELECT set_config('application_name', 'app', false)") == "app"
        assert await a.value("SELECT current_setting('application_name')") == "app"
        await a.lines("DISCARD ALL")
        assert await a.value("SHOW application_name") == ""

    with_cluster(body)


@pytest.mark.parametrize(
    ("written", "shown"),
    [("1500", "1500ms"), ("'2s'", "2s"), ("'1min'", "1min"), ("60000", "1min"), ("'0'", "0"), ("'1d'", "1d")],
)
def test_durations(with_cluster: Run, written: str, shown: str) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines(f"SET lock_timeout = {written}")
        assert await a.value("SHOW lock_timeout") == shown

    with_cluster(body)


def test_notices_below_the_wanted_level_are_not_sent(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        assert len(await a.lines("DROP TABLE IF EXISTS t")) == 2
        await a.lines("SET client_min_messages = warning")
        assert await a.lines("DROP TABLE IF EXISTS t") == ["DROP TABLE"]
        assert len(await a.lines("COMMIT")) == 2
        await a.lines("SET client_min_messages = error")
        assert await a.lines("COMMIT") == ["COMMIT"]

    with_cluster(body)


def test_cancel_a_query(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        query = (
            "SELECT count(*) FROM generate_series(1, 200000) a, generate_series(1, 200000) b WHERE a + b = 7"
        )
        task = asyncio.ensure_future(a.error(query))
        await asyncio.sleep(0.3)
        a.session.cancel()
        error = await asyncio.wait_for(task, 20)
        assert (error.sqlstate, error.message) == ("57014", "canceling statement due to user request")
        a.session.cancel()
        assert await a.value("SELECT 1") == "1"
        await a.lines("SET statement_timeout = '200ms'")
        error = await asyncio.wait_for(a.error(query), 20)
        assert (error.sqlstate, error.message) == ("57014", "canceling statement due to statement timeout")
        assert await a.value("SELECT 1") == "1"

    with_cluster(body)


def test_cancel_a_lock_wait(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a, b = await Client.connect(cluster), await Client.connect(cluster)
        await a.lines("CREATE TABLE t (id int PRIMARY KEY)")
        await a.lines("INSERT INTO t VALUES (1)")
        await a.lines("BEGIN")
        await a.lines("DELETE FROM t")
        await b.lines("BEGIN")
        task = asyncio.ensure_future(b.error("DELETE FROM t"))
        await asyncio.sleep(0.2)
        b.session.cancel()
        assert (await asyncio.wait_for(task, 20)).sqlstate == "57014"
        assert b.session.transaction_status == "E"
        await b.lines("ROLLBACK")
        await a.lines("COMMIT")
        assert await b.rows("SELECT count(*) FROM t") == [("0",)]

    with_cluster(body)


def test_a_broken_off_result_frees_everything(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a, b = await Client.connect(cluster), await Client.connect(cluster)
        await a.lines("CREATE TABLE t AS SELECT g FROM generate_series(1, 300000) AS g")
        answers = a.session.simple("SELECT * FROM t")
        async for answer in answers:
            if isinstance(answer, Batch):
                break
        await answers.aclose()
        await a.session.failed()
        assert a.session.transaction_status == "I"
        assert await a.value("SELECT 1") == "1"
        await b.lines("DROP TABLE t")
        await a.session.close()

    with_cluster(body)


def test_server_side_failure_aborts_the_block(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (a int)")
        await a.lines("BEGIN")
        await a.lines("INSERT INTO t VALUES (1)")
        await a.session.failed()
        assert a.session.transaction_status == "E"
        await a.lines("ROLLBACK")
        assert await a.rows("SELECT count(*) FROM t") == [("0",)]

    with_cluster(body)


# --- COPY -------------------------------------------------------------------------------------------


async def copy(
    client: Client, text: str, columns: list[list[str | None]], failure: str | None = None
) -> list[str]:
    lines: list[str] = []
    async for answer in client.session.simple(text):
        if isinstance(answer, CopyIn):
            arrays = [pa.array(values, pa.string()) for values in columns]
            names = [column.name for column in answer.columns]
            await client.session.copy_data(pa.RecordBatch.from_arrays(arrays, names=names))
            await client.session.copy_end(failure)
        else:
            lines.append(str(answer))
    return lines


def test_copy_errors(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (id int PRIMARY KEY, v varchar(3), n int DEFAULT 7 CHECK (n > 0))")
        command = "COPY t (id, v) FROM STDIN"

        async def fails(columns: list[list[str | None]], failure: str | None = None) -> SqlError:
            with pytest.raises(SqlError) as caught:
                await copy(a, command, columns, failure)
            await a.session.failed()
            assert a.session.transaction_status == "I"
            assert await a.rows("SELECT count(*) FROM t") == [("0",)]
            return caught.value

        error = await fails([["1", "2", "x3"], ["a", "b", "c"]])
        assert error.sqlstate == "22P02"
        assert error.detail == 'COPY t, line 3, column id: "x3"'
        error = await fails([["1", "2"], ["a", "toolong"]])
        assert error.sqlstate == "22001"
        assert error.detail == 'COPY t, line 2, column v: "toolong"'
        assert (await fails([["1", "1"], ["a", "b"]])).sqlstate == "23505"
        assert (await fails([["1", None], ["a", "b"]])).sqlstate == "23502"
        error = await fails([["1"], ["a"]], "the client had enough")
        assert (error.sqlstate, error.message) == ("57014", "COPY from stdin failed: the client had enough")
        assert await copy(a, command, [["1", "2"], ["a", None]]) == ["Complete(tag='COPY 2')"]
        assert await a.rows("SELECT * FROM t ORDER BY id") == [("1", "a", "7"), ("2", None, "7")]

    with_cluster(body)


def test_copy_out_in_extended_query(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.session.prepare("", "COPY (SELECT 1, NULL::text) TO STDOUT", ())
        await a.session.bind("", "", ())
        assert await a.session.describe_portal("") is None
        assert await render(a.session.run("", 0), a) == ["1 | ∅", "COPY 1"]
        await a.session.sync()

    with_cluster(body)


def test_rows_come_in_batches(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        begun = batches = 0
        async for answer in a.session.simple("SELECT g FROM generate_series(1, 200000) AS g"):
            begun += isinstance(answer, RowsBegin)
            batches += isinstance(answer, Batch)
        assert begun == 1
        assert batches > 1

    with_cluster(body)
