"""ALTER TENANT … SET and RESET: what can be set for a tenant, by whom, and from when it holds.

- `history_retention`, an interval: how long any moment stays readable by its timestamp. For the tenant's own
  admin and for sys. It holds from the commit on.
- `memory_limit`, a size: what this tenant may take of the server's memory, `--tenant-memory` unless it is
  set. Only for sys: the memory is all tenants', so a tenant's admin can neither raise nor reset it. It holds
  from the tenant's next opening on, since DuckDB's limit is locked with the rest of its configuration
  (the second wall). A tenant that nobody uses is closed for that at once; else a NOTICE says so.

Settings are the tenant's, not a session's: SHOW shows them, SET refuses them. They are kept in the
tenant's own catalog, beside time: a restore leaves them as they are.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from sqlglot import exp

from engine.catalog import Drop, Put, Setting
from engine.sizes import UNITS_HINT, parse_size, show_size
from engine.tenant import MEMORY_LIMIT, MEMORY_LIMIT_MIN, Tenant
from sql import build, moments, query
from sql.answers import Answer, Complete, Notice
from sql.errors import SqlError
from sql.scope import NO_ARGUMENTS, Scope
from sql.statement import AlterTenant

FOR_SYS = frozenset({MEMORY_LIMIT})


async def alter(scope: Scope, statement: AlterTenant) -> AsyncIterator[Answer]:
    """A transaction of the altered tenant's own, so it takes effect whole or not at all."""
    _require_rights(scope, statement)
    scope.require_no_block("ALTER TENANT")
    values = {option: await _stored(scope, option, value) for option, value in statement.options}
    own = statement.name == scope.principal.tenant
    target = scope.tenant if own else await scope.cluster.tenant(statement.name)
    transaction = target.begin()
    try:
        for option, value in values.items():
            await scope.interrupts.wait(transaction.lock_name("setting", option))
            transaction.start_statement()
            known = transaction.catalog.settings.get(option)
            if value is not None:
                id = known.id if known is not None else transaction.new_id()
                transaction.edit(Put(Setting(id, option, value)))
            elif known is not None:
                transaction.edit(Drop("setting", known.id))
        scope.interrupts.deafen()
    except BaseException:
        await transaction.rollback()
        raise
    await transaction.commit()
    if MEMORY_LIMIT in values and not await scope.cluster.reopen(target):
        detail = "It is closed when nobody has used it for a while, and when the server stops."
        yield Notice("NOTICE", "memory_limit will hold when the tenant is opened next", detail=detail)
    yield Complete("ALTER TENANT")


def _require_rights(scope: Scope, statement: AlterTenant) -> None:
    own = statement.name == scope.principal.tenant
    denied = "must be admin of the tenant to alter it" if own else "permission denied to alter another tenant"
    if not own and not scope.principal.runs_the_cluster:
        raise SqlError("42501", denied)
    scope.require_admin(denied)
    for option, _ in statement.options:
        if option in FOR_SYS and not scope.principal.runs_the_cluster:
            message = f'permission denied to set parameter "{option}"'
            raise SqlError("42501", message, hint='Only an admin of the tenant "sys" may do this.')


async def _stored(scope: Scope, option: str, value: str | None) -> str | None:
    """The text that the catalog keeps; None to go back to the default."""
    if value is None:
        return None
    if option == MEMORY_LIMIT:
        return str(_memory_limit(scope, value))
    return str(await _microseconds(scope, option, value))


def _memory_limit(scope: Scope, value: str) -> int:
    try:
        size = parse_size(value)
    except ValueError:
        message = f'invalid value for parameter "{MEMORY_LIMIT}": "{value}"'
        raise SqlError("22023", message, hint=UNITS_HINT) from None
    size_max = scope.tenant.options.server_memory_bytes_max
    if not MEMORY_LIMIT_MIN <= size <= size_max:
        raise SqlError(
            "22023",
            f'{value} is outside the valid range for parameter "{MEMORY_LIMIT}" '
            f"({show_size(MEMORY_LIMIT_MIN)} .. {show_size(size_max)})",
            hint="The server's own limit is set by --memory.",
        )
    return size


async def _microseconds(scope: Scope, option: str, value: str) -> int:
    """An interval's length, counted back from now where months and years come in."""
    now = scope.tenant.now()
    here = build.cast(exp.Literal.string(moments.shown(now, "UTC")), "timestamptz")
    interval = build.cast(exp.Literal.string(value), "interval")
    length = now - await query.evaluate(scope, exp.Sub(this=here, expression=interval), NO_ARGUMENTS)
    if length < 0:
        raise SqlError("22023", f"{option} must not be negative: {value}")
    return length


def shown(tenant: Tenant, name: str) -> str:
    """As SHOW shows it."""
    if name == MEMORY_LIMIT:
        return show_size(tenant.options.memory_limit(tenant.catalog))
    return moments.shown_length(tenant.catalog.history_retention_us)
