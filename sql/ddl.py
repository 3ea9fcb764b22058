"""CREATE TABLE, SEQUENCE, SCHEMA and DATABASE, and renaming the last two.

A definition locks the names it may create before it looks them up, and then only edits the catalog: the
transaction's commit makes it true together with its rows. CREATE TABLE AS is a definition and an insert.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from engine.catalog import Column, Database, Put, Schema, Table
from engine.ids import CatalogId
from sql import assignment, definitions, names, query, views
from sql.answers import Answer, Complete, Notice, ResultColumn
from sql.errors import SqlError
from sql.scope import Arguments, Scope
from sql.statement import (
    AlterRename,
    CreateDatabase,
    CreateSchema,
    CreateSequence,
    CreateTable,
    Name,
)
from sql.types import by_oid, format_type


async def lock_place(scope: Scope, name: Name) -> Schema:
    """The schema a new relation goes into, which stays until the commit, with the name locked."""
    while True:
        where = names.home(scope, name)
        await scope.lock_body(where.id, exclusive=False)
        await scope.lock_name("relation", where.id, name.name)
        if names.home(scope, name) == where:
            return where


async def _place(scope: Scope, name: Name, if_not_exists: bool) -> tuple[Schema, Notice | None]:
    """Where a new relation goes; a notice instead of an error when it is there and may be."""
    where = await lock_place(scope, name)
    if (where.id, name.name) in scope.catalog.relations:
        message = f'relation "{name.name}" already exists'
        if not if_not_exists:
            raise SqlError("42P07", message)
        return where, Notice("NOTICE", f"{message}, skipping", "42P07")
    return where, None


# --- tables -----------------------------------------------------------------------------------------


async def create_table(scope: Scope, statement: CreateTable, arguments: Arguments) -> AsyncIterator[Answer]:
    where, notice = await _place(scope, statement.table, statement.if_not_exists)
    tag = "CREATE TABLE AS" if statement.query is not None else "CREATE TABLE"
    if notice is not None:
        yield notice
    elif statement.query is not None:
        count = await _create_as(scope, statement, where, arguments)
        tag = f"SELECT {count}" if statement.with_data else tag
    else:
        await _create(scope, statement, where)
    yield Complete(tag)


async def _create(scope: Scope, statement: CreateTable, where: Schema) -> None:
    transaction = scope.transaction
    table = Table(transaction.new_id(), where.id, statement.table.name, (), transaction.new_storage())
    columns = [
        await definitions.column(scope, definition, where, table.id, table.name)
        for definition in statement.columns
    ]
    definitions.require_distinct(columns)
    table = replace(table, columns=tuple(columns))
    for key in sorted(statement.keys, key=lambda key: not key.primary):
        table = definitions.with_key(scope, table, key)
    for check in statement.checks:
        table = await definitions.with_check(scope, table, check)
    transaction.edit(Put(table))


async def _create_as(scope: Scope, statement: CreateTable, where: Schema, arguments: Arguments) -> int:
    assert statement.query is not None
    transaction = scope.transaction
    ready = await query.plan(scope, statement.query, arguments, owner=statement)
    described = await query.describe(scope, ready)
    labels = output_names(described, statement.column_names, "too many column names were specified")
    columns = [
        _column_of(transaction.new_id(), label, found) for label, found in zip(labels, described, strict=True)
    ]
    definitions.require_distinct(columns)
    name = statement.table.name
    table = Table(transaction.new_id(), where.id, name, tuple(columns), transaction.new_storage())
    if not statement.with_data:
        transaction.edit(Put(table))
        return 0
    async with scope.reader() as reader:
        sql = await query.bind(scope, reader, ready.plan, assignment.fitted(columns, ready.sql), {})
        rows = assignment.only(columns, await reader.table(sql, ready.values(arguments)))
    transaction.edit(Put(table))
    await scope.interrupts.wait(transaction.insert(table, rows))
    return int(rows.num_rows)


def output_names(
    described: Sequence[ResultColumn], renamed: tuple[str, ...] | None, too_many: str
) -> list[str]:
    labels = [column.name for column in described]
    given = renamed or ()
    if len(given) > len(labels):
        raise SqlError("42601", too_many)
    labels[: len(given)] = given
    for label in labels:
        if label in names.HIDDEN_COLUMNS:
            raise SqlError("42701", f'column name "{label}" conflicts with a system column name')
    return labels


def output_type(column: ResultColumn) -> str:
    """The type that a query's column gives a new one; what has no type of its own becomes text."""
    pg = by_oid(column.type_oid)
    if pg.name in ("unknown", "void", "record"):
        return "text"
    return format_type(column.type_oid, column.type_modifier)


def _column_of(id: CatalogId, name: str, column: ResultColumn) -> Column:
    type_ = definitions.storable(output_type(column))
    return Column(id, name, type_.text, type_.duckdb)


# --- sequences --------------------------------------------------------------------------------------


async def create_sequence(scope: Scope, statement: CreateSequence) -> AsyncIterator[Answer]:
    where, notice = await _place(scope, statement.name, statement.if_not_exists)
    if notice is not None:
        yield notice
    else:
        body = definitions.sequence(scope, where, statement.name.name, statement.options)
        scope.transaction.edit(Put(body))
    yield Complete("CREATE SEQUENCE")


# --- schemas and databases --------------------------------------------------------------------------


def check_schema_name(name: str) -> None:
    if name.startswith("pg_"):
        raise SqlError(
            "42939",
            f'unacceptable schema name "{name}"',
            detail='The prefix "pg_" is reserved for system schemas.',
        )


def _schema_exists(scope: Scope, name: str) -> bool:
    return name in names.SYSTEM_SCHEMAS or (scope.database.id, name) in scope.catalog.schemas


async def create_schema(scope: Scope, statement: CreateSchema) -> AsyncIterator[Answer]:
    check_schema_name(statement.name)
    await scope.lock_body(scope.database.id, exclusive=False)
    await scope.lock_name("schema", scope.database.id, statement.name)
    if _schema_exists(scope, statement.name):
        message = f'schema "{statement.name}" already exists'
        if not statement.if_not_exists:
            raise SqlError("42P06", message)
        yield Notice("NOTICE", f"{message}, skipping", "42P06")
    else:
        scope.transaction.edit(Put(Schema(scope.transaction.new_id(), scope.database.id, statement.name)))
    yield Complete("CREATE SCHEMA")


async def create_database(scope: Scope, statement: CreateDatabase) -> AsyncIterator[Answer]:
    scope.require_no_block("CREATE DATABASE")
    scope.require_admin("permission denied to create database")
    transaction = scope.transaction
    await scope.lock_name("database", statement.name)
    if statement.name in scope.catalog.databases:
        raise SqlError("42P04", f'database "{statement.name}" already exists')
    database = Database(transaction.new_id(), statement.name)
    transaction.edit(Put(database), Put(Schema(transaction.new_id(), database.id, "public")))
    yield Complete("CREATE DATABASE")


async def rename(scope: Scope, statement: AlterRename) -> AsyncIterator[Answer]:
    """ALTER SCHEMA and ALTER DATABASE … RENAME TO; views that name it are rewritten."""
    if statement.kind == "schema":
        await _rename_schema(scope, statement)
    else:
        await _rename_database(scope, statement)
    yield Complete(f"ALTER {statement.kind.upper()}")


async def _rename_schema(scope: Scope, statement: AlterRename) -> None:
    transaction, database = scope.transaction, scope.database
    for name in sorted({statement.name, statement.new_name}):
        await scope.lock_name("schema", database.id, name)
    found = scope.catalog.schemas.get((database.id, statement.name))
    if found is None:
        raise SqlError("3F000", f'schema "{statement.name}" does not exist')
    check_schema_name(statement.new_name)
    await scope.lock_body(found.id)
    if _schema_exists(scope, statement.new_name):
        raise SqlError("42P06", f'schema "{statement.new_name}" already exists')
    before = scope.catalog
    transaction.edit(Put(replace(found, name=statement.new_name)))
    views.follow_renames(scope, before, lambda body: body.schema == found.id)


async def _rename_database(scope: Scope, statement: AlterRename) -> None:
    transaction = scope.transaction
    scope.require_admin("permission denied to rename database")
    for name in sorted({statement.name, statement.new_name}):
        await scope.lock_name("database", name)
    found = scope.catalog.databases.get(statement.name)
    if found is None:
        raise SqlError("3D000", f'database "{statement.name}" does not exist')
    if found.name == scope.database_name:
        raise SqlError("0A000", "current database cannot be renamed")
    if statement.new_name in scope.catalog.databases:
        raise SqlError("42P04", f'database "{statement.new_name}" already exists')
    before = scope.catalog
    schemas = {body.id for body in before.schemas.values() if body.database == found.id}
    transaction.edit(Put(replace(found, name=statement.new_name)))
    views.follow_renames(scope, before, lambda body: body.schema in schemas)
