"""Where sequences stood: which of their positions are kept as one.

Positions change with every row of a serial column, too often to keep each of them for the whole retention.
So those within a second become one, which tells the last: a moment in between then finds the sequence a
little ahead, which skips values and never repeats one. But a moment that somebody has asked for must give
the same answer for ever. Hence the rules:

- Positions are *joined* only while nobody has asked for a moment that would change, no snapshot falls into
  it, no restore ended in it (so that UNDO RESTORE is exact), and the sequence only went on. A restore or a
  user may take it back within that second: then the moments before keep what they had.
- Whether they are is decided once, before the commit that ends the last of them is put, and its WAL object
  says so: replay does the same, without knowing what had been asked for.
- Who asks for such a moment while that put is in flight waits for it.
- What was asked for before the tenant was opened is not known: nothing of then is joined any more.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.catalog import Drop, Edit, Position, Put
from engine.ids import CatalogId, Timestamp

if TYPE_CHECKING:
    from engine.history import History

STEP_US = 1_000_000

Joined = tuple[tuple[CatalogId, Timestamp], ...]
"""By sequence, the moment from which on its position is the one that the commit ends."""


@dataclass(frozen=True, slots=True)
class Line:
    """The end of a sequence's history: its position `value` since `opened`, and since when it had the one
    before; None when none goes right before it."""

    opened: Timestamp
    value: int
    before: Timestamp | None = None
    value_before: int = 0


class Joining:
    """Decides for one group of commits, in the order in which they are going to be applied."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._catalog = history.current
        self._lines: dict[CatalogId, Line | None] = {}

    @functools.cached_property
    def _fixed(self) -> int:
        """The latest moment at which every position must stay what it is."""
        newest_snapshot = max(self._catalog.snapshots, default=0)
        restorations = self._catalog.restorations
        newest_restore = restorations[-1].commit_ts - 1 if restorations else 0
        return max(self._history.asked, newest_snapshot, newest_restore)

    def joined(self, edits: tuple[Edit, ...], ts: Timestamp) -> Joined:
        found: list[tuple[CatalogId, Timestamp]] = []
        for edit in edits:
            match edit:
                case Put(Position(id=id, last_value=value)):
                    line = self._line(id)
                    if line is not None and line.opened >= ts:
                        self._lines[id] = Line(line.opened, value, line.before, line.value_before)
                        continue
                    since = None if line is None else self._since(id, line, ts)
                    if line is not None and since is not None:
                        found.append((id, since))
                        self._lines[id] = Line(ts, value, since, line.value)
                    else:
                        before = None if line is None else line.opened
                        self._lines[id] = Line(ts, value, before, 0 if line is None else line.value)
                case Drop("position", id):
                    self._lines[id] = None
        return tuple(found)

    def _line(self, id: CatalogId) -> Line | None:
        if id not in self._lines:
            self._lines[id] = self._history.position_line(id)
        return self._lines[id]

    def _since(self, id: CatalogId, line: Line, ts: Timestamp) -> Timestamp | None:
        sequence = self._catalog.sequences.get(id)
        if line.before is None or sequence is None or self._fixed >= line.before:
            return None
        goes_on = (line.value - line.value_before) * sequence.increment >= 0
        return line.before if goes_on and ts - line.before < STEP_US else None
