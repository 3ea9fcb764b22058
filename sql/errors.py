"""Errors with a SQLSTATE, and the one table that maps the engine's errors to them.

A session raises nothing but `SqlError`; `sql.failures.as_sql_error` turns whatever came up into one.
What it does not know is XX000 with a plain sentence: the cause goes to the server's log, never to the
client. `QueryFailed` alone has no row here: `sql.failures` reads DuckDB's text.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine import errors as engine_errors


@dataclass
class SqlError(Exception):
    """An ErrorResponse in the making. `position` counts characters of the query text from 1."""

    sqlstate: str
    message: str
    detail: str | None = None
    hint: str | None = None
    position: int | None = None
    severity: str = "ERROR"
    """``FATAL`` ends the session after the error is sent."""
    schema: str | None = None
    table: str | None = None
    column: str | None = None
    constraint: str | None = None
    """What it is about, for programs; told where PostgreSQL tells it."""

    def __post_init__(self) -> None:
        super().__init__(self.message)


SQLSTATE_OF: dict[type[engine_errors.EngineError], str] = {
    engine_errors.StoreUnavailable: "58030",
    engine_errors.StoreFull: "53100",
    engine_errors.ObjectMissing: "XX001",
    engine_errors.ObjectExists: "58030",
    engine_errors.PutUnknown: "08007",
    engine_errors.ObjectCorrupted: "XX001",
    engine_errors.LogCorrupted: "XX001",
    engine_errors.StoreMisconfigured: "58030",
    engine_errors.CommitConflict: "40001",
    engine_errors.CommitUnknown: "08007",
    engine_errors.TenantRestored: "40001",
    engine_errors.TenantFenced: "57P01",
    engine_errors.TenantClosed: "57P01",
    engine_errors.Deadlock: "40P01",
    engine_errors.LockTimeout: "55P03",
    engine_errors.StaleRead: "40001",
    engine_errors.ConstraintViolated: "23000",
    engine_errors.NotNullViolated: "23502",
    engine_errors.KeyViolated: "23505",
    engine_errors.UnknownTenant: "42704",
    engine_errors.TenantExists: "42710",
    engine_errors.NameTaken: "42P07",
    engine_errors.UnknownSnapshot: "42704",
    engine_errors.SnapshotExists: "42710",
    engine_errors.MomentTooOld: "22023",
    engine_errors.MomentInFuture: "22023",
    engine_errors.LimitExceeded: "54000",
    engine_errors.OutOfMemory: "53200",
    engine_errors.StatementCancelled: "57014",
}

FATAL = frozenset({engine_errors.TenantFenced, engine_errors.TenantClosed, engine_errors.CommitUnknown})
