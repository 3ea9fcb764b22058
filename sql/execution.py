"""One statement's execution: which module runs it, and what must hold before it may run.

`execute` is the one `match` over the closed set of statements. Each module gives an async iterator of
answers that ends with `Complete`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import assert_never, cast

from engine.errors import ConstraintViolated
from sql import (
    alter,
    as_of,
    copying,
    ddl,
    dml,
    drop,
    explain,
    insert,
    prepared_sql,
    restoring,
    roles,
    selecting,
    snapshots,
    tenant_settings,
    tenants,
    transactions,
    undoing,
    update,
    utility,
    vacuum,
    views,
    violations,
)
from sql.answers import Answer, Complete
from sql.errors import SqlError
from sql.scope import Arguments, Scope
from sql.statement import (
    AlterRename,
    AlterRole,
    AlterTable,
    AlterTenant,
    AlterTenantAdmin,
    Analyze,
    Begin,
    Checkpoint,
    CloseCursor,
    Commit,
    Copy,
    CreateDatabase,
    CreateSchema,
    CreateSequence,
    CreateSnapshot,
    CreateTable,
    CreateTenant,
    CreateView,
    Deallocate,
    Delete,
    Discard,
    Drop,
    DropSnapshot,
    DropTenant,
    Execute,
    Explain,
    Insert,
    Listen,
    Prepare,
    Query,
    ReleaseSavepoint,
    Reset,
    Restore,
    Rollback,
    RollbackTo,
    Savepoint,
    Set,
    SetTransaction,
    SetTransactionSnapshot,
    Show,
    Statement,
    Truncate,
    UndoRestore,
    Undrop,
    UndropTenant,
    Update,
    Vacuum,
)

ENDS_BLOCKS = (Commit, Rollback, RollbackTo)
"""What may still run in a failed transaction block."""

_WRITES: dict[type[object], str] = {
    Insert: "INSERT",
    Update: "UPDATE",
    Delete: "DELETE",
    Truncate: "TRUNCATE TABLE",
    CreateTable: "CREATE TABLE",
    AlterTable: "ALTER TABLE",
    CreateView: "CREATE VIEW",
    CreateSequence: "CREATE SEQUENCE",
    CreateSchema: "CREATE SCHEMA",
    CreateDatabase: "CREATE DATABASE",
    AlterRename: "ALTER",
    Drop: "DROP",
    CreateTenant: "CREATE TENANT",
    AlterTenant: "ALTER TENANT",
    AlterTenantAdmin: "ALTER TENANT",
    AlterRole: "ALTER ROLE",
    DropTenant: "DROP TENANT",
    UndropTenant: "UNDROP TENANT",
    Vacuum: "VACUUM",
    CreateSnapshot: "CREATE SNAPSHOT",
    DropSnapshot: "DROP SNAPSHOT",
    Restore: "RESTORE",
    UndoRestore: "UNDO RESTORE",
    Undrop: "UNDROP",
}
"""What a read-only transaction refuses, by the name in the message. COPY FROM asks for itself."""


def begin_statement(scope: Scope, statement: Statement) -> None:
    """What every statement does first: it must be allowed here, and READ COMMITTED looks anew."""
    block = scope.block
    block.enter()
    if block.failed and not isinstance(statement, ENDS_BLOCKS):
        raise SqlError(
            "25P02", "current transaction is aborted, commands ignored until end of transaction block"
        )
    scope.statement_now = scope.tenant.now()
    if isinstance(statement, ENDS_BLOCKS):
        return
    scope.require_role()
    if block.has_transaction:
        block.transaction.start_statement()
    writes = _WRITES.get(type(statement))
    if writes is not None:
        scope.require_writable(writes)


async def execute(scope: Scope, statement: Statement, arguments: Arguments) -> AsyncIterator[Answer]:
    """Runs a statement that `begin_statement` has let pass."""
    answers = cast(AsyncGenerator[Answer, None], _dispatch(scope, statement, arguments))
    try:
        async with contextlib.aclosing(answers) as given:
            async for answer in given:
                if isinstance(answer, Complete):
                    scope.block.statements += 1
                yield answer
    except ConstraintViolated as error:
        raise await violations.told(scope, error) from error


RowStatement = Query | Insert | Update | Delete | Truncate | Copy | Explain
Definition = (
    CreateTable
    | AlterTable
    | CreateView
    | CreateSequence
    | CreateSchema
    | CreateDatabase
    | AlterRename
    | Drop
    | CreateTenant
    | DropTenant
    | UndropTenant
    | AlterTenant
    | AlterTenantAdmin
    | AlterRole
)
TimeStatement = CreateSnapshot | DropSnapshot | Restore | UndoRestore | Undrop | Checkpoint | Vacuum | Analyze
TransactionStatement = Begin | Commit | Rollback | Savepoint | ReleaseSavepoint | RollbackTo | SetTransaction


def _dispatch(scope: Scope, statement: Statement, arguments: Arguments) -> AsyncIterator[Answer]:
    if isinstance(statement, RowStatement):
        return _about_rows(scope, statement, arguments)
    if isinstance(statement, Definition):
        return _definition(scope, statement, arguments)
    if isinstance(statement, TimeStatement):
        return _about_time(scope, statement, arguments)
    if isinstance(statement, TransactionStatement):
        return transactions.execute(scope, statement)
    match statement:
        case SetTransactionSnapshot():
            return as_of.set_transaction(scope, statement)
        case Set():
            return utility.set_setting(scope, statement)
        case Reset():
            return utility.reset(scope, statement)
        case Show():
            return utility.show(scope, statement)
        case Discard():
            return utility.discard(scope, statement)
        case Prepare() | Execute() | Deallocate():
            return prepared_sql.execute(scope, statement)
        case CloseCursor():
            return _nothing("CLOSE CURSOR ALL")
        case Listen():
            return _nothing("UNLISTEN")
        case _:
            assert_never(statement)


def _about_rows(scope: Scope, statement: RowStatement, arguments: Arguments) -> AsyncIterator[Answer]:
    match statement:
        case Query():
            return selecting.select(scope, statement, arguments)
        case Insert() | Update() | Delete():
            return _write(scope, statement, arguments)
        case Truncate():
            return update.truncate(scope, statement)
        case Copy():
            return copying.execute(scope, statement)
        case Explain():
            return explain.execute(scope, statement, arguments)
        case _:
            assert_never(statement)


def _definition(scope: Scope, statement: Definition, arguments: Arguments) -> AsyncIterator[Answer]:
    match statement:
        case CreateTable():
            return ddl.create_table(scope, statement, arguments)
        case AlterTable():
            return alter.execute(scope, statement)
        case CreateView():
            return views.create(scope, statement)
        case CreateSequence():
            return ddl.create_sequence(scope, statement)
        case CreateSchema():
            return ddl.create_schema(scope, statement)
        case CreateDatabase():
            return ddl.create_database(scope, statement)
        case AlterRename():
            return ddl.rename(scope, statement)
        case Drop():
            return drop.execute(scope, statement)
        case CreateTenant() | DropTenant() | UndropTenant():
            return tenants.execute(scope, statement, arguments)
        case AlterTenant():
            return tenant_settings.alter(scope, statement)
        case AlterTenantAdmin():
            return roles.alter_tenant_admin(scope, statement)
        case AlterRole():
            return roles.alter(scope, statement)
        case _:
            assert_never(statement)


def _about_time(scope: Scope, statement: TimeStatement, arguments: Arguments) -> AsyncIterator[Answer]:
    match statement:
        case CreateSnapshot():
            return snapshots.create(scope, statement, arguments)
        case DropSnapshot():
            return snapshots.drop(scope, statement, arguments)
        case Restore():
            return restoring.restore(scope, statement, arguments)
        case UndoRestore():
            return undoing.undo(scope, statement)
        case Undrop():
            return restoring.undrop(scope, statement)
        case Analyze():
            return vacuum.analyze(scope, statement)
        case Checkpoint():
            return vacuum.checkpoint(scope)
        case Vacuum():
            return vacuum.execute(scope, statement)
        case _:
            assert_never(statement)


async def _write(
    scope: Scope, statement: Insert | Update | Delete, arguments: Arguments
) -> AsyncIterator[Answer]:
    async def attempt() -> dml.Written:
        if isinstance(statement, Insert):
            return await insert.run(scope, statement, arguments)
        return await update.run(scope, statement, arguments)

    written = await dml.writing(scope, attempt)
    match statement:
        case Insert():
            tag = f"INSERT 0 {written.count}"
        case Update():
            tag = f"UPDATE {written.count}"
        case Delete():
            tag = f"DELETE {written.count}"
    async for answer in dml.answers(written, tag):
        yield answer


async def _nothing(tag: str) -> AsyncIterator[Answer]:
    yield Complete(tag)
