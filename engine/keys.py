"""Key checks: no value of a primary key or unique constraint is there twice.

Values are locked first, then looked for in the newest committed state plus the transaction's own writes: a
key is taken or not whatever the read ts is, as in PostgreSQL. Another transaction may be about to delete or
change the row that has the value: then that one's end is waited for, and the key is looked at again.

Looking needs the key's columns only, and of a table that is not in memory only the objects whose key ranges
allow for a value (`engine.scan.Scan.relation`): an insert costs the same however large the table is. Own rows
are looked through without a query (`engine.own_rows.OwnKeys`), unless they are very many or of a type that
only DuckDB compares: a transaction's thousandth insert costs what its first did.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Protocol

import pyarrow as pa

from engine.catalog import Key, Table
from engine.errors import KeyViolated, Refused
from engine.hot_rows import parameter_rows
from engine.ids import CatalogId, Timestamp
from engine.key_ranges import KeyValues
from engine.own_rows import KNOWN_AT_ONCE_MAX, OwnKeys
from engine.reader import Reader

KEY_PARAMETERS_MAX = 4

Taken = tuple[int | None, pa.Table]
"""The row that has a key value already, None when two new rows have it; and the value, as one row."""


class Acquire(Protocol):
    """Lock all of `keys`; whether it had to wait."""

    async def __call__(self, keys: Iterable[Hashable], *, exclusive: bool = True) -> bool: ...


class KeyChecks:
    """Of one transaction."""

    def __init__(
        self, reader: Callable[[], Reader], newest: Callable[[], Timestamp], acquire: Acquire
    ) -> None:
        self._reader = reader
        self._newest = newest
        self._acquire = acquire

    async def require_free(self, table: Table, key: Key, rows: pa.Table, *, lock: bool) -> None:
        """`KeyViolated` when a value of `key` in `rows` is there already or comes twice. Without `lock`
        the caller has the whole table to itself."""
        names = [f"c{id}" for id in key.columns]
        values = rows.select(names).drop_null()
        if values.num_rows == 0:
            return
        if lock:
            tuples = sorted({tuple(map(str, row.values())) for row in values.to_pylist()})
            await self._acquire(("key", table.storage, key.id, value) for value in tuples)
        while True:
            taken = await self._taken(table, key, values)
            if taken is None:
                return
            row_id, value = taken
            if row_id is None or not lock or not await self._acquire([("row", row_id)], exclusive=False):
                message = f'duplicate key value violates unique constraint "{key.name}"'
                raise KeyViolated(message, refused=Refused(table, key=key, row=value))

    async def _taken(self, table: Table, key: Key, values: pa.Table) -> Taken | None:
        columns = tuple(table.column_by_id(id) for id in key.columns)
        types = {column.id: column.storage_type for column in columns}
        among = KeyValues.of(values, types)
        alone = dataclasses.replace(table, columns=columns)
        few = parameter_rows(values, KEY_PARAMETERS_MAX)
        async with self._reader() as reader:
            known = reader.own_keys(table.storage, types) if values.num_rows <= KNOWN_AT_ONCE_MAX else None
            wanted = None if known is None else known[0].values(values)
            if known is None or wanted is None:
                present = await reader.relation(alone, self._newest(), own_writes=True, among=among)
                if few is None:
                    return await _taken_together(reader, present, values)
                return await _taken_one_by_one(reader, present, values, types, few, twice=True)
            own, gone = known
            found = _taken_by_own(own, gone, values, wanted)
            if found is not None:
                return found
            present = await reader.beneath(alone, self._newest(), among)
            if few is None:
                return await _taken_together(reader, present, values, gone)
            return await _taken_one_by_one(reader, present, values, types, few, gone)


def _taken_by_own(
    own: OwnKeys, gone: Collection[int], values: pa.Table, wanted: Sequence[Hashable]
) -> Taken | None:
    """The first value that comes twice, or that a row of the transaction's own has."""
    seen: set[Hashable] = set()
    for number, value in enumerate(wanted):
        if value in seen:
            return None, values.slice(number, 1)
        for row_id in own.having(value):
            if row_id not in gone:
                return row_id, values.slice(number, 1)
        seen.add(value)
    return None


async def _taken_one_by_one(
    reader: Reader,
    present: str,
    values: pa.Table,
    types: Mapping[CatalogId, str],
    few: Iterable[tuple[object, ...]],
    gone: Collection[int] = (),
    *,
    twice: bool = False,
) -> Taken | None:
    """The first of a few key values that a row of `present`, other than those `gone`, has already; or that
    comes `twice`."""
    places = enumerate(types.items(), 1)
    same = " AND ".join(f"c{id} = CAST($p{place} AS {type})" for place, (id, type) in places)
    seen: set[tuple[object, ...]] = set()
    for number, value in enumerate(few):
        if twice and value in seen:
            return None, values.slice(number, 1)
        found = await reader.rows(f"SELECT _row_id FROM {present} AS present WHERE {same}", value)
        for (row_id,) in found:
            if row_id not in gone:
                return row_id, values.slice(number, 1)
        seen.add(value)
    return None


async def _taken_together(
    reader: Reader, present: str, values: pa.Table, gone: Collection[int] | None = None
) -> Taken | None:
    """The same of many, in one query. With `gone`, that none comes twice is known."""
    new = reader.register(values)
    columns = ", ".join(values.column_names)
    limit = "LIMIT 1" if not gone else ""
    taken = (
        f"SELECT present._row_id, {columns} FROM {new} JOIN {present} AS present USING ({columns}) {limit}"
    )
    twice = f"SELECT NULL AS _row_id, {columns} FROM {new} GROUP BY ALL HAVING count(*) > 1 LIMIT 1"
    for query in (twice, taken) if gone is None else (taken,):
        found = await reader.table(query)
        for number, row_id in enumerate(found.column(0).to_pylist()):
            if not gone or row_id not in gone:
                return row_id, found.slice(number, 1).drop_columns(["_row_id"])
    return None
