"""Rows of system relations for a known schema, compared with those of PostgreSQL for the same schema.

Object ids differ, so they are compared by the names they stand for.
"""

from __future__ import annotations

import psycopg
import pytest

from sql.system import lookup
from sql.types import TYPES
from tests.system.shop import FakeTenant, Shop


def ours(shop: Shop, schema: str, name: str, columns: str, **context) -> list[tuple]:
    relation = lookup(schema, name)
    assert relation is not None
    table = relation.begin(shop.catalog(), shop.context(**context))()
    return [tuple(row[c] for c in columns.split(", ")) for row in table.to_pylist()]


def test_types_are_postgresqls(shop: Shop, postgres_shop: psycopg.Connection) -> None:
    columns = (
        "oid, typname, typlen, typbyval, typtype, typcategory, typispreferred, typisdefined, typdelim, "
        "typrelid, typelem, typarray, typalign, typstorage, typnotnull, typbasetype, typtypmod, typndims, "
        "typcollation"
    )
    functions = ["typsubscript", "typinput", "typoutput", "typreceive", "typsend", "typmodin", "typmodout"]
    functions.append("typanalyze")
    listed = f"{columns}, {', '.join(functions)}"
    selected = f"{columns}, {', '.join(f'{f}::text AS {f}' for f in functions)}"
    theirs = postgres_shop.execute(
        f"SELECT {selected} FROM pg_type WHERE oid = ANY(%s)", ([pg.oid for pg in TYPES],)
    ).fetchall()
    assert sorted(ours(shop, "pg_catalog", "pg_type", listed)) == sorted(theirs)


@pytest.mark.parametrize(
    ("relation", "columns", "left_out"),
    [
        ("columns", "*", {"column_default": "deparsed"}),
        ("tables", "*", {}),
        ("table_constraints", "*", {"constraint_name": "has object ids"}),
        ("key_column_usage", "*", {}),
        ("constraint_column_usage", "*", {}),
        ("constraint_table_usage", "*", {}),
        ("sequences", "*", {}),
        (
            "character_sets",
            "character_set_name, character_repertoire, form_of_use, default_collate_catalog",
            {},
        ),
        ("view_table_usage", "*", {}),
        ("schemata", "catalog_name, schema_name", {}),
    ],
)
def test_information_schema(
    relation: str, columns: str, left_out: dict[str, str], shop: Shop, postgres_shop: psycopg.Connection
) -> None:
    description = lookup("information_schema", relation)
    assert description is not None
    names = [name for name, _ in description.columns] if columns == "*" else columns.split(", ")
    names = [name for name in names if name not in left_out]
    schema = next((n for n in names if n.endswith("schema") or n == "schema_name"), None)
    where = f"WHERE {schema} IN ('public', 'Side')" if schema and relation != "character_sets" else ""
    theirs = postgres_shop.execute(
        f"SELECT {', '.join(names)} FROM information_schema.{relation} {where}"
    ).fetchall()
    mine = ours(shop, "information_schema", relation, ", ".join(names))
    if where and schema:
        mine = [row for row in mine if row[names.index(schema)] in ("public", "Side")]
    different = {"is_updatable", "is_insertable_into"} & set(names)
    for name in different:  # a view of RewindDB cannot be written to
        at = names.index(name)
        theirs = [(*row[:at], "NO", *row[at + 1 :]) if "cheap" in row else row for row in theirs]
    assert sorted(map(repr, mine)) == sorted(map(repr, theirs))


def test_defaults_are_shown_with_their_type(shop: Shop, postgres_shop: psycopg.Connection) -> None:
    query = (
        "SELECT column_name, column_default FROM information_schema.columns"
        " WHERE table_name IN ('items', 'counted')"
    )
    theirs = set(postgres_shop.execute(query).fetchall())
    mine = ours(shop, "information_schema", "columns", "table_name, column_name, column_default")
    assert {row[1:] for row in mine if row[0] in ("items", "counted")} == theirs


CLASS = """
    SELECT n.nspname, c.relname, a.amname, relhasindex, relisshared, relpersistence, relkind, relnatts,
           relchecks, relhasrules, relhastriggers, relhassubclass, relrowsecurity, relispopulated,
           relreplident, relispartition
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace LEFT JOIN pg_am a ON a.oid = relam
    WHERE nspname IN ('public', 'Side')
"""


def test_classes(shop: Shop, postgres_shop: psycopg.Connection) -> None:
    theirs = postgres_shop.execute(CLASS).fetchall()
    columns = (
        "relnamespace, relname, relam, relhasindex, relisshared, relpersistence, relkind, relnatts, "
        "relchecks, relhasrules, relhastriggers, relhassubclass, relrowsecurity, relispopulated, "
        "relreplident, relispartition"
    )
    namespaces = {shop.public.id: "public", shop.side.id: "Side"}
    methods = {2: "heap", 403: "btree", 0: None}
    mine = [
        (namespaces[row[0]], row[1], methods[row[2]], *row[3:])
        for row in ours(shop, "pg_catalog", "pg_class", columns)
        if row[0] in namespaces
    ]
    assert sorted(map(repr, mine)) == sorted(map(repr, theirs))


ATTRIBUTE = """
    SELECT c.relname, attname, atttypid, attstattarget, attlen, attnum, attndims, attcacheoff,
           atttypmod, attbyval, attalign, attstorage, attcompression, attnotnull, atthasdef, atthasmissing,
           attidentity,
           attgenerated, attisdropped, attislocal, attinhcount, attcollation
    FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname IN ('public', 'Side') AND relkind <> 'S' AND attnum > 0
"""


def test_attributes(shop: Shop, postgres_shop: psycopg.Connection) -> None:
    theirs = postgres_shop.execute(ATTRIBUTE).fetchall()
    columns = ATTRIBUTE.split("FROM")[0].replace("SELECT c.relname", "attrelid").replace("\n", " ")
    columns = ", ".join(part.strip() for part in columns.split(","))
    names = dict(ours(shop, "pg_catalog", "pg_class", "oid, relname"))
    mine = [
        (names[row[0]], *row[1:])
        for row in ours(shop, "pg_catalog", "pg_attribute", columns)
        if row[0] >= 16384
    ]
    assert sorted(map(repr, mine)) == sorted(map(repr, theirs))


def test_passwords_are_never_shown(shop: Shop) -> None:
    for name in ("pg_authid", "pg_shadow", "pg_roles", "pg_user"):
        relation = lookup("pg_catalog", name)
        assert relation is not None
        for row in relation.begin(shop.catalog(), shop.context())().to_pylist():
            assert not any("SCRAM" in str(value) for value in row.values())


def test_snapshots(shop: Shop) -> None:
    rows = ours(shop, "mo_catalog", "mo_snapshots", "name, level, database_name, created_by")
    assert rows == [("first", "tenant", None, "postgres")]


def test_tenants_exist_for_the_system_tenant_alone() -> None:
    assert lookup("mo_catalog", "mo_tenants", "acme") is None
    assert lookup(None, "mo_tenants") is None
    assert lookup("mo_catalog", "mo_tenants", "sys") is not None


def test_only_the_system_tenant_is_told_that_there_is_mo_tenants(shop: Shop) -> None:
    relation = lookup("pg_catalog", "pg_class")
    assert relation is not None
    seen = {}
    for tenant in ("acme", "sys"):
        context = shop.context()
        object.__setattr__(context, "tenant", FakeTenant(tenant))
        seen[tenant] = relation.begin(shop.catalog(), context)().column("relname").to_pylist()
    assert "mo_tenants" not in seen["acme"]
    assert "mo_tenants" in seen["sys"]


def test_a_name_is_visible_where_the_search_path_finds_it_first(shop: Shop) -> None:
    titles = {}
    for path in (("public",), ("Side", "public")):
        rows = ours(shop, "\0", "relation_titles", "@oid, @title, @visible", search_path=path)
        titles[path] = {title: visible for _, title, visible in rows}
    assert titles["public",]['"Side"."Mixed Case"'] is False
    assert titles["Side", "public"]['"Mixed Case"'] is True
    assert titles["public",]["mo_snapshots"] is True
    assert titles["public",]["pg_class"] is True


def test_operator_classes(shop: Shop, postgres_shop: psycopg.Connection) -> None:
    columns = "oid, opcmethod, opcname, opcfamily, opcintype, opcdefault, opckeytype"
    mine = [row for row in ours(shop, "pg_catalog", "pg_opclass", columns) if row[2] != "name_ops"]
    theirs = postgres_shop.execute(
        f"SELECT {columns} FROM pg_opclass WHERE oid = ANY(%s)", ([row[0] for row in mine],)
    ).fetchall()
    assert sorted(mine) == sorted(theirs)


def test_keys_have_postgresqls_classes(shop: Shop, postgres_shop: psycopg.Connection) -> None:
    theirs = postgres_shop.execute(
        "SELECT indclass::text, indcollation::text, indkey::text FROM pg_index WHERE indexrelid >= 16384"
    ).fetchall()
    mine = [
        tuple(" ".join(map(str, vector)) for vector in row[:3])
        for row in ours(shop, "pg_catalog", "pg_index", "indclass, indcollation, indkey, indrelid")
        if row[3] >= 16384
    ]
    toast_is_not_here = [row for row in theirs if row[2] != "1 2" or row[0] == "3126 3126"]
    assert sorted(mine) == sorted(toast_is_not_here)


def test_time_zones(shop: Shop, postgres_shop: psycopg.Connection) -> None:
    known = {row[0] for row in postgres_shop.execute("SELECT name FROM pg_timezone_names")}
    mine = ours(shop, "pg_catalog", "pg_timezone_names", "name, abbrev, is_dst")
    assert {"UTC", "Europe/Berlin", "America/New_York"} <= {row[0] for row in mine} & known
    assert ("Asia/Kolkata", "IST", False) in mine
