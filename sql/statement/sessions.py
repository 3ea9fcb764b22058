"""Statements about transactions, settings and what a session has prepared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sqlglot import exp

if TYPE_CHECKING:
    from sql.statement import Statement


Isolation = Literal["read committed", "repeatable read"]


@dataclass(frozen=True, slots=True)
class TransactionModes:
    """None: as the session's default. READ UNCOMMITTED comes as read committed."""

    isolation: Isolation | None = None
    read_only: bool | None = None


@dataclass(frozen=True, slots=True)
class Begin:
    """`start` tells START TRANSACTION from BEGIN, for the tag."""

    modes: TransactionModes
    start: bool


@dataclass(frozen=True, slots=True)
class Commit:
    chain: bool


@dataclass(frozen=True, slots=True)
class Rollback:
    chain: bool


@dataclass(frozen=True, slots=True)
class Savepoint:
    name: str


@dataclass(frozen=True, slots=True)
class ReleaseSavepoint:
    name: str


@dataclass(frozen=True, slots=True)
class RollbackTo:
    name: str


@dataclass(frozen=True, slots=True)
class SetTransaction:
    """SET TRANSACTION, or SET SESSION CHARACTERISTICS AS TRANSACTION when `session`."""

    modes: TransactionModes
    session: bool


@dataclass(frozen=True, slots=True)
class SetTransactionSnapshot:
    """`snapshot` is a name or a timestamp as text."""

    snapshot: str


@dataclass(frozen=True, slots=True)
class Set:
    """`values` None means SET … TO DEFAULT. Names are lower case; a list keeps its items."""

    name: str
    values: tuple[str, ...] | None
    local: bool


@dataclass(frozen=True, slots=True)
class Reset:
    """`name` None means RESET ALL."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Show:
    """`name` None means SHOW ALL."""

    name: str | None


@dataclass(frozen=True, slots=True)
class Discard:
    what: Literal["all", "plans", "temp", "sequences"]


@dataclass(frozen=True, slots=True)
class Prepare:
    """PREPARE name [(types)] AS statement; `types` are PostgreSQL type names."""

    name: str
    types: tuple[str, ...]
    statement: Statement


@dataclass(frozen=True, slots=True)
class Execute:
    name: str
    arguments: tuple[exp.Expr, ...]


@dataclass(frozen=True, slots=True)
class Deallocate:
    """`name` None means ALL."""

    name: str | None


@dataclass(frozen=True, slots=True)
class CloseCursor:
    """CLOSE ALL, which drivers send when they reset a connection; named cursors are refused."""


@dataclass(frozen=True, slots=True)
class Listen:
    """UNLISTEN *, which drivers send when they reset a connection; LISTEN and NOTIFY are refused."""
