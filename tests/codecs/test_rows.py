"""Every type's text and binary form against what a real PostgreSQL sends for the same value."""

from __future__ import annotations

import struct
import uuid
from collections.abc import Sequence
from decimal import Decimal

import duckdb
import numpy as np
import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.rows import RowEncoder, encode_rows
from sql import types
from sql.answers import ResultColumn
from sql.errors import SqlError

Rows = list[list[bytes | None]]

SAME = None
"""DuckDB reads the same literal."""
CASES: list[tuple[str, str, str | None]] = [
    *(("bool", text, SAME) for text in ("true", "false")),
    *(("int2", text, SAME) for text in ("0", "-32768", "32767")),
    *(("int4", text, SAME) for text in ("0", "7", "-2147483648", "2147483647")),
    *(("int8", text, SAME) for text in ("0", "-9223372036854775808", "9223372036854775807")),
    *(("oid", text, SAME) for text in ("0", "4294967295", "16384")),
    *(
        ("float8", text, SAME)
        for text in [
            "0",
            "-0",
            "1",
            "-1.5",
            "0.1",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e-4",
            "9.9e-5",
            "1e-5",
            "1.5e-7",
            "1e-10",
            "1e-300",
            "5e-324",
            "1e10",
            "12345678901.5",
            "1e14",
            "999999999999999",
            "123456789012345.6",
            "1e15",
            "1.5e15",
            "9007199254740993",
            "1e16",
            "1e17",
            "1e20",
            "1.7976931348623157e308",
            "0.30000000000000004",
            "9999999999.999",
            "100000",
            "1000000",
            "1234567.125",
            "2.2250738585072014e-308",
        ]
    ),
    *(
        ("float4", text, SAME)
        for text in [
            "0",
            "-0",
            "1",
            "0.1",
            "NaN",
            "Infinity",
            "-Infinity",
            "1e-4",
            "9.9e-5",
            "1e-5",
            "1e-40",
            "100000",
            "999999",
            "1000000",
            "1234567",
            "16777216",
            "1e9",
            "1e10",
            "3.4028235e38",
            "123456.79",
            "0.33333334",
            "1.1754944e-38",
        ]
    ),
    *(
        ("numeric", text, f"{text}::DECIMAL(38,10)")
        for text in [
            "0",
            "1",
            "-1",
            "1.5",
            "0.1",
            "-0.0001",
            "0.0000000001",
            "123456789012345678.1234567891",
            "10000",
            "9999",
            "10000.0001",
        ]
    ),
    *(
        ("numeric(10,2)", text, SAME)
        for text in ["0", "1", "-1.5", "12345678.91", "99999999.99", "-0.01", "10000", "100", "0.1"]
    ),
    *(
        ("numeric(38,20)", text, SAME)
        for text in ("0", "0.00000000000000000001", "123456789012345678.5", "-7")
    ),
    *(("numeric(18,8)", text, SAME) for text in ("0", "0.00000001", "-0.0000001", "1234567890.12345678")),
    *(
        ("numeric(38,0)", text, SAME)
        for text in ("0", "99999999999999999999999999999999999999", "-10000000000000000000")
    ),
    (
        "numeric",
        "170141183460469231731687303715884105727",
        "170141183460469231731687303715884105727::HUGEINT",
    ),
    (
        "numeric",
        "-170141183460469231731687303715884105728",
        "(-170141183460469231731687303715884105728)::HUGEINT",
    ),
    ("numeric", "18446744073709551615", "18446744073709551615::UBIGINT"),
    (
        "numeric",
        "123456789012345678901234567890123456789012",
        "'123456789012345678901234567890123456789012'::BIGNUM",
    ),
    (
        "numeric",
        "-123456789012345678901234567890123456789012",
        "'-123456789012345678901234567890123456789012'::BIGNUM",
    ),
    *(
        ("text", text, SAME)
        for text in ("", "a", "NULL", "naïve ✓ 🎉", 'quo"te', "tab\there", "new\nline", "\\x")
    ),
    *(("varchar(20)", text, SAME) for text in ("", "abc", "trailing  ")),
    *(("char(5)", text, f"'{text.rstrip()}'") for text in ("", "ab", "é", "abcde")),
    *(("name", text, SAME) for text in ("", "pg_class")),
    *(('"char"', text, SAME) for text in ("r", "a")),
    *(("bytea", text, f"from_hex('{text[2:]}')") for text in ("\\x", "\\x00", "\\xdeadbeef", "\\x5c78")),
    *(
        ("date", text, SAME)
        for text in [
            "1970-01-01",
            "1969-12-31",
            "0001-01-01",
            "9999-12-31",
            "10000-01-01",
            "2024-02-29",
            "infinity",
            "-infinity",
        ]
    ),
    ("date", "0001-12-31 BC", "'0001-12-31 (BC)'::DATE"),
    ("date", "4713-01-01 BC", "'4713-01-01 (BC)'::DATE"),
    ("date", "5874897-12-31", "'5874897-12-31'::DATE"),
    *(
        ("time", text, SAME)
        for text in ["00:00:00", "23:59:59.999999", "24:00:00", "12:34:56.7", "00:00:00.000001", "10:20:30"]
    ),
    ("time", "01:02:03.123456", "'01:02:03.123456789'::TIME_NS"),
    *(
        ("timestamp", text, SAME)
        for text in (
            "1970-01-01 00:00:00",
            "1969-12-31 23:59:59.999999",
            "2024-02-29 12:34:56.7",
            "2000-01-01 00:00:00.10",
            "0001-01-01 00:00:00",
            "9999-12-31 23:59:59.999999",
            "10000-01-01 00:00:00",
            "infinity",
            "-infinity",
        )
    ),
    ("timestamp", "0044-03-15 01:02:03.5 BC", "'0044-03-15 (BC) 01:02:03.5'::TIMESTAMP"),
    ("timestamp", "0001-12-31 23:59:59 BC", "'0001-12-31 (BC) 23:59:59'::TIMESTAMP"),
    ("timestamp", "4713-01-01 00:00:00 BC", "'4713-01-01 (BC) 00:00:00'::TIMESTAMP"),
    ("timestamp", "294246-12-31 23:59:59", "'294246-12-31 23:59:59'::TIMESTAMP"),
    ("timestamp", "2020-01-01 00:00:01", "'2020-01-01 00:00:01'::TIMESTAMP_S"),
    ("timestamp", "2020-01-01 00:00:01.123", "'2020-01-01 00:00:01.123'::TIMESTAMP_MS"),
    ("timestamp", "2020-01-01 00:00:01.123456", "'2020-01-01 00:00:01.123456789'::TIMESTAMP_NS"),
    *(
        ("interval", text, SAME)
        for text in (
            "1 year",
            "2 years 3 months 4 days",
            "1 month",
            "-1 month",
            "-13 months",
            "1 day",
            "-1 day",
            "00:00:00",
            "01:02:03.5",
            "-00:00:01",
            "100:00:00",
            "1 day 00:00:00.000001",
        )
    ),
    ("interval", "-1 days +02:03:00", "INTERVAL '-1 days' + INTERVAL '02:03:00'"),
    ("interval", "1 mon -2 days", "INTERVAL '1 month' - INTERVAL '2 days'"),
    (
        "interval",
        "-1 years -2 mons +3 days -04:05:06.789",
        "INTERVAL '-14 months' + INTERVAL '3 days' - INTERVAL '04:05:06.789'",
    ),
    ("interval", "1 year -1 days", "INTERVAL '1 year' - INTERVAL '1 day'"),
    *(
        ("uuid", text, SAME)
        for text in ("00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
    ),
    *(("json", text, SAME) for text in ('{"a": 1}', "[1,  2]", "null", '"x"', '{"b":1,"a":2,"b":3}')),
    *(
        ("jsonb", text, SAME)
        for text in (
            '{"bb": 1, "a": [1, 2.50, 1e2, -0, -0.00, 1.5E-3, 12345678901234567890]}',
            '{"b": {"z": null, "y": true}}',
            "[]",
            "{}",
            '"q\\"uo\\u00e9\\n\\u0001/"',
            '{"a":1,"a":2}',
            "1e5",
        )
    ),
    ("bit(3)", "101", "'101'::BIT"),
    ("bit varying", "1", "'1'::BIT"),
    ("bit varying", "1010101011110000111", "'1010101011110000111'::BIT"),
    ("bit varying", "00000000", "'00000000'::BIT"),
    ("int[]", "{}", "[]::INTEGER[]"),
    ("int[]", "{1,NULL,-3}", "[1,NULL,-3]"),
    ("int[]", "{{1,2},{3,4}}", "[[1,2],[3,4]]"),
    ("int[]", "{{{1},{2}},{{3},{NULL}}}", "[[[1],[2]],[[3],[NULL]]]"),
    ("int[]", "{1,2}", "array_value(1, 2)"),
    (
        "text[]",
        '{a,"b c",NULL,"NULL","null","","q\\"x","back\\\\slash","{","c,d","é"}',
        "['a','b c',NULL,'NULL','null','','q\"x','back\\slash','{','c,d','é']",
    ),
    ("text[]", '{{a,b},{"x y",NULL}}', "[['a','b'],['x y',NULL]]"),
    ("bool[]", "{t,f,NULL}", "[true,false,NULL]"),
    ("float8[]", "{1,0.5,NaN,Infinity,1e-05}", "[1,0.5,'NaN','Infinity',1e-5]::DOUBLE[]"),
    ("numeric(5,2)[]", "{1.00,2.50}", "[1.00,2.50]::DECIMAL(5,2)[]"),
    ("timestamp[]", '{"2020-01-01 00:00:00",NULL,infinity}', "['2020-01-01',NULL,'infinity']::TIMESTAMP[]"),
    ("date[]", "{2020-01-01,infinity}", "['2020-01-01','infinity']::DATE[]"),
    ("bytea[]", '{"\\\\x01ff","\\\\x"}', "[from_hex('01ff'), from_hex('')]"),
    ("interval[]", '{"1 day",00:00:01}', "['1 day','00:00:01']::INTERVAL[]"),
    ("uuid[]", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']::UUID[]"),
    ("jsonb[]", '{"{\\"a\\": 1}"}', "['{\"a\":1}']::JSON[]"),
    ("char(3)[]", '{"a  ",abc}', "['a','abc']"),
    ("int2vector", "1 2 3", "[1,2,3]::SMALLINT[]"),
    ("oidvector", "", "[]::BIGINT[]"),
    ("oidvector", "26 1042", "[26,1042]::BIGINT[]"),
]


def duckdb_literal(type_text: str, text: str, expression: str | None) -> str:
    quoted = "'" + text.replace("'", "''") + "'"
    if expression is not None:
        return (
            expression.replace(text, quoted, 1) if expression.startswith(text + "::DECIMAL") else expression
        )
    return f"CAST({quoted} AS {types.declared(type_text).duckdb})"


def batch_of(sql: str) -> pa.RecordBatch:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.sql(sql).to_arrow_reader(1_000_000).read_next_batch()


def column(type_text: str, name: str = "c") -> ResultColumn:
    declared = types.declared(type_text)
    return ResultColumn(name, declared.pg.oid, declared.pg.size, declared.modifier)


def rows_of(stream: bytes) -> Rows:
    """DataRow messages, checked byte by byte."""
    rows: Rows = []
    position = 0
    while position < len(stream):
        kind, length, count = struct.unpack_from(">cih", stream, position)
        assert kind == b"D"
        end, position = position + 1 + length, position + 7
        row: list[bytes | None] = []
        for _ in range(count):
            (size,) = struct.unpack_from(">i", stream, position)
            position += 4
            row.append(None if size == -1 else stream[position : position + size])
            position += max(size, 0)
        assert position == end
        rows.append(row)
    return rows


def encoded(values: pa.Array, type_text: str, code: int, timezone: str = "UTC") -> list[bytes | None]:
    batch = pa.RecordBatch.from_arrays([values], names=["x"])
    rows = rows_of(encode_rows(batch, [column(type_text)], [code], {"TimeZone": timezone}))
    assert len(rows) == len(values)
    return [row[0] for row in rows]


def theirs(oracle: psycopg.Connection, sql: str, code: int) -> Rows:
    result = oracle.pgconn.exec_params(sql.encode(), [], result_format=code)
    assert result.status == psycopg.pq.ExecStatus.TUPLES_OK, result.error_message
    return [[result.get_value(row, at) for at in range(result.nfields)] for row in range(result.ntuples)]


@pytest.mark.parametrize("code", [0, 1], ids=["text", "binary"])
@pytest.mark.parametrize(("type_text", "text", "expression"), CASES, ids=lambda value: str(value)[:40])
def test_as_postgresql_sends_it(
    oracle: psycopg.Connection, type_text: str, text: str, expression: str | None, code: int
) -> None:
    sql = f"SELECT CAST('{text.replace(chr(39), chr(39) * 2)}' AS {type_text})"
    expected = theirs(oracle, sql, code)[0][0]
    value = duckdb_literal(type_text, text, expression)
    values = batch_of(f"SELECT {value} AS c").column(0)
    assert encoded(values, type_text, code) == [expected]


@pytest.mark.parametrize("code", [0, 1], ids=["text", "binary"])
@pytest.mark.parametrize("type_text", sorted({case[0] for case in CASES}))
def test_whole_columns_with_nulls_and_slices(type_text: str, code: int) -> None:
    """Many values at once come out as each does alone, nulls between them, from any slice."""
    cases = [case for case in CASES if case[0] == type_text]
    if (
        types.declared(type_text).pg.is_array
        or len({case[2] and case[2].rpartition("::")[2] for case in cases}) > 1
    ):
        kinds = {str(batch_of(f"SELECT {duckdb_literal(*case)} AS c").schema.field(0).type) for case in cases}
        if len(kinds) > 1:
            cases = cases[:1]
    alone = [batch_of(f"SELECT {duckdb_literal(*case)} AS c").column(0) for case in cases]
    expected = [encoded(values, type_text, code)[0] for values in alone]
    null = pa.nulls(1, alone[0].type)
    mixed = pa.concat_arrays([part for values in alone for part in (values, null)] * 2)
    whole = [part for value in expected for part in (value, None)] * 2
    assert encoded(mixed, type_text, code) == whole
    for start, length in ((1, len(mixed) - 1), (2, 3), (len(mixed) - 1, 1)):
        assert encoded(mixed.slice(start, length), type_text, code) == whole[start : start + length]


ZONES = [
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
    "America/New_York",
    "America/St_Johns",
    "Africa/Casablanca",
    "Pacific/Apia",
]
MOMENTS = [
    "1970-01-01 00:00:00+00",
    "2024-03-31 00:59:59.999999+00",
    "2024-03-31 01:00:00+00",
    "2024-10-27 01:00:00+00",
    "2011-12-30 12:00:00+00",
    "1890-01-01 00:00:00+00",
    "1700-06-01 00:00:00+00",
    "0001-01-01 00:00:00+00",
    "9999-12-31 23:59:59+00",
    "12345-06-07 08:09:10.5+00",
    "2050-07-01 12:00:00+00",
    "2500-07-01 12:00:00+00",
    "infinity",
    "-infinity",
    "0044-03-15 12:00:00+00 BC",
]


@pytest.mark.parametrize("code", [0, 1], ids=["text", "binary"])
@pytest.mark.parametrize("name", ZONES)
def test_timestamptz_in_the_sessions_zone(oracle: psycopg.Connection, name: str, code: int) -> None:
    oracle.execute(f"SET timezone = '{name}'")
    values = ", ".join(f"('{moment}'::timestamptz)" for moment in MOMENTS)
    expected = [row[0] for row in theirs(oracle, f"SELECT * FROM (VALUES {values}) v", code)]
    micros = theirs(oracle, f"SELECT extract(epoch FROM c) * 1000000 FROM (VALUES {values}) v(c)", 0)
    ends = {"Infinity": 2**63 - 1, "-Infinity": -(2**63) + 1}
    numbers = [ends.get((row[0] or b"").decode()) or int(Decimal((row[0] or b"").decode())) for row in micros]
    moments = pa.array(numbers, pa.int64()).cast(pa.timestamp("us", "UTC"))
    assert encoded(moments, "timestamptz", code, name) == expected


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.integers(min_value=-(10**16), max_value=10**17), min_size=1, max_size=20),
    st.sampled_from(ZONES),
)
def test_any_moment_in_any_zone(oracle: psycopg.Connection, micros: list[int], name: str) -> None:
    oracle.execute(f"SET timezone = '{name}'")
    values = ", ".join(f"({micro}::bigint)" for micro in micros)
    seconds = "c / 1000000 * interval '1 second' + c % 1000000 * interval '1 microsecond'"
    sql = f"SELECT 'epoch'::timestamptz + {seconds} FROM (VALUES {values}) v(c)"
    expected = [row[0] for row in theirs(oracle, sql, 0)]
    moments = pa.array(micros, pa.int64()).cast(pa.timestamp("us", "UTC"))
    assert encoded(moments, "timestamptz", 0, name) == expected


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.one_of(st.none(), st.floats()), min_size=1, max_size=30), st.integers(0, 1))
def test_any_float(oracle: psycopg.Connection, values: list[float | None], code: int) -> None:
    listed = ", ".join("(NULL)" if v is None else f"('{v!r}'::float8)" for v in values)
    expected = [row[0] for row in theirs(oracle, f"SELECT c::float8 FROM (VALUES {listed}) v(c)", code)]
    if code == 1:
        expected = [None if v is None else struct.pack(">d", v) for v in values]
    assert encoded(pa.array(values, pa.float64()), "float8", code) == expected


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=30))
def test_any_single_float(oracle: psycopg.Connection, values: list[float]) -> None:
    listed = ", ".join(f"('{v!r}'::float4)" for v in values)
    expected = [row[0] for row in theirs(oracle, f"SELECT * FROM (VALUES {listed}) v", 0)]
    assert encoded(pa.array(values, pa.float32()), "float4", 0) == expected


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.integers(0, 20), st.lists(st.integers(-(10**37), 10**37), min_size=1, max_size=10), st.integers(0, 1)
)
def test_any_numeric(oracle: psycopg.Connection, scale: int, digits: list[int], code: int) -> None:
    values = [Decimal(digit).scaleb(-scale) for digit in digits]
    listed = ", ".join(f"('{value:f}'::numeric(38,{scale}))" for value in values)
    expected = [row[0] for row in theirs(oracle, f"SELECT * FROM (VALUES {listed}) v", code)]
    assert encoded(pa.array(values, pa.decimal128(38, scale)), f"numeric(38,{scale})", code) == expected


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(-5000, 5000), st.integers(-400, 400), st.integers(-(10**12), 10**12)),
        min_size=1,
        max_size=10,
    ),
    st.integers(0, 1),
)
def test_any_interval(oracle: psycopg.Connection, parts: list[tuple[int, int, int]], code: int) -> None:
    listed = ", ".join(
        f"(make_interval(months => {m}, days => {d}) + {us}::bigint * interval '1 microsecond')"
        for m, d, us in parts
    )
    expected = [row[0] for row in theirs(oracle, f"SELECT * FROM (VALUES {listed}) v", code)]
    values = pa.array([(m, d, us * 1000) for m, d, us in parts], pa.month_day_nano_interval())
    assert encoded(values, "interval", code) == expected


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.one_of(
            st.none(),
            st.lists(
                st.one_of(
                    st.none(),
                    st.text(st.characters(exclude_characters="\0", codec="utf-8")),
                    st.sampled_from(["null", "NULL", "", " ", "a,b", "\\", '"', "\v"]),
                )
            ),
        )
    ),
    st.integers(0, 1),
)
def test_any_array_of_text(
    oracle: psycopg.Connection, lists: list[list[str | None] | None], code: int
) -> None:
    with oracle.cursor(binary=bool(code)) as cursor:
        expected = []
        for items in lists:
            cursor.execute("SELECT %s::text[]", (items,))
            assert cursor.pgresult is not None
            expected.append(cursor.pgresult.get_value(0, 0))
    assert encoded(pa.array(lists, pa.list_(pa.string())), "text[]", code) == expected


# --- layouts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "type_text", "expected"),
    [
        (pa.array(["a", None, "b"]).dictionary_encode(), "text", [b"a", None, b"b"]),
        (
            pa.array(["short", None, "longer than twelve"], pa.string_view()),
            "text",
            [b"short", None, b"longer than twelve"],
        ),
        (pa.array(["x", None], pa.large_string()), "text", [b"x", None]),
        (pa.array([b"\x01", None], pa.large_binary()), "bytea", [b"\\x01", None]),
        (pa.array([b"\x01", None], pa.binary_view()), "bytea", [b"\\x01", None]),
        (pa.array(['{"a":1}', None], pa.json_()), "json", [b'{"a":1}', None]),
        (
            pa.array([uuid.UUID(int=1).bytes, None], pa.uuid()),
            "uuid",
            [b"00000000-0000-0000-0000-000000000001", None],
        ),
        (pa.nulls(2), "int4", [None, None]),
        (pa.array([[1], None], pa.large_list(pa.int32())), "int[]", [b"{1}", None]),
        (pa.array([[1, 2], None], pa.list_(pa.int32(), 2)), "int[]", [b"{1,2}", None]),
        (pa.array([1, 2], pa.int8()), "int2", [b"1", b"2"]),
        (pa.array([2**64 - 1], pa.uint64()), "numeric", [b"18446744073709551615"]),
        (pa.array([Decimal(5)], pa.decimal128(38, 0)), "int8", [b"5"]),
        (pa.array([1.5, float("nan"), 1e20]), "numeric", [b"1.5", b"NaN", b"100000000000000000000"]),
        (pa.array([Decimal("1.50")]), "float8", [b"1.5"]),
        (pa.array([[[], []], [], [[1]]], pa.list_(pa.list_(pa.int32()))), "int[]", [b"{}", b"{}", b"{{1}}"]),
        (pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int32())), "json", [b'{"a": 1}', None]),
    ],
    ids=lambda value: str(getattr(value, "type", ""))[:30],
)
def test_whatever_layout_arrow_has(values: pa.Array, type_text: str, expected: list[bytes | None]) -> None:
    assert encoded(values, type_text, 0) == expected


@pytest.mark.parametrize("code", [0, 1], ids=["text", "binary"])
def test_records(oracle: psycopg.Connection, code: int) -> None:
    sql = "SELECT ROW(1, 'a b'::text, NULL::bool, ''::text, 'q\"\\'::text, 1.5::float8)"
    expected = theirs(oracle, sql, code)[0][0]
    row = {"a": 1, "b": "a b", "c": None, "d": "", "e": 'q"\\', "f": 1.5}
    kind = pa.struct(
        [
            ("a", pa.int32()),
            ("b", pa.string()),
            ("c", pa.bool_()),
            ("d", pa.string()),
            ("e", pa.string()),
            ("f", pa.float64()),
        ]
    )
    batch = pa.RecordBatch.from_arrays([pa.array([row, None], kind)], names=["r"])
    stream = encode_rows(batch, [ResultColumn("r", 2249)], [code], {})
    assert rows_of(stream) == [[expected], [None]]


def test_reg_types_and_unknown_oids_are_sent_as_they_come() -> None:
    batch = pa.RecordBatch.from_arrays(
        [pa.array(["pg_class"]), pa.array([1259]), pa.array(["x"])], names=list("abc")
    )
    columns = [ResultColumn("a", 2205), ResultColumn("b", 2205), ResultColumn("c", 99999)]
    assert rows_of(encode_rows(batch, columns, [], {})) == [[b"pg_class", b"1259", b"x"]]
    numbers = pa.RecordBatch.from_arrays([pa.array([1259, None])], names=["a"])
    assert rows_of(encode_rows(numbers, columns[:1], [1], {})) == [[struct.pack(">I", 1259)], [None]]


# --- framing ----------------------------------------------------------------------------------------


def test_no_rows_and_no_columns() -> None:
    empty = pa.RecordBatch.from_arrays([pa.array([], pa.int32())], names=["a"])
    assert encode_rows(empty, [column("int")], [], {}) == b""
    nothing = pa.RecordBatch.from_struct_array(pa.array([{}] * 3, pa.struct([])))
    assert rows_of(encode_rows(nothing, [], [], {})) == [[], [], []]


def test_formats_for_none_one_or_each() -> None:
    batch = pa.RecordBatch.from_arrays(
        [pa.array([1], pa.int32()), pa.array([2], pa.int32())], names=["a", "b"]
    )
    columns = [column("int"), column("int")]
    one, two = struct.pack(">i", 1), struct.pack(">i", 2)
    for formats, expected in (
        ((), [b"1", b"2"]),
        ((1,), [one, two]),
        ((0, 1), [b"1", two]),
        ((1, 0), [one, b"2"]),
    ):
        assert rows_of(encode_rows(batch, columns, formats, {})) == [expected]
    for formats, sqlstate in (((2,), "22023"), ((0, 0, 0), "08P01")):
        with pytest.raises(SqlError) as caught:
            encode_rows(batch, columns, formats, {})
        assert caught.value.sqlstate == sqlstate


def test_many_columns_and_rows() -> None:
    generator = np.random.default_rng(7)
    arrays = [
        pa.array(generator.integers(-(10**6), 10**6, 500), mask=generator.random(500) < 0.2)
        for _ in range(300)
    ]
    batch = pa.RecordBatch.from_arrays(arrays, names=[str(at) for at in range(300)])
    rows = rows_of(encode_rows(batch, [column("int8")] * 300, [], {}))
    assert rows == [
        [None if value is None else str(value).encode() for value in row.values()]
        for row in batch.rename_columns([str(at) for at in range(300)]).to_pylist()
    ]


@pytest.mark.parametrize("rows", [1, 2, 3, 31, 32, 33, 100])
def test_the_number_of_rows_makes_no_difference(rows: int) -> None:
    """Small batches may take another way through the code."""
    columns = [
        column(text)
        for text in (
            "int",
            "text",
            "float8",
            "timestamp",
            "numeric(10,2)",
            "bool",
            "timestamptz",
            "date",
            "uuid",
            "interval",
        )
    ]
    batch = batch_of(
        "SELECT i::INT AS a, CASE WHEN i % 3 = 0 THEN NULL ELSE 'name ' || i END AS b, i / 3.0::DOUBLE AS c,"
        " TIMESTAMP '2020-01-01' + to_microseconds(i * 123456789) AS d, (i * 1.25)::DECIMAL(10,2) AS e,"
        " i % 2 = 0 AS f,"
        " TIMESTAMPTZ '2020-01-01 00:00:00+00' + to_hours(i::INT) AS g, DATE '1999-12-31' + i::INT AS h,"
        " '00000000-0000-0000-0000-000000000001'::UUID AS i, to_months(i::INT) AS j FROM range(100) t(i)"
    )
    for formats in ((0,), (1,)):
        everything = rows_of(encode_rows(batch, columns, formats, {"TimeZone": "Asia/Tokyo"}))
        some = rows_of(encode_rows(batch.slice(5, rows), columns, formats, {"TimeZone": "Asia/Tokyo"}))
        assert some == everything[5 : 5 + rows]


def test_a_value_of_100_mb() -> None:
    big = "x" * (100 * 1024 * 1024)
    batch = pa.RecordBatch.from_arrays([pa.array([1, 2]), pa.array([big, "small"])], names=["a", "b"])
    stream = encode_rows(batch, [column("int8"), column("text")], [], {})
    assert rows_of(stream) == [[b"1", big.encode()], [b"2", b"small"]]


def test_batches_too_large_for_one_array_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.rows.BATCH_BYTES_MAX", 1000)
    batch = pa.RecordBatch.from_arrays([pa.array([f"row {at}" for at in range(1000)])], names=["a"])
    assert rows_of(encode_rows(batch, [column("text")], [], {})) == [
        [f"row {at}".encode()] for at in range(1000)
    ]


def test_what_does_not_fit_its_type_is_an_error_of_ours() -> None:
    cases: Sequence[tuple[pa.Array, str, int]] = [
        (pa.array(["x"]), "int4", 1),
        (pa.array([2**40]), "int4", 1),
        (pa.array([[[1], [2, 3]]], pa.list_(pa.list_(pa.int32()))), "int[]", 1),
    ]
    for values, type_text, code in cases:
        with pytest.raises(SqlError) as caught:
            encoded(values, type_text, code)
        assert caught.value.sqlstate in ("XX000", "2202E")
    with pytest.raises(SqlError) as caught:
        encode_rows(pa.RecordBatch.from_arrays([pa.array([1])], names=["a"]), [], [], {})
    assert caught.value.sqlstate == "XX000"


def test_an_unknown_zone() -> None:
    with pytest.raises(SqlError) as caught:
        RowEncoder([], [], {"TimeZone": "Nowhere/Land"})
    assert caught.value.sqlstate == "22023"
