"""Few rows are written as many are."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest

from server.few import FEW_ROWS, ResultEncoder
from server.rows import RowEncoder
from sql.answers import ResultColumn
from sql.types import by_name

COLUMNS = [
    ("int2", pa.array([1, None, -32768], pa.int16())),
    ("int4", pa.array([1, None, -(2**31)], pa.int32())),
    ("int8", pa.array([1, None, 2**63 - 1], pa.int64())),
    ("int4", pa.array([1, None, 3], pa.int64())),
    ("text", pa.array(["", None, "grün \U0001f600"])),
    ("varchar", pa.array(["x", None, "y"])),
    ("bpchar", pa.array(["x", None, "y"])),
    ("text", pa.array(["x", None, "y"], pa.string_view())),
    ("bool", pa.array([True, None, False])),
    ("float8", pa.array([1.5, None, -0.0])),
    ("float8", pa.array([1e-4, 999999999999999.9, 123456789012.0])),
    ("float8", pa.array([1e15, None, 1.5])),
    ("float8", pa.array([float("nan"), float("-inf"), 5e-324])),
    ("numeric", pa.array([Decimal("1.50"), None, Decimal("-2.00")], pa.decimal128(10, 2))),
    ("date", pa.array([dt.date(1969, 12, 31), None, dt.date(2026, 1, 1)])),
    (
        "timestamptz",
        pa.array([dt.datetime(1950, 1, 2, tzinfo=dt.UTC), None, None], pa.timestamp("us", "UTC")),
    ),
    ("timestamptz", pa.array([2**63 - 1, -(2**63) + 1, -62135596800000001], pa.timestamp("us", "UTC"))),
    ("timestamptz", pa.array([1_700_000_000_123_400, None, 0], pa.timestamp("us", "America/New_York"))),
    ("timestamp", pa.array([1_700_000_000_000_000, None, 2**63 - 1], pa.timestamp("us"))),
    ("timestamp", pa.array([1_700_000_000_123, None, -1], pa.timestamp("ms"))),
    ("bytea", pa.array([b"\0\xff", None, b""])),
    ("_int4", pa.array([[1, None], None, []], pa.list_(pa.int32()))),
]
SETTINGS = {"TimeZone": "Europe/Berlin"}


CASES = [(name, values, code) for name, values in COLUMNS for code in (0, 1)]
CASES.append(("text", pa.array([1, None, 2]), 0))


@pytest.mark.parametrize(("name", "values", "code"), CASES)
def test_a_column(name: str, values: pa.Array, code: int) -> None:
    columns = [ResultColumn("c", by_name(name).oid)]
    batch = pa.record_batch([values], names=["c"])
    expected = RowEncoder(columns, [code], SETTINGS).encode(batch)
    assert ResultEncoder(columns, [code], SETTINGS).encode(batch) == expected


@pytest.mark.parametrize("formats", [[], [0], [1, 0, 1, 0]])
@pytest.mark.parametrize("rows", [0, 1, FEW_ROWS, FEW_ROWS + 1])
def test_rows(rows: int, formats: list[int]) -> None:
    names = ["int4", "text", "bool", "float8"]
    columns = [ResultColumn(name, by_name(name).oid) for name in names]
    numbers = list(range(rows))
    arrays = [
        pa.array(numbers, pa.int32()),
        pa.array([str(n) if n % 2 else None for n in numbers], pa.string()),
        pa.array([n % 3 == 0 for n in numbers], pa.bool_()),
        pa.array([n / 4 for n in numbers], pa.float64()),
    ]
    batch = pa.record_batch(arrays, names=names)
    expected = RowEncoder(columns, formats, SETTINGS).encode(batch)
    assert ResultEncoder(columns, formats, SETTINGS).encode(batch) == expected


def test_rows_without_columns() -> None:
    three = pa.record_batch([pa.array([1, 2, 3])], names=["c"]).select([])
    assert ResultEncoder([], [], SETTINGS).encode(three) == b"D\0\0\0\x06\0\0" * three.num_rows
