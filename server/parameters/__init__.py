"""Bind parameters: bytes from the client to Python values a session takes.

Both formats are read here, by the type the statement gave the parameter, so that what is wrong with a
value is told at Bind and in PostgreSQL's words. A value is the Python value of its type where that and
DuckDB agree; else (infinity, BC, year 10000, 24:00, intervals, numerics) text that DuckDB's cast to the type
reads as PostgreSQL would have read the parameter.
"""

from __future__ import annotations

import struct
from typing import Any

from server.parameters.binary import Malformed, from_binary
from server.parameters.text import decoded, from_text
from sql.errors import SqlError
from sql.types import find_oid

__all__ = ["decode"]


def decode(oid: int, format_code: int, data: bytes) -> Any:
    """One parameter that is not null. An unknown OID counts as text."""
    pg = find_oid(oid)
    if format_code not in (0, 1):
        raise SqlError("22023", f"unsupported format code: {format_code}")
    if pg is None or format_code == 0:
        text = decoded(data)
        return text if pg is None else from_text(pg, text)
    try:
        return from_binary(pg, data)
    except (Malformed, struct.error) as failure:
        raise SqlError("22P03", "incorrect binary data format in bind parameter") from failure
