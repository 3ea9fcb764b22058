"""What the richer fixtures hold, and what is asked of them: made and asked through sessions without sockets.

`STATEMENTS` is the tenant's life, each with the database it is said in. `remembers` asks for all that was
shown at some moments; what it was told when the store was written is kept beside the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from engine.clock import ManualClock
from engine.cluster import Cluster
from engine.duck import Ducks
from engine.ids import Ids
from engine.stores.base import Store
from engine.tenant import Options
from sql.passwords import make_verifier
from sql.system.functions import MACROS
from tests.engine.lab import Unclosed
from tests.session.harness import TENANT, Client

START = 1_700_000_000_000_000
OPTIONS = Options(threads=1, grace_seconds=0, inline_refs_max=4)
DATABASES = ("postgres", "shop")
Answers = dict[str, list[list[str | None]]]

_TYPES = """
CREATE TABLE types (
    id int PRIMARY KEY, b boolean, i2 smallint, i8 bigint, n numeric, n38 numeric(38,0), n2 numeric(12,2),
    f4 real, f8 double precision, t text, v varchar(9), c char(4), y bytea, d date, ti time, ts timestamp,
    tz timestamptz, iv interval, u uuid, j json, jb jsonb, ints int[], texts text[])
"""
_VALUES = r"""
INSERT INTO types VALUES
(1, true, -32768, 9223372036854775807, 1234567890.0123456789, 99999999999999999999999999999999999999, -0.01,
 1.5, '5e-324', 'naïve ''text'' \n 日本', 'nine nine', 'ab', '\x00ff', '2000-02-29', '23:59:59.999999',
 '1969-12-31 23:59:59.999999', '2023-11-14 22:13:20.000001+02', '-1 year 3 days 00:00:00.000001',
 '00112233-4455-6677-8899-aabbccddeeff', '{"a": [1, null]}', '{"b": {"c": "d"}, "a": 1.0}',
 '{1,NULL,3}', '{"a b","",NULL}'),
(2, false, 32767, -9223372036854775808, -0.0000000001, -1, 9999999999.99,
 'NaN', '-Infinity', '', '', '', '', '0044-03-15 BC', '00:00:00', '294246-12-31 23:59:59', 'infinity',
 '100000 days 900000:00:00', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'null', '[]', '{}', '{}'),
(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
 NULL, NULL, NULL, NULL, NULL)
"""

STATEMENTS: tuple[tuple[str, str], ...] = tuple(
    (database, text)
    for database, texts in (
        (
            "postgres",
            (
                f"ALTER TENANT {TENANT} SET (history_retention = '3650 days')",
                "CREATE DATABASE shop",
                _TYPES,
                _VALUES,
                "CREATE SEQUENCE tickets START 100 INCREMENT 5",
                "CREATE TABLE \"Quoted Name\" (\"select\" text DEFAULT 'it''s', n int DEFAULT 40 + 2)",
                'INSERT INTO "Quoted Name" DEFAULT VALUES',
                "SELECT nextval('tickets'), nextval('tickets')",
                "CREATE TABLE bare ()",
                "INSERT INTO bare DEFAULT VALUES",
            ),
        ),
        (
            "shop",
            (
                "CREATE SCHEMA stock",
                "CREATE TABLE items (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "
                "sku text UNIQUE NOT NULL, price numeric(8,2) CHECK (price >= 0), "
                "added timestamptz DEFAULT '2020-01-01 00:00:00+00')",
                "INSERT INTO items (sku, price) SELECT 'sku' || g, g * 1.25 FROM generate_series(1, 40) g",
                "CREATE TABLE stock.counts (item int, place text, n int, UNIQUE (item, place))",
                "INSERT INTO stock.counts SELECT g, 'shelf ' || g % 3, g FROM generate_series(1, 20) g",
                "CREATE VIEW dear AS SELECT sku, price FROM items WHERE price > 10",
                "CREATE VIEW stock.dear_counts AS SELECT d.sku, c.n FROM public.dear d JOIN public.items i "
                "USING (sku) JOIN stock.counts c ON c.item = i.id",
                "CREATE TABLE log (id serial, note text)",
                "INSERT INTO log (note) VALUES ('opened')",
                "CREATE SNAPSHOT opened WITH (comment = 'the first day')",
                "CHECKPOINT",
                "UPDATE items SET price = price + 1 WHERE id % 7 = 0",
                "DELETE FROM items WHERE id > 35",
                "ALTER TABLE items ADD COLUMN colour text DEFAULT 'grey'",
                "INSERT INTO items (sku, price, colour) VALUES ('late', 0, NULL)",
                "ALTER TABLE log ADD COLUMN level int NOT NULL DEFAULT 7",
                "INSERT INTO log (note, level) VALUES ('closed', 8)",
                "CREATE SNAPSHOT coloured FOR TABLE items",
                "CHECKPOINT",
                "ALTER TABLE items DROP COLUMN colour",
                "ALTER TABLE items ADD COLUMN colour text",
                "CREATE TABLE bulk (id int PRIMARY KEY, words text)",
                "INSERT INTO bulk SELECT g, repeat('word ' || g % 10, 20) FROM generate_series(1, 15000) g",
                "DELETE FROM bulk WHERE id % 5 = 0",
                "CREATE SNAPSHOT full_up",
            ),
        ),
        (
            "postgres",
            ("UPDATE types SET t = 'changed' WHERE id = 3", "SELECT nextval('tickets')", "CHECKPOINT"),
        ),
        (
            "shop",
            (
                "TRUNCATE log",
                "DROP VIEW stock.dear_counts",
                "ALTER TABLE stock.counts RENAME COLUMN n TO pieces",
                "CREATE SNAPSHOT shelves FOR SCHEMA stock",
                "CREATE SNAPSHOT everything FOR DATABASE shop",
                "RESTORE TABLE items FROM SNAPSHOT coloured",
                "RESTORE SCHEMA stock FROM SNAPSHOT full_up USING LOGICAL",
                "CREATE TABLE passing (id int)",
                "INSERT INTO passing VALUES (1)",
                "RESTORE TENANT FROM SNAPSHOT opened",
                "CREATE SNAPSHOT taken_back",
                "INSERT INTO log (note) VALUES ('after the restore')",
                "CHECKPOINT",
                "UNDO RESTORE",
                "INSERT INTO items (sku, price) VALUES ('last', 12)",
                "INSERT INTO log (note, level) VALUES ('undone', 1)",
                "DROP TABLE passing",
                "CREATE SNAPSHOT of_the_end",
                "CHECKPOINT",
                "UPDATE stock.counts SET place = 'moved' WHERE item = 4",
                "SELECT nextval('items_id_seq')",
            ),
        ),
    )
    for text in texts
)

SNAPSHOTS = ("opened", "full_up", "taken_back", "of_the_end")
"""Those of the whole tenant."""
LASTING = (
    "SELECT name, timestamp, level, database_name, schema_name, table_name, comment FROM mo_snapshots",
    "SELECT id, level, moment, commit_ts, method, role FROM mo_restores",
)
PARTS = (
    "SELECT * FROM items {SNAPSHOT = 'coloured'}",
    "SELECT * FROM stock.counts {SNAPSHOT = 'shelves'}",
    "SELECT * FROM log {SNAPSHOT = 'everything'}",
)
CATALOG = (
    "SELECT table_schema, table_name, ordinal_position, column_name, data_type, column_default, is_nullable, "
    "identity_generation FROM information_schema.columns WHERE table_schema IN ('public', 'stock')",
    "SELECT table_schema, table_name FROM information_schema.views WHERE table_schema IN ('public', 'stock')",
    "SELECT nspname, relname, conname, contype, conkey::text FROM pg_constraint JOIN pg_class ON "
    "pg_class.oid = conrelid JOIN pg_namespace ON pg_namespace.oid = relnamespace "
    "WHERE nspname IN ('public', 'stock')",
    "SELECT schemaname, sequencename, last_value FROM pg_sequences",
)
TABLES = (
    "SELECT table_schema, table_name FROM information_schema.tables "
    "WHERE table_schema IN ('public', 'stock') ORDER BY 1, 2"
)
MOMENTS = (
    "SELECT timestamp FROM mo_snapshots "
    "UNION SELECT commit_ts - interval '1 microsecond' FROM mo_restores ORDER BY 1"
)
ROWS_MAX = 50


@asynccontextmanager
async def served(store: Store, cache: Path, clock: ManualClock, seed: int = 1) -> AsyncIterator[Cluster]:
    """A cluster on `store`, which stays open, with the tenant in it."""
    cluster = Cluster(
        Unclosed(store), cache_dir=cache, clock=clock, ids=Ids(seed), options=OPTIONS, ducks=Ducks(MACROS)
    )
    verifier = make_verifier("secret", iterations=1)
    await cluster.start(lambda: verifier)
    if await cluster.login_material(TENANT, "admin") is None:
        await cluster.create_tenant(TENANT, "admin", verifier)
    try:
        yield cluster
    finally:
        await cluster.close()


async def live(cluster: Cluster, clock: ManualClock) -> None:
    """All of `STATEMENTS`, a while apart."""
    clients: dict[str, Client] = {}
    for database, text in STATEMENTS:
        if database not in clients:
            clients[database] = await connected(cluster, database)
        await clients[database].lines(text)
        clock.advance(1_500_000)


async def connected(cluster: Cluster, database: str) -> Client:
    client = await Client.connect(cluster, database=database)
    await client.lines("SET timezone = 'UTC'")
    return client


async def asked(client: Client, text: str) -> list[list[str | None]]:
    """The rows in an order of their own; of many, how many and their hash."""
    rows = sorted((list(row) for row in await client.rows(text)), key=repr)
    if len(rows) <= ROWS_MAX:
        return rows
    return [[str(len(rows)), hashlib.sha256(repr(rows).encode()).hexdigest()]]


async def shows(cluster: Cluster, moment: str | None = None) -> Answers:
    """All that the databases show, now or at a moment: rows, columns, views, constraints, sequences."""
    answers: Answers = {}
    for database in DATABASES:
        client = await connected(cluster, database)
        if moment is not None:
            await client.lines(f"SET rewinddb.as_of = '{moment}'")
        tables = await client.rows(TABLES)
        queries = [f'SELECT * FROM "{schema}"."{table}"' for schema, table in tables]
        for text in (*CATALOG, *queries):
            answers[f"{database}: {text}"] = await asked(client, text)
    return answers


async def moments(cluster: Cluster) -> list[str]:
    """Those of the snapshots, and just before each restore."""
    client = await connected(cluster, "shop")
    return [str(moment) for (moment,) in await client.rows(MOMENTS)]


async def remembers(cluster: Cluster, of: Sequence[str]) -> dict[str, Answers]:
    """What is shown at these moments, and of what narrower snapshots cover."""
    client = await connected(cluster, "shop")
    answers = {moment: await shows(cluster, moment) for moment in of}
    return {**answers, "parts": {text: await asked(client, text) for text in PARTS}}


async def lasts(cluster: Cluster) -> Answers:
    """What no restore takes back."""
    client = await connected(cluster, "shop")
    return {text: await asked(client, text) for text in LASTING}
