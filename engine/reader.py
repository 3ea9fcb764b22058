"""A reader: one statement's DuckDB cursor and everything that its text refers to.

Used as an async context manager by one statement. While it is open, hot tables it reads are not handed
over, cached objects it reads are not evicted, and Arrow tables it registered stay readable.

Parameters are `$p1`, `$p2` … in a text. The moments at which hot tables are read are parameters too, of
the reader's own: so a statement that comes again is the same text, which DuckDB has parsed before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import TracebackType
from typing import Any

import pyarrow as pa

from engine.catalog import Table
from engine.duck import Cursor, Duck, Stream
from engine.few import Type
from engine.ids import CatalogId, StorageId, Timestamp
from engine.key_ranges import KeyValues
from engine.own_rows import OwnKeys
from engine.scan import Scan, column_values
from engine.state import Storage
from engine.workspace import Workspace


class Reader:
    """Reads at `read_ts()` with `workspace` on top; or at any other moment without it."""

    def __init__(
        self,
        duck: Duck,
        new_scan: Callable[[Cursor], Scan],
        read_ts: Callable[[], Timestamp],
        workspace: Workspace,
    ) -> None:
        self._duck = duck
        self._cursor = duck.cursor()
        self._scan = new_scan(self._cursor)
        self._read_ts = read_ts
        self._workspace = workspace
        self._unregistered: list[tuple[str, pa.Table]] = []
        self._moments: dict[str, object] = {}
        self._count = 0

    async def __aenter__(self) -> Reader:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def relation(
        self,
        table: Table,
        ts: Timestamp | None = None,
        *,
        own_writes: bool | None = None,
        among: KeyValues | None = None,
    ) -> str:
        """A DuckDB table expression with columns ``c<id>`` and `_row_id`: the rows at the read ts with
        the transaction's own writes when `ts` is None, else the committed rows at `ts` alone, unless
        `own_writes` says otherwise. Rows that cannot have the key values of `among` may be left out."""
        own = ts is None if own_writes is None else own_writes
        moment = self._read_ts() if ts is None else ts
        if own:
            committed = await self.beneath(table, moment, among)
        else:
            committed = await self._scan.relation(table, moment, among, self._moment)
        inserted, dead = await self._workspace.rows_of(table.storage) if own else ([], None)
        if not inserted and dead is None:
            return committed
        items = ", ".join([*(f"c{column.id}" for column in table.columns), "_row_id"])
        if dead is not None:
            name = await self._scan.register(pa.table({"_row_id": dead}))
            committed = f"(SELECT {items} FROM {committed} AS alive ANTI JOIN {name} USING (_row_id))"
        parts = [f"SELECT {items} FROM {committed} AS committed"]
        for rows in inserted:
            name = await self._scan.register(rows)
            values = column_values(table.columns, rows.column_names)
            parts.append(f"SELECT {', '.join([*values, '_row_id'])} FROM {name}")
        return f"({' UNION ALL '.join(parts)})"

    async def beneath(self, table: Table, ts: Timestamp, among: KeyValues | None) -> str:
        """The same at `ts`, without the rows that the transaction inserted and with those it deleted: what
        is committed, or what its restore has installed."""
        installed = self._workspace.refs_of(table.storage)
        if not installed:
            return await self._scan.relation(table, ts, among, self._moment)
        return await self._scan.cold(Storage(table.storage, installed), table.columns, ts, among)

    def own_keys(
        self, storage: StorageId, types: Mapping[CatalogId, str]
    ) -> tuple[OwnKeys, Collection[int]] | None:
        return self._workspace.own_keys(storage, types)

    def _moment(self, ts: Timestamp) -> str:
        """A parameter that stands for `ts`."""
        name = next((name for name, known in self._moments.items() if known == ts), None)
        if name is None:
            name = f"at_{len(self._moments)}_"
            self._moments[name] = ts
        return f"${name}"

    def _given(self, sql: str, parameters: Sequence[object]) -> dict[str, object]:
        """All that `sql` needs and nothing else: DuckDB refuses what a statement does not use."""
        given = {f"p{place}": value for place, value in enumerate(parameters, 1)}
        given.update((name, ts) for name, ts in self._moments.items() if f"${name}" in sql)
        return given

    def register(self, rows: pa.Table) -> str:
        """Make an Arrow table readable; its name."""
        self._count += 1
        name = f"rows_{self._count}"
        self._unregistered.append((name, rows))
        return name

    async def _ready(self) -> None:
        for name, rows in self._unregistered:
            await self._cursor.register(name, rows)
        self._unregistered.clear()

    async def set_timezone(self, name: str) -> None:
        await self._cursor.set_timezone(name)

    async def describe(self, sql: str, parameters: Sequence[object] = ()) -> tuple[Type, ...]:
        await self._ready()
        return await self._cursor.describe(sql, self._given(sql, parameters))

    async def stream(self, sql: str, parameters: Sequence[object] = ()) -> Stream:
        await self._ready()
        return await self._cursor.stream(sql, self._given(sql, parameters))

    async def table(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        await self._ready()
        return await self._cursor.table(sql, self._given(sql, parameters))

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """As Python values."""
        await self._ready()
        return await self._cursor.rows(sql, self._given(sql, parameters))

    def interrupt(self) -> None:
        """Whatever it is running raises `StatementCancelled`."""
        self._cursor.interrupt()

    async def close(self) -> None:
        await self._scan.close()
        await self._duck.release(self._cursor)
