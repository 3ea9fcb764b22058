"""A tenant to try things on, and short words for what tests do to it. Rows are (id, value) pairs."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pyarrow as pa

from engine.catalog import Column, Key, Put, Snapshot, Table
from engine.clock import Clock
from engine.cluster import Cluster
from engine.duck import Ducks
from engine.ids import Ids, Timestamp
from engine.stores.base import Store
from engine.tenant import Options, Tenant
from engine.transaction import Transaction

TENANT = "acme"
Row = tuple[int, str] | tuple[int | str | None, ...]


class Lab:
    """One open tenant. `table` names are looked up anew each time: a restore changes storages."""

    def __init__(self, cluster: Cluster, tenant: Tenant) -> None:
        self.cluster = cluster
        self.tenant = tenant

    def table(self, name: str = "t", ts: Timestamp | None = None) -> Table:
        catalog = self.tenant.catalog if ts is None else self.tenant.history.at(ts)
        return next(table for table in catalog.tables.values() if table.name == name)

    async def create(self, name: str = "t") -> Table:
        """A table (id integer primary key, v text)."""
        transaction = self.tenant.begin()
        schema = next(iter(transaction.catalog.schemas.values()))
        table_id, id, value, key = (transaction.new_id() for _ in range(4))
        columns = (
            Column(id, "id", "integer", "INTEGER", not_null=True),
            Column(value, "v", "text", "VARCHAR"),
        )
        keys = (Key(key, f"{name}_pkey", (id,), primary=True),)
        transaction.edit(Put(Table(table_id, schema.id, name, columns, transaction.new_storage(), keys)))
        await transaction.commit()
        return self.table(name)

    async def drop(self, name: str = "t") -> Timestamp:
        from engine.catalog import Drop

        transaction = self.tenant.begin()
        transaction.edit(Drop("table", self.table(name).id))
        return await transaction.commit()

    @staticmethod
    def arrow(table: Table, rows: Iterable[Row]) -> pa.Table:
        """Rows for all columns of the table; where they are too short, nulls."""
        rows = list(rows)
        types = [pa.int32(), *[pa.string()] * (len(table.columns) - 1)]
        return pa.table(
            {
                f"c{column.id}": pa.array([row[at] if at < len(row) else None for row in rows], type)
                for at, (column, type) in enumerate(zip(table.columns, types, strict=True))
            }
        )

    async def insert(self, *rows: Row, name: str = "t") -> Timestamp:
        transaction = self.tenant.begin()
        try:
            await self.insert_in(transaction, *rows, name=name)
            return await transaction.commit()
        finally:
            await transaction.rollback()

    async def insert_in(self, transaction: Transaction, *rows: Row, name: str = "t") -> None:
        table = self.table(name)
        await transaction.insert(table, self.arrow(table, rows))

    async def row_ids(self, transaction: Transaction, ids: Sequence[int], name: str = "t") -> pa.ChunkedArray:
        table = self.table(name)
        among = ", ".join(map(str, ids)) or "NULL"
        async with transaction.reader() as reader:
            relation = await reader.relation(table)
            sql = f"SELECT _row_id FROM {relation} WHERE c{table.columns[0].id} IN ({among}) ORDER BY ALL"
            return (await reader.table(sql)).column(0)

    async def delete_in(self, transaction: Transaction, *ids: int, name: str = "t") -> None:
        await transaction.delete(self.table(name), await self.row_ids(transaction, ids, name))

    async def delete(self, *ids: int, name: str = "t") -> Timestamp:
        transaction = self.tenant.begin()
        await self.delete_in(transaction, *ids, name=name)
        return await transaction.commit()

    async def update(self, id: int, value: str, name: str = "t") -> Timestamp:
        transaction = self.tenant.begin()
        table = self.table(name)
        row_ids = await self.row_ids(transaction, [id], name)
        await transaction.update(table, row_ids, self.arrow(table, [(id, value)]))
        return await transaction.commit()

    async def snapshot(self, name: str | None = None, table: str | None = None) -> Timestamp:
        """Of the tenant, or of one table."""
        transaction = self.tenant.begin()
        snapshot = Snapshot(transaction.new_id(), Timestamp(0), name)
        if table is not None:
            snapshot = dataclasses.replace(snapshot, level="table", objects=(self.table(table).id,))
        transaction.edit(Put(snapshot))
        return await transaction.commit()

    async def rows(self, name: str = "t", ts: Timestamp | None = None) -> list[Row]:
        """As readers get them, now or at a moment, with that moment's catalog."""
        transaction = self.tenant.begin()
        try:
            return await self.rows_in(transaction, self.table(name, ts), ts)
        finally:
            await transaction.rollback()

    @staticmethod
    async def rows_in(transaction: Transaction, table: Table, ts: Timestamp | None = None) -> list[Row]:
        async with transaction.reader() as reader:
            relation = await reader.relation(table, ts)
            return await reader.rows(f"SELECT * EXCLUDE (_row_id) FROM {relation} ORDER BY ALL")

    async def cold_rows(self, name: str = "t", ts: Timestamp | None = None) -> list[Row]:
        """The same from objects and tail, whatever is hot."""
        moment = self.tenant.visible_ts if ts is None else ts
        return await self.cold_rows_of(self.table(name, moment), moment)

    async def cold_rows_of(self, table: Table, moment: Timestamp) -> list[Row]:
        cursor = self.tenant.duck.cursor()
        scan = self.tenant.new_scan(cursor)
        try:
            storage = self.tenant.state.storage(table.storage)
            relation = await scan.cold(storage, table.columns, moment)
            return await cursor.rows(f"SELECT * EXCLUDE (_row_id) FROM {relation} ORDER BY ALL")
        finally:
            await scan.close()
            await self.tenant.duck.release(cursor)


@asynccontextmanager
async def opened(
    store: Store,
    folder: Path,
    *,
    clock: Clock | None = None,
    options: Options | None = None,
    seed: int | None = None,
    ducks: Ducks | None = None,
) -> AsyncIterator[Lab]:
    """A cluster on `store` with the tenant acme open in it. The store stays open afterwards."""
    cluster = Cluster(
        Unclosed(store), cache_dir=folder / "cache", clock=clock, options=options, ids=Ids(seed), ducks=ducks
    )
    await cluster.start(lambda: "verifier")
    try:
        if await cluster.login_material(TENANT, "admin") is None:
            await cluster.create_tenant(TENANT, "admin", "verifier")
        yield Lab(cluster, await cluster.tenant(TENANT))
    finally:
        await cluster.close()


class Unclosed:
    """A store that outlives the cluster that uses it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def close(self) -> None:
        await asyncio.sleep(0)
