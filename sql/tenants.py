"""CREATE, DROP and UNDROP TENANT: for an admin of the system tenant; ALTER TENANT also for a tenant's own.
Anyone else is refused before any name is looked at, so that they cannot tell which tenants there are."""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlglot import exp

from engine.catalog import Put, Setting
from engine.errors import TenantExists, UnknownTenant
from sql import build, moments, query
from sql.answers import Answer, Complete, Notice
from sql.errors import SqlError
from sql.passwords import make_verifier
from sql.scope import NO_ARGUMENTS, Scope
from sql.statement import AlterTenant, CreateTenant, DropTenant, UndropTenant

NAME_BYTES_MAX = 63


_COMMANDS = {CreateTenant: "CREATE TENANT", DropTenant: "DROP TENANT", UndropTenant: "UNDROP TENANT"}


async def execute(scope: Scope, statement: CreateTenant | DropTenant | UndropTenant) -> AsyncIterator[Answer]:
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
            await scope.cluster.undrop_tenant(statement.name)
            notice = None
    if notice is not None:
        yield notice
    yield Complete(command)


async def _create(scope: Scope, statement: CreateTenant) -> Notice | None:
    _check_name("tenant", statement.name)
    _check_name("role", statement.admin_role)
    if not statement.password:
        raise SqlError("22023", "the password of a tenant's admin cannot be empty")
    try:
        verifier = make_verifier(statement.password)
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


# --- settings ---------------------------------------------------------------------------------------


async def alter(scope: Scope, statement: AlterTenant) -> AsyncIterator[Answer]:
    """A transaction of the altered tenant's own, so it takes effect at once or not at all."""
    own = statement.name == scope.principal.tenant
    denied = "must be admin of the tenant to alter it" if own else "permission denied to alter another tenant"
    if not own and not scope.principal.runs_the_cluster:
        raise SqlError("42501", denied)
    scope.require_admin(denied)
    scope.require_no_block("ALTER TENANT")
    values = {option: str(await _microseconds(scope, option, value)) for option, value in statement.options}
    target = scope.tenant if own else await scope.cluster.tenant(statement.name)
    transaction = target.begin()
    try:
        for option, value in values.items():
            await scope.interrupts.wait(transaction.lock_name("setting", option))
            transaction.start_statement()
            known = transaction.catalog.settings.get(option)
            id = known.id if known is not None else transaction.new_id()
            transaction.edit(Put(Setting(id, option, value)))
        scope.interrupts.deafen()
    except BaseException:
        await transaction.rollback()
        raise
    await transaction.commit()
    yield Complete("ALTER TENANT")


async def _microseconds(scope: Scope, option: str, value: str) -> int:
    """An interval's length, counted back from now where months and years come in."""
    now = scope.tenant.now()
    here = build.cast(exp.Literal.string(moments.shown(now, "UTC")), "timestamptz")
    interval = build.cast(exp.Literal.string(value), "interval")
    length = now - await query.evaluate(scope, exp.Sub(this=here, expression=interval), NO_ARGUMENTS)
    if length < 0:
        raise SqlError("22023", f"{option} must not be negative: {value}")
    return length
