"""DROP TABLE, VIEW, SEQUENCE, SCHEMA and DATABASE: what depends on what, RESTRICT and CASCADE.

Everything to be dropped is collected first, with the sequences that tables own. What else needs any of it
(views, defaults that call a sequence) stops the statement (2BP01) or, with CASCADE, goes too and is told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field, replace

from engine.catalog import Catalog, Column, Put, Relation, Table, View
from engine.catalog import Drop as DropEdit
from engine.catalog import Sequence as SequenceBody
from engine.ids import CatalogId
from sql import definitions, names, parse, sequences, views
from sql.answers import Answer, Complete, Notice
from sql.errors import SqlError
from sql.scope import Scope
from sql.statement import Drop, Name

_HINT = "Use DROP ... CASCADE to drop the dependent objects too."


async def execute(scope: Scope, statement: Drop) -> AsyncIterator[Answer]:
    tag = f"DROP {statement.kind.upper()}"
    match statement.kind:
        case "schema":
            notices = await _drop_schemas(scope, statement)
        case "database":
            notices = await _drop_database(scope, statement)
        case _:
            notices = await _drop_relations(scope, statement)
    for notice in notices:
        yield notice
    yield Complete(tag)


# --- relations --------------------------------------------------------------------------------------


async def _drop_relations(scope: Scope, statement: Drop) -> list[Notice]:
    notices: list[Notice] = []
    for name in statement.names:
        await _lock(scope, name)
    found = [_find(scope, statement, name, notices) for name in statement.names]
    doomed = {body.id: body for body in found if body is not None}
    for id in sorted(doomed):
        await scope.lock_body(id)
    return notices + await drop_bodies(scope, list(doomed.values()), cascade=statement.cascade)


async def _lock(scope: Scope, name: Name) -> None:
    found = names.find(scope, name)
    if found is not None:
        await scope.lock_name("relation", found.schema, found.name)


def _find(scope: Scope, statement: Drop, name: Name, notices: list[Notice]) -> Relation | None:
    if names.is_system(scope, name):
        raise SqlError("42501", f'permission denied: "{name.name}" is a system catalog')
    missing_schema = name.schema is not None and _schema_missing(scope, name)
    found = None if missing_schema else names.find(scope, name)
    if found is None:
        kind, shown, sqlstate = statement.kind, str(name), "42P01"
        if missing_schema:
            kind, shown, sqlstate = "schema", str(name.schema), "3F000"
        if not statement.if_exists:
            raise SqlError(sqlstate, f'{kind} "{shown}" does not exist')
        notices.append(Notice("NOTICE", f'{kind} "{shown}" does not exist, skipping'))
        return None
    if found.kind != statement.kind:
        raise SqlError(
            "42809",
            f'"{found.name}" is not a {statement.kind}',
            hint=f"Use DROP {found.kind.upper()} to remove a {found.kind}.",
        )
    return found


def _schema_missing(scope: Scope, name: Name) -> bool:
    try:
        names.schema(scope, name)
    except SqlError as error:
        if error.sqlstate != "3F000":
            raise
        return True
    return False


@dataclass(slots=True)
class _Dependents:
    """What hangs on the things to be dropped. `lines` tell it for a DETAIL, `told` for a NOTICE."""

    views: list[View] = field(default_factory=list)
    defaults: list[tuple[Table, Column]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


async def drop_bodies(scope: Scope, bodies: list[Relation], *, cascade: bool) -> list[Notice]:
    """Drops relations, what they own and, with `cascade`, what needs them."""
    if not bodies:
        return []
    catalog = scope.catalog
    for body in bodies:
        _require_not_owned(catalog, body, bodies)
    doomed: dict[CatalogId, Relation] = {body.id: body for body in bodies}
    for body in bodies:
        if isinstance(body, Table):
            for sequence in owned_sequences(catalog, body):
                doomed[sequence.id] = sequence
    hanging = _dependents(scope, catalog, doomed)
    if hanging.lines and not cascade:
        raise _restricted(scope, bodies, hanging.lines)
    edits = [DropEdit(body.kind, body.id) for body in (*doomed.values(), *hanging.views)]
    edits += [DropEdit("position", id) for id, body in doomed.items() if body.kind == "sequence"]
    scope.transaction.edit(*edits)
    for table, column in hanging.defaults:
        current = scope.catalog.tables[table.id]
        columns = tuple(replace(c, default=None) if c.id == column.id else c for c in current.columns)
        scope.transaction.edit(Put(replace(current, columns=columns)))
    return _cascaded(hanging.told)


def dependent_lines(scope: Scope, body: Relation) -> list[str]:
    """What depends on a relation, as a DETAIL tells it."""
    return _dependents(scope, scope.catalog, {body.id: body}).lines


def _restricted(scope: Scope, bodies: list[Relation], lines: list[str]) -> SqlError:
    alone = len(bodies) == 1
    what = f"{bodies[0].kind} {_label(scope, bodies[0])}" if alone else "desired object(s)"
    message = f"cannot drop {what} because other objects depend on it"
    return SqlError("2BP01", message, detail=definitions.listed(lines), hint=_HINT)


def _cascaded(told: list[str]) -> list[Notice]:
    if not told:
        return []
    if len(told) == 1:
        return [Notice("NOTICE", f"drop cascades to {told[0]}")]
    detail = definitions.listed([f"drop cascades to {item}" for item in told])
    return [Notice("NOTICE", f"drop cascades to {len(told)} other objects", detail=detail)]


def owned_sequences(catalog: Catalog, table: Table) -> list[SequenceBody]:
    return [body for body in catalog.sequences.values() if body.owner_table == table.id]


def _require_not_owned(catalog: Catalog, body: Relation, bodies: Iterable[Relation]) -> None:
    """The sequence of an identity column goes only with the column."""
    if not isinstance(body, SequenceBody) or body.owner_table is None:
        return
    owner = catalog.tables.get(body.owner_table)
    if owner is None or any(other.id == owner.id for other in bodies):
        return
    column = next((c for c in owner.columns if c.id == body.owner_column), None)
    if column is not None and column.identity is not None:
        raise SqlError(
            "2BP01",
            f"cannot drop sequence {body.name} because column {column.name} of table {owner.name} "
            "requires it",
            hint=f"You can drop column {column.name} of table {owner.name} instead.",
        )


def _dependents(scope: Scope, catalog: Catalog, doomed: dict[CatalogId, Relation]) -> _Dependents:
    found = _Dependents(views.dependents(catalog, set(doomed)))
    known = dict(doomed)
    for view in found.views:
        needed = next(known[id] for id in view.depends if id in known)
        known[view.id] = view
        label = f"view {_label(scope, view)}"
        found.lines.append(f"{label} depends on {needed.kind} {_label(scope, needed)}")
        found.told.append(label)
    gone = {id: body for id, body in doomed.items() if body.kind == "sequence"}
    for table in catalog.tables.values():
        if not gone or table.id in doomed:
            continue
        for column in table.columns:
            sequence = _drawn_from(scope, column)
            if sequence is not None and sequence.id in gone:
                label = f"default value for column {column.name} of table {_label(scope, table)}"
                found.defaults.append((table, column))
                found.lines.append(f"{label} depends on sequence {_label(scope, sequence)}")
                found.told.append(label)
    return found


def _drawn_from(scope: Scope, column: Column) -> SequenceBody | None:
    """The sequence that the column's default draws from."""
    if column.default is None or "nextval" not in column.default:
        return None
    if column.sequence is not None:
        return scope.catalog.sequences.get(column.sequence)
    tree = parse.parse_expression(column.default)
    if sequences.call_of(tree) != "nextval":
        return None
    found = names.find(scope, names.parse(sequences.constant_name(tree)))
    return found if isinstance(found, SequenceBody) else None


def draws_from_nothing(scope: Scope, column: Column) -> bool:
    """Whether the column's default calls a sequence that is not there."""
    if column.default is None or "nextval" not in column.default:
        return False
    if column.sequence is not None:
        return column.sequence not in scope.catalog.sequences
    draws = sequences.call_of(parse.parse_expression(column.default)) == "nextval"
    return draws and _drawn_from(scope, column) is None


def _label(scope: Scope, body: Relation) -> str:
    """The name, qualified when the search path does not find it."""
    visible = names.find(scope, Name(body.name))
    if visible is not None and visible.id == body.id:
        return names.quoted(body.name)
    where = names.qualified(scope.catalog, body)
    return f"{names.quoted(where.schema or '')}.{names.quoted(body.name)}"


# --- schemas and databases --------------------------------------------------------------------------


async def _drop_schemas(scope: Scope, statement: Drop) -> list[Notice]:
    notices: list[Notice] = []
    for name in statement.names:
        if name.name in names.SYSTEM_SCHEMAS:
            raise SqlError(
                "2BP01", f"cannot drop schema {name.name} because it is required by the database system"
            )
        await scope.lock_name("schema", scope.database.id, name.name)
        schema = scope.catalog.schemas.get((scope.database.id, name.name))
        if schema is None:
            if not statement.if_exists:
                raise SqlError("3F000", f'schema "{name.name}" does not exist')
            notices.append(Notice("NOTICE", f'schema "{name.name}" does not exist, skipping'))
            continue
        await scope.lock_body(schema.id)
        bodies = [body for body in scope.catalog.relations.values() if body.schema == schema.id]
        told = [
            f"{body.kind} {_label(scope, body)}"
            for body in sorted(bodies, key=lambda body: body.id)
            if not (isinstance(body, SequenceBody) and body.owner_table is not None)
        ]
        if bodies and not statement.cascade:
            raise SqlError(
                "2BP01",
                f"cannot drop schema {names.quoted(schema.name)} because other objects depend on it",
                detail=definitions.listed(_schema_lines(scope, names.quoted(schema.name), bodies)),
                hint=_HINT,
            )
        for body in sorted(bodies, key=lambda body: body.id):
            await scope.lock_body(body.id)
        outside = await drop_bodies(scope, bodies, cascade=True)
        notices += _cascaded(told) + outside
        scope.transaction.edit(DropEdit("schema", schema.id))
    return notices


def _schema_lines(scope: Scope, schema: str, bodies: list[Relation]) -> list[str]:
    """What is in a schema, and after each thing what depends on it."""
    lines: list[str] = []
    for body in sorted(bodies, key=lambda body: body.id):
        if isinstance(body, SequenceBody) and body.owner_table is not None:
            continue
        lines.append(f"{body.kind} {_label(scope, body)} depends on schema {schema}")
        lines += [line for line in dependent_lines(scope, body) if line not in lines]
    return lines


async def _drop_database(scope: Scope, statement: Drop) -> list[Notice]:
    scope.require_no_block("DROP DATABASE")
    scope.require_admin("must be owner of database " + statement.names[0].name)
    name = statement.names[0].name
    await scope.lock_name("databases")
    await scope.lock_name("database", name)
    database = scope.catalog.databases.get(name)
    if database is None:
        if not statement.if_exists:
            raise SqlError("3D000", f'database "{name}" does not exist')
        return [Notice("NOTICE", f'database "{name}" does not exist, skipping')]
    if name == scope.database_name:
        raise SqlError("55006", "cannot drop the currently open database")
    catalog = scope.catalog
    schemas = {body.id for body in catalog.schemas.values() if body.database == database.id}
    bodies = [body for body in catalog.relations.values() if body.schema in schemas]
    for id in sorted({*schemas, *(body.id for body in bodies)}):
        await scope.lock_body(id)
    await drop_bodies(scope, bodies, cascade=False)
    scope.transaction.edit(*(DropEdit("schema", id) for id in schemas), DropEdit("database", database.id))
    require_database_left(scope.catalog)
    return []


def require_database_left(after: Catalog) -> None:
    """Nobody could log in to a tenant without a database. Whoever takes one away, by DROP or by a restore,
    has locked the name "databases", so that two cannot take the last two at once."""
    if not after.databases:
        raise SqlError(
            "55006",
            "cannot take away the last database of the tenant",
            detail="Nobody could connect to the tenant any more.",
            hint="Create or restore another database first: CREATE DATABASE ..., UNDROP DATABASE ...",
        )
