"""A restore and others' commits: snapshot isolation holds, and nothing that came in between is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from engine.cluster import Cluster
from engine.ids import Timestamp
from engine.tenant import Tenant
from tests.session.harness import TENANT, Client

Run = Callable[[Callable[[Cluster], Awaitable[None]]], None]

CHANGES = {
    "inserted": ["INSERT INTO t VALUES (3, 'three')"],
    "deleted": ["DELETE FROM t WHERE id = 1"],
    "updated": ["UPDATE t SET v = 'other'"],
    "truncated": ["TRUNCATE t"],
    "restored": ["RESTORE TABLE t FROM SNAPSHOT s"],
    "dropped": ["DROP TABLE t"],
    "altered": ["ALTER TABLE t ADD COLUMN w int"],
    "gone without a trace": [
        "INSERT INTO t VALUES (3, 'three')",
        "DELETE FROM t WHERE id = 3",
        f"ALTER TENANT {TENANT} SET (history_retention = '0')",
        "CHECKPOINT",
        "VACUUM",
    ],
}


async def two_sessions(cluster: Cluster) -> tuple[Client, Client]:
    a, b = await Client.connect(cluster), await Client.connect(cluster)
    await a.lines("CREATE TABLE t (id int PRIMARY KEY, v text)")
    await a.lines("CREATE TABLE u (x int)")
    await a.lines("INSERT INTO t VALUES (1, 'one')")
    await a.lines("CREATE SNAPSHOT s")
    await a.lines("INSERT INTO t VALUES (2, 'two')")
    return a, b


@pytest.mark.parametrize("flushed", [False, True])
@pytest.mark.parametrize("how", sorted(CHANGES))
def test_repeatable_read_restores_nothing_that_changed_since(
    with_cluster: Run, how: str, flushed: bool
) -> None:
    async def body(cluster: Cluster) -> None:
        a, b = await two_sessions(cluster)
        await a.lines("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert await a.value("SELECT count(*) FROM t") == "2"
        for change in CHANGES[how]:
            await b.lines(change)
        if flushed:
            await b.lines("CHECKPOINT")
        error = await a.error("RESTORE TABLE t FROM SNAPSHOT s")
        assert error.sqlstate == "40001", error
        assert error.message.startswith("could not serialize access")
        await a.lines("ROLLBACK")

    with_cluster(body)


@pytest.mark.parametrize("part", ["TABLE t", "SCHEMA public"])
def test_repeatable_read_restores_what_nobody_touched(with_cluster: Run, part: str) -> None:
    async def body(cluster: Cluster) -> None:
        a, b = await two_sessions(cluster)
        await a.lines("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert await a.value("SELECT count(*) FROM t") == "2"
        await a.lines("UPDATE t SET v = 'mine'")
        await b.lines("CHECKPOINT")
        tenant = await cluster.tenant(TENANT)
        await tenant.compact()
        await a.lines(f"RESTORE {part} FROM SNAPSHOT s")
        assert await a.rows("SELECT * FROM t") == [("1", "one")]
        await a.lines("COMMIT")
        assert await b.rows("SELECT * FROM t") == [("1", "one")]

    with_cluster(body)


def test_another_table_may_change(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a, b = await two_sessions(cluster)
        await a.lines("BEGIN ISOLATION LEVEL REPEATABLE READ")
        assert await a.value("SELECT count(*) FROM t") == "2"
        await b.lines("INSERT INTO u VALUES (1)")
        await a.lines("RESTORE TABLE t FROM SNAPSHOT s")
        error = await a.error("RESTORE TABLE t, u FROM SNAPSHOT s")
        assert error.sqlstate == "40001"
        await a.lines("ROLLBACK")

    with_cluster(body)


@pytest.mark.parametrize(
    ("meanwhile", "left"),
    [
        ("CREATE TABLE young (x int)", {"t", "u"}),
        ("ALTER TABLE t RENAME TO older", {"t", "u"}),
        ("DROP TABLE t", {"t", "u"}),
    ],
)
def test_read_committed_restores_over_the_newest(
    with_cluster: Run, monkeypatch: pytest.MonkeyPatch, meanwhile: str, left: set[str]
) -> None:
    """What others commit between the statement's beginning and its locks is restored over, not beside."""

    async def body(cluster: Cluster) -> None:
        a, b = await two_sessions(cluster)
        settle = Tenant.settle

        async def late(tenant: Tenant, ts: Timestamp) -> None:
            monkeypatch.setattr(Tenant, "settle", settle)
            await b.lines(meanwhile)
            await settle(tenant, ts)

        await a.lines("BEGIN")
        await a.lines("SELECT count(*) FROM t")
        monkeypatch.setattr(Tenant, "settle", late)
        await a.lines("RESTORE SCHEMA public FROM SNAPSHOT s")
        await a.lines("COMMIT")
        tables = await b.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        assert {row[0] for row in tables} == left
        assert await b.rows("SELECT * FROM t") == [("1", "one")]

    with_cluster(body)


def test_writers_before_and_after_lose_nothing(with_cluster: Run) -> None:
    """A row acknowledged before the restore's commit goes, one acknowledged after it stays."""

    async def body(cluster: Cluster) -> None:
        a, b = await two_sessions(cluster)
        acknowledged: list[int] = []
        begun = asyncio.Event()

        async def write() -> None:
            for id in range(100, 160):
                await b.lines(f"INSERT INTO t VALUES ({id}, 'b')")
                acknowledged.append(id)
                if id == 110:
                    begun.set()

        writing = asyncio.ensure_future(write())
        await begun.wait()
        before = len(acknowledged)
        await a.lines("RESTORE TABLE t FROM SNAPSHOT s")
        await writing
        kept = {int(row[0] or 0) for row in await a.rows("SELECT id FROM t WHERE id >= 100")}
        assert kept == set(range(min(kept, default=160), 160)), "a later row was lost"
        assert not kept & set(acknowledged[:before]), "an earlier row survived"

    with_cluster(body)
