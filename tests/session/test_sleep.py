"""pg_sleep: it waits once, and stops for a cancel request and for statement_timeout."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from engine.cluster import Cluster
from tests.session.harness import Client
from tests.session.test_rewinding import run_prepared

Run = Callable[[Callable[[Cluster], object]], None]


def test_pg_sleep(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        began = time.monotonic()
        assert await a.lines("SELECT pg_sleep(0.05)") == ["pg_sleep", "", "SELECT 1"]
        assert time.monotonic() - began >= 0.05
        assert (await run_prepared(a, "SELECT 1 AS n, pg_sleep($1)", "0.01"))[0] == ["n", "pg_sleep"]
        assert await a.lines("SELECT pg_sleep(-1), pg_sleep(NULL)") == [
            "pg_sleep | pg_sleep",
            " | ",
            "SELECT 1",
        ]
        await a.lines("SET statement_timeout = 50")
        error = await a.error("SELECT pg_sleep(60)")
        assert (error.sqlstate, error.message) == ("57014", "canceling statement due to statement timeout")
        await a.lines("RESET statement_timeout")
        asyncio.get_running_loop().call_later(0.05, a.session.cancel)
        error = await a.error("SELECT pg_sleep(60)")
        assert (error.sqlstate, error.message) == ("57014", "canceling statement due to user request")
        assert await a.value("SELECT 1") == "1"
        error = await a.error("SELECT pg_sleep(g) FROM generate_series(1, 2) g")
        assert error.sqlstate == "0A000"

    with_cluster(body)


def test_other_sessions_are_left_alone_by_name(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        for name in ("pg_cancel_backend", "pg_terminate_backend"):
            error = await a.error(f"SELECT {name}(1)")
            assert (error.sqlstate, error.message) == ("0A000", f"{name} is not supported")

    with_cluster(body)
