"""An extent: the part of a tenant that a snapshot covers or a restore replaces.

It is kept by ids, so it means the same things at every moment, whatever they are called there; what
belongs to them is looked up in the catalog of the moment that is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass

from engine.catalog import (
    LASTING,
    Body,
    Catalog,
    Database,
    Level,
    Position,
    Relation,
    Schema,
    Sequence,
    Table,
    View,
    World,
)
from engine.ids import CatalogId


@dataclass(frozen=True, slots=True)
class Extent:
    """What a restore is about: the whole tenant, or databases, schemas or tables by id. A table brings
    the sequences it owns; a schema or database all that is in it."""

    level: Level = "tenant"
    objects: tuple[CatalogId, ...] = ()

    def covered(self, catalog: Catalog) -> dict[tuple[str, CatalogId], Body]:
        """The bodies of `catalog` that a restore of this extent replaces."""
        schemas = {body.id for body in catalog.schemas.values() if self._holds_schema(body)}
        relations = {
            body.id: body
            for body in catalog.relations.values()
            if body.schema in schemas or self._holds_relation(body)
        }
        found: dict[tuple[str, CatalogId], Body] = {}
        for body in catalog:
            if isinstance(body, Table | View | Sequence | Position):
                inside = body.id in relations
            elif isinstance(body, Schema):
                inside = body.id in schemas
            elif isinstance(body, Database):
                inside = self.level == "tenant" or (self.level == "database" and body.id in self.objects)
            else:
                inside = self.level == "tenant" and body.kind not in LASTING and body.kind != World.kind
            if inside:
                found[body.kind, body.id] = body
        return found

    def names(self, catalogs: Iterable[Catalog], last: SequenceOf[str] = ()) -> tuple[str, ...]:
        """What its objects are called in the first of `catalogs` that has them: ``database.schema.table``, as
        far down as the level goes. `last` are names for those that none has, if they are known."""
        known = tuple(catalogs)
        found = ((full_name(catalog, self.level, id) for catalog in known) for id in self.objects)
        return tuple(
            next(filter(None, names), otherwise)
            for names, otherwise in zip(found, last or ("",) * len(self.objects), strict=True)
        )

    def _holds_schema(self, schema: Schema) -> bool:
        holder = {"tenant": None, "database": schema.database, "schema": schema.id}.get(self.level, 0)
        return holder is None or holder in self.objects

    def _holds_relation(self, body: Relation) -> bool:
        if self.level != "table":
            return False
        return body.id in self.objects or (isinstance(body, Sequence) and body.owner_table in self.objects)


WHOLE_TENANT = Extent()


def full_name(catalog: Catalog, level: Level, id: CatalogId) -> str | None:
    """``database.schema.table``, as far down as the level goes; None when there is no such thing."""
    body = catalog.get(level, id)
    parts: list[str] = []
    if isinstance(body, Table):
        parts.insert(0, body.name)
        body = catalog.get("schema", body.schema)
    if isinstance(body, Schema):
        parts.insert(0, body.name)
        body = catalog.get("database", body.database)
    return ".".join((body.name, *parts)) if isinstance(body, Database) else None
