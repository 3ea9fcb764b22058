"""COPY TO: what we write is, byte for byte, what PostgreSQL writes, and reads back as it was."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.copying import CopyReader, CopyWriter
from sql.answers import CopyOptions, ResultColumn
from tests.codecs.test_copy_reader import CSV, FIELDS, SIZES, TEXT, Row, columns_of, pieces, sql_of

OPTIONS = [
    TEXT,
    replace(TEXT, delimiter="|", null="x", header=True),
    replace(TEXT, delimiter="]"),
    CSV,
    replace(CSV, header=True, null="NULL"),
    replace(CSV, escape="\\", delimiter=";"),
    replace(CSV, quote="^", escape="^", delimiter="-"),
    replace(CSV, force_quote=None),
    replace(CSV, force_quote=("a",)),
]


def written(rows: list[Row], options: CopyOptions) -> bytes:
    count = len(rows[0])
    arrays = [pa.array([row[at] for row in rows], pa.string()) for at in range(count)]
    writer = CopyWriter(columns_of(count), options)
    batch = pa.RecordBatch.from_arrays(arrays, names=[str(at) for at in range(count)])
    return writer.header() + writer.rows(batch.slice(0, 1)) + writer.rows(batch.slice(1))


def by_postgresql(oracle: psycopg.Connection, rows: list[Row], options: CopyOptions) -> bytes:
    names = [column.name for column in columns_of(len(rows[0]))]
    oracle.execute("DROP TABLE IF EXISTS copied")
    oracle.execute(f"CREATE TEMP TABLE copied ({', '.join(f'{name} text' for name in names)})")
    sql = sql_of(options)
    if options.force_quote is None:
        sql += ", FORCE_QUOTE *"
    elif options.force_quote:
        sql += f", FORCE_QUOTE ({', '.join(options.force_quote)})"
    with oracle.cursor() as cursor:
        cursor.executemany(f"INSERT INTO copied VALUES ({', '.join(['%s'] * len(names))})", rows)
        with cursor.copy(f"COPY copied TO STDOUT ({sql})".encode()) as copy:
            return b"".join(bytes(block) for block in copy)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.integers(1, 3).flatmap(lambda count: st.lists(st.tuples(*[FIELDS] * count), min_size=1, max_size=12)),
    st.sampled_from(OPTIONS),
)
def test_byte_for_byte(oracle: psycopg.Connection, rows: list[Row], options: CopyOptions) -> None:
    assert written(rows, options) == by_postgresql(oracle, rows, options)


@settings(max_examples=150, deadline=None)
@given(
    st.integers(1, 4).flatmap(lambda count: st.lists(st.tuples(*[FIELDS] * count), min_size=1, max_size=20)),
    st.sampled_from([options for options in OPTIONS if options.null != "x"]),
    SIZES,
)
def test_round_trip(rows: list[Row], options: CopyOptions, sizes: tuple[int, int]) -> None:
    size, window_bytes = sizes
    reader = CopyReader(columns_of(len(rows[0])), options, window_bytes=window_bytes)
    data = written(rows, options)
    batches = [batch for piece in pieces(data, size) for batch in reader.feed(piece)] + reader.finish()
    assert [tuple(row.values()) for batch in batches for row in batch.to_pylist()] == rows


def test_every_type_as_it_is_printed(oracle: psycopg.Connection) -> None:
    oracle.execute("SET timezone = 'Europe/Berlin'")
    sql = "SELECT 1.50::float8, true, '\\xff'::bytea, ARRAY['a b', NULL], '2024-07-01 12:00+00'::timestamptz"
    with oracle.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT".encode()) as copy:
        expected = b"".join(bytes(block) for block in copy)
    columns = [ResultColumn(name, oid) for name, oid in zip("abcde", (701, 16, 17, 1009, 1184), strict=True)]
    moment = pa.array([1719835200000000], pa.int64()).cast(pa.timestamp("us", "UTC"))
    values = [pa.array([1.5]), pa.array([True]), pa.array([b"\xff"]), pa.array([["a b", None]]), moment]
    batch = pa.RecordBatch.from_arrays(values, names=list("abcde"))
    assert CopyWriter(columns, TEXT, {"TimeZone": "Europe/Berlin"}).rows(batch) == expected


CAREFUL = [replace(TEXT, delimiter=":"), replace(CSV, delimiter=":"), replace(CSV, null="1"), TEXT, CSV]


@pytest.mark.parametrize("options", CAREFUL)
def test_numbers_and_dates_that_need_care(oracle: psycopg.Connection, options: CopyOptions) -> None:
    sql = "SELECT 1, 1.5::float8, NULL::int, '12:05:15'::time"
    with (
        oracle.cursor() as cursor,
        cursor.copy(f"COPY ({sql}) TO STDOUT ({sql_of(options)})".encode()) as copy,
    ):
        expected = b"".join(bytes(block) for block in copy)
    columns = [ResultColumn(name, oid) for name, oid in zip("abcd", (23, 701, 23, 1083), strict=True)]
    values = [pa.array([1], pa.int32()), pa.array([1.5]), pa.nulls(1, pa.int32())]
    clock = pa.array([43515 * 10**6], pa.int64()).cast(pa.time64("us"))
    batch = pa.RecordBatch.from_arrays([*values, clock], names=list("abcd"))
    assert CopyWriter(columns, options).rows(batch) == expected


def test_padded_characters() -> None:
    columns = [ResultColumn("a", 1042, -1, 7)]
    batch = pa.RecordBatch.from_arrays([pa.array(["x", None])], names=["a"])
    assert CopyWriter(columns, TEXT).rows(batch) == b"x  \n\\N\n"


def test_nothing_to_write() -> None:
    empty = pa.RecordBatch.from_arrays([pa.array([], pa.string())], names=["a"])
    assert CopyWriter(columns_of(1), TEXT).rows(empty) == b""
    nothing = pa.RecordBatch.from_struct_array(pa.array([{}] * 2, pa.struct([])))
    assert CopyWriter([], TEXT).rows(nothing) == b"\n\n"


def test_large_batches_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.copying.writer.BATCH_BYTES_MAX", 100)
    batch = pa.RecordBatch.from_arrays([pa.array([f"row {at}" for at in range(100)])], names=["a"])
    assert CopyWriter(columns_of(1), TEXT).rows(batch) == b"".join(b"row %d\n" % at for at in range(100))
