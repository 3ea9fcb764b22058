"""Values that DuckDB would read differently are kept as they were meant, whichever way they come in."""

from __future__ import annotations

from collections.abc import Callable

from engine.cluster import Cluster
from server.parameters import decode
from tests.session.harness import Client
from tests.session.test_extended import execute

Run = Callable[[Callable[[Cluster], object]], None]


def test_before_christ_is_kept(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE ides (d date, t timestamp)")
        await a.lines("INSERT INTO ides VALUES ('0044-03-15 BC', '0044-03-15 10:00 BC')")
        text = "INSERT INTO ides VALUES ($1, $2)"
        await execute(a, text, decode(1082, 0, b"0044-03-15 BC"), decode(1114, 0, b"0044-03-15 10:00 BC"))
        await a.lines("INSERT INTO ides SELECT x::date, x::timestamp FROM (VALUES ('0044-03-15 BC')) v(x)")
        rows = await a.rows("SELECT * FROM ides ORDER BY t DESC")
        assert rows[:2] == [("0044-03-15 BC", "0044-03-15 10:00:00 BC")] * 2
        assert rows[2:] == [("0044-03-15 BC", "0044-03-15 00:00:00 BC")]

    with_cluster(body)


def test_equal_documents_are_one_key(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE docs (j jsonb)")
        await a.lines("""INSERT INTO docs VALUES ('{"a": 1, "b": 2}'), ('{"b":2,"a":1}')""")
        await execute(a, "INSERT INTO docs VALUES ($1)", '{"b": 2,  "a": 1}')
        assert await a.rows("SELECT DISTINCT j FROM docs") == [('{"a": 1, "b": 2}',)]
        assert await a.rows("SELECT count(*) FROM docs GROUP BY j") == [("3",)]

    with_cluster(body)
