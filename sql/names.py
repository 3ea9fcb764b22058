"""Names of things that statements define or change, found in the catalog by PostgreSQL's rules.

Queries resolve theirs in `sql.resolve`; this is for DDL, DML targets and sequence functions.
"""

from __future__ import annotations

import re

from engine.catalog import Catalog, Database, Relation, Schema, Sequence, Table, View
from sql import system
from sql.errors import SqlError
from sql.scope import Scope
from sql.statement import Name

SYSTEM_SCHEMAS = ("pg_catalog", "information_schema", "mo_catalog")
HIDDEN_COLUMNS = ("_row_id", "_commit_ts", "_deleted_ts")
KIND_NAMES = {"table": "table", "view": "view", "sequence": "sequence"}


def database(scope: Scope, name: Name) -> Database:
    if name.database is None:
        return scope.database
    found = scope.catalog.databases.get(name.database)
    if found is None:
        raise SqlError("3D000", f'database "{name.database}" does not exist')
    return found


def schema(scope: Scope, name: Name) -> Schema:
    """The schema that `name` is qualified with. 3F000."""
    assert name.schema is not None
    found = scope.catalog.schemas.get((database(scope, name).id, name.schema))
    if found is None:
        raise SqlError("3F000", f'schema "{name.schema}" does not exist')
    return found


def find(scope: Scope, name: Name) -> Relation | None:
    """The table, view or sequence of that name, by the search path when it is not qualified."""
    catalog, home = scope.catalog, database(scope, name)
    path = (name.schema,) if name.schema is not None else scope.search_path
    for schema_name in path:
        where = catalog.schemas.get((home.id, schema_name))
        if where is not None and (found := catalog.relations.get((where.id, name.name))) is not None:
            return found
    return None


def is_system(scope: Scope, name: Name) -> bool:
    """A system relation hides a user's of the same unqualified name, as pg_catalog does in PostgreSQL."""
    if name.schema is not None and name.schema not in SYSTEM_SCHEMAS:
        return False
    return system.lookup(name.schema, name.name, scope.principal.tenant) is not None


def relation(scope: Scope, name: Name) -> Relation:
    if is_system(scope, name):
        raise refused(name)
    found = find(scope, name)
    if found is None:
        raise SqlError("42P01", f'relation "{name}" does not exist')
    return found


def refused(name: Name) -> SqlError:
    """Nobody writes a system relation."""
    if name.name == "mo_snapshots":
        return SqlError(
            "42501",
            "mo_snapshots is not written directly",
            hint="Use CREATE SNAPSHOT to add a snapshot, and DROP SNAPSHOT or DELETE to remove some.",
        )
    return SqlError("42501", f'permission denied: "{name.name}" is a system catalog')


def table(scope: Scope, name: Name, doing: str) -> Table:
    """A table to write to. `doing` is PostgreSQL's phrase: ``insert into``, ``update``, ``delete from``."""
    found = relation(scope, name)
    if isinstance(found, Table):
        return found
    if isinstance(found, View):
        raise SqlError(
            "55000",
            f'cannot {doing} view "{found.name}"',
            detail="Views are for reading.",
            hint="Change the tables that the view reads.",
        )
    raise SqlError("42809", f'cannot {doing} sequence "{found.name}"')


def sequence(scope: Scope, name: Name) -> Sequence:
    found = relation(scope, name)
    if not isinstance(found, Sequence):
        raise SqlError("42809", f'"{found.name}" is not a sequence')
    return found


def home(scope: Scope, name: Name) -> Schema:
    """The schema a new relation of this name goes into."""
    if name.schema is not None:
        if name.schema in SYSTEM_SCHEMAS:
            raise SqlError(
                "42501",
                f'permission denied to create "{name.schema}.{name.name}"',
                detail="System catalog modifications are currently disallowed.",
            )
        return schema(scope, name)
    where = current_schema(scope)
    if where is None:
        raise SqlError("3F000", "no schema has been selected to create in")
    return where


def current_schema(scope: Scope) -> Schema | None:
    """The first schema of the search path that there is."""
    here = scope.database
    for schema_name in scope.search_path:
        if (found := scope.catalog.schemas.get((here.id, schema_name))) is not None:
            return found
    return None


def require_free(catalog: Catalog, where: Schema, name: str) -> None:
    """42P07 when the schema has a relation of that name already."""
    if (where.id, name) in catalog.relations:
        raise SqlError("42P07", f'relation "{name}" already exists')


def qualified(catalog: Catalog, found: Relation) -> Name:
    """Where a relation is, in full."""
    where = next(body for body in catalog.schemas.values() if body.id == found.schema)
    home = next(body for body in catalog.databases.values() if body.id == where.database)
    return Name(found.name, where.name, home.name)


def parse(text: str) -> Name:
    """A name inside a string, as in ``nextval('"S".ids')``."""
    parts = re.findall(r'\s*("(?:[^"]|"")+"|[^\s".]+)\s*(?:\.|$)', text)
    if not 1 <= len(parts) <= 3 or ".".join(parts) != re.sub(r"\s*\.\s*", ".", text.strip()):
        raise SqlError("42602", f'invalid name syntax: "{text}"')
    words = [part[1:-1].replace('""', '"') if part.startswith('"') else part.lower() for part in parts]
    words = [None] * (3 - len(words)) + words
    assert words[2] is not None
    return Name(words[2], words[1], words[0])


def quoted(name: str) -> str:
    """A name as it is written in SQL text: quoted when it would be folded or cut."""
    if re.fullmatch(r"[a-z_][a-z0-9_]*", name):
        return name
    return '"' + name.replace('"', '""') + '"'


def choose(taken: set[str], table_name: str, *parts: str) -> str:
    """A name for a constraint or sequence as PostgreSQL makes them: ``t_a_key``, ``t_a_key1``, …"""
    label = parts[-1]
    columns = "_".join(parts[:-1])
    budget = 63 - len(label) - 1
    if columns:
        budget -= 1
        while len(table_name.encode()) + len(columns.encode()) > budget:
            if len(table_name) >= len(columns):
                table_name = table_name[:-1]
            else:
                columns = columns[:-1]
    base = "_".join(word for word in (table_name[:budget], columns, label) if word)
    name, number = base, 0
    while name in taken:
        number += 1
        name = f"{base}{number}"
    return name
