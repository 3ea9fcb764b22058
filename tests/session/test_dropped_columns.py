"""Objects that hold a column of before the moment that was gone back to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from engine.cluster import Cluster
from tests.session.harness import TENANT, Client

Run = Callable[[Callable[[Cluster], Awaitable[None]]], None]


@pytest.mark.parametrize("part", ["TENANT", "TABLE t"])
def test_they_are_read_merged_and_restored_once_more(with_cluster: Run, part: str) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (id int PRIMARY KEY, gone text, v int)")
        for n in range(10):
            values = ", ".join(f"({id}, 'gone', {id})" for id in range(5 * n + 1, 5 * n + 6))
            await a.lines(f"INSERT INTO t VALUES {values}")
            await a.lines("CHECKPOINT")
        await a.lines("ALTER TABLE t DROP COLUMN gone")
        await a.lines("CREATE SNAPSHOT s")
        await a.lines("UPDATE t SET v = 0")
        await a.lines(f"RESTORE {part} FROM SNAPSHOT s")
        assert await a.value("SELECT sum(v) FROM t") == "1275"
        await a.lines("DELETE FROM t WHERE id <= 20")
        ts = await a.value("SELECT clock_timestamp()")
        await a.lines("DELETE FROM t WHERE id <= 40")
        await a.lines("CHECKPOINT")
        await a.lines(f"RESTORE {part} TO TIMESTAMP '{ts}'")
        assert await a.value("SELECT count(*) FROM t") == "30"
        await a.lines("DELETE FROM t WHERE id <= 48")
        await a.lines("DROP SNAPSHOT s")
        await a.lines(f"ALTER TENANT {TENANT} SET (history_retention = '0')")
        tenant = await cluster.tenant(TENANT)
        await a.lines("VACUUM")
        live = [ref for ref in tenant.state.refs() if ref.kind == "data"]
        assert len(live) < 10, "they were merged"
        assert await a.rows("SELECT * FROM t ORDER BY id") == [("49", "49"), ("50", "50")]
        await a.lines("ALTER TABLE t ADD COLUMN gone text DEFAULT 'new'")
        assert await a.rows("SELECT * FROM t ORDER BY id") == [("49", "49", "new"), ("50", "50", "new")]

    with_cluster(body)
