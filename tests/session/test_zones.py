"""Sessions in different time zones write into one table."""

from __future__ import annotations

from collections.abc import Callable

from engine.cluster import Cluster
from tests.session.conftest import Body
from tests.session.harness import Client


def test_moments_written_in_several_zones_are_flushed_and_restored(
    with_cluster: Callable[[Body], None],
) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE seen (at timestamptz PRIMARY KEY, more timestamptz[])")
        moment = "'2020-01-01 12:00+00', '{2020-01-01 12:00+00}'"
        await a.lines("SET TimeZone = 'Asia/Tokyo'")
        await a.lines(f"INSERT INTO seen VALUES ({moment})")
        await a.lines("SET TimeZone = 'Europe/Berlin'")
        await a.lines("INSERT INTO seen VALUES ('2020-01-01 00:00', NULL)")
        await a.lines("BEGIN")
        await a.lines("SET TimeZone = 'UTC'")
        await a.lines("INSERT INTO seen VALUES ('2020-01-02 00:00', NULL)")
        await a.lines("SET TimeZone = 'America/New_York'")
        told = await a.value("INSERT INTO seen VALUES ('2020-01-03 00:00', NULL) RETURNING at")
        assert told == "2020-01-03 00:00:00-05"
        await a.lines("COMMIT")
        await a.lines("CHECKPOINT")
        await a.lines("CREATE SNAPSHOT before")
        await a.lines("DELETE FROM seen")
        await a.lines("RESTORE TENANT FROM SNAPSHOT before")
        await a.lines("SET TimeZone = 'UTC'")
        found = await a.value("SELECT string_agg(at::text, ', ' ORDER BY at) FROM seen")
        assert found == (
            "2019-12-31 23:00:00+00, 2020-01-01 12:00:00+00, 2020-01-02 00:00:00+00, 2020-01-03 05:00:00+00"
        )

    with_cluster(body)
