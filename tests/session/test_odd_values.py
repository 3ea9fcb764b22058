"""Values that file formats have trouble with survive a flush and a restore of each kind."""

from __future__ import annotations

from collections.abc import Callable

from engine.cluster import Cluster
from tests.session.conftest import Body
from tests.session.harness import Client

ROWS = {
    "interval": ["-1 mons -3 days -00:00:05", "5 mons -7 days -00:00:00.123456", "400 days 500:00:00"],
    "interval[]": ["{-1 days,NULL,03:00:00}", "{}", "{-00:00:01}"],
    "timestamp": ["infinity", "-infinity", "0044-03-15 12:00:00 BC"],
    "timestamptz": ["infinity", "1969-12-31 23:59:59.999999+00", "0001-01-01 00:00:00+00"],
    "date": ["infinity", "-infinity", "0044-03-15 BC"],
    "float8": ["NaN", "-0", "-Infinity"],
    "numeric(38,0)": ["99999999999999999999999999999999999999", "-1", "0"],
    "bytea": ["\\x00ff", "\\x", "\\x5c"],
    "text": ["", "NULL", 'quote " and \n line'],
    "uuid": ["00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"],
    "jsonb": ['{"a": [1, null]}', "null", '""'],
    "time": ["24:00:00", "00:00:00.000001"],
    "text[]": ['{"a b",NULL,"NULL"}', "{}"],
}


def test_bit_strings_are_not_kept(with_cluster: Callable[[Body], None]) -> None:
    """DuckDB gives a BIT to Arrow as bytes that it reads back as another BIT."""

    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE t (a text)")
        for text in (
            "CREATE TABLE b (v bit(3))",
            "CREATE TABLE b (v varbit[])",
            "CREATE TABLE b AS SELECT B'101' AS v",
            "ALTER TABLE t ADD COLUMN v bit varying",
            "ALTER TABLE t ALTER COLUMN a TYPE bit(3) USING B'101'",
        ):
            assert (await a.error(text)).sqlstate == "0A000", text

    with_cluster(body)


def test_odd_values_survive(with_cluster: Callable[[Body], None]) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        for number, (type_name, values) in enumerate(ROWS.items()):
            await a.lines(f"CREATE TABLE odd{number} (n int PRIMARY KEY, v {type_name})")
            for n, value in enumerate(values):
                literal = value.replace("'", "''")
                await a.lines(f"INSERT INTO odd{number} VALUES ({n}, '{literal}')")
            await a.lines(f"INSERT INTO odd{number} VALUES ({len(values)}, NULL)")
        shown = await all_values(a)
        await a.lines("CHECKPOINT")
        await a.lines("CREATE SNAPSHOT before")
        for method in ("PHYSICAL", "LOGICAL"):
            for number in range(len(ROWS)):
                await a.lines(f"DELETE FROM odd{number} WHERE n > 0")
            await a.lines("CHECKPOINT")
            await a.lines(f"RESTORE TENANT FROM SNAPSHOT before USING {method}")
            assert await all_values(a) == shown

    with_cluster(body)


def test_rows_without_columns_are_rows(with_cluster: Callable[[Body], None]) -> None:
    async def body(cluster: Cluster) -> None:
        a = await Client.connect(cluster)
        await a.lines("CREATE TABLE bare ()")
        for _ in range(3):
            await a.lines("INSERT INTO bare DEFAULT VALUES")
        await a.lines("CREATE SNAPSHOT three")
        for method in ("PHYSICAL", "LOGICAL"):
            await a.lines("DELETE FROM bare")
            assert await a.value("SELECT count(*) FROM bare") == "0"
            await a.lines(f"RESTORE TENANT FROM SNAPSHOT three USING {method}")
            assert await a.value("SELECT count(*) FROM bare") == "3"

    with_cluster(body)


async def all_values(client: Client) -> list[object]:
    return [
        await client.value(f"SELECT string_agg(coalesce(v::text, 'null'), ';' ORDER BY n) FROM odd{number}")
        for number in range(len(ROWS))
    ]
