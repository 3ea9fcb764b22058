"""`python -m bench [--quick]`: run everything, print one table."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench import peers, restores, statements
from bench.measure import Line, Times, print_table, say
from bench.restores import Restores
from bench.statements import Statements

QUICK_DIVISOR = 10


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench", description="Measures RewindDB beside PostgreSQL 15.")
    parser.add_argument("--quick", action="store_true", help="a tenth of the data and of the repetitions")
    divisor = QUICK_DIVISOR if parser.parse_args().quick else 1
    sizes = [200_000 // divisor, 2_000_000 // divisor]
    rows, small = 1_000_000 // divisor, 1000 // divisor
    snapshots = 200 // divisor
    with tempfile.TemporaryDirectory(prefix="rewinddb-bench-") as name:
        folder = Path(name)
        say("RewindDB")
        with peers.rewinddb(folder) as dsn:
            our_statements = statements.measure(dsn, rows, small)
            our_restores = [restores.rewinddb(dsn, size, snapshots, 5) for size in sizes]
        say("PostgreSQL")
        with peers.postgresql(folder) as service:
            their_statements = statements.measure(service.dsn, rows, small)
            their_restores = [restores.postgresql(service, size, 2) for size in sizes]
    lines = []
    for ours, theirs in zip(our_restores, their_restores, strict=True):
        lines += restore_lines(ours, theirs)
    print_table([*lines, *statement_lines(our_statements, their_statements)])


def restore_lines(ours: Restores, theirs: Restores) -> list[Line]:
    size = f"20 tables, {ours.rows:,} rows"
    before, after = ours.question.median, ours.first.median
    snapshot_note = f"p99 {ours.snapshot.percentile(0.99) * 1000:.1f} ms; theirs is pg_dump -j2"
    first_note = f"ours {after / before:.1f}x the {before * 1000:.1f} ms before it"
    return [
        times(f"snapshot, {size}", ours.snapshot, theirs.snapshot, snapshot_note),
        times(f"restore, {size}", ours.restore, theirs.restore, "theirs is pg_restore -j2"),
        times(f"first query after it, {size}", ours.first, theirs.first, first_note),
    ]


def statement_lines(ours: Statements, theirs: Statements) -> list[Line]:
    rows = f"{ours.rows:,} rows"
    return [
        rates(f"COPY in, {rows}", ours.rows, ours.copy_in, theirs.copy_in),
        times(f"scan and aggregate, {rows}", ours.scan, theirs.scan),
        times(f"group by, {rows}", ours.grouped, theirs.grouped),
        rates(f"{rows} out", ours.rows, ours.rows_out, theirs.rows_out),
        times("single-row INSERT", ours.insert, theirs.insert, both_p99(ours.insert, theirs.insert)),
        times("primary-key SELECT", ours.select, theirs.select, both_p99(ours.select, theirs.select)),
    ]


def times(what: str, ours: Times, theirs: Times, note: str = "") -> Line:
    return Line(what, "ms", ours.median, theirs.median, note)


def rates(what: str, rows: int, ours: Times, theirs: Times) -> Line:
    return Line(what, "rows/s", rows / ours.median, rows / theirs.median)


def both_p99(ours: Times, theirs: Times) -> str:
    return f"p99 {ours.percentile(0.99) * 1000:.2f} and {theirs.percentile(0.99) * 1000:.2f} ms"


if __name__ == "__main__":
    main()
