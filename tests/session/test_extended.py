"""The extended protocol's side of a session: prepare, bind, describe, run, sync."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal

import pytest

from engine.cluster import Cluster
from sql.answers import Batch, Complete, EmptyQuery, RowsBegin, Suspended
from sql.errors import SqlError
from tests.session.harness import Client, render

Run = Callable[[Callable[[Cluster], object]], None]


async def execute(client: Client, text: str, *values: object, oids: tuple[int, ...] = ()) -> list[str]:
    """Parse, Bind, Execute, Sync as a driver does."""
    session = client.session
    try:
        await session.prepare("", text, oids)
        await session.bind("", "", values)
        lines = await render(session.run("", 0), client)
        await session.sync()
    except SqlError:
        await session.sync()
        raise
    return lines


def test_parameters_and_types(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (id int PRIMARY KEY, v varchar(5), n numeric(6,2), d date, u uuid)")
        insert = "INSERT INTO t VALUES ($1, $2, $3, $4, $5) RETURNING id, id + $6 AS more"
        await a.session.prepare("ins", insert, ())
        described = await a.session.describe_statement("ins")
        assert described.parameter_oids == (23, 1043, 1700, 1082, 2950, 23)
        assert described.columns is not None
        assert [column.name for column in described.columns] == ["id", "more"]
        values = ("1", "abc", "1.5", "2024-02-29", "00000000-0000-0000-0000-000000000001", "1")
        await a.session.bind("", "ins", values)
        assert await render(a.session.run("", 0), a) == ["id | more", "1 | 2", "INSERT 0 1"]
        day = datetime.date(2024, 3, 1)
        await a.session.bind("", "ins", (2, None, Decimal("2.25"), day, None, 1))
        assert await render(a.session.run("", 0), a) == ["id | more", "2 | 3", "INSERT 0 1"]
        await a.session.sync()
        shown = await execute(a, "SELECT id, d FROM t WHERE id = $1 OR v = $2 ORDER BY id", 2, "abc")
        assert shown == ["id | d", "1 | 2024-02-29", "2 | 2024-03-01", "SELECT 2"]
        updated = await execute(a, "UPDATE t SET v = $1 WHERE id = $2 RETURNING v", "xy", 1)
        assert updated == ["v", "xy", "UPDATE 1"]
        assert await execute(a, "DELETE FROM t WHERE id = ANY($1)", [1, 2], oids=(1007,)) == ["DELETE 2"]

    with_cluster(body)


def test_describe_executes_nothing(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (id serial PRIMARY KEY, v int)")
        await a.session.prepare("s", "INSERT INTO t (v) VALUES ($1) RETURNING *", ())
        await a.session.prepare("n", "SELECT nextval('t_id_seq')", ())
        await a.session.prepare("d", "DELETE FROM t RETURNING v", ())
        await a.session.prepare("c", "CREATE SNAPSHOT x RETURNING name", ())
        for name in "sndc":
            described = await a.session.describe_statement(name)
            assert described.columns
        await a.session.sync()
        assert await a.rows("SELECT count(*) FROM t") == [("0",)]
        assert await a.rows("SELECT count(*) FROM mo_snapshots") == [("0",)]
        assert await a.value("SELECT nextval('t_id_seq')") == "1"

    with_cluster(body)


def test_errors_in_preparing(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)

        async def fails(sqlstate: str, name: str, text: str) -> None:
            with pytest.raises(SqlError) as caught:
                await a.session.prepare(name, text, ())
            assert caught.value.sqlstate == sqlstate
            await a.session.sync()

        await fails("42P01", "", "SELECT * FROM nosuch")
        await fails("42601", "", "SELECT 1; SELECT 2")
        await fails("42601", "", "SELEC")
        await a.session.prepare("p", "SELECT 1", ())
        await fails("42P05", "p", "SELECT 1")
        for missing in (
            a.session.bind("", "nosuch", ()),
            a.session.describe_statement("nosuch"),
        ):
            with pytest.raises(SqlError) as caught:
                await missing
            assert caught.value.sqlstate == "26000"
        with pytest.raises(SqlError) as caught:
            await a.session.describe_portal("nosuch")
        assert caught.value.sqlstate == "34000"
        with pytest.raises(SqlError) as caught:
            await a.session.bind("", "p", ("1",))
        assert caught.value.sqlstate == "08P01"
        await a.session.close_statement("p")
        await a.session.prepare("p", "SELECT 2", ())

    with_cluster(body)


def test_empty_statement(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.session.prepare("", " ; ", ())
        await a.session.bind("", "", ())
        assert await a.session.describe_portal("") is None
        assert [answer async for answer in a.session.run("", 0)] == [EmptyQuery()]

    with_cluster(body)


def test_portals_are_read_in_parts(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        session = a.session
        await a.lines("BEGIN")
        await session.prepare("s", "SELECT g FROM generate_series(1, 5) AS g", ())
        await session.bind("one", "s", ())
        await session.bind("two", "s", ())

        async def part(portal: str, limit: int) -> tuple[int, object]:
            answers = [answer async for answer in session.run(portal, limit)]
            rows = sum(answer.rows.num_rows for answer in answers if isinstance(answer, Batch))
            return rows, answers[-1]

        assert await part("one", 2) == (2, Suspended())
        assert await part("two", 4) == (4, Suspended())
        assert await part("one", 2) == (2, Suspended())
        assert await part("one", 2) == (1, Complete("SELECT 1"))
        assert await part("two", 0) == (1, Complete("SELECT 1"))
        with pytest.raises(SqlError) as caught:
            await part("one", 0)
        assert caught.value.sqlstate == "55000"

    with_cluster(body)


def test_portal_of_exactly_its_limit(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.session.prepare("", "SELECT 1", ())
        await a.session.bind("", "", ())
        first = [answer async for answer in a.session.run("", 1)]
        assert isinstance(first[0], RowsBegin)
        assert first[-1] == Suspended()
        assert [answer async for answer in a.session.run("", 1)] == [Complete("SELECT 0")]

    with_cluster(body)


def test_portals_end_with_their_transaction(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.session.prepare("s", "SELECT 1", ())
        await a.session.bind("p", "s", ())
        await a.session.sync()
        with pytest.raises(SqlError) as caught:
            await a.session.describe_portal("p")
        assert caught.value.sqlstate == "34000"

    with_cluster(body)


def test_implicit_transaction_lasts_until_sync(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a, b = await Client.connect(cluster), await Client.connect(cluster)
        await a.lines("CREATE TABLE t (id int PRIMARY KEY)")
        await a.session.prepare("s", "INSERT INTO t VALUES ($1)", ())
        for value in (1, 2):
            await a.session.bind("", "s", (value,))
            await render(a.session.run("", 0), a)
        assert a.session.transaction_status == "I"
        assert await b.rows("SELECT count(*) FROM t") == [("0",)]
        await a.session.sync()
        assert await b.rows("SELECT count(*) FROM t") == [("2",)]
        await a.session.bind("", "s", (3,))
        await render(a.session.run("", 0), a)
        await a.session.bind("", "s", (1,))
        with pytest.raises(SqlError):
            await render(a.session.run("", 0), a)
        await a.session.sync()
        assert await b.rows("SELECT count(*) FROM t") == [("2",)]

    with_cluster(body)


def test_pipeline_refuses_what_commits_by_itself(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        assert await execute(a, "CREATE DATABASE one") == ["CREATE DATABASE"]
        await a.session.prepare("", "SELECT 1", ())
        await a.session.bind("", "", ())
        await render(a.session.run("", 0), a)
        await a.session.prepare("", "CREATE DATABASE two", ())
        await a.session.bind("", "", ())
        with pytest.raises(SqlError) as caught:
            await render(a.session.run("", 0), a)
        assert caught.value.sqlstate == "25001"
        await a.session.sync()

    with_cluster(body)


def test_prepared_statements_outlive_changes(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (id int PRIMARY KEY, v int)")
        await a.lines("CREATE SNAPSHOT s")
        await a.session.prepare("i", "INSERT INTO t (id, v) VALUES ($1, $2)", ())
        await a.session.prepare("q", "SELECT count(v) FROM t", ())
        await a.session.sync()

        async def insert(id: int) -> None:
            await a.session.bind("", "i", (id, 1))
            await render(a.session.run("", 0), a)
            await a.session.sync()

        async def count() -> str:
            await a.session.bind("", "q", ())
            lines = await render(a.session.run("", 0), a)
            await a.session.sync()
            return lines[1]

        await insert(1)
        await a.lines("ALTER TABLE t ADD COLUMN w int DEFAULT 5")
        await insert(2)
        await a.lines("TRUNCATE t")
        assert await count() == "0"
        await insert(3)
        await a.lines("RESTORE TENANT FROM SNAPSHOT s")
        assert await count() == "0"
        await insert(4)
        assert await count() == "1"

    with_cluster(body)


def test_sql_prepare(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        assert await a.lines("PREPARE p (int, text) AS SELECT $1 + 1 AS n, $2 AS t") == ["PREPARE"]
        assert await a.lines("EXECUTE p (1, 'x')") == ["n | t", "2 | x", "SELECT 1"]
        assert (await a.error("EXECUTE p (1)")).sqlstate == "42601"
        assert (await a.error("EXECUTE nosuch")).sqlstate == "26000"
        assert (await a.error("PREPARE p AS SELECT 1")).sqlstate == "42P05"
        assert await a.lines("DEALLOCATE p") == ["DEALLOCATE"]
        assert (await a.error("DEALLOCATE p")).sqlstate == "26000"
        assert await a.lines("DEALLOCATE ALL") == ["DEALLOCATE ALL"]

    with_cluster(body)


def test_failed_block_refuses_until_its_end(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("BEGIN")
        await a.error("SELECT 1 / 0")
        assert a.session.transaction_status == "E"
        with pytest.raises(SqlError) as caught:
            await a.session.prepare("", "SELECT 1", ())
        assert caught.value.sqlstate == "25P02"
        await a.session.sync()
        assert a.session.transaction_status == "E"
        assert await execute(a, "ROLLBACK") == ["ROLLBACK"]
        assert a.session.transaction_status == "I"

    with_cluster(body)


def test_a_changed_result_is_refused(with_cluster: Run) -> None:
    """The client goes by the columns it was told; other ones would break its reading of the wire."""

    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (id int)")
        await a.session.prepare("q", "SELECT * FROM t", ())
        await a.session.sync()
        await a.lines("ALTER TABLE t ADD COLUMN v text")
        await a.session.bind("", "q", ())
        with pytest.raises(SqlError) as caught:
            await render(a.session.run("", 0), a)
        assert caught.value.sqlstate == "0A000"
        assert caught.value.message == "cached plan must not change result type"
        await a.session.sync()

    with_cluster(body)
