"""Lines of time in a hot table: which storages it can be read for, when, and how.

A restore makes a storage begin as another one was at a moment m, with its own commits from C on. A hot
table that has the rows of the first serves the second at once: what was committed between m and C is a
*gap* in the second's line. A row that came in a gap is not there, and a delete stamp that lies in a gap
is none. Until the new storage has commits of its own there is an even simpler way to say the same: it
shows what the old one showed at m. Restores of restores make lines with several gaps.

A row has one delete stamp. Commits of a line stamp over what its gaps hide, and so does the clean-up that
closes its gaps (`engine.hot.HotTables`): every other line of the table is right up to `spares` only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.ids import INFINITY, Timestamp


@dataclass(frozen=True, slots=True)
class Gap:
    """What was committed after `after` and before `before` is not part of a line."""

    after: Timestamp
    before: Timestamp


@dataclass(eq=False, slots=True)
class Line:
    """One storage's line: right from `first` to `last`. `own` is when the storage's own commits begin
    here, after its last gap. Gaps are in order and do not meet."""

    first: Timestamp
    last: Timestamp = INFINITY
    gaps: tuple[Gap, ...] = ()
    own: Timestamp = INFINITY

    def read_at(self, ts: Timestamp) -> tuple[tuple[Gap, ...], Timestamp]:
        """The gaps and the moment to read with for what the storage shows at `ts`."""
        if self.gaps and ts < self.own:
            return self.gaps[:-1], self.gaps[-1].after
        return self.gaps, ts

    def heir(self, moment: Timestamp, begins: Timestamp) -> Line:
        """The line of a storage that begins at `begins` as this one was at `moment`."""
        gaps, last = self.read_at(moment)
        return Line(begins, gaps=(*gaps, Gap(last, begins)))

    def spares(self, other: Line) -> Timestamp:
        """Up to when `other` stays right whatever is stamped in the gaps of this line."""
        if other is self:
            return INFINITY
        return min((gap.after for gap in self.gaps if gap not in other.gaps), default=INFINITY)


def visible(gaps: Sequence[Gap], ts: Timestamp | str) -> str:
    """The condition on a hot table's row that it is visible at `ts`, or what stands for it in a text, of
    a line with `gaps`."""
    if not gaps:
        return f"_commit_ts <= {ts} AND _deleted_ts > {ts}"
    starts = [None, *(gap.before for gap in gaps)]
    ends = [*(gap.after for gap in gaps), ts]
    born = [
        f"_commit_ts <= {end}" if start is None else f"_commit_ts BETWEEN {start} AND {end}"
        for start, end in zip(starts, ends, strict=True)
    ]
    return f"({' OR '.join(born)}) AND (_deleted_ts > {ts} OR {hidden('_deleted_ts', gaps)})"


def hidden(stamp: str, gaps: Sequence[Gap]) -> str:
    """The condition that `stamp` lies in one of `gaps`."""
    return " OR ".join(f"{stamp} BETWEEN {gap.after + 1} AND {gap.before - 1}" for gap in gaps) or "false"
