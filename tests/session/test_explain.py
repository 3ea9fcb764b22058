"""EXPLAIN: a tree in PostgreSQL's manner, the user's own names, and where each table's rows come from."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from engine.cluster import Cluster
from engine.scan import Scan
from sql.plan_tree import without_hidden
from tests.session.harness import Client

Run = Callable[[Callable[[Cluster], object]], None]


async def _filled(cluster: Cluster) -> Client:
    a = await Client.connect(cluster)
    await a.lines("CREATE TABLE accounts (id int PRIMARY KEY, owner text, balance numeric(10,2))")
    await a.lines("CREATE TABLE orders (id int, account int)")
    await a.lines("INSERT INTO accounts SELECT g, 'o' || g, g FROM generate_series(1, 3000) g")
    await a.lines("CHECKPOINT")
    await a.lines("CREATE SNAPSHOT s")
    await a.lines("DELETE FROM accounts WHERE id < 100")
    await a.lines("INSERT INTO orders VALUES (1, 200), (2, 300)")
    return a


async def _plan(client: Client, text: str) -> list[str]:
    found = [row[0] or "" for row in await client.rows(text)]
    for line in found:
        assert not re.search(r"_row_id|_ts\b|\bc\d{4,}|hot_\d|/|#|\u2502|parquet|rows_\d", line), line
    return [
        re.sub(r"rows=\d+|time=[\d.]+|Time: [\d.]+|\d{4}-\d\d-\d\d [\d:.]+\+00", "~", line) for line in found
    ]


def test_a_tree(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await _filled(cluster)
        found = await _plan(
            a,
            "EXPLAIN SELECT owner, sum(balance) FROM accounts WHERE id > 10 AND owner LIKE 'o1%' "
            "GROUP BY owner ORDER BY 2 DESC LIMIT 5",
        )
        assert found == [
            "Top-N Sort  (~)",
            "  Sort Key: sum DESC",
            "  Limit: 5",
            "  ->  HashAggregate  (~)",
            "        Group Key: owner",
            "        Aggregates: sum(balance)",
            "        ->  Seq Scan on accounts  (~)",
            "              Filter: (id > 10) AND (owner ~~ 'o1%')",
            "              Read: hot (in memory)",
        ]
        found = await _plan(
            a, "EXPLAIN ANALYZE SELECT * FROM accounts JOIN orders ON account = accounts.id WHERE balance > 3"
        )
        assert found[0] == "Hash Join  (~)  (actual ~ ~)"
        assert re.fullmatch(
            r"  Hash Cond: \((orders.account = accounts.id|accounts.id = orders.account)\)", found[1]
        )
        assert found[-1] == "Execution ~ ms"
        assert (await a.rows("EXPLAIN ANALYZE SELECT * FROM accounts"))[0][0].endswith("rows=2901)")  # type: ignore[union-attr]

    with_cluster(body)


def test_other_shapes(with_cluster: Run) -> None:
    """Whatever is asked, nothing of ours shows (`_plan` looks)."""

    async def body(cluster: Cluster) -> None:
        a = await _filled(cluster)
        for text in (
            "VALUES (1), (2)",
            "SELECT 1 UNION ALL SELECT 2",
            "SELECT * FROM mo_snapshots",
            "SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace",
            "SELECT (SELECT max(id) FROM orders o WHERE o.account = a.id) FROM accounts a",
            "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT * FROM r",
            "SELECT DISTINCT owner FROM accounts WHERE id IN (SELECT account FROM orders)",
            "SELECT count(*), max(balance) FROM accounts WHERE false",
            "SELECT id, row_number() OVER (PARTITION BY owner ORDER BY id) FROM accounts",
            "SELECT g FROM generate_series(1, 3) g",
        ):
            for how in ("EXPLAIN", "EXPLAIN ANALYZE"):
                assert await _plan(a, f"{how} {text}")

    with_cluster(body)


def test_hidden_conditions_go_whole(with_cluster: Run) -> None:
    """Rows deleted before and after a restore make a hidden condition with an OR in it."""

    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE accounts (id int PRIMARY KEY, v int)")
        await a.lines("INSERT INTO accounts VALUES (1, 1), (2, 2), (3, 3)")
        await a.lines("CREATE SNAPSHOT a")
        await a.lines("DELETE FROM accounts WHERE id = 2")
        await a.lines("UPDATE accounts SET v = v + 1")
        await a.lines("RESTORE TABLE accounts FROM SNAPSHOT a")
        await a.lines("DELETE FROM accounts WHERE id = 2")
        assert await _plan(a, "EXPLAIN SELECT * FROM accounts") == [
            "Seq Scan on accounts  (~)",
            "  Read: hot (in memory)",
        ]
        found = await _plan(a, "EXPLAIN SELECT * FROM accounts WHERE id = 1 OR v = 3")
        assert found[1] == "  Filter: ((id = 1) OR (v = 3))"

    with_cluster(body)


@pytest.mark.parametrize(
    ("condition", "left"),
    [
        ("((_deleted_ts > 7) OR (_deleted_ts <= 5))", ""),
        ("(((_deleted_ts > 7) OR (_deleted_ts <= 5)) AND (_commit_ts <= 5))", ""),
        ("((_commit_ts <= 5) OR ((_commit_ts <= 9) AND (_commit_ts > 7)))", ""),
        ("_commit_ts BETWEEN 5 AND 9", ""),
        ("(((_deleted_ts > 7) OR (_deleted_ts <= 5)) AND (c1 = 1))", "((c1 = 1))"),
        ("((c1 = 1) OR (c2 > 3)) AND (_commit_ts <= 5)", "((c1 = 1) OR (c2 > 3))"),
        ("((c1 = 1) OR (c2 = '(_commit_ts <= 5)'))", "((c1 = 1) OR (c2 = '(_commit_ts <= 5)'))"),
    ],
)
def test_what_is_hidden_in_a_condition(condition: str, left: str) -> None:
    assert without_hidden(condition) == left


def test_where_the_rows_are(with_cluster: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        return None

    async def body(cluster: Cluster) -> None:
        a = await _filled(cluster)
        past = "SELECT balance FROM accounts FOR SYSTEM_TIME AS OF SNAPSHOT s WHERE id = 5"
        found = await _plan(a, f"EXPLAIN {past}")
        assert found[-2:] == ["  Read: hot (in memory)", "  As Of: ~"]
        monkeypatch.setattr(Scan, "_pin", never)
        assert await _plan(a, f"EXPLAIN {past}") == [
            "Seq Scan on accounts  (~)",
            "  Filter: (id = 5)",
            "  Read: 1 of 1 objects",
            "  As Of: ~",
        ]
        found = await _plan(a, "EXPLAIN ANALYZE SELECT count(*) FROM accounts")
        assert found[2:-1] == [
            "  ->  Seq Scan on accounts  (~)  (actual ~ ~)",
            "        Row Groups: 1 of 1",
            "        Read: 1 of 1 objects and what is not in objects yet",
        ]
        joined = (
            "SELECT count(*) FROM accounts WHERE EXISTS (SELECT 1 FROM orders WHERE account = accounts.id)"
        )
        assert "Semi Join" in (await _plan(a, f"EXPLAIN ANALYZE {joined}"))[2]
        await a.lines("BEGIN")
        await a.lines("INSERT INTO accounts VALUES (-1, 'x', 1)")
        await a.lines("DELETE FROM accounts WHERE id = 200")
        assert (
            "Seq Scan on accounts" in (await _plan(a, "EXPLAIN SELECT owner FROM accounts WHERE id < 300"))[0]
        )
        await a.lines("ROLLBACK")

    with_cluster(body)
