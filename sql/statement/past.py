"""Statements about tenants, snapshots, restores and upkeep."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sqlglot import exp

from engine.catalog import Level
from sql.statement.names import Name


@dataclass(frozen=True, slots=True)
class CreateTenant:
    name: str
    if_not_exists: bool
    admin_role: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class DropTenant:
    name: str
    if_exists: bool


@dataclass(frozen=True, slots=True)
class UndropTenant:
    """The tenant that had the name last, or at the moment `timestamp`."""

    name: str
    timestamp: exp.Expr | None = None


@dataclass(frozen=True, slots=True)
class CreateSnapshot:
    """`returning` None: no result row. `covers` is the database, schema or table of a narrower level."""

    name: str | exp.Parameter | None
    if_not_exists: bool
    as_of: exp.Expr | None
    comment: str | None
    retain: str | None
    returning: tuple[exp.Expr, ...] | None
    level: Level = "tenant"
    covers: Name | None = None


@dataclass(frozen=True, slots=True)
class DropSnapshot:
    """By `names`, or by a `filter` over mo_snapshots; one of the two is set. `from_delete` is DELETE
    FROM mo_snapshots (its tag is DELETE n; `filter` may then be None for all rows)."""

    names: tuple[str | exp.Parameter, ...]
    if_exists: bool
    filter: exp.Expr | None
    returning: tuple[exp.Expr, ...] | None
    from_delete: bool


@dataclass(frozen=True, slots=True)
class Restore:
    """`snapshot` (a name or a timestamp as text, or a parameter) or `timestamp` (an expression). At a
    narrower level `names` tell what: one database or schema, or tables. `beside` is the name of the new
    table that one is restored to."""

    tenant: str | None
    snapshot: str | exp.Parameter | None
    timestamp: exp.Expr | None
    method: Literal["physical", "logical"]
    level: Level = "tenant"
    names: tuple[Name, ...] = ()
    beside: Name | None = None


@dataclass(frozen=True, slots=True)
class Undrop:
    """A table, schema or database; tenants have `UndropTenant`."""

    level: Level
    name: Name


@dataclass(frozen=True, slots=True)
class UndoRestore:
    """`id` is one of mo_restores; None means the newest that is no undo and is not undone."""

    id: int | None


@dataclass(frozen=True, slots=True)
class Vacuum:
    """`table` None means all of the tenant. With `dry_run` rows tell what would go."""

    table: Name | None
    dry_run: bool


@dataclass(frozen=True, slots=True)
class Analyze:
    """No `tables` means all."""

    tables: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class AlterTenant:
    """ALTER TENANT … SET (…) and RESET (…): None is the default."""

    name: str
    options: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    pass
