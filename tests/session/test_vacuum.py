"""VACUUM stops when it is asked to, also in the middle of a compaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from unittest import mock

from engine import compaction
from engine.cluster import Cluster
from tests.session.harness import Client

Run = Callable[[Callable[[Cluster], object]], None]
TABLES = ("t", "u", "v")


async def scattered(a: Client) -> None:
    """Tables of some small objects each."""
    for name in TABLES:
        await a.lines(f"CREATE TABLE {name} (id int PRIMARY KEY)")
    for id in range(compaction.TIER_OBJECTS_MIN):
        for name in TABLES:
            await a.lines(f"INSERT INTO {name} VALUES ({id})")
        await a.lines("CHECKPOINT")


def test_a_compaction_is_given_up_in_the_middle_of_a_run(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await scattered(a)
        tenant = await cluster.tenant("acme")
        runs = 0

        async def second_never_ends(*arguments: Any) -> compaction.Compacted:
            nonlocal runs
            runs += 1
            done = await compaction.compact(*arguments)
            if runs == 2:
                a.session.cancel()
                await asyncio.Event().wait()
            return done

        with mock.patch("engine.upkeep.compact", second_never_ends):
            error = await a.error("VACUUM")
        assert (error.sqlstate, error.message) == ("57014", "canceling statement due to user request")
        assert runs == 2, "the third table is left as it was"
        assert len(await tenant.upkeep.unnamed()) == 1, "what the second run wrote is garbage"
        assert await tenant.compact() == 2, "the run that was given up is done again"
        for name in TABLES:
            assert await a.value(f"SELECT count(*) FROM {name}") == str(compaction.TIER_OBJECTS_MIN)
        assert (await a.lines("VACUUM"))[-1] == "VACUUM"

    with_cluster(body)


def test_a_compaction_ends_with_the_statements_time(with_cluster: Run) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await scattered(a)

        async def never(*arguments: Any) -> compaction.Compacted:
            await asyncio.Event().wait()
            raise AssertionError

        await a.lines("SET statement_timeout = 100")
        with mock.patch("engine.upkeep.compact", never):
            error = await a.error("VACUUM t")
        assert (error.sqlstate, error.message) == ("57014", "canceling statement due to statement timeout")
        await a.lines("RESET statement_timeout")
        assert (await a.lines("VACUUM"))[-1] == "VACUUM"

    with_cluster(body)
