"""How committed rows get into a hot table: few as parameters, many as Arrow.

A group commit usually brings a handful of rows per table. For these, one multi-row INSERT with bound
values costs a third of registering an Arrow table; beyond `PARAMETER_ROWS_MAX` rows, or with values that
Python cannot hold exactly (infinite timestamps, intervals, nested lists), Arrow it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from engine.catalog import Column
from engine.duck import Cursor
from engine.ids import INFINITY, CatalogId, Timestamp
from engine.state import TailDeletes, TailRows
from engine.zones import in_utc

PARAMETER_ROWS_MAX = 32
LITERAL_IDS_MAX = 200
YEAR_1_US = -62_135_596_800_000_000
YEAR_9999_US = 253_402_300_799_999_999


def parameter_rows(rows: pa.Table, rows_max: int = PARAMETER_ROWS_MAX) -> list[tuple[object, ...]] | None:
    """Rows as Python values that DuckDB takes as parameters; None when they are too many or a value
    would not survive."""
    if rows.num_rows > rows_max or not all(_exact(column) for column in rows.columns):
        return None
    return list(zip(*(column.to_pylist() for column in rows.columns), strict=True))


def _exact(column: pa.ChunkedArray) -> bool:
    kind = column.type
    if pt.is_timestamp(kind) and kind.unit == "us":
        bounds = pc.min_max(column.cast(pa.int64())).as_py()
        return bounds["min"] is None or (bounds["min"] >= YEAR_1_US and bounds["max"] <= YEAR_9999_US)
    return bool(
        pt.is_integer(kind)
        or pt.is_floating(kind)
        or pt.is_boolean(kind)
        or pt.is_decimal(kind)
        or pt.is_string(kind)
        or pt.is_large_string(kind)
        or pt.is_binary(kind)
    )


class HotRows:
    """Changes to one DuckDB table, applied by `write` in one trip to a thread."""

    def __init__(self, name: str, types: Mapping[CatalogId, str]) -> None:
        self._name = name
        self._types = {f"c{id}": type for id, type in types.items()}
        self._steps: list[Callable[[Cursor], None]] = []

    def insert(self, items: Sequence[TailRows]) -> None:
        """Rows of several commits; all have the same columns. What the table has no column for is left
        out."""
        rows = stamped(items)
        known = self._types.keys() | {"_row_id", "_commit_ts"}
        names = [name for name in rows.column_names if name in known]
        rows = rows.select(names)
        values = parameter_rows(rows)
        if values is None:
            self._steps.append(lambda cursor: self._insert_arrow(cursor, names, rows))
        elif values:
            casts = ", ".join(self._cast("?", name) for name in names)
            several = ", ".join([f"({casts}, {INFINITY})"] * len(values))
            sql = f"INSERT INTO {self._name} ({', '.join(names)}, _deleted_ts) VALUES {several}"
            flat = [value for row in values for value in row]
            self._steps.append(lambda cursor: cursor.execute_now(sql, flat))

    def _cast(self, expression: str, name: str) -> str:
        return f"CAST({expression} AS {self._types.get(name, 'BIGINT')})"

    def _insert_arrow(self, cursor: Cursor, names: Sequence[str], rows: pa.Table) -> None:
        with cursor.registered_now(rows) as relation:
            cursor.execute_now(insert_from(self._name, self._types, names, relation))

    def stamp(self, item: TailDeletes) -> None:
        ids = item.row_ids
        if len(ids) <= LITERAL_IDS_MAX:
            among = ", ".join(str(id) for id in ids.to_pylist())
            sql = f"UPDATE {self._name} SET _deleted_ts = {item.ts} WHERE _row_id IN ({among})"
            self._steps.append(lambda cursor: cursor.execute_now(sql))
        else:
            self._steps.append(lambda cursor: self._stamp_arrow(cursor, item))

    def _stamp_arrow(self, cursor: Cursor, item: TailDeletes) -> None:
        with cursor.registered_now(pa.table({"_row_id": item.row_ids})) as relation:
            cursor.execute_now(
                f"UPDATE {self._name} SET _deleted_ts = {item.ts} "
                f"WHERE _row_id IN (SELECT _row_id FROM {relation})"
            )

    def write_now(self, cursor: Cursor) -> None:
        """Do it all. Readers see nothing of it before the visible ts is raised, so it needs no DuckDB
        transaction around it; a failure closes the tenant."""
        for step in self._steps:
            step(cursor)


def add_column(table: str, column: Column) -> str:
    """ALTER of hot `table`: rows that it has get the column's missing value."""
    default = (
        f" DEFAULT {constant(column.missing, column.storage_type)}" if column.missing is not None else ""
    )
    return f"ALTER TABLE {table} ADD COLUMN c{column.id} {column.storage_type}{default}"


def insert_from(table: str, types: Mapping[str, str], names: Iterable[str], relation: str) -> str:
    """INSERT into hot `table` from `relation`, which has `_row_id`, `_commit_ts` and the columns `names`."""
    columns = ", ".join(names)
    casts = ", ".join(f"CAST({name} AS {types.get(name, 'BIGINT')})" for name in names)
    return f"INSERT INTO {table} ({columns}, _deleted_ts) SELECT {casts}, {INFINITY} FROM {relation}"


def constant(text: str | None, type: str) -> str:
    """A DuckDB constant of `type` from its text."""
    if text is None:
        return f"CAST(NULL AS {type})"
    return "CAST('" + text.replace("'", "''") + f"' AS {type})"


def stamped(items: Iterable[TailRows]) -> pa.Table:
    """Rows of several commits that have the same columns, with their `_commit_ts`."""
    parts = [
        in_utc(item.rows).append_column(
            "_commit_ts", pa.repeat(pa.scalar(item.ts, pa.int64()), item.rows.num_rows)
        )
        for item in items
    ]
    names = parts[0].column_names
    return pa.concat_tables([part.select(names) for part in parts], promote_options="permissive")


def by_columns(items: Iterable[TailRows]) -> list[list[TailRows]]:
    """Commits grouped by the set of columns that their rows have, in order of first appearance."""
    groups: dict[frozenset[str], list[TailRows]] = {}
    for item in items:
        groups.setdefault(frozenset(item.rows.column_names), []).append(item)
    return list(groups.values())


def changes_of(storage: int, transactions: Iterable[Any]) -> tuple[list[TailRows], list[TailDeletes]]:
    """What transactions of the WAL do to one storage."""
    inserts, deletes = [], []
    for transaction in transactions:
        ts = Timestamp(transaction.ts)
        inserts += [TailRows(ts, item.rows) for item in transaction.inserts if item.storage == storage]
        deletes += [TailDeletes(ts, item.row_ids) for item in transaction.deletes if item.storage == storage]
    return inserts, deletes
