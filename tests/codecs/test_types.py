"""The table of types against PostgreSQL's own, and type names both ways."""

from __future__ import annotations

import duckdb
import psycopg
import pytest

from sql import types
from sql.errors import SqlError

DECLARATIONS = (
    """
int|int2|int4|int8|integer|bigint|smallint|float4|float8|float|float(1)|float(24)|float(25)|real
double precision|numeric|numeric(10)|numeric(10,2)|decimal(38,38)|dec(5, 1)|text|varchar|varchar(20)
character varying(7)|char varying(3)|national character varying(2)|char|char(4)|character|character(2)
nchar(3)|bpchar|bpchar(3)|"char"|name|bool|boolean|date|time|time(3)|time(0) without time zone
time without time zone|timestamp|timestamp(2)|timestamp(6) with time zone|timestamptz|timestamptz(1)
timestamp without time zone|timestamp with time zone|interval|interval(3)|bytea|uuid|json|jsonb|oid|xid
xid8|cid|regclass|regtype|regproc|regprocedure|regnamespace|regrole|regoper|regoperator|regconfig
regdictionary|int2vector|oidvector|bit|bit(3)|bit varying|bit varying(5)|varbit(2)|int[]|integer ARRAY
int array[4]|text[][]|numeric(10,2)[]|varchar(3)[]|timestamp(3) with time zone[]|_int4|_varchar
pg_catalog.int4|pg_catalog.varchar(3)|pg_catalog."char"|pg_catalog.char|PG_CATALOG.INT8|"int4"|INT
Double  Precision|interval second(3)
""".replace("\n", "|")
    .strip("|")
    .replace("|interval second(3)", "")
    .split("|")
)


def test_every_row_is_postgresqls(oracle: psycopg.Connection) -> None:
    rows = oracle.execute(
        "SELECT oid::int8, typname::text, typlen::int4, typarray::int8, typelem::int8, typcategory::text,"
        " typispreferred, format_type(oid, -1) FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace"
    ).fetchall()
    theirs = {row[0]: row for row in rows}
    for pg in types.TYPES:
        ours = (pg.oid, pg.name, pg.size, pg.array_oid, pg.element_oid, pg.category, pg.preferred, pg.title)
        assert ours == theirs[pg.oid]


def test_lookups() -> None:
    assert types.by_name("int4") is types.by_oid(23)
    assert types.find_oid(1) is None
    assert types.find_name("integer") is None
    for call in (lambda: types.by_oid(1), lambda: types.by_name("nope")):
        with pytest.raises(SqlError) as caught:
            call()
        assert caught.value.sqlstate == "42704"


@pytest.mark.parametrize("text", DECLARATIONS)
def test_declared_as_postgresql_would(oracle: psycopg.Connection, text: str) -> None:
    oracle.execute("DROP TABLE IF EXISTS declared")
    oracle.execute(f"CREATE TEMP TABLE declared (c {text})")
    row = oracle.execute(
        "SELECT atttypid::int8, atttypmod, format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = 'declared'::regclass AND attnum = 1"
    ).fetchone()
    assert row is not None
    declared = types.declared(text)
    assert (declared.pg.oid, declared.modifier) == row[:2]
    assert types.format_type(declared.pg.oid, declared.modifier) == row[2]
    assert types.declared(declared.text) == declared
    assert declared.text.removesuffix("[]") == row[2].removesuffix("[]") or "[][]" in declared.text


@pytest.mark.parametrize("text", [text for text in DECLARATIONS if "vector" not in text])
def test_duckdb_has_the_storage_type(text: str) -> None:
    declared = types.declared(text)
    with duckdb.connect() as connection:
        (found,) = connection.sql(f"SELECT CAST(NULL AS {declared.duckdb}) AS c").types
    back = types.of_duckdb(str(found))
    expected = {"VARCHAR": "text", "BIGINT": "int8", "BIT": "varbit", "JSON": "json"}
    element = declared.element or declared
    name = expected.get(element.duckdb, element.pg.name)
    assert back.name == ("_" + name if declared.pg.is_array else name)


@pytest.mark.parametrize(
    ("text", "sqlstate"),
    [
        ("", "42601"),
        ("foo", "42704"),
        ("public.int4", "42704"),
        ('"integer"', "42704"),
        ("pg_catalog.integer", "42704"),
        ("varchar(0)", "22023"),
        ("varchar(10485761)", "22023"),
        ("varchar(1,2)", "22023"),
        ("char(0)", "22023"),
        ("numeric(0)", "22023"),
        ("numeric(1001)", "22023"),
        ("numeric(1,2,3)", "22023"),
        ("float(0)", "22023"),
        ("float(54)", "22023"),
        ("timestamp(-1)", "22023"),
        ("int(3)", "42601"),
        ("int4)", "42601"),
        ("varchar(", "42601"),
        ("varchar()", "42601"),
        ("varchar(a)", "42601"),
        ("int[", "42601"),
        ("int[x]", "42601"),
        ("a b c", "42601"),
        ("int; drop", "42601"),
        ("int'", "42601"),
        ("int[][][][][][][]", "54000"),
        ("numeric(39)", "0A000"),
        ("numeric(3,5)", "0A000"),
        ("numeric(3,-1)", "0A000"),
        ("interval day", "0A000"),
        ("interval year to month", "0A000"),
        ("inet", "0A000"),
        ("xml", "0A000"),
        ("money", "0A000"),
        ("timetz", "0A000"),
        ("time with time zone", "0A000"),
        ("record", "0A000"),
        ("cidr[]", "0A000"),
        ("int4range", "0A000"),
    ],
)
def test_refused(text: str, sqlstate: str) -> None:
    with pytest.raises(SqlError) as caught:
        types.declared(text)
    assert caught.value.sqlstate == sqlstate


MODIFIERS = [None, -1, 0, 3, 4, 5, 24, 655366]
INTERVAL_MODIFIERS = [None, -1, 2147418114, 2147483647, 327679]
"""PostgreSQL fails on other modifiers of an interval."""
FORMATTED = [(1186, modifier) for modifier in INTERVAL_MODIFIERS] + [
    (oid, modifier)
    for oid in (0, 1, 16, 20, 1042, 1043, 1560, 1700, 1114, 1007, 1015, 1231)
    for modifier in MODIFIERS
]


@pytest.mark.parametrize(("oid", "modifier"), FORMATTED)
def test_format_type(oracle: psycopg.Connection, oid: int, modifier: int | None) -> None:
    row = oracle.execute("SELECT format_type(%s::oid, %s::int4)", (oid, modifier)).fetchone()
    assert row is not None
    assert types.format_type(oid, modifier) == row[0]


@pytest.mark.parametrize(
    ("duckdb_type", "name"),
    [
        ("HUGEINT", "numeric"),
        ("DECIMAL(18,3)", "numeric"),
        ("UBIGINT", "numeric"),
        ("TIMESTAMP WITH TIME ZONE", "timestamptz"),
        ("TIMESTAMP_NS", "timestamp"),
        ('"NULL"', "text"),
        ("ENUM('a', 'b')", "text"),
        ("STRUCT(a INTEGER, b VARCHAR[])", "record"),
        ("STRUCT(a INTEGER)[]", "_record"),
        ("MAP(VARCHAR, INTEGER)", "json"),
        ("INTEGER[][]", "_int4"),
        ("DECIMAL(10,2)[3]", "_numeric"),
        ("BLOB", "bytea"),
    ],
)
def test_of_duckdb(duckdb_type: str, name: str) -> None:
    assert types.of_duckdb(duckdb_type).name == name


def test_of_duckdb_refuses_what_it_cannot_send() -> None:
    for kind in ("TIME WITH TIME ZONE", "GEOMETRY"):
        with pytest.raises(SqlError) as caught:
            types.of_duckdb(kind)
        assert caught.value.sqlstate == "0A000"
