"""Casts in DuckDB against the same casts in PostgreSQL: assignment, explicit, and reading text."""

from __future__ import annotations

import duckdb
import psycopg
import pyarrow as pa
import pytest

from server.rows import encode_rows
from sql import types
from sql.answers import ResultColumn
from tests.codecs.test_rows import rows_of

Outcome = bytes | str | None
"""The value's text, or the SQLSTATE of the error as a str."""


def ours(duck: duckdb.DuckDBPyConnection, sql: str, declared: types.Declared) -> Outcome:
    try:
        batch = duck.sql(sql).to_arrow_reader(10).read_next_batch()
    except duckdb.Error as failure:
        found = types.raised(str(failure))
        return found.sqlstate if found else type(failure).__name__
    column = ResultColumn("c", declared.pg.oid, declared.pg.size, declared.modifier)
    return rows_of(encode_rows(pa.RecordBatch.from_arrays(batch.columns, names=["c"]), [column], [], {}))[0][
        0
    ]


def theirs(oracle: psycopg.Connection, type_text: str, value: str) -> Outcome:
    """What a table column of the type holds after INSERT of the expression."""
    oracle.execute("DROP TABLE IF EXISTS assigned")
    oracle.execute(f"CREATE TEMP TABLE assigned (c {type_text})")
    try:
        oracle.execute(f"INSERT INTO assigned VALUES ({value})")
    except psycopg.Error as failure:
        return failure.sqlstate or ""
    result = oracle.pgconn.exec_params(b"SELECT c FROM assigned", [], result_format=0)
    return result.get_value(0, 0)


ASSIGNMENTS = [
    ("varchar(3)", "'abc'::text"),
    ("varchar(3)", "'abcd'::text"),
    ("varchar(3)", "'abc   '::text"),
    ("varchar(3)", "'a     '::text"),
    ("varchar(3)", "NULL::text"),
    ("varchar(3)", "'é🎉x'::text"),
    ("char(3)", "'a'::text"),
    ("char(3)", "'abcd'::text"),
    ("char(3)", "'abc  '::text"),
    ("char(3)", "''::text"),
    ("varchar", "'any length'::text"),
    ("numeric(4,2)", "1.005::numeric"),
    ("numeric(4,2)", "99.994::numeric"),
    ("numeric(4,2)", "99.995::numeric"),
    ("numeric(4,2)", "-100::int"),
    ("numeric(3,0)", "999.4::float8"),
    ("numeric(2,2)", "1::int"),
    ("numeric(4,2)", "NULL::int"),
    ("int", "2.5::numeric"),
    ("int", "2.5::float8"),
    ("timestamp(0)", "timestamp '2020-01-01 00:00:00.5'"),
    ("timestamp(0)", "timestamp '1999-12-31 23:59:59.5'"),
    ("timestamp(0)", "timestamp '1999-12-31 23:59:58.5'"),
    ("timestamp(3)", "timestamp '2020-01-01 00:00:00.1235'"),
    ("timestamp(3)", "timestamp 'infinity'"),
    ("timestamp(6)", "timestamp '2020-01-01 00:00:00.123456'"),
    ("timestamptz(1)", "timestamptz '2020-01-01 00:00:00.25+00'"),
    ("timestamptz(1)", "timestamptz '-infinity'"),
    ("time(0)", "time '23:59:59.7'"),
    ("time(2)", "time '12:34:56.789'"),
    ("interval(0)", "interval '1 month 1.5 seconds'"),
    ("interval(2)", "interval '-1.005 seconds'"),
]


@pytest.mark.parametrize(("type_text", "value"), ASSIGNMENTS)
def test_assignment(
    oracle: psycopg.Connection, duck: duckdb.DuckDBPyConnection, type_text: str, value: str
) -> None:
    declared = types.declared(type_text)
    here = value.replace("::numeric", "::DECIMAL(20,5)")
    sql = f"SELECT {types.assignment_cast(declared, 'x')} AS c FROM (SELECT {here} AS x)"
    assert ours(duck, sql, declared) == theirs(oracle, type_text, value)


EXPLICIT = [
    ("varchar(3)", "'abcdef'::text"),
    ("char(3)", "'abcdef'::text"),
    ("char(3)", "'a'::text"),
    ("name", "'abc'::text"),
    ('"char"', "'abc'::text"),
    ("numeric(4,2)", "123::int"),
    ("varchar(2)[]", "ARRAY['abc', NULL, 'a']"),
    ("char(3)[]", "ARRAY['a']"),
    ("numeric(3,1)[]", "ARRAY[1.25, 2]"),
    ("bit(3)", "'10101'::varbit"),
    ("bit(6)", "'101'::varbit"),
    ("varbit(2)", "'101'::varbit"),
]


@pytest.mark.parametrize(("type_text", "value"), EXPLICIT)
def test_explicit(
    oracle: psycopg.Connection, duck: duckdb.DuckDBPyConnection, type_text: str, value: str
) -> None:
    declared = types.declared(type_text)
    here = value.replace("::varbit", "::BIT")
    sql = f"SELECT {types.explicit_cast(declared, 'x')} AS c FROM (SELECT {here} AS x)"
    assert ours(duck, sql, declared) == theirs(oracle, type_text, f"({value})::{type_text}")


def test_bit_strings_are_assigned_at_their_length(duck: duckdb.DuckDBPyConnection) -> None:
    for type_text, value, expected in (
        ("bit(3)", "101", b"101"),
        ("bit(3)", "10", "22026"),
        ("varbit(3)", "1010", "22001"),
        ("varbit(3)", "10", b"10"),
    ):
        declared = types.declared(type_text)
        sql = f"SELECT {types.assignment_cast(declared, 'x')} AS c FROM (SELECT '{value}'::BIT AS x)"
        assert ours(duck, sql, declared) == expected


INPUTS: dict[str, list[str]] = {
    "int": [
        "1",
        "-1",
        "+1",
        " 12 ",
        "007",
        "-0",
        "2147483647",
        "2147483648",
        "-2147483649",
        "1.5",
        "1e3",
        "0x10",
        "1_000",
        "",
        "abc",
        "1 2",
        " ",
    ],
    "smallint": [
        "32767",
        "32768",
        "-32768",
        "x",
    ],
    "bigint": [
        "9223372036854775807",
        "9223372036854775808",
        "99999999999999999999999",
    ],
    "float8": [
        "1",
        "1.5",
        "-0",
        "1e3",
        "1.",
        ".5",
        ".",
        "1e",
        "NaN",
        "nan",
        "Infinity",
        "-inf",
        "+inf",
        "1e400",
        "-1e400",
        "1e-400",
        "0e-400",
        "0.0",
        "1_0",
        "abc",
        "",
        " 1 ",
    ],
    "real": [
        "1.1",
        "1e39",
        "1e-50",
        "3.4e38",
        "NaN",
    ],
    "numeric(6,2)": [
        "1",
        "1.005",
        "-1.5e2",
        "9999.994",
        "9999.995",
        "1e10",
        "abc",
        "",
        "1_0",
        " 1 ",
        ".5",
        "5.",
    ],
    "bool": [
        "t",
        "f",
        "true",
        "FALSE",
        "yes",
        "no",
        "on",
        "off",
        "of",
        "o",
        "1",
        "0",
        "y",
        "n",
        "tr",
        " true ",
        "2",
        "",
        "truee",
    ],
    "text": [
        "",
        "abc",
        "NULL",
        "\\x",
    ],
    "varchar(3)": [
        "abc",
        "abcd",
        "ab   ",
    ],
    "char(3)": [
        "a",
        "abcd",
        "",
    ],
    "bytea": [
        "\\x00ff",
        "\\x",
        "abc",
        "a\\\\b",
        "\\001x\\377",
        "\\x0",
        "\\xzz",
        "\\x de ad ",
        "é",
        "\\9",
        "a\\",
    ],
    "date": [
        "2020-01-05",
        "0044-03-15 BC",
        "infinity",
        "-infinity",
        "epoch",
        "2020-13-01",
        "2020-02-30",
        "abc",
        "",
        "10000-01-01",
        "2020-1-5",
        "2020-01-05 AD",
    ],
    "timestamp": [
        "2020-01-05",
        "2020-01-05 10:20",
        "2020-01-05 10:20:30.5",
        "2020-01-05T10:20:30",
        "0044-03-15 01:02:03.5 BC",
        "2020-01-05 10:20:30+02",
        "2020-01-05 10:20:30Z",
        "infinity",
        "junk",
        "2020-01-05 junk",
        "2020-01-05 25:00",
        "",
    ],
    "timestamptz": [
        "2020-01-05",
        "2020-01-05 10:20:30+02",
        "2020-01-05 10:20:30-03:30",
        "0044-03-15 01:02:03+00 BC",
        "2020-01-05 10:20:30 Europe/Berlin",
        "-infinity",
        "2020-01-05T10:20:30Z",
        "2020-01-05T10:20:30.5+00:00",
        "x",
    ],
    "timestamp(0)": [
        "2020-01-05 10:20:30.5",
    ],
    "time": [
        "10:20",
        "10:20:30.25",
        "24:00:00",
        "25:00",
        "x",
    ],
    "interval": [
        "1 day",
        "1 year 2 mons -3 days +04:05:06.7",
        "-1 days +02:03:00",
        "00:00:01",
        "x",
        "1 mon",
    ],
    "uuid": [
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "A0EEBC999C0B4EF8BB6D6BB9BD380A11",
        "x",
    ],
    "json": [
        '{"a": 1}',
        "x",
        "[1,2]",
    ],
    "jsonb": [
        '{"b":1, "a":2}',
        "x",
    ],
    "oid": [
        "1",
        "x",
    ],
    "int[]": [
        "{}",
        "{1,2}",
        "{1,NULL, 3 }",
        "{ }",
        "{1,}",
        "{1",
        "1",
        "{a}",
        "{1.5}",
        "",
        "{1}x",
    ],
    "text[]": [
        '{a,"b c",NULL,"NULL","q\\"x","c,d","{}"}',
        '{"", x y }',
        "{a\\,b}",
        '{"a"b}',
        '{a"b}',
        "{,}",
    ],
    "bool[]": [
        "{t,off}",
    ],
    "varchar(2)[]": [
        "{ab,abc}",
    ],
    "timestamp[]": [
        '{"2020-01-01 00:00:00",NULL}',
    ],
}
CASES = [(type_text, text) for type_text, texts in INPUTS.items() for text in texts]


@pytest.mark.parametrize(("type_text", "text"), CASES)
def test_input(
    oracle: psycopg.Connection, duck: duckdb.DuckDBPyConnection, type_text: str, text: str
) -> None:
    declared = types.declared(type_text)
    literal = "'" + text.replace("'", "''") + "'"
    sql = f"SELECT {types.input_cast(declared, 'x')} AS c FROM (VALUES ({literal})) v(x)"
    expected = theirs(oracle, type_text, literal)
    found = ours(duck, sql, declared)
    if found == "ConversionException":  # told in PostgreSQL's words by sql.failures
        assert isinstance(expected, str)
        assert expected in ("22007", "22008", "22P02")
    elif type_text == "bytea" and isinstance(expected, str):
        assert found in ("22023", "22P02")
    else:
        assert found == expected


@pytest.mark.parametrize("type_text", sorted(INPUTS))
def test_null_stays_null(duck: duckdb.DuckDBPyConnection, type_text: str) -> None:
    declared = types.declared(type_text)
    for cast in (types.input_cast, types.assignment_cast, types.explicit_cast):
        sql = f"SELECT {cast(declared, 'x')} AS c FROM (VALUES (NULL::VARCHAR)) v(x)"
        assert ours(duck, sql, declared) is None


def test_raised_errors_come_back(duck: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.Error) as caught:
        duck.execute(f"SELECT {types.raising('22001', 'its too long', 'a detail')}")
    error = types.raised(str(caught.value))
    assert error is not None
    assert (error.sqlstate, error.message, error.detail) == ("22001", "its too long", "a detail")
    assert types.raised("Conversion Error: Could not convert string '[22001] x' to INT32") is None
