"""Statements about roles. No password is in what a statement prints as, which may get into a log."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AlterRole:
    """ALTER ROLE | USER … PASSWORD. `role` None is the session's own."""

    role: str | None
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AlterTenantAdmin:
    """ALTER TENANT … ADMIN role PASSWORD: for whoever has lost it."""

    tenant: str
    role: str
    password: str = field(repr=False)
