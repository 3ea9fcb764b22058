"""What one transaction wrote to one storage, kept so that the next statement need not go through all of it.

A transaction of ten thousand statements would otherwise cost their square: rows that came one by one are put
together in runs, each about as large as all that came after it, and the values of a key are in a dictionary.
Both follow `inserts` and `deletes` when somebody asks, and are cut with them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from engine.ids import CatalogId
from engine.key_ranges import comparable

RowIds = np.ndarray[tuple[int], np.dtype[np.int64]]

RUN_ROWS_MAX = 50_000
RUN_BYTES_MAX = 2**22
"""Beyond these, rows are not put together: there are few enough of such tables."""
KNOWN_ROWS_MAX = 100_000
"""Of so many rows a transaction keeps key values in a dictionary; of more, DuckDB is asked."""
KNOWN_AT_ONCE_MAX = 10_000
"""So are those of more rows than this that came together: reading them would hold the event loop."""


class Runs:
    """Tables put together in order, as few of them as amortised copying allows."""

    def __init__(self) -> None:
        self._runs: list[tuple[int, pa.Table]] = []
        self._covered = 0

    def of(self, inserts: Sequence[pa.Table]) -> list[pa.Table]:
        """The same rows in the same order."""
        for rows in inserts[self._covered :]:
            count = 1
            while self._runs and _joins(self._runs[-1][1], rows):
                before, run = self._runs.pop()
                rows = pa.concat_tables([run, rows], promote_options="permissive").combine_chunks()
                count += before
            self._runs.append((count, rows))
        self._covered = len(inserts)
        return [rows for _, rows in self._runs]

    def cut(self, length: int) -> None:
        """Only the first `length` tables are still there: a run with others is made again."""
        while self._covered > length:
            self._covered -= self._runs.pop()[0]


def _joins(run: pa.Table, rows: pa.Table) -> bool:
    return bool(
        run.num_rows <= 2 * rows.num_rows
        and run.num_rows + rows.num_rows <= RUN_ROWS_MAX
        and run.nbytes + rows.nbytes <= RUN_BYTES_MAX
        and run.column_names == rows.column_names
    )


class OwnKeys:
    """The values that columns of a key have in a transaction's own rows; rows with a null have none."""

    def __init__(self, types: Mapping[CatalogId, str]) -> None:
        """`types` are DuckDB's, by column."""
        self._types = types
        self._row_ids: dict[Hashable, list[int]] = {}
        self._covered = 0

    def follow(self, inserts: Sequence[pa.Table]) -> bool:
        """Whether the values of all rows are known now."""
        while self._covered < len(inserts):
            if inserts[self._covered].num_rows > KNOWN_AT_ONCE_MAX:
                return False
            found = self._values(inserts[self._covered])
            if found is None:
                return False
            for value, row_id in found:
                self._row_ids.setdefault(value, []).append(row_id)
            self._covered += 1
        return True

    def cut(self, inserts: Sequence[pa.Table], length: int) -> None:
        """Only the first `length` of `inserts` stay."""
        while self._covered > length:
            self._covered -= 1
            for value, row_id in self._values(inserts[self._covered]) or ():
                ids = self._row_ids[value]
                ids.remove(row_id)
                if not ids:
                    del self._row_ids[value]

    def having(self, value: Hashable) -> Sequence[int]:
        """Row ids, also of rows deleted since."""
        return self._row_ids.get(value, ())

    def values(self, rows: pa.Table) -> list[Hashable] | None:
        """The key values of rows (columns ``c<id>``, without nulls) as they are compared, equal where the
        database says so; None when that is not known of their types."""
        columns = []
        for id, type in self._types.items():
            if f"c{id}" not in rows.column_names:
                return None
            found = comparable(rows.column(f"c{id}"), type)
            if found is None:
                return None
            columns.append(found)
        return list(zip(*columns, strict=True))

    def _values(self, rows: pa.Table) -> list[tuple[Hashable, int]] | None:
        names = [f"c{id}" for id in self._types]
        if not set(names) <= set(rows.column_names):
            return None
        known = rows.select([*names, "_row_id"]).drop_null()
        values = self.values(known)
        return None if values is None else list(zip(values, known.column("_row_id").to_pylist(), strict=True))


class OwnDeletes:
    """The row ids that a transaction deleted, to look one up."""

    def __init__(self) -> None:
        self._ids: set[int] = set()
        self._covered = 0

    def of(self, deletes: Sequence[RowIds]) -> set[int]:
        for ids in deletes[self._covered :]:
            self._ids.update(ids.tolist())
        self._covered = len(deletes)
        return self._ids

    def cut(self, length: int) -> None:
        if self._covered > length:
            self._ids, self._covered = set(), 0
