"""The rows that both servers get: made once, as COPY text, the same for every table."""

from __future__ import annotations

import io

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.csv

COLUMNS = "id bigint PRIMARY KEY, quantity integer, price double precision, name text, at timestamptz"
SEED = 7
CHUNK_BYTES = 1 << 20


def rows_as_csv(count: int) -> bytes:
    """`count` rows with ids from 1, a tenth of the prices null, in a scattered order of names."""
    random = np.random.default_rng(SEED)
    ids = np.arange(1, count + 1)
    price = pa.array(np.round(random.random(count) * 1000, 2), mask=random.random(count) < 0.1)
    names = pa.array(np.char.add("item ", random.integers(0, max(count // 10, 1), count).astype(str)))
    at = pa.array(1_600_000_000_000_000 + random.integers(0, 10**14, count), pa.timestamp("us", tz="UTC"))
    table = pa.table(
        {"id": ids, "quantity": random.integers(0, 10_000, count), "price": price, "name": names, "at": at}
    )
    output = io.BytesIO()
    pyarrow.csv.write_csv(table, output, pyarrow.csv.WriteOptions(include_header=False))
    return output.getvalue()


def create(connection: psycopg.Connection, table: str) -> None:
    connection.execute(f"CREATE TABLE {table} ({COLUMNS})")


def copy_in(connection: psycopg.Connection, table: str, data: bytes) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {table} FROM STDIN (FORMAT csv)") as copy,
    ):
        for start in range(0, len(data), CHUNK_BYTES):
            copy.write(data[start : start + CHUNK_BYTES])
