# ruff: noqa: E501
"""One small set of tables three times: as PostgreSQL's DDL, as a catalog, and in a plain DuckDB.

`Duck.run` plans a query against the catalog and runs it with each marker replaced by a DuckDB table, so
that the front is tested without the engine.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from engine.catalog import Catalog, Column, Database, Key, Schema, Table, View, ViewColumn, World
from engine.ids import CatalogId, StorageId, Timestamp
from sql import plan
from sql.parse import parse
from sql.statement import Query
from sql.system.functions import MACROS
from sql.types import declared

TABLES = {
    "people": (
        "id integer primary key, name text, email varchar(60), born date, height real, weight double precision,"
        " salary numeric(10,2), boss integer, active boolean, code character(4), uid uuid",
        [
            "(1, 'Ada', 'ada@x.org', '1815-12-10', 1.6, 55.5, 1000.50, NULL, true, 'ab', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')",
            "(2, 'Bob', 'bob@y.com', '1960-02-29', 1.85, 90.25, 2500.00, 1, false, 'abcd', NULL)",
            "(3, 'Cy', NULL, '2000-01-01', NULL, NULL, NULL, 1, NULL, NULL, NULL)",
            "(4, 'Dee', 'dee@x.org', NULL, 1.75, 70, 2500.00, 2, true, 'x', 'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a22')",
            "(5, 'eve', 'Eve@Z.net', '1999-12-31', 1.5, -12.125, 0.01, 2, true, '', NULL)",
            "(6, '', '', '2024-02-29', 0, 0, -3.14, 4, false, 'zz', NULL)",
        ],
    ),
    "orders": (
        "id bigint primary key, person integer, amount numeric(12,3), qty smallint, at timestamp, placed timestamptz,"
        " took interval, clock time, note text, tags text[], nums integer[]",
        [
            "(10, 1, 12.345, 1, '2024-01-01 10:00:00', '2024-01-01 10:00:00+00', '1 day', '10:30:00', 'first', '{a,b}', '{1,2,3}')",
            "(11, 1, 99.999, 5, '2024-01-15 23:59:59.5', '2024-01-15 12:00:00+02', '02:30:00', '23:59:59', 'a_b%c', '{}', '{}')",
            "(12, 2, 0.5, 2, '2024-02-29 00:00:00', NULL, '1 mon 2 days', NULL, NULL, NULL, NULL)",
            "(13, 2, 1000000, NULL, NULL, '2024-12-31 23:59:59.999999+00', NULL, '00:00:00', 'Zoë ☃', '{\"x y\",NULL,z}', '{5,NULL,7}')",
            "(14, 4, -7.1, -3, '1999-12-31 12:00:00', '1970-01-01 00:00:00+00', '-1 day', '12:00:00.25', 'line\nbreak', '{c}', '{42}')",
            "(15, NULL, NULL, 0, '2024-03-01 06:00:00', '2024-03-01 06:00:00+00', '00:00:00', '06:00:00', '', '{a}', '{3,2,1}')",
        ],
    ),
    "docs": (
        "id integer primary key, body jsonb, raw json, data bytea",
        [
            """(1, '{"a": 1, "b": {"c": [1, 2, 3]}, "s": "text"}', '{"k": [true, null]}', '\\x0102ff')""",
            """(2, '[1, "two", null]', '"str"', '\\x')""",
            """(3, NULL, '{}', NULL)""",
        ],
    ),
    "big": (
        "k integer, grp text, v bigint",
        [f"({i}, '{'abc'[i % 3]}', {i * i % 17})" for i in range(1, 41)],
    ),
    "Mixed": ('"Id" integer primary key, "id" integer, "Üb" text', ["(1, 10, 'x')", "(2, 20, 'y')"]),
}
_VIEWS = {
    "rich": "SELECT p.id, p.name, p.salary FROM public.people p WHERE p.salary > 100",
    "spent": (
        "SELECT o.person AS who, sum(o.amount) AS total, count(*) AS n FROM public.orders o GROUP BY o.person"
    ),
}
_VIEW_COLUMNS = {
    "rich": [("id", "integer"), ("name", "text"), ("salary", "numeric(10,2)")],
    "spent": [("who", "integer"), ("total", "numeric"), ("n", "bigint")],
}
NOW = Timestamp(1_704_103_200_000_000)
_COLUMN = re.compile(r'("[^"]+"|\w+) ([a-z ]+(?:\([0-9,]+\))?(?:\[\])?)')
_FIRST_TABLE = 20000
_WIDTH = 100


def postgres_ddl() -> list[str]:
    """Statements that make the same tables in PostgreSQL."""
    found = []
    for name, (columns, rows) in TABLES.items():
        found.append(f'CREATE TABLE "{name}" ({columns})')
        found.append(f'INSERT INTO "{name}" VALUES {", ".join(rows)}')
    found += [f"CREATE VIEW {name} AS {text}" for name, text in _VIEWS.items()]
    return found


def columns_of(name: str) -> list[tuple[str, str]]:
    """(name, type) of a table's columns."""
    found = []
    for part in re.split(r",\s*(?![^(]*\))", TABLES[name][0]):
        match = _COLUMN.match(part.strip())
        assert match is not None, part
        found.append((match[1].strip('"'), match[2].removesuffix(" primary key").strip()))
    return found


def catalog() -> Catalog:
    bodies: list[object] = [
        World(CatalogId(1)),
        Database(CatalogId(2), "postgres"),
        Schema(CatalogId(3), CatalogId(2), "public"),
        Schema(CatalogId(4), CatalogId(2), "other"),
        Database(CatalogId(5), "second"),
        Schema(CatalogId(6), CatalogId(5), "public"),
    ]
    for number, name in enumerate(TABLES):
        bodies.append(_table(_FIRST_TABLE + number * _WIDTH, name))
    for number, (name, text) in enumerate(_VIEWS.items()):
        columns = tuple(ViewColumn(*column) for column in _VIEW_COLUMNS[name])
        bodies.append(View(CatalogId(40000 + number), CatalogId(3), name, text, columns))
    return Catalog(bodies, "v1")


def _table(base: int, name: str) -> Table:
    columns = tuple(
        Column(CatalogId(base + 1 + i), column, declared(type_).text, declared(type_).duckdb)
        for i, (column, type_) in enumerate(columns_of(name))
    )
    keys = ()
    if "primary key" in TABLES[name][0]:
        keys = (Key(CatalogId(base + 90), f"{name}_pkey", (columns[0].id,), True),)
    return Table(CatalogId(base), CatalogId(3), name, columns, StorageId(base), keys)


def context(oids: Sequence[int] = (), search_path: tuple[str, ...] = ("public",)) -> plan.Context:
    return plan.Context(
        catalog=catalog(),
        past={},
        database="postgres",
        search_path=search_path,
        role="admin",
        tenant="acme",
        parameter_oids=tuple(oids),
        now=NOW,
        statement_now=NOW,
        settings={"TimeZone": "UTC", "server_version": "15.0", "search_path": '"$user", public'},
    )


def planned(text: str, oids: Sequence[int] = ()) -> plan.Plan:
    (parsed,) = parse(text)
    assert isinstance(parsed.statement, Query)
    return plan.plan_query(parsed.statement.tree, context(oids))


@dataclass
class Duck:
    connection: duckdb.DuckDBPyConnection

    @staticmethod
    def filled() -> Duck:
        connection = duckdb.connect()
        connection.execute("SET ieee_floating_point_ops = false; SET TimeZone = 'UTC'; SET threads = 1")
        for macro in MACROS:
            connection.execute(macro)
        duck = Duck(connection)
        for number, (name, (_, rows)) in enumerate(TABLES.items()):
            base = _FIRST_TABLE + number * _WIDTH
            types = [declared(type_).duckdb for _, type_ in columns_of(name)]
            listed = ", ".join(f"c{base + 1 + i} {type_}" for i, type_ in enumerate(types))
            connection.execute(f"CREATE TABLE t{base} ({listed})")
            casts = ", ".join(
                f"CAST(column{i + 1} AS {type_}) AS c{base + 1 + i}"
                for i, (_, type_) in enumerate(columns_of(name))
            )
            inserted = duck.run(f"SELECT {casts} FROM (VALUES {', '.join(rows)}) AS v")
            connection.register("inserted", inserted)
            connection.execute(f"INSERT INTO t{base} SELECT * FROM inserted")
            connection.unregister("inserted")
        return duck

    def run(self, text: str, parameters: Sequence[object] = (), oids: Sequence[int] = ()) -> pa.Table:
        return self.execute(planned(text, oids), parameters)

    def execute(self, found: plan.Plan, parameters: Sequence[object] = ()) -> pa.Table:
        cursor = self.connection.cursor()
        for use in found.system:
            name = f"s{abs(hash(use.marker))}"
            cursor.register(name, use.relation.begin(catalog(), _system_context())())
        sql = self.text(found)
        return cursor.sql(sql, params=list(parameters) or None).to_arrow_table()

    def text(self, found: plan.Plan) -> str:
        sql = found.sql
        for use in found.relations:
            sql = sql.replace(use.marker, f"t{use.table.id}")
        for system in found.system:
            sql = sql.replace(system.marker, f"s{abs(hash(system.marker))}")
        return sql


def _system_context() -> object:
    from sql.system import SystemContext

    class Tenant:
        name = "acme"

    return SystemContext("postgres", "admin", Tenant(), {"TimeZone": "UTC"})
