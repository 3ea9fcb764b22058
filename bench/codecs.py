"""Rows a second of the codecs alone: results to DataRow messages, COPY's bytes to batches and back.

    python -m bench.codecs [rows]

No server and no engine: this is the ceiling the protocol puts on results and COPY.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pyarrow as pa

from server.copying import CopyReader, CopyWriter
from server.rows import RowEncoder
from sql.answers import CopyOptions, ResultColumn
from sql.types import by_name

ROWS = 1_000_000
BATCH_ROWS = 122_880
CHUNK_BYTES = 64 * 1024
REPEATS = 3
TYPES = ("int4", "int8", "text", "float8", "timestamp")
CSV = CopyOptions(format="csv", delimiter=",", null="")


def sample(rows: int) -> pa.Table:
    generator = np.random.default_rng(1)
    return pa.table(
        {
            "a": pa.array(np.arange(rows, dtype=np.int32)),
            "b": pa.array(generator.integers(0, 10**12, rows)),
            "c": pa.array([f"name {at}" for at in range(rows)]),
            "d": pa.array(np.round(generator.normal(size=rows) * 1000, 4)),
            "e": pa.array(generator.integers(0, 2 * 10**15, rows)).cast(pa.timestamp("us")),
        }
    )


def measure(name: str, rows: int, work: Callable[[], int]) -> None:
    """The best of a few runs; `work` returns the bytes that went through."""
    best, size = float("inf"), 0
    for _ in range(REPEATS):
        start = time.perf_counter()
        size = work()
        best = min(best, time.perf_counter() - start)
    print(f"{name:32} {rows / best / 1e6:6.2f} M rows/s {size / best / 1e6:8.0f} MB/s")


def main(rows: int) -> None:
    table = sample(rows)
    batches = table.to_batches(max_chunksize=BATCH_ROWS)
    columns = [
        ResultColumn(name, by_name(kind).oid) for name, kind in zip(table.column_names, TYPES, strict=True)
    ]
    for code, name in ((0, "text"), (1, "binary")):
        encoder = RowEncoder(columns, [code], {})
        measure(f"DataRow, {name}", rows, partial(passed, encoder.encode, batches))
    for options in (CopyOptions(), CSV, replace(CSV, force_quote=None)):
        name = options.format + (", quoted" if options.force_quote is None else "")
        writer = CopyWriter(columns, options)
        measure(f"COPY TO, {name}", rows, partial(passed, writer.rows, batches))
        data = b"".join(writer.rows(batch) for batch in batches)
        measure(f"COPY FROM, {name}", rows, partial(read, data, columns, options, rows))


def passed(encode: Callable[[pa.RecordBatch], bytes], batches: list[pa.RecordBatch]) -> int:
    return sum(len(encode(batch)) for batch in batches)


def read(data: bytes, columns: list[ResultColumn], options: CopyOptions, rows: int) -> int:
    reader = CopyReader(columns, options)
    found = 0
    for start in range(0, len(data), CHUNK_BYTES):
        found += sum(batch.num_rows for batch in reader.feed(data[start : start + CHUNK_BYTES]))
    found += sum(batch.num_rows for batch in reader.finish())
    assert found == rows
    return len(data)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
