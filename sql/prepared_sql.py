"""PREPARE, EXECUTE and DEALLOCATE: the statements of the same prepared statements that Parse makes."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from typing import cast

from sql import describing, execution, query
from sql.answers import Answer, Complete, ResultColumn
from sql.errors import SqlError
from sql.parse import Parsed
from sql.prepared import PreparedStatement
from sql.scope import NO_ARGUMENTS, Arguments, Scope
from sql.statement import (
    Deallocate,
    Delete,
    Execute,
    Insert,
    Prepare,
    Query,
    Update,
)
from sql.types import by_oid, declared


async def execute(scope: Scope, statement: Prepare | Execute | Deallocate) -> AsyncIterator[Answer]:
    match statement:
        case Prepare():
            await _prepare(scope, statement)
            yield Complete("PREPARE")
        case Execute():
            run = cast(AsyncGenerator[Answer, None], _execute(scope, statement))
            async with contextlib.aclosing(run) as answers:
                async for answer in answers:
                    yield answer
        case Deallocate(name):
            if name is None:
                scope.prepared.drop_statements()
                yield Complete("DEALLOCATE ALL")
            elif scope.prepared.drop_statement(name):
                yield Complete("DEALLOCATE")
            else:
                raise SqlError("26000", f'prepared statement "{name}" does not exist')


async def _prepare(scope: Scope, statement: Prepare) -> None:
    scope.prepared.require_free(statement.name)
    if not isinstance(statement.statement, Query | Insert | Update | Delete):
        raise SqlError("42601", "PREPARE takes SELECT, INSERT, UPDATE, DELETE or VALUES")
    oids = tuple(declared(text).pg.oid for text in statement.types)
    description = await describing.describe(scope, statement.statement, oids)
    scope.prepared.add(
        PreparedStatement(
            statement.name,
            "",
            Parsed(statement.statement, "", 0),
            oids,
            description.parameter_oids,
            description.columns,
        )
    )


async def _execute(scope: Scope, statement: Execute) -> AsyncIterator[Answer]:
    found = scope.prepared.statement(statement.name)
    assert found.parsed is not None
    wanted, given = len(found.parameter_oids), len(statement.arguments)
    if wanted != given:
        raise SqlError(
            "42601",
            f'wrong number of parameters for prepared statement "{statement.name}"',
            detail=f"Expected {wanted} parameters but got {given}.",
        )
    values = [
        await query.value(scope, argument, by_oid(oid).title, NO_ARGUMENTS)
        for argument, oid in zip(statement.arguments, found.parameter_oids, strict=True)
    ]
    arguments = Arguments(found.parameter_oids, tuple(values))
    execution.begin_statement(scope, found.parsed.statement)
    run = cast(AsyncGenerator[Answer, None], execution.execute(scope, found.parsed.statement, arguments))
    async with contextlib.aclosing(run) as answers:
        async for answer in answers:
            yield answer


def columns(scope: Scope, statement: Execute) -> tuple[ResultColumn, ...] | None:
    return scope.prepared.statement(statement.name).columns
