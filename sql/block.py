"""The session's transaction block: none, implicit, explicit, or failed, by PostgreSQL's rules.

- Outside BEGIN every message's statements share one *implicit* transaction: a simple query's until its
  end, an extended query's until Sync. BEGIN makes it *explicit*, taking along what ran before it.
- An error ends an implicit transaction at once. In an explicit one the block has *failed* (25P02)
  until ROLLBACK, COMMIT (which then rolls back) or ROLLBACK TO a savepoint.
- The engine's transaction begins with the first statement that needs it, so that REPEATABLE READ reads
  as of that statement and SET TRANSACTION may still come before it; `now()` is the time of BEGIN.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from engine.catalog import Catalog
from engine.ids import Timestamp
from engine.tenant import Tenant
from engine.transaction import Transaction
from engine.workspace import Savepoint
from sql.errors import SqlError
from sql.settings import Mark, Settings
from sql.statement import Isolation, TransactionModes

TransactionStatus = Literal["I", "T", "E"]


@dataclass(slots=True)
class SavepointMark:
    name: str
    engine: Savepoint
    settings: Mark


@dataclass(frozen=True, slots=True)
class AsOf:
    """A moment that everything is read at, and the catalog of then."""

    ts: Timestamp
    catalog: Catalog


class Block:
    """Where the session stands between BEGIN and COMMIT."""

    def __init__(self, tenant: Tenant, settings: Settings) -> None:
        self._tenant = tenant
        self._settings = settings
        self._transaction: Transaction | None = None
        self._modes = TransactionModes()
        self._savepoints: list[SavepointMark] = []
        self._mark: Mark | None = None
        self._started: Timestamp | None = None
        self._catalog_version: object = None
        self.as_of: AsOf | None = None
        """Set by SET TRANSACTION SNAPSHOT."""
        self.explicit = False
        self.failed = False
        self.statements = 0
        """Statements run in this transaction so far."""
        self.several = False
        """Whether the simple query that runs holds several statements."""

    @property
    def status(self) -> TransactionStatus:
        if self.failed:
            return "E"
        return "T" if self.explicit else "I"

    @property
    def active(self) -> bool:
        """Something has begun, implicitly or not."""
        return self._mark is not None

    # --- modes ---

    @property
    def isolation(self) -> Isolation:
        if self._modes.isolation is not None:
            return self._modes.isolation
        default = self._settings["default_transaction_isolation"]
        return "repeatable read" if default == "repeatable read" else "read committed"

    @property
    def reads_the_past(self) -> bool:
        return self.as_of is not None or bool(self._settings["rewinddb.as_of"])

    @property
    def read_only(self) -> bool:
        if self.reads_the_past:
            return True
        if self._modes.read_only is not None:
            return self._modes.read_only
        return self._settings["default_transaction_read_only"] == "on"

    def set_modes(self, modes: TransactionModes) -> None:
        """SET TRANSACTION."""
        if modes.isolation is not None and modes.isolation != self.isolation:
            if self._transaction is not None:
                message = "SET TRANSACTION ISOLATION LEVEL must be called before any query"
                raise SqlError("25001", message)
            self._modes = replace(self._modes, isolation=modes.isolation)
        if modes.read_only is not None:
            if self.reads_the_past and not modes.read_only:
                raise SqlError("25006", "cannot set transaction read-write mode while reading the past")
            if self._transaction is not None and self.read_only and not modes.read_only:
                raise SqlError("25001", "transaction read-write mode must be set before any query")
            self._modes = replace(self._modes, read_only=modes.read_only)

    # --- beginning and ending ---

    def enter(self) -> None:
        """A statement comes: an implicit transaction begins unless one is open."""
        if self._mark is None:
            self._mark = self._settings.mark()
            self._started = self._tenant.now()
            self.statements = 0

    def begin(self, modes: TransactionModes) -> None:
        """BEGIN; the caller warns when it is explicit already."""
        self.enter()
        self.set_modes(modes)
        self.explicit = True

    @property
    def started(self) -> Timestamp:
        assert self._started is not None, "no transaction has begun"
        return self._started

    @property
    def catalog_is_newest(self) -> bool:
        """Whether nobody has committed a definition since the engine's transaction began. REPEATABLE READ
        defines nothing once somebody has: what it would look names up in is no longer so."""
        return self._tenant.catalog.version is self._catalog_version

    @property
    def has_transaction(self) -> bool:
        return self._transaction is not None

    @property
    def transaction(self) -> Transaction:
        """The engine's transaction, begun now if it has not been."""
        if self._transaction is None:
            self._transaction = self._tenant.begin(self.isolation, read_only=self.read_only)
            self._transaction.start_statement()
            self._catalog_version = self._tenant.catalog.version
        return self._transaction

    async def commit(self) -> Timestamp | None:
        """Makes it durable; None when there was nothing to make durable. An error rolls back."""
        transaction, self._transaction = self._transaction, None
        try:
            ts = await transaction.commit() if transaction is not None else None
        except BaseException:
            self._over(restore_settings=True)
            raise
        self._over(restore_settings=False)
        return ts

    async def rollback(self) -> None:
        transaction, self._transaction = self._transaction, None
        self._over(restore_settings=True)
        if transaction is not None:
            await transaction.rollback()

    def _over(self, *, restore_settings: bool) -> None:
        if restore_settings and self._mark is not None:
            self._settings.back_to(self._mark)
        self._settings.transaction_ended()
        self._mark = None
        self._started = None
        self._modes = TransactionModes()
        self._savepoints.clear()
        self.as_of = None
        self.explicit = False
        self.failed = False
        self.statements = 0

    @property
    def modes(self) -> TransactionModes:
        return self._modes

    async def fail(self) -> None:
        """A statement failed. Without savepoints nothing can be saved: locks are let go at once."""
        if not self.explicit:
            await self.rollback()
            return
        self.failed = True
        if self._mark is not None:
            self._settings.back_to(self._savepoints[-1].settings if self._savepoints else self._mark)
        if not self._savepoints and self._transaction is not None:
            transaction, self._transaction = self._transaction, None
            await transaction.rollback()

    # --- savepoints ---

    def savepoint(self, name: str) -> None:
        engine = self.transaction.savepoint()
        self._savepoints.append(SavepointMark(name, engine, self._settings.mark()))

    def _find(self, name: str) -> int:
        for index in range(len(self._savepoints) - 1, -1, -1):
            if self._savepoints[index].name == name:
                return index
        raise SqlError("3B001", f'savepoint "{name}" does not exist')

    def release(self, name: str) -> None:
        del self._savepoints[self._find(name) :]

    async def rollback_to(self, name: str) -> None:
        index = self._find(name)
        mark = self._savepoints[index]
        self.transaction.check()
        del self._savepoints[index + 1 :]
        self.transaction.rollback_to(mark.engine)
        self._settings.back_to(mark.settings)
        self.failed = False
