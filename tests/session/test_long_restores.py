"""Restores that take long: what is told of them, and what stops them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from engine.clock import SystemClock
from engine.cluster import Cluster
from engine.stores.faulty import FaultyStore
from engine.stores.memory import MemoryStore
from sql import restoring
from sql.answers import Notice
from sql.errors import SqlError
from tests.session.harness import TENANT, Client, running_cluster

ROWS = "(0, 0), (1, 1)"
Body = Callable[[FaultyStore, Cluster, Client, Client], Awaitable[None]]


def on_a_store(body: Body) -> None:
    """Two sessions, and a table `t` of which the snapshot `s` holds one row and a part of an object."""

    async def run() -> None:
        store = FaultyStore(MemoryStore(), SystemClock())
        async with running_cluster(store=store) as cluster:
            a, b = await Client.connect(cluster), await Client.connect(cluster)
            await a.lines("CREATE TABLE t (id int PRIMARY KEY, v int CHECK (v >= 0))")
            await a.lines(f"INSERT INTO t VALUES {ROWS}")
            ts = await a.value("SELECT clock_timestamp()")
            await a.lines("UPDATE t SET v = v + 10")
            await a.lines("CHECKPOINT")
            await a.lines(f"CREATE SNAPSHOT s AS OF '{ts}'")
            await body(store, cluster, a, b)

    asyncio.run(run())


PARTS = ["TENANT", "DATABASE postgres", "SCHEMA public", "TABLE t"]


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("method", ["PHYSICAL", "LOGICAL"])
def test_a_cancel_request_stops_it_with_nothing_changed(part: str, method: str) -> None:
    async def body(store: FaultyStore, cluster: Cluster, a: Client, b: Client) -> None:
        before = await a.rows("SELECT * FROM t")
        store.inject("held", key="/objects/")
        restore = asyncio.ensure_future(a.lines(f"RESTORE {part} FROM SNAPSHOT s USING {method}"))
        await asyncio.wait_for(store.holding.wait(), 30)
        a.session.cancel()
        with pytest.raises(SqlError) as caught:
            await restore
        assert caught.value.sqlstate == "57014"
        store.heal()
        for client in (a, b):
            assert await client.rows("SELECT * FROM t") == before
        assert await a.value("SELECT count(*) FROM mo_restores") == "0"
        await b.lines("INSERT INTO t VALUES (7, 7)")
        tenant = await cluster.tenant(TENANT)
        await tenant.collect()
        assert not tenant.objects.in_flight
        await a.lines(f"RESTORE {part} FROM SNAPSHOT s USING {method}")
        assert await b.rows("SELECT * FROM t ORDER BY id") == [("0", "0"), ("1", "1")]

    on_a_store(body)


@pytest.mark.parametrize("part", ["TENANT", "TABLE t"])
def test_once_it_commits_nothing_stops_it(part: str) -> None:
    """Whoever hears 57014 can rely on it: a request that comes too late is not heard."""

    async def body(store: FaultyStore, cluster: Cluster, a: Client, b: Client) -> None:
        store.inject("held", key="/wal/")
        restore = asyncio.ensure_future(a.lines(f"RESTORE {part} FROM SNAPSHOT s"))
        await asyncio.wait_for(store.holding.wait(), 30)
        a.session.cancel()
        await asyncio.sleep(0.01)
        store.heal()
        assert (await restore)[-1] == "RESTORE"
        assert await b.rows("SELECT * FROM t ORDER BY id") == [("0", "0"), ("1", "1")]

    on_a_store(body)


@pytest.mark.parametrize("part", ["TENANT", "TABLE t"])
@pytest.mark.parametrize("method", ["physical", "logical"])
def test_it_says_how_far_it_has_come(monkeypatch: pytest.MonkeyPatch, part: str, method: str) -> None:
    monkeypatch.setattr(restoring, "NOTICE_SECONDS", 0.01)

    async def body(store: FaultyStore, cluster: Cluster, a: Client, b: Client) -> None:
        store.inject("held", key="/objects/")
        restore = asyncio.ensure_future(a.lines(f"RESTORE {part} FROM SNAPSHOT s USING {method}"))
        await asyncio.wait_for(store.holding.wait(), 30)
        columns = "id, state, level, objects, commit_ts, method, role, tables, tables_done"
        names = None if part == "TENANT" else "{postgres.public.t}"
        level = part.split()[0].lower()
        row = (None, "writing", level, names, None, method, "admin", "1", "0")
        assert await b.rows(f"SELECT {columns} FROM mo_restores") == [row]
        await asyncio.sleep(0.1)
        store.heal()
        said = await restore
        assert "NOTICE: restoring: 0 of 1 tables are ready, 0 rows (0 bytes) written" in said
        assert said[-1] == "RESTORE"
        [done] = await b.rows(f"SELECT {columns}, rows, objects_rewritten FROM mo_restores")
        assert done[1:4] == ("done", level, names)
        assert done[5:9] == (method, "admin", "1", "1")
        assert done[9] == "2"

    on_a_store(body)


def test_it_waits_for_other_upkeep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(restoring, "NOTICE_SECONDS", 0.01)

    async def body(store: FaultyStore, cluster: Cluster, a: Client, b: Client) -> None:
        await a.lines("INSERT INTO t VALUES (3, 3)")
        store.inject("held", key="/objects/")
        flush = asyncio.ensure_future(b.lines("CHECKPOINT"))
        await asyncio.wait_for(store.holding.wait(), 30)
        restore = asyncio.ensure_future(a.lines("RESTORE TENANT FROM SNAPSHOT s"))
        await asyncio.sleep(0.1)
        store.heal()
        await flush
        assert "NOTICE: restoring: waiting for other upkeep of the tenant to end" in await restore
        assert await b.rows("SELECT id FROM t ORDER BY id") == [("0",), ("1",)]

    on_a_store(body)


@pytest.mark.parametrize(
    ("part", "held", "awaited"),
    [
        ("TABLE t", "INSERT INTO t VALUES (3, 3)", "uses table public.t"),
        ("SCHEMA public", "UPDATE t SET v = 5", "uses table public.t"),
        ("DATABASE postgres", "CREATE TABLE u (x int)", "uses schema public"),
        ("TABLE t", "ALTER TABLE t RENAME TO u", 'creates, drops or renames "t"'),
    ],
)
def test_it_waits_for_an_open_transaction(
    monkeypatch: pytest.MonkeyPatch, part: str, held: str, awaited: str
) -> None:
    """It says for which, and is shown as waiting meanwhile."""
    monkeypatch.setattr(restoring, "NOTICE_SECONDS", 0.01)

    async def body(store: FaultyStore, cluster: Cluster, a: Client, b: Client) -> None:
        await b.lines("BEGIN")
        await b.lines(held)
        said = asyncio.Event()
        told = f"restoring: waiting for an open transaction that {awaited}"

        async def restore() -> None:
            async for answer in a.session.simple(f"RESTORE {part} FROM SNAPSHOT s"):
                if isinstance(answer, Notice) and answer.message == told:
                    said.set()

        running = asyncio.ensure_future(restore())
        await asyncio.wait_for(said.wait(), 30)
        assert await b.rows("SELECT state, level, role FROM mo_restores") == [
            ("waiting", part.split()[0].lower(), "admin")
        ]
        await b.lines("ROLLBACK")
        await running
        assert await b.rows("SELECT state FROM mo_restores") == [("done",)]

    on_a_store(body)


def test_checks_are_checked_again(
    with_cluster: Callable[[Callable[[Cluster], Awaitable[None]]], None],
) -> None:
    """A check that asks for the time may hold no more: a logical restore says so, a physical one does not
    ask."""

    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE fine (x int CHECK (x > 0), y int, CONSTRAINT sum CHECK (x + y < 10))")
        await a.lines("INSERT INTO fine VALUES (1, 2), (2, NULL)")
        await a.lines("CREATE TABLE t (id int, ends timestamptz CHECK (ends > clock_timestamp()))")
        await a.lines("INSERT INTO t VALUES (1, 'infinity'), (2, clock_timestamp() + interval '0.2 seconds')")
        await a.lines("CREATE SNAPSHOT s")
        await a.lines("DROP TABLE t")
        await a.lines("RESTORE TABLE fine FROM SNAPSHOT s USING LOGICAL")
        await asyncio.sleep(0.3)
        for part in ("TENANT", "SCHEMA public", "TABLE fine, t"):
            error = await a.error(f"RESTORE {part} FROM SNAPSHOT s USING LOGICAL")
            assert error.sqlstate == "23514"
            assert error.message == 'new row for relation "t" violates check constraint "t_ends_check"'
            assert (error.detail or "").startswith("Failing row contains (2, ")
        await a.lines("RESTORE TABLE t FROM SNAPSHOT s")
        assert await a.value("SELECT count(*) FROM t") == "2"
        s = await Client.connect(cluster, tenant="sys")
        error = await s.error(f"RESTORE TENANT {TENANT} FROM SNAPSHOT s USING LOGICAL")
        assert error.sqlstate == "23514"
        await s.lines(f"RESTORE TENANT {TENANT} FROM SNAPSHOT s")

    with_cluster(body)


def test_what_is_written_while_it_is_prepared_counts_as_changed() -> None:
    async def body(store: FaultyStore, cluster: Cluster, a: Client, b: Client) -> None:
        await a.lines("CREATE TABLE u (x int)")
        await a.lines("CHECKPOINT")
        late = await a.value("SELECT clock_timestamp()")
        await a.lines("UPDATE t SET v = 99")
        await a.lines("CHECKPOINT")
        store.inject("held", key="/objects/")
        await a.lines("INSERT INTO t VALUES (50, 50)")
        restore = asyncio.ensure_future(a.rows(f"RESTORE TENANT TO TIMESTAMP '{late}' USING LOGICAL"))
        await asyncio.wait_for(store.holding.wait(), 30)
        await b.lines("INSERT INTO u VALUES (1)")
        store.heal()
        store.release()
        assert {row[2]: row[3] for row in await restore} == {"t": "restored", "u": "restored"}
        assert await a.value("SELECT count(*) FROM u") == "0"

    on_a_store(body)


@pytest.mark.parametrize("part", PARTS)
def test_a_rehearsal_disturbs_nobody_and_leaves_nothing(part: str) -> None:
    async def body(store: FaultyStore, cluster: Cluster, a: Client, b: Client) -> None:
        tenant = await cluster.tenant(TENANT)
        for method in ("PHYSICAL", "LOGICAL"):
            explain = f"EXPLAIN ANALYZE RESTORE {part} FROM SNAPSHOT s USING {method}"
            store.inject("held", key="/objects/")
            rehearsal = asyncio.ensure_future(a.lines(explain))
            await asyncio.wait_for(store.holding.wait(), 30)
            await b.lines("INSERT INTO t VALUES (7, 7)")
            await b.lines("ALTER TABLE t ADD COLUMN w int")
            a.session.cancel()
            with pytest.raises(SqlError) as caught:
                await rehearsal
            assert caught.value.sqlstate == "57014"
            store.heal()
            await b.lines("ALTER TABLE t DROP COLUMN w")
            [row] = await a.rows(explain)
            assert row[3] == "restored"
            await b.lines("DELETE FROM t WHERE id = 7")
            assert not tenant.objects.in_flight
            assert not any(tenant.reading.values())
        assert await tenant.upkeep.unnamed()
        assert await a.value("SELECT count(*) FROM mo_restores") == "0"
        assert await a.value("SELECT count(*) FROM t") == "2"

    on_a_store(body)
