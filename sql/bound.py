"""What an expression becomes: DuckDB SQL with its PostgreSQL type.

`type` is None as long as PostgreSQL would call it *unknown*: a string constant, NULL, or a parameter
whose type nothing has told yet. Whoever uses such a value settles what it is (`sql.rules.coercion`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sql.types import Declared, declared, format_type
from sql.types.table import find_oid


@lru_cache(maxsize=1024)
def type_named(name: str) -> Declared:
    return declared(name)


@lru_cache(maxsize=1024)
def special(name: str, duckdb: str) -> Declared:
    """A type that cannot be declared for a column but can be a result: record, void, unknown …"""
    from sql.types.table import by_name

    return Declared(by_name(name), -1, duckdb, name)


BOOL = type_named("boolean")
INT2 = type_named("smallint")
INT4 = type_named("integer")
INT8 = type_named("bigint")
NUMERIC = type_named("numeric")
FLOAT4 = type_named("real")
FLOAT8 = type_named("double precision")
TEXT = type_named("text")
NAME = type_named("name")
DATE = type_named("date")
TIME = type_named("time")
TIMESTAMP = type_named("timestamp")
TIMESTAMPTZ = type_named("timestamp with time zone")
INTERVAL = type_named("interval")
BYTEA = type_named("bytea")
JSON = type_named("json")
JSONB = type_named("jsonb")
UUID = type_named("uuid")
OID = type_named("oid")
REGCLASS = type_named("regclass")


@dataclass(frozen=True, slots=True)
class ColumnOrigin:
    """The table column that a value is, unchanged."""

    table_id: int
    number: int


@dataclass(slots=True)
class Bound:
    """`literal` is an unknown string constant's value, `parameter` an untyped parameter's number. `scale`
    is the number of decimals of a numeric, as far as it is known. `integer` marks a plain whole number,
    which DuckDB takes for whatever integer type is wanted. `fields` are a record's. `at` is where it
    stands in the client's text, from 1."""

    sql: str
    type: Declared | None
    literal: str | None = None
    parameter: int = 0
    scale: int | None = None
    integer: bool = False
    origin: ColumnOrigin | None = None
    fields: tuple[tuple[str, Declared], ...] | None = None
    at: int | None = None

    @property
    def is_null(self) -> bool:
        return self.type is None and self.literal is None and not self.parameter


def name_of(bound: Bound) -> str:
    """The type as PostgreSQL names it in messages."""
    return "unknown" if bound.type is None else title(bound.type)


def title(type_: Declared) -> str:
    return format_type(type_.pg.oid, -1)


def element_of(type_: Declared) -> Declared:
    element = find_oid(type_.pg.element_oid)
    assert element is not None
    duckdb = type_.duckdb[:-2] if type_.duckdb.endswith("[]") else element.duckdb
    if duckdb.endswith("[]"):
        return Declared(type_.pg, -1, duckdb, type_.text)
    return Declared(element, type_.modifier, duckdb, type_.text.split("[")[0])


def array_of(type_: Declared) -> Declared:
    if type_.pg.is_array:
        return Declared(type_.pg, -1, type_.duckdb + "[]", type_.text + "[]")
    array = find_oid(type_.pg.array_oid)
    assert array is not None
    return Declared(array, type_.modifier, type_.duckdb + "[]", type_.text + "[]")


def plain(type_: Declared) -> Declared:
    """The type without its modifier, as an operator's result has it."""
    if type_.modifier < 0:
        return type_
    if type_.pg.is_array:
        return array_of(plain(element_of(type_)))
    return type_named(type_.pg.title if type_.pg.name != "bpchar" else "bpchar")


def same(left: Declared, right: Declared) -> bool:
    return left.pg.oid == right.pg.oid
