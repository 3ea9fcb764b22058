"""The system relations of a tenant: pg_catalog, information_schema and mo_catalog.

The way of a catalog query: `sql.system.functions` replaces what PostgreSQL computes in C
(``pg_table_is_visible(oid)``, ``x::regclass``) by queries over helper relations; planning asks `lookup`
for each relation by name; and when the statement runs, `SystemRelation.build` makes its rows from the
catalog of the statement's moment. So ``\\d`` of the past needs nothing of its own, and no statement ever
reaches the catalog that DuckDB itself has under the same names.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from sql.system import (
    helpers,
    information_schema,
    mo_catalog,
    operator_classes,
    pg_lists,
    pg_relations,
    pg_server,
)
from sql.system.columns import DESCRIPTIONS, HELPER_SCHEMA
from sql.system.context import SystemContext
from sql.system.inventory import FOUND_FIRST, nameable
from sql.system.relation import Rows, SystemRelation, nothing

_ROWS: Mapping[str, Mapping[str, Rows]] = {
    "pg_catalog": {
        **pg_relations.RELATIONS,
        **pg_server.RELATIONS,
        **pg_lists.RELATIONS,
        **operator_classes.RELATIONS,
    },
    "information_schema": information_schema.RELATIONS,
    "mo_catalog": mo_catalog.RELATIONS,
    HELPER_SCHEMA: helpers.RELATIONS,
}
_VOLATILE = {
    "pg_catalog": pg_server.VOLATILE,
    "mo_catalog": mo_catalog.VOLATILE,
    HELPER_SCHEMA: helpers.VOLATILE,
}
_LONG = {("mo_catalog", name) for name in mo_catalog.LONG}

RELATIONS: Mapping[tuple[str, str], SystemRelation] = MappingProxyType(
    {
        (schema, name): SystemRelation(
            description,
            _ROWS[schema].get(name, nothing),
            volatile=name in _VOLATILE.get(schema, ()),
            long=(schema, name) in _LONG,
        )
        for (schema, name), description in DESCRIPTIONS.items()
    }
)
"""Every system relation, by schema and name."""


def lookup(schema: str | None, name: str, tenant: str = "") -> SystemRelation | None:
    """The system relation that a name means; without a schema, one of pg_catalog or mo_catalog.
    `tenant` is the asking tenant's name: what only the system tenant has does not exist for others."""
    if not nameable(name, tenant):
        return None
    for place in FOUND_FIRST if schema is None else (schema,):
        found = RELATIONS.get((place, name))
        if found is not None:
            return found
    return None


__all__ = ["HELPER_SCHEMA", "RELATIONS", "SystemContext", "SystemRelation", "lookup"]
