"""What a statement runs in: the session's state, handed to whatever executes statements.

`Scope` belongs to one session for its whole life. `Arguments` are a statement's parameter values.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.catalog import Catalog, Database
from engine.cluster import Cluster
from engine.ids import CatalogId, Timestamp
from engine.reader import Reader
from engine.tenant import Tenant
from engine.transaction import Transaction
from sql import lives
from sql.block import AsOf, Block
from sql.errors import SqlError
from sql.interrupts import Interrupts
from sql.plan import Context, Moment
from sql.principal import Principal
from sql.resolve import Names
from sql.settings import Settings, milliseconds, search_path
from sql.statement import Name

if TYPE_CHECKING:
    from sql.copying import CopyReceiver
    from sql.prepared import PlanCache, Prepared

Past = Mapping[Moment, tuple[Timestamp, Catalog]]


@dataclass(frozen=True, slots=True)
class Arguments:
    """Parameter values by position, and their types as far as the client declared or we inferred them.

    `values` is None while a statement is only described: its parameters have types but no values."""

    oids: tuple[int, ...] = ()
    values: tuple[object, ...] | None = ()


NO_ARGUMENTS = Arguments()


@dataclass(slots=True)
class Scope:
    cluster: Cluster
    tenant: Tenant
    principal: Principal
    database_name: str
    settings: Settings
    block: Block
    interrupts: Interrupts
    plans: PlanCache
    prepared: Prepared
    statement_now: Timestamp
    handed_out: dict[CatalogId, int] = field(default_factory=dict)
    """What nextval last gave this session, by sequence: currval."""
    receiver: CopyReceiver | None = None
    """Where the rows of the COPY FROM under way go."""
    last_sequence: CatalogId | None = None
    """The sequence of lastval."""
    process_id: int | None = None
    """By which a client's cancel request names the session: pg_backend_pid()."""
    as_of_settings: dict[str, AsOf] = field(default_factory=dict)
    """What the values of `rewinddb.as_of` meant when they were set."""

    @property
    def transaction(self) -> Transaction:
        transaction = self.block.transaction
        timeout = milliseconds(self.settings["lock_timeout"])
        transaction.lock_timeout_seconds = timeout / 1000 if timeout else None
        return transaction

    @property
    def catalog(self) -> Catalog:
        """As the transaction sees it, or as it was when the transaction or session reads the past."""
        as_of = self.as_of
        return self.block.transaction.catalog if as_of is None else as_of.catalog

    @property
    def as_of(self) -> AsOf | None:
        """The moment that SET TRANSACTION SNAPSHOT or `rewinddb.as_of` has set."""
        if self.block.as_of is not None:
            return self.block.as_of
        value = self.settings["rewinddb.as_of"]
        return self.as_of_settings[value] if value else None

    @property
    def database(self) -> Database:
        """The session's database; a restore or another session may have taken it away."""
        found = self.catalog.databases.get(self.database_name)
        if found is None:
            raise SqlError(
                "3D000",
                f'database "{self.database_name}" does not exist',
                detail="It seems to have been dropped, renamed or undone by a restore.",
                hint="Connect to another database of the tenant.",
            )
        return found

    @property
    def search_path(self) -> tuple[str, ...]:
        return search_path(self.settings["search_path"], self.principal.role)

    @property
    def names(self) -> Names:
        return Names(self.database_name, self.search_path, self.principal.tenant)

    def missing(self, name: Name, ts: Timestamp) -> SqlError:
        """42P01 of a relation that is not there at a moment of the past."""
        return lives.missing(self.tenant, self.names, name, ts, self.settings["TimeZone"])

    def context(self, arguments: Arguments, past: Past) -> Context:
        """What `sql.plan` plans a query in."""
        as_of = self.as_of
        return Context(
            catalog=self.catalog,
            at=None if as_of is None else (as_of.ts, as_of.catalog),
            past=past,
            database=self.database.name,
            search_path=self.search_path,
            role=self.principal.role,
            tenant=self.principal.tenant,
            parameter_oids=arguments.oids,
            now=self.block.started,
            statement_now=self.statement_now,
            settings=self.settings.effective,
            missing=self.missing,
        )

    @contextlib.asynccontextmanager
    async def reader(self) -> AsyncIterator[Reader]:
        """A reader of the transaction that a cancel request reaches."""
        self.interrupts.check()
        async with self.transaction.reader() as reader:
            with self.interrupts.reading(reader):
                await reader.set_timezone(self.settings["TimeZone"])
                yield reader

    async def lock_name(self, *parts: Hashable) -> None:
        """Locks a name that a definition is about to look up, create or drop."""
        await self.interrupts.wait(self.transaction.lock_name(*parts))
        self._require_newest_catalog()

    async def lock_body(self, id: CatalogId, *, exclusive: bool = True) -> None:
        """Locks a table, view or schema: exclusively to change or drop it, shared by what is made to
        depend on it (and by writers of a table)."""
        await self.interrupts.wait(self.transaction.lock_table(id, exclusive=exclusive))
        self._require_newest_catalog()

    def _require_newest_catalog(self) -> None:
        if self.block.isolation == "repeatable read" and not self.block.catalog_is_newest:
            raise SqlError(
                "40001",
                "could not serialize access due to concurrent update",
                hint="The transaction might succeed if retried.",
            )

    def require_writable(self, command: str) -> None:
        if self.block.read_only:
            raise SqlError("25006", f"cannot execute {command} in a read-only transaction")

    def require_no_block(self, command: str) -> None:
        """For what commits by itself: it must be the only statement of its transaction. 25001."""
        if self.block.explicit or self.block.several:
            raise SqlError("25001", f"{command} cannot run inside a transaction block")
        if self.block.statements:
            raise SqlError("25001", f"{command} cannot be executed within a pipeline")

    def require_role(self) -> None:
        """A restore may have taken the session's role away: then the session is over."""
        if self.principal.role not in self.tenant.catalog.roles:
            raise SqlError(
                "57P01",
                f'role "{self.principal.role}" no longer exists',
                hint="Connect as another role.",
                severity="FATAL",
            )

    def require_admin(self, message: str) -> None:
        """The role is asked for in the catalog as it is now, not as it was at login."""
        role = self.tenant.catalog.roles.get(self.principal.role)
        if role is None or not role.admin:
            raise SqlError("42501", message)
