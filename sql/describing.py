"""Describe: a statement's parameter types and result columns, without executing any of it."""

from __future__ import annotations

import re

from sqlglot import exp

from sql import (
    explain,
    insert,
    plan,
    prepared_sql,
    query,
    resolve,
    restoring,
    sequences,
    snapshots,
    update,
    utility,
    vacuum,
)
from sql.answers import ResultColumn, StatementDescription
from sql.errors import SqlError
from sql.parse import Parsed
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
    Undrop,
    UndropTenant,
    Update,
    Vacuum,
)
from sql.types import by_name

UNKNOWN = 705
TEXT = by_name("text").oid
_MOMENT = re.compile(r"\b(system_time|snapshot|timestamp)\b", re.IGNORECASE)
"""One of these words is in every AS OF."""


async def describe(scope: Scope, statement: Statement, oids: tuple[int, ...]) -> StatementDescription:
    """`oids` are the client's declarations; 0 and unknown are inferred, text being the last resort."""
    arguments = Arguments(tuple(0 if oid == UNKNOWN else oid for oid in oids), None)
    found = await _describe(scope, statement, arguments)
    inferred = tuple(oid or TEXT for oid in query.merge_oids(arguments.oids, found.parameter_oids))
    return StatementDescription(inferred, found.columns)


def depends_on_values(parsed: Parsed) -> bool:
    """Whether the moment that a query reads is a parameter's: then so are the columns of its tables. It is
    asked at every execution, so the text is looked at before the tree is walked."""
    statement = parsed.statement
    return (
        isinstance(statement, Query)
        and _MOMENT.search(parsed.text) is not None
        and any(resolve.has_parameter(moment) for moment in plan.moments(statement.tree))
        and not sequences.calls_in(statement.tree)
    )


async def columns(
    scope: Scope, statement: Statement, arguments: Arguments
) -> tuple[ResultColumn, ...] | None:
    """Of a statement that `depends_on_values`, now that they are known."""
    assert isinstance(statement, Query)
    ready = await query.plan(scope, statement.tree, arguments, owner=statement)
    return await query.describe(scope, ready)


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
            return StatementDescription(inner.parameter_oids, explain.columns(explained))
        case Show():
            return StatementDescription((), utility.show_columns(statement))
        case Execute():
            return StatementDescription((), prepared_sql.columns(scope, statement))
        case CreateSnapshot() | DropSnapshot():
            return await snapshots.describe(scope, statement, arguments)
        case Restore(snapshot=exp.Parameter() as named):
            oids = await query.moment_oids(scope, named, arguments, "text")
            return StatementDescription(oids, restoring.COLUMNS)
        case Restore(timestamp=timestamp):
            oids = await query.moment_oids(scope, timestamp, arguments)
            return StatementDescription(oids, restoring.COLUMNS)
        case UndropTenant(timestamp=exp.Expr() as timestamp):
            return StatementDescription(await query.moment_oids(scope, timestamp, arguments))
        case UndoRestore() | Undrop():
            return StatementDescription((), restoring.COLUMNS)
        case Vacuum(dry_run=True):
            return StatementDescription((), vacuum.COLUMNS)
    if arguments.oids:
        raise SqlError("42P02", "there is no parameter $1")
    return StatementDescription(())
