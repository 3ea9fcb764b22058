"""CREATE, DROP and UNDROP TENANT: for an admin of the system tenant. Anyone else is refused before any
name is looked at, so that they cannot tell which tenants there are."""

from __future__ import annotations

from collections.abc import AsyncIterator

from engine.errors import TenantExists, UnknownTenant
from sql import query
from sql.answers import Answer, Complete, Notice
from sql.errors import SqlError
from sql.passwords import stored_form
from sql.scope import Arguments, Scope
from sql.statement import CreateTenant, DropTenant, UndropTenant

NAME_BYTES_MAX = 63


_COMMANDS = {CreateTenant: "CREATE TENANT", DropTenant: "DROP TENANT", UndropTenant: "UNDROP TENANT"}


async def execute(
    scope: Scope, statement: CreateTenant | DropTenant | UndropTenant, arguments: Arguments
) -> AsyncIterator[Answer]:
    command = _COMMANDS[type(statement)]
    denied = f"permission denied to {command.lower()}"
    if not scope.principal.runs_the_cluster:
        raise SqlError("42501", denied, hint='Only an admin of the tenant "sys" may do this.')
    scope.require_admin(denied)
    scope.require_no_block(command)
    match statement:
        case CreateTenant():
            notice = await _create(scope, statement)
        case DropTenant():
            notice = await _drop(scope, statement)
        case UndropTenant():
            moment = statement.timestamp
            at = await query.evaluate(scope, moment, arguments) if moment is not None else None
            await scope.cluster.undrop_tenant(statement.name, at)
            notice = None
    if notice is not None:
        yield notice
    yield Complete(command)


async def _create(scope: Scope, statement: CreateTenant) -> Notice | None:
    _check_name("tenant", statement.name)
    _check_name("role", statement.admin_role)
    verifier = stored_form(statement.password)
    try:
        await scope.cluster.create_tenant(statement.name, statement.admin_role, verifier)
    except TenantExists as error:
        if not statement.if_not_exists:
            raise
        return Notice("NOTICE", f"{error.message}, skipping", "42710")
    return None


def _check_name(kind: str, name: str) -> None:
    """A colon parts tenant from role in a login."""
    if not name or ":" in name or "\0" in name or len(name.encode()) > NAME_BYTES_MAX:
        detail = f'A name has 1 to {NAME_BYTES_MAX} bytes and no ":".'
        raise SqlError("42602", f'invalid {kind} name "{name}"', detail=detail)


async def _drop(scope: Scope, statement: DropTenant) -> Notice | None:
    if statement.name == "sys":
        raise SqlError("55006", "the system tenant cannot be dropped")
    try:
        await scope.cluster.drop_tenant(statement.name)
    except UnknownTenant as error:
        if not statement.if_exists:
            raise
        return Notice("NOTICE", f"{error.message}, skipping")
    return None
