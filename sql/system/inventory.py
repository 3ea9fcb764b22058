"""What a catalog holds as one session of one database sees it: the ground on which builders work.

Cut to the session's database, with names, owners and visibility worked out once. Everything here
depends on the catalog's structure, the database, the role and the search path only; what is built from
that alone is kept in `built` and shared by all sessions that agree on those four. A sequence's position
is not structure: relations that show it are built each time.

Objects have no owner in RewindDB's catalog: all belong to the tenant's first administrator.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pyarrow as pa

from engine.catalog import Catalog, Column, Key, Relation, Role, Schema, Table, View
from engine.catalog import Sequence as SequenceBody
from engine.ids import CatalogId, StorageId
from sql.system.columns import DESCRIPTIONS, HELPER_SCHEMA, Description
from sql.system.context import SystemContext
from sql.system.quoting import quote_identifier

SYSTEM_TENANT = "sys"
BUILT_MAX = 64
"""How many combinations of catalog, database, role and search path keep what was built for them."""

SYSTEM_NAMESPACES = {"pg_catalog": 11, "information_schema": 13207, "mo_catalog": 8000}
FOUND_FIRST = ("pg_catalog", "mo_catalog")
"""Where a bare name is looked for before the search path."""
SNAPSHOTS_KEY_OID = 8110
BOOTSTRAP_ROLE = 10
"""The owner while a tenant has no administrator: PostgreSQL's first superuser has this OID."""


@dataclass(frozen=True)
class Index:
    """The index behind a key; its OID is the key's id, like its constraint's."""

    key: Key
    table: Table
    schema: Schema

    @property
    def columns(self) -> tuple[tuple[int, Column], ...]:
        """The key's columns with their attribute numbers in the table."""
        by_id = {column.id: (number, column) for number, column in enumerate(self.table.columns, 1)}
        return tuple(by_id[column_id] for column_id in self.key.columns)


def _snapshots_key() -> Index:
    """mo_snapshots has a primary key like any table's, its timestamp."""
    schema = Schema(CatalogId(SYSTEM_NAMESPACES["mo_catalog"]), CatalogId(0), "mo_catalog")
    described = DESCRIPTIONS["mo_catalog", "mo_snapshots"]
    columns = tuple(
        Column(CatalogId(number), column.name, column.type, "", column.not_null)
        for number, column in enumerate(described.columns, 1)
    )
    key = Key(CatalogId(SNAPSHOTS_KEY_OID), "mo_snapshots_pkey", (columns[0].id,), primary=True)
    table = Table(CatalogId(described.oid), schema.id, described.name, columns, StorageId(0), (key,))
    return Index(key, table, schema)


SNAPSHOTS_KEY = _snapshots_key()


class Inventory:
    def __init__(self, catalog: Catalog, context: SystemContext) -> None:
        self.catalog = catalog
        self.context = context
        self.built = _built(
            catalog.version, context.tenant.name, context.database, context.role, context.search_path
        )

    @cached_property
    def database_id(self) -> int:
        return self.catalog.databases[self.context.database].id

    @cached_property
    def schemas(self) -> tuple[Schema, ...]:
        """The database's own schemas, by name."""
        return tuple(
            schema
            for (database, _), schema in sorted(self.catalog.schemas.items())
            if database == self.database_id
        )

    @cached_property
    def namespaces(self) -> dict[str, int]:
        """Every schema's name and OID, the system's among them."""
        return {**SYSTEM_NAMESPACES, **{schema.name: schema.id for schema in self.schemas}}

    @cached_property
    def relations(self) -> tuple[tuple[Schema, Relation], ...]:
        """The database's tables, views and sequences, by id."""
        by_id = {schema.id: schema for schema in self.schemas}
        found = [
            (by_id[relation.schema], relation)
            for relation in self.catalog.relations.values()
            if relation.schema in by_id
        ]
        return tuple(sorted(found, key=lambda pair: pair[1].id))

    @property
    def tables(self) -> Iterator[tuple[Schema, Table]]:
        for schema, relation in self.relations:
            if isinstance(relation, Table):
                yield schema, relation

    @property
    def views(self) -> Iterator[tuple[Schema, View]]:
        for schema, relation in self.relations:
            if isinstance(relation, View):
                yield schema, relation

    @property
    def sequences(self) -> Iterator[tuple[Schema, SequenceBody]]:
        for schema, relation in self.relations:
            if isinstance(relation, SequenceBody):
                yield schema, relation

    @property
    def indexes(self) -> Iterator[Index]:
        for schema, table in self.tables:
            for key in table.keys:
                yield Index(key, table, schema)
        yield SNAPSHOTS_KEY

    @property
    def system_relations(self) -> Iterator[Description]:
        """Those that this tenant can name."""
        for described in DESCRIPTIONS.values():
            if described.schema != HELPER_SCHEMA and nameable(described.name, self.context.tenant.name):
                yield described

    @cached_property
    def roles(self) -> tuple[Role, ...]:
        return tuple(sorted(self.catalog.roles.values(), key=lambda role: role.id))

    @cached_property
    def owner(self) -> tuple[int, str]:
        """OID and name of the role that everything belongs to."""
        owner = next((role for role in self.roles if role.admin), None)
        return (owner.id, owner.name) if owner is not None else (BOOTSTRAP_ROLE, "admin")

    @cached_property
    def search_schemas(self) -> tuple[str, ...]:
        """The schemas of the search path that exist: current_schemas(false)."""
        return tuple(dict.fromkeys(name for name in self.context.search_path if name in self.namespaces))

    @cached_property
    def effective_schemas(self) -> tuple[str, ...]:
        """With pg_catalog, which is searched first unless the path names it: current_schemas(true)."""
        explicit = self.search_schemas
        return explicit if "pg_catalog" in explicit else ("pg_catalog", *explicit)

    @cached_property
    def _first_found(self) -> dict[str, str]:
        """Relation name -> the schema in which an unqualified mention finds it."""
        found: dict[str, str] = {}
        for schema_name in dict.fromkeys((*FOUND_FIRST, *self.effective_schemas)):
            for described in self.system_relations:
                if described.schema == schema_name:
                    found.setdefault(described.name, schema_name)
            for schema, relation in self.relations:
                if schema.name == schema_name:
                    found.setdefault(relation.name, schema_name)
            for index in self.indexes:
                if index.schema.name == schema_name:
                    found.setdefault(index.key.name, schema_name)
        return found

    def visible(self, schema: str, name: str) -> bool:
        """Whether a bare name means this relation: pg_table_is_visible."""
        return self._first_found.get(name) == schema

    def title(self, schema: str, name: str) -> str:
        """The name as regclass prints it: qualified only when it has to be."""
        quoted = quote_identifier(name)
        return quoted if self.visible(schema, name) else f"{quote_identifier(schema)}.{quoted}"


def nameable(name: str, tenant: str) -> bool:
    """What tells of tenants exists for the system tenant alone."""
    return name not in ("mo_tenants", "mo_dropped_tenants") or tenant == SYSTEM_TENANT


@functools.lru_cache(maxsize=BUILT_MAX)
def _built(*key: object) -> dict[tuple[str, str], pa.Table]:
    return {}
