"""One hot table, and the budget that hot tables share.

What hot tables take is estimated. The table that was read longest ago makes room for the next; what
does not fit at all is read from objects.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from engine.catalog import Column
from engine.hot_lines import Line, visible
from engine.ids import CatalogId, StorageId, Timestamp
from engine.state import Storage
from engine.wal import Transaction

HIDDEN_BYTES = 28
WIDTHS = {"BOOLEAN": 3, "SMALLINT": 4, "INTEGER": 6, "REAL": 6, "FLOAT": 6, "DATE": 6, "VARCHAR": 24}
"""Bytes of a value in memory by DuckDB type, roughly; 9 for the fixed ones not named, 18 otherwise. That is
what tables of a million rows were measured to take, free places in the last block of a column included."""
BLOCKS_BYTES = 2**19
"""What a table takes more than its rows: the last block of each column is not full."""


def estimated_bytes(storage: Storage, columns: Iterable[Column], *, whole: bool = True) -> int:
    """What `columns` of a storage take as a hot table, roughly: strings are taken to be short, or, when
    it is the `whole` of its columns, as long as they are in the (compressed) objects."""
    width = HIDDEN_BYTES
    for column in columns:
        fixed = column.storage_type in ("BIGINT", "DOUBLE") or column.storage_type.startswith("TIME")
        width += WIDTHS.get(column.storage_type, 9 if fixed else 18)
    data = [ref for ref in storage.refs.values() if ref.kind == "data"]
    tail = sum(item.rows.nbytes + HIDDEN_BYTES * item.rows.num_rows for item in storage.inserts)
    size = int(tail + sum(max(ref.rows * width, ref.bytes if whole else 0) for ref in data))
    return size + min(size, BLOCKS_BYTES)


class Home(Protocol):
    """Where a hot table belongs."""

    def evict(self, table: HotTable) -> None: ...


class Member(Protocol):
    """Who shares a budget: a tenant."""

    def tables(self) -> list[HotTable]: ...


@dataclass(eq=False)
class HotTable:
    """One DuckDB table. `columns` maps the column ids it has to their types, `lines` the storages it can
    be read for to their lines of time, in the order in which they began; `pins` counts the reads of a
    line at a moment. `pending` are the commits that wait until it is loaded."""

    home: Home
    name: str
    columns: dict[CatalogId, str]
    lines: dict[StorageId, Line]
    ready: asyncio.Future[None]
    bytes: int = 0
    used: int = 0
    pins: Counter[tuple[Line, Timestamp]] = field(default_factory=Counter)
    pending: dict[Timestamp, Transaction] = field(default_factory=dict)
    closing_gaps: bool = False

    def relation(
        self,
        columns: Mapping[str, str],
        storage: StorageId,
        ts: Timestamp,
        write: Callable[[Timestamp], str] = str,
    ) -> str:
        """Rows of `storage` at `ts`: `columns` are values by the names they get; `write` gives the text of
        the moment."""
        items = [value if value == name else f"{value} AS {name}" for name, value in columns.items()]
        gaps, moment = self.lines[storage].read_at(ts)
        return (
            f"(SELECT {', '.join([*items, '_row_id'])} FROM {self.name} WHERE {visible(gaps, write(moment))})"
        )

    def pin(self, line: Line, ts: Timestamp) -> None:
        self.pins[line, ts] += 1

    def unpin(self, line: Line, ts: Timestamp) -> None:
        self.pins[line, ts] -= 1
        if not self.pins[line, ts]:
            del self.pins[line, ts]

    def spared(self, line: Line) -> bool:
        """Whether nobody reads what commits of `line` may stamp over."""
        return all(ts <= line.spares(read) for read, ts in self.pins)

    def limit_others(self, line: Line) -> list[StorageId]:
        """From now on commits of `line` stamp over what its gaps hide. The storages that the table
        serves no more."""
        over = []
        for storage, other in list(self.lines.items()):
            other.last = min(other.last, line.spares(other))
            if other.last < other.first:
                del self.lines[storage]
                over.append(storage)
        return over

    @property
    def newest(self) -> Line:
        """The only line that can have more commits, unless its storage has been dropped."""
        return next(reversed(self.lines.values()))


def idle_first(tables: Iterable[HotTable]) -> list[HotTable]:
    """Those that nobody reads or loads, the one that was read longest ago first."""
    return sorted((t for t in tables if not t.pins and t.ready.done()), key=lambda t: t.used)


def make_room(tables: Iterable[HotTable], needed: int, bytes_max: int) -> bool:
    """Evict of `tables` what was read longest ago until `needed` bytes fit beside the rest; False, and
    nothing evicted, when they cannot."""
    tables = list(tables)
    taken = sum(table.bytes for table in tables)
    idle = idle_first(tables)
    if taken + needed - sum(table.bytes for table in idle) > bytes_max:
        return False
    for table in idle:
        if taken + needed <= bytes_max:
            break
        taken -= table.bytes
        table.home.evict(table)
    return True


class HotBudget:
    """What the hot tables of its members may take together."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._members: set[Member] = set()
        self._uses = 0

    def join(self, member: Member) -> None:
        self._members.add(member)

    def leave(self, member: Member) -> None:
        self._members.discard(member)

    @property
    def members(self) -> int:
        """How many tenants share it: those that are open."""
        return len(self._members)

    def use(self) -> int:
        """A number greater than all before: when a table was read."""
        self._uses += 1
        return self._uses

    def make_room(self, needed: int) -> bool:
        return make_room(self._tables(), needed, self._bytes_max)

    def shed(self, bytes_min: int) -> int:
        """Drop tables that nobody is reading until so many bytes are free, as far as there are any; how
        many they had."""
        idle = sorted((t for t in self._tables() if not t.pins and t.ready.done()), key=lambda t: t.used)
        freed = 0
        for table in idle:
            if freed >= bytes_min:
                break
            freed += table.bytes
            table.home.evict(table)
        return freed

    def _tables(self) -> list[HotTable]:
        return [table for member in self._members for table in member.tables()]
