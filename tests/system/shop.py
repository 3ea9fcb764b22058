"""schema.sql as a catalog of RewindDB, made by hand: what the statements in that file leave behind."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from engine.catalog import (
    Catalog,
    Check,
    Column,
    Database,
    Key,
    Password,
    Role,
    Schema,
    Sequence,
    Snapshot,
    Table,
    View,
    ViewColumn,
    World,
)
from engine.ids import FIRST_CATALOG_ID, CatalogId, StorageId, Timestamp
from engine.pins import Pins
from engine.progress import Progress
from engine.state import State
from sql.settings import KNOWN
from sql.system import SystemContext
from sql.types import declared


@dataclass(frozen=True)
class FakeTenant:
    name: str = "acme"

    def now(self) -> Timestamp:
        return Timestamp(1_700_000_000_000_000)

    def coming_pins(self) -> Pins:
        return Pins(Timestamp(0), {})

    @property
    def restoring(self) -> tuple[Progress, ...]:
        return ()

    @property
    def state(self) -> State:
        return State(
            next_id=1, next_row_id=1, last_ts=Timestamp(1), watermark=Timestamp(1), horizon=Timestamp(0)
        )


class Shop:
    def __init__(self) -> None:
        self._ids = itertools.count(FIRST_CATALOG_ID)
        self.bodies: list[object] = [World(self.id())]
        role = self._put(Role(self.id(), "postgres", True))
        self._put(Password(role.id, "SCRAM-SHA-256$4096:salt$stored:server"))
        self.database = self._put(Database(self.id(), "shop"))
        self._put(Database(self.id(), "postgres"))
        self.public = self._put(Schema(self.id(), self.database.id, "public"))
        self.side = self._put(Schema(self.id(), self.database.id, "Side"))
        self._tables()
        self._put(Sequence(self.id(), self.public.id, "tickets", start=10, increment=5))
        self._put(Snapshot(self.id(), Timestamp(1_700_000_000_000_000), "first", created_by="postgres"))

    def id(self) -> CatalogId:
        return CatalogId(next(self._ids))

    def _put(self, body):
        self.bodies.append(body)
        return body

    def column(self, name: str, type_: str, **more) -> Column:
        return Column(self.id(), name, declared(type_).text, declared(type_).duckdb, **more)

    def _tables(self) -> None:
        items = [
            self.column("id", "integer", not_null=True),
            self.column("name", "text", not_null=True, default="'none'"),
            self.column("price", "numeric(10,2)", default="0"),
            self.column("code", "varchar(20)"),
            self.column("made", "timestamptz", default="now()"),
            self.column("day", "date"),
            self.column("ratio", "double precision"),
            self.column("tags", "text[]"),
            self.column("flag", "boolean", default="true"),
        ]
        keys = (
            Key(self.id(), "items_pkey", (items[0].id,), True),
            Key(self.id(), "name_and_code", (items[1].id, items[3].id), False),
        )
        checks = (Check(self.id(), "id_positive", "id > 0"),)
        self.items = self._table(self.public, "items", items, keys, checks)
        self._counted()
        pairs = [
            self.column("a", "integer", not_null=True),
            self.column("b", "text", not_null=True),
            self.column("c", "uuid"),
        ]
        self._table(
            self.public, "pairs", pairs, (Key(self.id(), "pairs_pkey", (pairs[1].id, pairs[0].id), True),)
        )
        self._table(self.public, "bare", [self.column("x", "bigint"), self.column("y", "jsonb")])
        columns = (ViewColumn("id", "integer"), ViewColumn("name", "text"))
        query = "SELECT items.id, items.name FROM public.items"
        self._put(View(self.id(), self.public.id, "cheap", query, columns, (self.items.id,)))
        mixed = [
            self.column("Id", "integer", not_null=True),
            self.column("select", "text"),
            self.column("two words", "integer"),
        ]
        self._table(
            self.side, "Mixed Case", mixed, (Key(self.id(), "Mixed Case_pkey", (mixed[0].id,), True),)
        )

    def _table(self, schema, name, columns, keys=(), checks=()) -> Table:
        storage = StorageId(self.id())
        return self._put(
            Table(self.id(), schema.id, name, tuple(columns), storage, tuple(keys), tuple(checks))
        )

    def _counted(self) -> None:
        sequences = {name: self.id() for name in ("id", "other", "old")}
        columns = [
            self.column("id", "bigint", not_null=True, identity="always", sequence=sequences["id"]),
            self.column(
                "other", "integer", not_null=True, identity="by default", sequence=sequences["other"]
            ),
            self.column(
                "old",
                "integer",
                not_null=True,
                default="nextval('public.counted_old_seq'::regclass)",
                sequence=sequences["old"],
            ),
        ]
        key = Key(self.id(), "counted_pkey", (columns[0].id,), True)
        table = self._table(self.public, "counted", columns, (key,))
        for column in columns:
            maximum = 2**63 - 1 if column.type == "bigint" else 2**31 - 1
            self._put(
                Sequence(
                    sequences[column.name],
                    self.public.id,
                    f"counted_{column.name}_seq",
                    column.type,
                    maximum=maximum,
                    owner_table=table.id,
                    owner_column=column.id,
                )
            )

    def catalog(self) -> Catalog:
        return Catalog(self.bodies, object())

    def context(self, **more) -> SystemContext:
        settings = {known.name: known.default for known in KNOWN.values()}
        return SystemContext("shop", "postgres", FakeTenant(), settings, **more)
