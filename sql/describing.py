"""Describe: a statement's parameter types and result columns, without executing any of it."""

from __future__ import annotations

from sql import explain, insert, prepared_sql, query, restoring, sequences, snapshots, update, utility, vacuum
from sql.answers import StatementDescription
from sql.errors import SqlError
from sql.scope import Arguments, Scope
from sql.statement import (
    CreateSnapshot,
    CreateTable,
    Delete,
    DropSnapshot,
    Execute,
    Explain,
    Insert,
    Query,
    Restore,
    Show,
    Statement,
    UndoRestore,
    Update,
    Vacuum,
)
from sql.types import by_name

UNKNOWN = 705
TEXT = by_name("text").oid


async def describe(scope: Scope, statement: Statement, oids: tuple[int, ...]) -> StatementDescription:
    """`oids` are the client's declarations; 0 and unknown are inferred, text being the last resort."""
    arguments = Arguments(tuple(0 if oid == UNKNOWN else oid for oid in oids), None)
    found = await _describe(scope, statement, arguments)
    inferred = tuple(oid or TEXT for oid in query.merge_oids(arguments.oids, found.parameter_oids))
    return StatementDescription(inferred, found.columns)


async def _describe(scope: Scope, statement: Statement, arguments: Arguments) -> StatementDescription:
    match statement:
        case Query(tree):
            rewritten, _ = await sequences.rewrite(scope, tree, arguments)
            owner = statement if rewritten is tree else rewritten
            ready = await query.plan(scope, rewritten, arguments, owner=owner)
            return StatementDescription(ready.plan.parameter_oids, await query.describe(scope, ready))
        case Insert():
            return await insert.describe(scope, statement, arguments)
        case Update() | Delete():
            return await update.describe(scope, statement, arguments)
        case CreateTable(query=tree) if tree is not None:
            ready = await query.plan(scope, tree, arguments, owner=tree)
            return StatementDescription(ready.plan.parameter_oids)
        case Explain(statement=explained):
            inner = await _describe(scope, explained, arguments)
            return StatementDescription(inner.parameter_oids, explain.COLUMNS)
        case Show():
            return StatementDescription((), utility.show_columns(statement))
        case Execute():
            return StatementDescription((), prepared_sql.columns(scope, statement))
        case CreateSnapshot() | DropSnapshot():
            return await snapshots.describe(scope, statement, arguments)
        case Restore(timestamp=timestamp):
            oids = await query.moment_oids(scope, timestamp, arguments)
            return StatementDescription(oids, restoring.COLUMNS)
        case UndoRestore():
            return StatementDescription((), restoring.COLUMNS)
        case Vacuum(dry_run=True):
            return StatementDescription((), vacuum.COLUMNS)
    if arguments.oids:
        raise SqlError("42P02", "there is no parameter $1")
    return StatementDescription(())
