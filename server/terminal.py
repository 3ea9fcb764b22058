"""What the demo writes on: steps, timed statements, result tables and a progress line.

Colours and the progress line only on a terminal that wants them; into a file or a pipe go plain lines.
"""

from __future__ import annotations

import datetime
import os
import shutil
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from engine.clock import Clock

if TYPE_CHECKING:
    import psycopg

WIDTH_MIN, WIDTH_MAX = 60, 110
CELL_WIDTH_MAX = 36
BAR_WIDTH = 30

_BOLD, _DIM, _CYAN, _GREEN = "1", "2", "36", "32"


@dataclass(slots=True)
class Taken:
    """How long a timed block took, once it is over."""

    seconds: float = 0.0


class Screen:
    """`output`, for a person."""

    def __init__(self, output: TextIO, clock: Clock) -> None:
        self.clock = clock
        self._output = output
        self._live = output.isatty()
        self._coloured = self._live and not os.environ.get("NO_COLOR")
        self._width = min(max(shutil.get_terminal_size((100, 24)).columns, WIDTH_MIN), WIDTH_MAX)
        self._steps = 0

    def title(self, text: str) -> None:
        self._print(f"\n{self._paint(text, _BOLD)}")

    def step(self, text: str) -> None:
        self._steps += 1
        self._print(f"\n{self._paint(f'{self._steps}. {text}', _BOLD, _CYAN)}")

    def note(self, text: str) -> None:
        self._print(f"   {self._paint(text, _DIM)}")

    def code(self, text: str) -> None:
        for line in textwrap.dedent(text).strip().splitlines():
            self._print(f"   {self._paint(line, _DIM)}")

    def line(self, left: str, right: str) -> None:
        """Two texts, the second at the right border."""
        gap = max(self._width - 3 - len(left) - len(right), 2)
        self._print(f"   {left}{' ' * gap}{self._paint(right, _GREEN)}")

    @contextmanager
    def timed(self, text: str, remark: str = "") -> Iterator[Taken]:
        """Run the block, then show what it was and how long it took."""
        self.progress(text)
        taken = Taken()
        started = self.clock.monotonic()
        yield taken
        taken.seconds = self.clock.monotonic() - started
        self.line(f"{text};  -- {remark}" if remark else text, duration(taken.seconds))

    def progress(self, text: str, share: float | None = None) -> None:
        """Replace the progress line; an empty text removes it."""
        if not self._live:
            return
        bar = ""
        if share is not None:
            done = round(min(share, 1.0) * BAR_WIDTH)
            bar = f"  [{'#' * done}{'.' * (BAR_WIDTH - done)}] {min(share, 1.0):4.0%}"
        self._output.write(f"\r\x1b[2K   {text}{bar}" if text else "\r\x1b[2K")
        self._output.flush()

    def table(self, answer: psycopg.Cursor) -> None:
        """A result, as psql shows it."""
        assert answer.description is not None
        names = [column.name for column in answer.description]
        rows = answer.fetchall()
        numbers = [
            all(isinstance(row[place], int | float | None) for row in rows) for place in range(len(names))
        ]
        cells = [names, *[[_cell(value) for value in row] for row in rows]]
        widths = [max(len(row[place]) for row in cells) for place in range(len(names))]
        for position, row in enumerate(cells):
            texts = [
                cell.rjust(width) if number else cell.ljust(width)
                for cell, width, number in zip(row, widths, numbers, strict=True)
            ]
            self._print(f"     {' | '.join(texts)}".rstrip())
            if position == 0:
                self._print("    " + "+".join("-" * (width + 2) for width in widths))

    def _print(self, text: str) -> None:
        self.progress("")
        self._output.write(text + "\n")
        self._output.flush()

    def _paint(self, text: str, *codes: str) -> str:
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self._coloured else text


def duration(seconds: float) -> str:
    """A time as a person says it."""
    if seconds < 1:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds:.2f} s"


def _cell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime.datetime():
            text = value.isoformat(sep=" ")
        case int():
            text = f"{value:,}"
        case _:
            text = str(value)
    return text if len(text) <= CELL_WIDTH_MAX else text[: CELL_WIDTH_MAX - 1] + "…"
