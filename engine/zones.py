"""Moments are kept in UTC. DuckDB names a session's time zone in the type of every timestamptz it
hands out, and Arrow does not put batches of different zones into one table."""

from __future__ import annotations

import pyarrow as pa


def in_utc(rows: pa.Table) -> pa.Table:
    """The same moments, with UTC for their zone."""
    fields = [field.with_type(_in_utc(field.type)) for field in rows.schema]
    schema = pa.schema(fields, rows.schema.metadata)
    return rows if schema == rows.schema else rows.cast(schema)


def _in_utc(type: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(type) and type.tz is not None:
        return pa.timestamp(type.unit, "UTC")
    if pa.types.is_list(type):
        return pa.list_(type.value_field.with_type(_in_utc(type.value_type)))
    return type
