"""The physical and the logical way end in equal content: every type, every kind of object, seen through SQL.

What was there is written down before the snapshot is damaged, and after a restore of either kind. It must be
the same, down to the sequences' positions, and stay the same after upkeep and in a server that starts anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.cluster import Cluster
from engine.duck import Ducks
from engine.stores.memory import MemoryStore
from sql.passwords import make_verifier
from sql.system.functions import MACROS
from tests.session.harness import TENANT, Client

VALUES: dict[str, Sequence[str]] = {
    "boolean": ["true", "false"],
    "smallint": ["-32768", "32767"],
    "integer": ["-2147483648", "2147483647"],
    "bigint": ["-9223372036854775808", "9223372036854775807"],
    "numeric": ["0.0000000001", "-1234567890123456789012345678.5"],
    "numeric(38,0)": ["'99999999999999999999999999999999999999'"],
    "numeric(12,4)": ["-0.0001", "12345678.9"],
    "real": ["'NaN'", "'-Infinity'", "'-0'", "1.1"],
    "double precision": ["'NaN'", "'Infinity'", "'-0'", "'5e-324'", "'1.7976931348623157e308'"],
    "text": ["''", "'ünïcödé 🐘'", "repeat('x', 100000)", "E'tab\\t\\nline\\\\'"],
    "varchar(4)": ["'abcd'", "''"],
    "char(4)": ["'ab'", "''"],
    "name": ["'name'"],
    "bytea": ["'\\x00ff'", "''"],
    "date": ["'0044-03-15 BC'", "'1969-12-31'", "'infinity'", "'5874897-12-31'"],
    "time": ["'00:00'", "'23:59:59.999999'"],
    "timestamp": ["'0001-01-01 BC'", "'1969-12-31 23:59:59.999999'", "'-infinity'"],
    "timestamptz": ["'2024-02-29 12:00:00.000001+14'", "'infinity'"],
    "interval": ["'-1 year -2 mons +3 days -04:05:06.789'", "'0'"],
    "uuid": ["'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'"],
    "json": ["'{\"a\":   [1, 2]}'", "'null'"],
    "jsonb": ['\'{"b": 1, "a": [null, 1.50]}\'', "'\"text\"'"],
    "oid": ["4294967295"],
    "integer[]": ["'{}'", "'{1,NULL,-3}'"],
    "text[]": ['\'{"a,b","",NULL}\''],
    "timestamptz[]": ["'{2024-02-29 12:00:00+00,NULL}'"],
    "numeric(6,2)[]": ["'{1.25,-0.01}'"],
}

DEFINITIONS = (
    "CREATE SCHEMA app",
    'CREATE SCHEMA "Odd ""schema"""',
    'CREATE TABLE "Odd ""schema"""."Select" ("From" int PRIMARY KEY, "from" text, "%" text)',
    'INSERT INTO "Odd ""schema"""."Select" VALUES (1, \'a\', \'b\'), (2, NULL, \'\')',
    "CREATE TABLE ids (id int GENERATED ALWAYS AS IDENTITY (START 10 INCREMENT 5) PRIMARY KEY, n serial,"
    " v text)",
    "INSERT INTO ids (v) VALUES ('a'), ('b'), ('c')",
    "DELETE FROM ids WHERE v = 'c'",
    "CREATE SEQUENCE app.down INCREMENT -3 MINVALUE -100 MAXVALUE 7 START 7 CYCLE",
    "SELECT nextval('app.down'), nextval('app.down')",
    "CREATE SEQUENCE app.untouched",
    "CREATE TABLE app.keys (a int, b text, c numeric(8,2) DEFAULT 1.5 CHECK (c > 0), d date DEFAULT"
    " current_date, e text DEFAULT 'it''s' NOT NULL, PRIMARY KEY (a, b), UNIQUE (c, d),"
    " CONSTRAINT long CHECK (length(b) < 9))",
    "INSERT INTO app.keys VALUES (1, 'x', 2, '2020-01-01'), (1, 'y', 3, NULL), (2, 'x', 3, NULL)",
    "CREATE TABLE changed (a int, gone text, b int)",
    "INSERT INTO changed VALUES (1, 'old', 10), (2, 'old', 20)",
    "ALTER TABLE changed DROP COLUMN gone",
    "ALTER TABLE changed ADD COLUMN gone text DEFAULT 'new'",
    "ALTER TABLE changed ALTER COLUMN b TYPE text USING 'b' || b",
    "ALTER TABLE changed RENAME COLUMN a TO z",
    "INSERT INTO changed VALUES (3, 'b30', NULL)",
    "UPDATE changed SET b = 'later' WHERE z = 1",
    "CREATE TABLE empty (x int UNIQUE)",
    "CREATE TABLE nothing ()",
    "INSERT INTO nothing DEFAULT VALUES",
    "CREATE TABLE bulk (id int PRIMARY KEY, v text)",
    "INSERT INTO bulk SELECT n, repeat('v', 100) FROM generate_series(1, 12000) AS s(n)",
    "DELETE FROM bulk WHERE id % 3 = 0",
    "CREATE VIEW app.first AS SELECT a, c FROM app.keys WHERE b = 'x'",
    "CREATE VIEW second AS SELECT f.a, ids.v FROM app.first AS f, ids ORDER BY 1, 2",
)

DAMAGE = (
    "UPDATE types SET n = n + 100",
    "DELETE FROM ids",
    "INSERT INTO ids (v) SELECT 'z' FROM generate_series(1, 50)",
    "SELECT nextval('app.down')",
    "SELECT nextval('app.untouched')",
    "DROP VIEW second",
    "DROP SCHEMA app CASCADE",
    'ALTER TABLE "Odd ""schema"""."Select" RENAME COLUMN "From" TO plain',
    "ALTER TABLE changed DROP COLUMN b",
    "TRUNCATE bulk",
    "DROP TABLE empty, nothing",
    "CREATE TABLE later (x int)",
)

CATALOG = (
    "SELECT nspname FROM pg_namespace WHERE oid > 16000 OR nspname = 'public' ORDER BY 1",
    "SELECT table_schema, table_name, column_name, ordinal_position, data_type, character_maximum_length,"
    " numeric_precision, numeric_scale, is_nullable, column_default, is_identity, identity_generation,"
    " identity_start, identity_increment FROM information_schema.columns"
    " WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'mo_catalog') ORDER BY 1, 2, 4",
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint ORDER BY 1, 2",
    "SELECT schemaname, viewname, definition FROM pg_views WHERE schemaname NOT IN"
    " ('pg_catalog', 'information_schema', 'mo_catalog') ORDER BY 1, 2",
    "SELECT schemaname, sequencename, data_type, start_value, min_value, max_value, increment_by, cycle,"
    " last_value FROM pg_sequences ORDER BY 1, 2",
    "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index ORDER BY 1",
    "SELECT rolname FROM pg_roles ORDER BY 1",
    "SELECT datname FROM pg_database ORDER BY 1",
)
RELATIONS = (
    "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables"
    " WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'mo_catalog') ORDER BY 1"
)


async def content(cluster: Cluster) -> dict[str, object]:
    """All that a client can tell about the tenant's databases."""
    found: dict[str, object] = {}
    first = await Client.connect(cluster)
    for (database,) in await first.rows("SELECT datname FROM pg_database ORDER BY 1"):
        client = await Client.connect(cluster, database=database or "")
        for text in CATALOG:
            found[f"{database}: {text[:60]}"] = await client.rows(text)
        for (relation,) in await client.rows(RELATIONS):
            rows = await client.rows(f"SELECT * FROM {relation}")
            found[f"{database}: {relation}"] = sorted(rows, key=repr)
        await client.session.close()
    await first.session.close()
    return found


async def make(cluster: Cluster) -> None:
    a = await Client.connect(cluster)
    columns = ", ".join(f"c{i} {type}" for i, type in enumerate(VALUES))
    await a.lines(f"CREATE TABLE types (n int PRIMARY KEY, {columns})")
    for row in range(max(map(len, VALUES.values())) + 1):
        cells = [values[row] if row < len(values) else "NULL" for values in VALUES.values()]
        await a.lines(f"INSERT INTO types VALUES ({row}, {', '.join(cells)})")
    for text in DEFINITIONS:
        await a.lines(text)
    await a.lines("CREATE DATABASE other")
    o = await Client.connect(cluster, database="other")
    await o.lines("CREATE TABLE far (x int PRIMARY KEY)")
    await o.lines("INSERT INTO far VALUES (1), (2)")
    await o.session.close()
    await a.session.close()


async def damage(cluster: Cluster, a: Client) -> None:
    for text in DAMAGE:
        await a.lines(text)
    await a.lines("DROP DATABASE other")


@pytest.mark.parametrize("flushed", [False, True])
def test_both_ways_end_in_equal_content(tmp_path: Path, flushed: bool) -> None:
    async def run() -> None:
        store = MemoryStore()
        verifier = make_verifier("secret", iterations=1)
        cluster = Cluster(store, cache_dir=tmp_path / "one", ducks=Ducks(MACROS))
        await cluster.start(lambda: verifier)
        await cluster.create_tenant(TENANT, "admin", verifier)
        await make(cluster)
        a = await Client.connect(cluster)
        await a.lines("CREATE SNAPSHOT s")
        if flushed:
            await a.lines("CHECKPOINT")
        before = await content(cluster)
        ways = ["PHYSICAL", "LOGICAL"] if flushed else ["LOGICAL", "PHYSICAL"]
        for way in ways:
            await damage(cluster, a)
            assert await content(cluster) != before
            await a.lines(f"RESTORE TENANT FROM SNAPSHOT s USING {way}")
            assert await content(cluster) == before, way
            await a.lines("VACUUM")
            assert await content(cluster) == before, way
            drawn = "SELECT nextval('ids_id_seq'), nextval('ids_n_seq'), nextval('app.down')"
            assert await a.rows(drawn) == [("25", "4", "1")], way
            assert await a.value("SELECT nextval('app.untouched')") == "1", way
        await a.lines("RESTORE TENANT FROM SNAPSHOT s")
        await a.session.close()
        await cluster.close()
        again = Cluster(store, cache_dir=tmp_path / "two", ducks=Ducks(MACROS))
        await again.start(lambda: verifier)
        assert await content(again) == before
        await again.close()

    asyncio.run(run())
