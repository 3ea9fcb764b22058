"""Descriptions: every system relation's name, OID, kind and columns, read from the three lists.

`pg_class` and `pg_attribute` describe the system relations too, so the descriptions stand apart from the
functions that make the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import pyarrow as pa

from sql.system.information_columns import INFORMATION_SCHEMA
from sql.system.mo_columns import HELPERS, MO_CATALOG
from sql.system.pg_columns import PG_CATALOG

HELPER_SCHEMA = "\0"
"""Where the relations behind functions live. No client can write this name: text on the wire ends at
its first NUL."""

_ARROW: Mapping[str, pa.DataType] = {
    "bool": pa.bool_(),
    "int2": pa.int16(),
    "int4": pa.int32(),
    "int8": pa.int64(),
    "oid": pa.int64(),
    "xid": pa.int64(),
    "float4": pa.float32(),
    "float8": pa.float64(),
    "bytea": pa.binary(),
    "timestamptz": pa.timestamp("us", tz="UTC"),
    "interval": pa.month_day_nano_interval(),
    "int2vector": pa.list_(pa.int16()),
    "oidvector": pa.list_(pa.int64()),
}
_AS_TEXT = frozenset(
    [
        "regproc",
        "regtype",
        "aclitem",
        "inet",
        "pg_lsn",
        "pg_node_tree",
        "pg_ndistinct",
        "pg_dependencies",
        "pg_mcv_list",
        "pg_statistic",
    ]
)
_ZERO: Mapping[str, object] = {
    **dict.fromkeys(("int2", "int4", "int8", "oid", "xid"), 0),
    **dict.fromkeys(("float4", "float8"), 0.0),
    "bool": False,
    "regproc": "-",
}


@dataclass(frozen=True)
class SystemColumn:
    """`type` is the internal name of a PostgreSQL type (``int4``), with ``[]`` for an array."""

    name: str
    type: str
    not_null: bool

    @property
    def sql_type(self) -> str:
        """What `sql.types.declared` reads: the type, or the text that stands for it."""
        element = self.type.removesuffix("[]")
        if self.type == "anyarray":
            return "text[]"
        held = "text" if element in _AS_TEXT else f'"{element}"'
        return f"{held}[]" if self.type.endswith("[]") else held

    @property
    def arrow(self) -> pa.DataType:
        """How values are held: as text when DuckDB has nothing closer."""
        if self.type.endswith("[]"):
            return pa.list_(_ARROW.get(self.type[:-2], pa.string()))
        return pa.list_(pa.string()) if self.type == "anyarray" else _ARROW.get(self.type, pa.string())

    @property
    def default(self) -> object:
        """What a row has that does not say: null, or the type's zero where null is impossible."""
        if not self.not_null:
            return None
        return [] if pa.types.is_list(self.arrow) else _ZERO.get(self.type, "")


@dataclass(frozen=True)
class Description:
    """`kind` is pg_class's relkind, ``r`` or ``v``."""

    schema: str
    name: str
    oid: int
    kind: str
    columns: tuple[SystemColumn, ...]


def _read(schema: str, text: str) -> Iterator[Description]:
    lines: list[str] = []
    for line in text.strip().splitlines():
        if line.startswith("  "):
            lines[-1] += line
        else:
            lines.append(line)
    for line in lines:
        name, oid, kind, *columns = line.split()
        yield Description(schema, name, int(oid), kind, tuple(_column(column) for column in columns))


def _column(text: str) -> SystemColumn:
    name, type_name = text.split(":")
    return SystemColumn(name, type_name.removesuffix("!"), type_name.endswith("!"))


DESCRIPTIONS: Mapping[tuple[str, str], Description] = MappingProxyType(
    {
        (described.schema, described.name): described
        for schema, text in (
            ("pg_catalog", PG_CATALOG),
            ("information_schema", INFORMATION_SCHEMA),
            ("mo_catalog", MO_CATALOG),
            (HELPER_SCHEMA, HELPERS),
        )
        for described in _read(schema, text)
    }
)
