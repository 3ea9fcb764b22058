"""Every system relation has PostgreSQL 15's columns, with PostgreSQL's types, in its order."""

from __future__ import annotations

import psycopg
import pytest

from sql.system import RELATIONS
from sql.system.columns import DESCRIPTIONS
from sql.types import declared

OURS = [key for key in RELATIONS if key[0] in ("pg_catalog", "information_schema")]
QUERY = """
    SELECT a.attname,
           CASE WHEN e.oid IS NULL THEN t.typname ELSE e.typname || '[]' END,
           a.attnotnull, c.relkind, c.oid
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type d ON d.oid = a.atttypid
    JOIN pg_type t ON t.oid = coalesce(nullif(d.typbasetype, 0), d.oid)
    LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typname LIKE '\\_%%'
    WHERE n.nspname = %s AND c.relname = %s ORDER BY a.attnum
"""


@pytest.mark.parametrize(("schema", "name"), OURS)
def test_columns_are_postgresqls(schema: str, name: str, postgres_shop: psycopg.Connection) -> None:
    theirs = postgres_shop.execute(QUERY, (schema, name)).fetchall()
    described = DESCRIPTIONS[schema, name]
    assert [(c.name, c.type, c.not_null) for c in described.columns] == [row[:3] for row in theirs]
    assert theirs[0][3] == described.kind
    if described.oid < 10000:
        assert theirs[0][4] == described.oid


@pytest.mark.parametrize("key", list(RELATIONS))
def test_every_column_can_be_declared_and_holds_what_it_declares(key: tuple[str, str], shop) -> None:
    relation = RELATIONS[key]
    table = relation.begin(shop.catalog(), shop.context())()
    assert table.column_names == [name for name, _ in relation.columns]
    for _, type_ in relation.columns:
        assert declared(type_).duckdb


def test_what_is_about_a_postgresql_server_does_not_exist() -> None:
    for name in ("pg_hba_file_rules", "pg_config", "pg_stat_user_tables", "pg_shmem_allocations"):
        assert ("pg_catalog", name) not in RELATIONS
