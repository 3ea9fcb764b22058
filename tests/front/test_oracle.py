"""Every query of `_FILES` gives the same names, types and values here as in PostgreSQL.

A line ``-- rough`` before a query compares numbers to twelve digits (numeric division keeps sixteen
decimals here); ``-- unordered`` compares rows as a set.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest
from psycopg.abc import Buffer
from psycopg.types.string import TextLoader

from sql.plan import Plan
from tests.front.world import Duck, planned, postgres_ddl

_FILES = ("oracle.sql", "arithmetic.sql", "jsonb.sql", "values.sql")


class _TrimmedLoader(TextLoader):
    """character(n) is kept without its padding; the wire adds it."""

    def load(self, data: Buffer) -> str | bytes:
        return super().load(data).rstrip()  # type: ignore[arg-type]


def _cases() -> list[tuple[str, frozenset[str]]]:
    found = []
    flags: set[str] = set()
    queries = ";\n".join(
        (Path(__file__).parent / name).read_text().strip().removesuffix(";") for name in _FILES
    )
    for block in queries.split(";\n"):
        lines = block.strip().splitlines()
        text = "\n".join(line for line in lines if not line.startswith("--"))
        flags = {line.removeprefix("--").strip() for line in lines if line.startswith("--")}
        if text:
            found.append((text, frozenset(flags)))
    return found


@pytest.fixture(scope="module")
def duck() -> Duck:
    return Duck.filled()


@pytest.fixture(scope="module")
def postgres(postgres_dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS front CASCADE")
        connection.execute("CREATE SCHEMA front")
        connection.execute("SET search_path = front; SET TimeZone = 'UTC'")
        connection.adapters.register_loader("interval", TextLoader)
        connection.adapters.register_loader("json", TextLoader)
        connection.adapters.register_loader("jsonb", TextLoader)
        connection.adapters.register_loader("date", TextLoader)
        connection.adapters.register_loader("uuid", TextLoader)
        connection.adapters.register_loader("bpchar", _TrimmedLoader)
        for statement in postgres_ddl():
            connection.execute(statement.replace("public.", "front."))  # type: ignore[arg-type]
        yield connection


@pytest.mark.parametrize(
    ("text", "flags"), _cases(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_same_answer(text: str, flags: frozenset[str], duck: Duck, postgres: psycopg.Connection) -> None:
    try:
        cursor = postgres.execute(text)  # type: ignore[arg-type]
    except psycopg.Error as error:
        pytest.fail(f"PostgreSQL refuses it: {error}")
    plan = planned(text)
    rows = _rows(duck.execute(plan), plan)
    expected = [tuple(_plain(value) for value in row) for row in cursor.fetchall()]
    assert plan.outputs is not None
    assert cursor.description is not None
    assert [o.name for o in plan.outputs] == [c.name for c in cursor.description]
    types = [o.declared.pg.name if o.declared else None for o in plan.outputs]
    oids = [o.declared.pg.oid if o.declared else None for o in plan.outputs]
    assert oids == [c.type_code for c in cursor.description], types
    if "unordered" in flags:
        rows, expected = sorted(rows, key=repr), sorted(expected, key=repr)
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        assert all(_same(a, b, "rough" in flags) for a, b in zip(row, wanted, strict=True)), (row, wanted)


def _rows(table: pa.Table, plan: Plan) -> list[tuple[object, ...]]:
    assert plan.outputs is not None
    width = len(plan.outputs)
    return [tuple(_plain(v) for v in row[:width]) for row in zip(*_columns(table), strict=True)]


def _columns(table: pa.Table) -> list[list[object]]:
    found = []
    for column in table.columns:
        if pa.types.is_date(column.type):
            found.append([_date(v) for v in column.cast(pa.int32()).to_pylist()])
        else:
            found.append(column.to_pylist())
    return found


def _date(days: int | None) -> str | None:
    if days is None:
        return None
    try:
        return str(datetime.date(1970, 1, 1) + datetime.timedelta(days=days))
    except OverflowError:
        return "infinity" if days > 0 else "-infinity"


def _plain(value: object) -> object:
    if isinstance(value, pa.MonthDayNano):
        return _interval(value)
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        return value.astimezone(datetime.UTC).replace(tzinfo=None)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, memoryview):
        return bytes(value)
    return value


def _interval(value: pa.MonthDayNano) -> str:
    """As PostgreSQL prints it."""
    parts = []
    years, months = int(value.months / 12), int(math.fmod(value.months, 12))
    micros = value.nanoseconds // 1000 if value.nanoseconds >= 0 else -(-value.nanoseconds // 1000)
    negative = False
    for number, unit in ((years, "year"), (months, "mon"), (value.days, "day")):
        if number:
            sign = "+" if negative and number > 0 else ""
            parts.append(f"{sign}{number} {unit}{'' if number == 1 else 's'}")
            negative = number < 0
    if micros or not parts:
        sign = "-" if micros < 0 else "+" if negative else ""
        seconds, rest = divmod(abs(micros), 1_000_000)
        clock = f"{sign}{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
        parts.append(clock + (f".{rest:06}".rstrip("0") if rest else ""))
    return " ".join(parts)


def _same(ours: object, theirs: object, rough: bool) -> bool:
    if isinstance(ours, float | Decimal) or isinstance(theirs, float | Decimal):
        if ours is None or theirs is None or isinstance(ours, str) or isinstance(theirs, str):
            return ours == theirs
        if isinstance(ours, float) and isinstance(theirs, float):
            return (
                math.isclose(ours, theirs, rel_tol=1e-7)
                or ours == theirs
                or (ours != ours and theirs != theirs)
            )
        if rough:
            return math.isclose(float(ours), float(theirs), rel_tol=1e-12, abs_tol=1e-12)  # type: ignore[arg-type]
        return ours == theirs
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(_same(a, b, rough) for a, b in zip(ours, theirs, strict=True))
    if isinstance(ours, str) and isinstance(theirs, str) and ours[:1] in '{["' and theirs[:1] in '{["':
        return _compact(ours) == _compact(theirs)
    return type(ours) is type(theirs) and ours == theirs


def _compact(text: str) -> str:
    return text.replace(" ", "")
