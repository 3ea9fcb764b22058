"""Errors of the engine, typed by what the caller must do. `sql.errors` maps each to a SQLSTATE.

Every class below `EngineError` stands in that table; a test fails when one is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

    from engine.catalog import Column, Key, Table


class EngineError(Exception):
    """Something a person must be told: what happened, to what, and what to do."""

    def __init__(self, message: str, *, detail: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.hint = hint


# --- the object store -------------------------------------------------------------------------------


class StoreUnavailable(EngineError):
    """The store did not answer or refused for a passing reason. Nothing was decided by it: retry."""


class StoreFull(EngineError):
    """No room for the bytes; nothing was stored under the name."""


class ObjectMissing(EngineError):
    """Nothing is stored under the name."""


class ObjectExists(EngineError):
    """A create-only put found something under the name; it was not touched."""


class PutUnknown(EngineError):
    """A put was cut off: the bytes may or may not be there, now or a little later."""


class ObjectCorrupted(EngineError):
    """Bytes do not match the hash that the catalog holds for them. XX001."""


class LogCorrupted(EngineError):
    """A gap or an unreadable record in a tenant's WAL or manifests. XX001."""


class StoreMisconfigured(EngineError):
    """The store's address, credentials or bucket do not work; a person must mend them."""


# --- commit -----------------------------------------------------------------------------------------


class CommitConflict(EngineError):
    """Definitely not committed because another transaction was first: roll back, try again. 40001."""


class CommitUnknown(EngineError):
    """It cannot be told whether the commit is durable; nothing of it may be deleted. 08007."""


class TenantRestored(CommitConflict):
    """The tenant was restored while the transaction was open. 40001."""


class TenantFenced(EngineError):
    """Another server has taken the tenant over; this one writes no more. 57P01."""


class TenantClosed(EngineError):
    """The tenant is closing, dropped, or being recovered: connect again. 57P01."""


class Deadlock(EngineError):
    """Waiting any longer would wait for itself. 40P01."""


class LockTimeout(EngineError):
    """A lock was not had within `lock_timeout`. 55P03."""


class StaleRead(EngineError):
    """A row died after the read timestamp. READ COMMITTED runs the statement again on a fresh one;
    REPEATABLE READ turns it into 40001. Never reaches a client under READ COMMITTED."""


# --- rows -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Refused:
    """What a constraint refused: the table, the column or key, and the row (or the key's part of it) as
    a table of one row with columns ``c<id>``, where it is at hand. How values print is not known here."""

    table: Table
    column: Column | None = None
    key: Key | None = None
    row: pa.Table | None = None


class ConstraintViolated(EngineError):
    """A row that must not be; always one of the kinds below. 23000."""

    def __init__(
        self,
        message: str,
        *,
        refused: Refused | None = None,
        detail: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, detail=detail, hint=hint)
        self.refused = refused


class NotNullViolated(ConstraintViolated):
    """A null in a column that refuses them. 23502."""


class KeyViolated(ConstraintViolated):
    """A second row with the same key. 23505."""


# --- names and moments ------------------------------------------------------------------------------


class UnknownTenant(EngineError):
    """No tenant of that name. 42704."""


class TenantExists(EngineError):
    """A tenant of that name is there already. 42710."""


class NameTaken(EngineError):
    """What a restore brings back finds its place taken, or gone. 42P07."""


class UnknownSnapshot(EngineError):
    """No snapshot of that name or timestamp. 42704."""


class SnapshotExists(EngineError):
    """A snapshot of that name, or at that timestamp, is there already. 42710."""


class MomentTooOld(EngineError):
    """Before what is kept; the message names the earliest readable moment. 22023."""


class MomentInFuture(EngineError):
    """After the tenant's clock. 22023."""


# --- limits and work --------------------------------------------------------------------------------


class LimitExceeded(EngineError):
    """A stated limit was reached; the message names it. 54000."""


class OutOfMemory(EngineError):
    """The tenant's memory limit was reached. 53200."""


class StatementCancelled(EngineError):
    """A cancel request or time-out stopped it; nothing changed. 57014."""


@dataclass
class QueryFailed(EngineError):
    """DuckDB refused or failed a statement; `kind` is DuckDB's exception class name."""

    kind: str
    text: str

    def __post_init__(self) -> None:
        super().__init__(self.text)
