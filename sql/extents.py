"""Parts of a tenant: the databases, schemas and tables that RESTORE and CREATE SNAPSHOT name.

Names are those of the moment: they are looked up in its catalog, by the session's search path, so a
dropped table is found and a younger one is not. A restore locks the names and bodies of its part, as they
were and as they are, before it begins; then nothing of it can come or go until the commit.

After a restore of a part, what lies outside of it must still hold: views over its tables, and its own
views over others' tables, follow renames and must give the columns they gave; defaults need their
sequences. If one does not, the restore is refused (2BP01) and the statement leaves nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypedDict

from engine.catalog import Catalog, Database, Level, Position, Relation, Schema, Sequence, Table, View
from engine.extent import Extent
from engine.ids import CatalogId, Timestamp
from sql import drop, moments, names, views
from sql.errors import SqlError
from sql.scope import Scope
from sql.statement import Name

# --- names at a moment ------------------------------------------------------------------------------


def resolve(
    scope: Scope, catalog: Catalog, level: Level, wanted: Iterable[Name], ts: Timestamp | None
) -> Extent:
    """The part that the names mean in `catalog`; `ts` is its moment, None for now."""
    when = "" if ts is None else f" at {moments.shown(ts, scope.settings['TimeZone'])}"
    found: list[CatalogId] = []
    for name in wanted:
        match level:
            case "database":
                found.append(_database(scope, catalog, name.name, when).id)
            case "schema":
                found.append(_schema(scope, catalog, name, when).id)
            case _:
                found.append(_table(scope, catalog, name, ts, when).id)
    return Extent(level, tuple(dict.fromkeys(found)))


def _database(scope: Scope, catalog: Catalog, name: str | None, when: str) -> Database:
    wanted = name if name is not None else scope.database_name
    found = catalog.databases.get(wanted)
    if found is None:
        raise SqlError("3D000", f'database "{wanted}" does not exist{when}')
    return found


def _schema(scope: Scope, catalog: Catalog, name: Name, when: str) -> Schema:
    home = _database(scope, catalog, name.database, when)
    found = catalog.schemas.get((home.id, name.name))
    if found is None:
        raise SqlError("3F000", f'schema "{name}" does not exist{when}')
    return found


def _table(scope: Scope, catalog: Catalog, name: Name, ts: Timestamp | None, when: str) -> Table:
    if names.is_system(scope, name):
        raise SqlError("42501", f'permission denied: "{name}" is a system catalog')
    home = _database(scope, catalog, name.database, when)
    for place in (name.schema,) if name.schema is not None else scope.search_path:
        where = catalog.schemas.get((home.id, place))
        found = catalog.relations.get((where.id, name.name)) if where is not None else None
        if isinstance(found, Table):
            return found
        if found is not None:
            hint = "What is no table comes along with its schema."
            raise SqlError("42809", f'"{name.name}" is not a table{when}', hint=hint)
    if ts is not None:
        raise scope.missing(name, ts)
    raise SqlError("42P01", f'relation "{name}" does not exist')


class Place(TypedDict):
    database_name: str | None
    schema_name: str | None
    table_name: str | None


def place(catalog: Catalog, extent: Extent) -> Place:
    """The names of the one thing that a part consists of; none of all of the tenant."""
    found = Place(database_name=None, schema_name=None, table_name=None)
    for id in extent.objects:
        body = catalog.get(extent.level, id)
        if isinstance(body, Table):
            found["table_name"] = body.name
            body = catalog.get("schema", body.schema)
        if isinstance(body, Schema):
            found["schema_name"] = body.name
            body = catalog.get("database", body.database)
        assert isinstance(body, Database)
        found["database_name"] = body.name
    return found


# --- locks ------------------------------------------------------------------------------------------


async def lock(scope: Scope, past: Catalog, extent: Extent) -> None:
    """Locks what the part was and is, from the outside in, until nothing new turns up. It is restored over
    what is newest by then (or not at all, in a transaction that keeps its read ts)."""
    while True:
        version = scope.catalog.version
        bodies = [*extent.covered(past).values(), *extent.covered(scope.catalog).values()]
        holders = [body for body in bodies if isinstance(body, Database | Schema)]
        relations = [body for body in bodies if isinstance(body, Table | View | Sequence)]
        if extent.level == "database":
            await scope.lock_name("databases")
        for key in sorted({_lock_key(body) for body in holders}, key=repr):
            await scope.lock_name(*key)
        whole = {body.id for body in holders}
        for id in sorted(whole):
            await scope.lock_body(id)
        for id in sorted({body.schema for body in relations} - whole):
            await scope.lock_body(id, exclusive=False)
        for key in sorted({_lock_key(body) for body in relations}, key=repr):
            await scope.lock_name(*key)
        for id in sorted({body.id for body in relations}):
            await scope.lock_body(id)
        scope.transaction.start_statement()
        if scope.catalog.version is version:
            return


async def hold(scope: Scope, extent: Extent) -> None:
    """Keeps others from dropping or renaming what a snapshot is to cover. Rows may be written meanwhile."""
    for id in extent.objects:
        body = scope.catalog.get(extent.level, id)
        if isinstance(body, Table):
            await scope.lock_body(body.schema, exclusive=False)
        if isinstance(body, Database | Schema | Table):
            await scope.lock_name(*_lock_key(body))
        if isinstance(body, Schema):
            await scope.lock_body(body.id, exclusive=False)


def awaited(scope: Scope, past: Catalog) -> str | None:
    """Whom the session's transaction waits for, by what they hold; None when for nobody. A restore holds up
    whoever comes after it meanwhile, so it says what it waits for itself."""
    match scope.transaction.waits_for:
        case ("name", _, *_, str(name)):
            return f'an open transaction that creates, drops or renames "{name}"'
        case ("table", int(id)):
            label = _used(scope.catalog, CatalogId(id)) or _used(past, CatalogId(id))
            return f"an open transaction that uses {label}"
        case key:
            return None if key is None else "an open transaction"


def _used(catalog: Catalog, id: CatalogId) -> str | None:
    for kind in ("table", "view", "sequence", "schema", "database"):
        body = catalog.get(kind, id)
        if isinstance(body, Table | View | Sequence):
            return f"{kind} {full_label(catalog, body)}"
        if isinstance(body, Database | Schema):
            return f"{kind} {names.quoted(body.name)}"
    return None


def _lock_key(body: Database | Schema | Relation) -> tuple[Hashable, ...]:
    match body:
        case Database():
            return ("database", body.name)
        case Schema():
            return ("schema", body.database, body.name)
    return ("relation", body.schema, body.name)


# --- what must hold afterwards ----------------------------------------------------------------------


async def check_after(scope: Scope, before: Catalog, past: Catalog, extent: Extent) -> None:
    """After the restore of `extent`, whose catalog was `past`, from `before`."""
    inside = {
        body.id
        for catalog in (before, past)
        for body in extent.covered(catalog).values()
        if not isinstance(body, Position)
    }
    _follow_renames(scope, before, past, inside)
    catalog = scope.catalog
    drop.require_database_left(catalog)
    borderline = views.dependents(catalog, inside)
    borderline += [
        view for view in catalog.views.values() if view.id in inside and not inside.issuperset(view.depends)
    ]
    for view in borderline:
        await views.still_holds(scope, view, lambda view: broken(f"view {full_label(catalog, view)}"))
    for table in catalog.tables.values():
        for column in table.columns:
            if drop.draws_from_nothing(scope, column):
                label = f"default value for column {column.name} of table {full_label(catalog, table)}"
                raise broken(label)


def _follow_renames(scope: Scope, before: Catalog, past: Catalog, inside: set[CatalogId]) -> None:
    """Views outside follow what the restore renamed; those it brought back what has been renamed since."""
    there = {**scope.catalog.tables, **scope.catalog.views}.keys()
    views.follow_renames(
        scope,
        before,
        lambda body: body.id in inside and body.id in there,
        lambda view: view.id not in inside,
    )
    views.follow_renames(
        scope,
        past,
        lambda body: body.id not in inside and body.id in there,
        lambda view: view.id in inside,
    )


def full_label(catalog: Catalog, body: Relation) -> str:
    where = names.qualified(catalog, body)
    return ".".join(names.quoted(part) for part in (where.schema, where.name) if part is not None)


def broken(label: str) -> SqlError:
    return SqlError(
        "2BP01",
        f"cannot restore because {label} would not hold any more",
        detail="It needs something that the restore changes or that is not part of it.",
        hint="Restore more at once (the schema, the database), or drop it first.",
    )
