"""Timing, and the table that is printed."""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Times:
    """The times of one piece of work, in seconds."""

    seconds: list[float] = field(default_factory=list)

    @contextmanager
    def once(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds.append(time.perf_counter() - started)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def percentile(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def repeat(count: int, work: Callable[[], object]) -> Times:
    times = Times()
    for _ in range(count):
        with times.once():
            work()
    return times


@dataclass(frozen=True)
class Line:
    """One measurement. `unit` is "ms" (less is better) or "rows/s" (more is)."""

    what: str
    unit: str
    ours: float
    theirs: float
    note: str = ""


def say(text: str) -> None:
    """Progress, on standard error: the table alone goes to standard output."""
    print(f"  {text}", file=sys.stderr, flush=True)


def print_table(lines: Sequence[Line]) -> None:
    cells = [("", "RewindDB", "PostgreSQL 15", "ratio", "")]
    for line in lines:
        cells.append(
            (
                line.what,
                _number(line.ours, line.unit),
                _number(line.theirs, line.unit),
                _ratio(line),
                line.note,
            )
        )
    widths = [max(len(row[place]) for row in cells) for place in range(5)]
    for position, row in enumerate(cells):
        what, *numbers, note = row
        columns = [number.rjust(width) for number, width in zip(numbers, widths[1:4], strict=True)]
        print("  ".join([what.ljust(widths[0]), *columns, note]).rstrip())
        if position == 0:
            print("-" * (sum(widths[:4]) + 6))


def _number(value: float, unit: str) -> str:
    if unit == "ms":
        return f"{value * 1000:,.2f} ms" if value < 0.1 else f"{value * 1000:,.0f} ms"
    return f"{value:,.0f} {unit}"


def _ratio(line: Line) -> str:
    """How many times better (above 1) or worse (below 1) RewindDB is."""
    better = line.theirs / line.ours if line.unit == "ms" else line.ours / line.theirs
    return f"{better:,.2f}x" if better < 10 else f"{better:,.0f}x"
