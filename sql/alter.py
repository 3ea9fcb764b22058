"""ALTER TABLE (and renaming views and sequences).

Actions run one after another on the table's body. Most only edit the catalog: columns have ids, so a
dropped column's values are simply no longer named, and a column added with a constant default carries
that value for the rows there are (`Column.missing`). A new type or a volatile default *rewrites*: the
rows are read, changed and inserted into a new storage in the same transaction; the old storage stays
readable in the past. What an action promises of existing rows (keys, checks, not null) is verified on
the newest committed rows, under the table's exclusive lock.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from sqlglot import exp

from engine.catalog import Column, Drop, Put, Relation, Schema, Table, View
from engine.catalog import Sequence as SequenceBody
from sql import assignment, build, definitions, dml, drop, names, parse, rewriting, views
from sql.answers import Answer, Complete, Notice
from sql.errors import SqlError
from sql.scope import Scope
from sql.statement import (
    AddCheck,
    AddColumn,
    AddKey,
    AlterAction,
    AlterTable,
    DropColumn,
    DropConstraint,
    RenameColumn,
    RenameTo,
    SetDefault,
    SetNotNull,
    SetSchema,
    SetType,
)
from sql.types import declared


async def execute(scope: Scope, statement: AlterTable) -> AsyncIterator[Answer]:
    tag = f"ALTER {statement.kind.upper()}"
    if names.is_system(scope, statement.name):
        raise SqlError("42501", f'permission denied: "{statement.name.name}" is a system catalog')
    found = names.find(scope, statement.name)
    if found is None:
        if not statement.if_exists:
            raise SqlError("42P01", f'relation "{statement.name}" does not exist')
        yield Notice("NOTICE", f'relation "{statement.name}" does not exist, skipping')
        yield Complete(tag)
        return
    if statement.kind != "table" and found.kind != statement.kind:
        raise SqlError("42809", f'"{found.name}" is not a {statement.kind}')
    await scope.lock_name("relation", found.schema, found.name)
    await scope.lock_body(found.id)
    scope.transaction.start_statement()
    for action in sorted(statement.actions, key=_turn):
        for notice in await _act(scope, _current(scope, found), action):
            yield notice
    yield Complete(tag)


def _turn(action: AlterAction) -> int:
    """PostgreSQL's order: what is dropped, then types, new columns, attributes, and constraints last."""
    match action:
        case DropColumn() | DropConstraint():
            return 0
        case SetType():
            return 1
        case AddColumn():
            return 2
        case AddKey() | AddCheck():
            return 4
    return 3


def _current(scope: Scope, found: Relation) -> Relation:
    """The body as it is by now: the lock was waited for, and earlier actions have changed it."""
    body = scope.catalog.get(found.kind, found.id)
    if not isinstance(body, Table | View | SequenceBody):
        raise SqlError("42P01", f'relation "{found.name}" does not exist')
    return body


async def _act(scope: Scope, body: Relation, action: AlterAction) -> Sequence[Notice]:
    match action:
        case RenameTo(new_name):
            await _move(scope, body, new_name, None)
            return ()
        case SetSchema(schema):
            await _move(scope, body, body.name, schema)
            return ()
    if not isinstance(body, Table):
        raise SqlError("42809", f'"{body.name}" is not a table')
    match action:
        case AddColumn():
            return await _add_column(scope, body, action)
        case DropColumn():
            return await _drop_column(scope, body, action)
        case SetType():
            await _set_type(scope, body, action)
        case SetDefault(name, default):
            await _set_default(scope, body, name, default)
        case SetNotNull():
            await _set_not_null(scope, body, action)
        case RenameColumn():
            await _rename_column(scope, body, action)
        case AddKey(key):
            await rewriting.add_key(scope, body, key)
        case AddCheck(check):
            await rewriting.add_check(scope, body, check)
        case DropConstraint():
            return _drop_constraint(scope, body, action)
    return ()


def _put(scope: Scope, table: Table) -> None:
    scope.transaction.edit(Put(table))


def _with_column(table: Table, changed: Column) -> Table:
    return replace(table, columns=tuple(changed if c.id == changed.id else c for c in table.columns))


# --- names ------------------------------------------------------------------------------------------


async def _move(scope: Scope, body: Relation, new_name: str, schema_name: str | None) -> None:
    """RENAME TO and SET SCHEMA: another name, with owned sequences and the text of views following."""
    catalog = scope.catalog
    where = next(schema for schema in catalog.schemas.values() if schema.id == body.schema)
    if schema_name is not None:
        found = catalog.schemas.get((where.database, schema_name))
        if found is None:
            raise SqlError("3F000", f'schema "{schema_name}" does not exist')
        where = found
    await scope.lock_name("relation", where.id, new_name)
    if where.id == body.schema and new_name == body.name:
        if schema_name is not None:
            return
        raise SqlError("42P07", f'relation "{new_name}" already exists')
    names.require_free(scope.catalog, where, new_name)
    before = scope.catalog
    scope.transaction.edit(Put(replace(body, name=new_name, schema=where.id)))
    if isinstance(body, Table):
        for sequence in drop.owned_sequences(before, body):
            if sequence.schema != where.id:
                names.require_free(scope.catalog, where, sequence.name)
                scope.transaction.edit(Put(replace(sequence, schema=where.id)))
                _follow_sequence(scope, sequence)
    elif isinstance(body, SequenceBody):
        _follow_sequence(scope, body)
    views.follow_renames(scope, before, lambda other: other.id == body.id)


def _follow_sequence(scope: Scope, moved: SequenceBody) -> None:
    """The default of the serial column that owns a sequence names it."""
    owner = scope.catalog.tables.get(moved.owner_table) if moved.owner_table is not None else None
    if owner is None:
        return
    text = definitions.nextval_text(scope, scope.catalog.sequences[moved.id])
    for column in owner.columns:
        if column.sequence == moved.id and column.default is not None:
            _put(scope, _with_column(owner, replace(column, default=text)))


async def _rename_column(scope: Scope, table: Table, action: RenameColumn) -> None:
    column = table.column(action.name)
    if column is None:
        raise SqlError("42703", f'column "{action.name}" does not exist')
    if action.new_name in names.HIDDEN_COLUMNS:
        raise SqlError("42701", f'column name "{action.new_name}" conflicts with a system column name')
    if table.column(action.new_name) is not None:
        message = f'column "{action.new_name}" of relation "{table.name}" already exists'
        raise SqlError("42701", message)
    table = _with_column(table, replace(column, name=action.new_name))
    checks = []
    for check in table.checks:
        tree = parse.parse_expression(check.expression)
        for node in tree.find_all(exp.Column):
            if node.name == action.name:
                node.set("this", build.identifier(action.new_name))
        checks.append(replace(check, expression=parse.to_postgres(tree)))
    _put(scope, replace(table, checks=tuple(checks)))
    await views.still_hold(
        scope,
        table.id,
        lambda view: SqlError(
            "0A000",
            f"renaming a column that a view uses is not supported: view {view.name}",
            hint="Drop the view, rename the column, and create the view again.",
        ),
    )


# --- columns ----------------------------------------------------------------------------------------


async def _add_column(scope: Scope, table: Table, action: AddColumn) -> Sequence[Notice]:
    name = action.column.name
    if table.column(name) is not None:
        message = f'column "{name}" of relation "{table.name}" already exists'
        if action.if_not_exists:
            return [Notice("NOTICE", f"{message}, skipping", "42701")]
        raise SqlError("42701", message)
    where = _schema_of(scope, table)
    added = await definitions.column(scope, action.column, where, table.id, table.name)
    wider = replace(table, columns=(*table.columns, added))
    definitions.require_distinct(wider.columns)
    if rewriting.needs_rewrite(added):
        await rewriting.rewrite(scope, table, wider)
    else:
        value = await rewriting.constant_default(scope, added)
        if added.not_null and value is None:
            await rewriting.require_empty(scope, table, added)
        kept = replace(added, missing=value)
        _put(scope, replace(table, columns=(*table.columns, kept)))
    for key in action.keys:
        await rewriting.add_key(scope, scope.catalog.tables[table.id], key)
    for check in action.checks:
        await rewriting.add_check(scope, scope.catalog.tables[table.id], check)
    return ()


def _schema_of(scope: Scope, table: Table) -> Schema:
    return next(schema for schema in scope.catalog.schemas.values() if schema.id == table.schema)


async def _drop_column(scope: Scope, table: Table, action: DropColumn) -> Sequence[Notice]:
    column = table.column(action.name)
    if column is None:
        message = f'column "{action.name}" of relation "{table.name}" does not exist'
        if action.if_exists:
            return [Notice("NOTICE", f"{message}, skipping")]
        raise SqlError("42703", message)
    narrower = replace(
        table,
        columns=tuple(c for c in table.columns if c.id != column.id),
        keys=tuple(key for key in table.keys if column.id not in key.columns),
        checks=tuple(check for check in table.checks if not _mentions(check.expression, column.name)),
    )
    _put(scope, narrower)
    notices = await _drop_views_over(scope, table, column, cascade=action.cascade)
    for sequence in drop.owned_sequences(scope.catalog, table):
        if sequence.owner_column == column.id:
            scope.transaction.edit(Drop("sequence", sequence.id), Drop("position", sequence.id))
    return notices


def _mentions(expression: str, column_name: str) -> bool:
    tree = parse.parse_expression(expression)
    return any(node.name == column_name for node in tree.find_all(exp.Column))


async def _drop_views_over(scope: Scope, table: Table, column: Column, *, cascade: bool) -> list[Notice]:
    broken: list[View] = []
    while True:
        try:
            await views.still_hold(scope, table.id, _Broken)
        except _Broken as error:
            view = error.view
            if not cascade:
                first = f"view {view.name} depends on column {column.name} of table {table.name}"
                further = drop.dependent_lines(scope, view)
                raise SqlError(
                    "2BP01",
                    f"cannot drop column {column.name} of table {table.name} because other objects "
                    "depend on it",
                    detail=definitions.listed([first, *further]),
                    hint="Use DROP ... CASCADE to drop the dependent objects too.",
                ) from None
            broken.append(view)
            await drop.drop_bodies(scope, [view], cascade=True)
            continue
        return [Notice("NOTICE", f"drop cascades to view {view.name}") for view in broken]


class _Broken(SqlError):
    """A view that no longer holds, on its way to whoever decides about it."""

    def __init__(self, view: View) -> None:
        super().__init__("2BP01", f"view {view.name} depends on it")
        self.view = view


async def _set_default(scope: Scope, table: Table, name: str, default: exp.Expr | None) -> None:
    column = dml.column_named(table, name)
    if column.identity is not None:
        raise SqlError("42601", f'column "{name}" of relation "{table.name}" is an identity column')
    if default is None:
        _put(scope, _with_column(table, replace(column, default=None)))
        return
    bare = replace(column, default=None)
    _put(scope, _with_column(table, await definitions.with_default(scope, bare, default)))


async def _set_not_null(scope: Scope, table: Table, action: SetNotNull) -> None:
    column = dml.column_named(table, action.name)
    if action.not_null:
        await rewriting.require_no_nulls(scope, table, column)
    elif column.identity is not None:
        raise SqlError("42601", f'column "{column.name}" of relation "{table.name}" is an identity column')
    elif table.primary_key is not None and column.id in table.primary_key.columns:
        raise SqlError("42P16", f'column "{column.name}" is in a primary key')
    _put(scope, _with_column(table, replace(column, not_null=action.not_null)))


async def _set_type(scope: Scope, table: Table, action: SetType) -> None:
    column = dml.column_named(table, action.name)
    type_ = definitions.storable(action.type)
    if action.using is None and type_.text == column.type:
        return
    if column.identity is not None and type_.text not in ("smallint", "integer", "bigint"):
        raise SqlError("22023", "identity column type must be smallint, integer, or bigint")
    value = action.using if action.using is not None else build.column(column.name)
    if action.using is None:
        _require_automatic(column, type_.text)
    changed = replace(column, type=type_.text, storage_type=type_.duckdb, missing=None)
    if changed.default is not None and changed.sequence is None:
        changed = await _with_fitting_default(scope, changed)
    after = _with_column(table, changed)
    await rewriting.rewrite(scope, table, after, {column.id: value})
    await views.still_hold(
        scope,
        table.id,
        lambda view: SqlError(
            "0A000",
            "cannot alter type of a column used by a view or rule",
            detail=f'rule _RETURN on view {view.name} depends on column "{column.name}"',
        ),
    )


def _require_automatic(column: Column, wanted: str) -> None:
    target = Column(column.id, column.name, wanted, declared(wanted).duckdb)
    try:
        assignment.check_type(target, declared(column.type).pg)
    except SqlError:
        raise SqlError(
            "42804",
            f'column "{column.name}" cannot be cast automatically to type {wanted}',
            hint=f'You might need to specify "USING {names.quoted(column.name)}::{wanted}".',
        ) from None


async def _with_fitting_default(scope: Scope, column: Column) -> Column:
    default = parse.parse_expression(column.default or "NULL")
    try:
        return await definitions.with_default(scope, replace(column, default=None), default)
    except SqlError:
        message = f'default for column "{column.name}" cannot be cast automatically to type {column.type}'
        raise SqlError("42804", message) from None


# --- constraints ------------------------------------------------------------------------------------


def _drop_constraint(scope: Scope, table: Table, action: DropConstraint) -> Sequence[Notice]:
    if action.name not in definitions.constraint_names(table):
        message = f'constraint "{action.name}" of relation "{table.name}" does not exist'
        if action.if_exists:
            return [Notice("NOTICE", f"{message}, skipping")]
        raise SqlError("42704", message)
    keys = tuple(key for key in table.keys if key.name != action.name)
    checks = tuple(check for check in table.checks if check.name != action.name)
    _put(scope, replace(table, keys=keys, checks=checks))
    return ()
