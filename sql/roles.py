"""ALTER ROLE … PASSWORD, and ALTER TENANT … ADMIN … PASSWORD for an admin of sys.

A password is kept as its verifier, beside time: no restore brings an older one back. Who is connected stays
so; the next login needs the new password. In a tenant of one's own it is an edit like any other, which a
rollback takes back; in another's it commits by itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from engine.catalog import Catalog, Password, Put
from engine.cluster import Cluster
from sql.answers import Answer, Complete
from sql.errors import SqlError
from sql.passwords import stored_form
from sql.scope import Scope
from sql.statement import AlterRole, AlterTenantAdmin


async def alter(scope: Scope, statement: AlterRole) -> AsyncIterator[Answer]:
    scope.require_admin("permission denied to alter role")
    verifier = stored_form(statement.password)
    role = statement.role if statement.role is not None else scope.principal.role
    _of(scope.catalog, role, verifier)
    await scope.lock_name("password", role)
    scope.transaction.start_statement()
    scope.transaction.edit(_of(scope.catalog, role, verifier))
    yield Complete("ALTER ROLE")


async def alter_tenant_admin(scope: Scope, statement: AlterTenantAdmin) -> AsyncIterator[Answer]:
    """Rights come first: nobody else can tell which tenants and roles there are."""
    denied = "permission denied to change the password of a tenant's admin"
    if not scope.principal.runs_the_cluster:
        hint = 'Only an admin of the tenant "sys" may do this. ALTER ROLE … PASSWORD changes your own.'
        raise SqlError("42501", denied, hint=hint)
    scope.require_admin(denied)
    scope.require_no_block("ALTER TENANT")
    await set_password(scope.cluster, statement.tenant, statement.role, stored_form(statement.password))
    yield Complete("ALTER TENANT")


async def set_password(cluster: Cluster, tenant: str, role: str, verifier: str) -> None:
    """In a transaction of the tenant's own. `UnknownTenant`, or 42704 when it has no such role."""
    transaction = (await cluster.tenant(tenant)).begin()
    try:
        await transaction.lock_name("password", role)
        transaction.start_statement()
        transaction.edit(_of(transaction.catalog, role, verifier))
        await transaction.commit()
    finally:
        await transaction.rollback()


def _of(catalog: Catalog, role: str, verifier: str) -> Put:
    found = catalog.roles.get(role)
    if found is None:
        raise SqlError("42704", f'role "{role}" does not exist')
    return Put(Password(found.id, verifier))
