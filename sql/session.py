"""A session: text and parameters in, answers out. The whole of what `server` knows of `sql`.

Calls are async, their arguments and results plain data, so that a session can live in another
process. A session serves one connection, one call at a time; only `cancel` may come in between.

Every call that runs something is guarded: what is raised becomes an `SqlError`, and the transaction
block learns of it before the caller does. Nothing is acknowledged before it is durable: the last
`Complete` of a simple query comes after the commit of its implicit transaction.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import cast

import pyarrow as pa

from engine.cluster import Cluster
from engine.errors import StatementCancelled
from engine.tenant import Tenant
from sql import as_of, aside, describing, execution
from sql.answers import (
    Answer,
    Batch,
    Complete,
    EmptyQuery,
    Notice,
    ResultColumn,
    RowsBegin,
    SqlError,
    StatementDescription,
    Suspended,
)
from sql.block import Block, TransactionStatus
from sql.copying import CopyReceiver
from sql.failures import as_sql_error
from sql.interrupts import Interrupts
from sql.parse import Parsed
from sql.prepared import PlanCache, Portal, Prepared, PreparedStatement, parsed
from sql.principal import Principal
from sql.scope import NO_ARGUMENTS, Arguments, Scope
from sql.settings import Settings, milliseconds
from sql.statement import Commit, Rollback, RollbackTo

NOT_SETTINGS = frozenset({"user", "database", "options", "replication", "tenant"})
"""Startup parameters that name who connects and where, not how."""
_SILENCED = {
    "warning": ("NOTICE", "INFO", "LOG", "DEBUG"),
    "error": ("WARNING", "NOTICE", "INFO", "LOG", "DEBUG"),
}


async def open_session(
    cluster: Cluster, principal: Principal, database: str, options: Mapping[str, str]
) -> Session:
    """A session of `principal` in `database`; `options` are the startup message's settings. The tenant
    is opened, which claims it: only a principal, who has proved who they are, gets here."""
    try:
        tenant = await cluster.tenant(principal.tenant)
        if database not in tenant.catalog.databases:
            raise SqlError("3D000", f'database "{database}" does not exist')
        startup = {name: value for name, value in options.items() if name.lower() not in NOT_SETTINGS}
        moments = [startup.pop(name) for name in tuple(startup) if name.lower() == as_of.SETTING]
        settings = Settings(startup, role=principal.role, admin=principal.admin)
    except Exception as error:
        raise as_sql_error(error) from error
    session = Session(cluster, tenant, principal, database, settings)
    if moments and moments[-1]:
        await session.start_in_the_past(moments[-1])
    return session


class Session:
    def __init__(
        self, cluster: Cluster, tenant: Tenant, principal: Principal, database: str, settings: Settings
    ) -> None:
        self.principal = principal
        tenant.join()
        self._prepared = Prepared()
        self._running: Portal | None = None
        self._scope = Scope(
            cluster=cluster,
            tenant=tenant,
            principal=principal,
            database_name=database,
            settings=settings,
            block=Block(tenant, settings),
            interrupts=Interrupts(),
            plans=PlanCache(),
            prepared=self._prepared,
            statement_now=tenant.now(),
        )

    async def start_in_the_past(self, moment: str) -> None:
        """The startup option `rewinddb.as_of`. What it means is known only now that there is a session."""
        try:
            async with self._guarded():
                self._scope.block.enter()
                await as_of.resolve_setting(self._scope, moment)
                await self._scope.block.rollback()
                self._scope.settings.start_with(as_of.SETTING, moment)
        except SqlError:
            await self.close()
            raise

    def known_as(self, process_id: int) -> None:
        """The number by which cancel requests name this session."""
        self._scope.process_id = process_id

    @property
    def transaction_status(self) -> TransactionStatus:
        return self._scope.block.status

    def reported_parameters(self) -> dict[str, str]:
        """What ParameterStatus tells a client when it connects."""
        return self._scope.settings.reported()

    # --- simple query -------------------------------------------------------------------------------

    async def simple(self, text: str) -> AsyncIterator[Answer]:
        """Runs the statements of a Query message, by PostgreSQL's rules for several of them."""
        block = self._scope.block
        block.several = False
        async with self._guarded():
            await self._prepared.close_portal("")
            statements = await self._parsed(text)
            if not statements:
                yield EmptyQuery()
                return
            block.several = len(statements) > 1
            for number, item in enumerate(statements, 1):
                last = number == len(statements)
                run = self._statement(item, NO_ARGUMENTS)
                with self._interruptible():
                    async with contextlib.aclosing(run) as answers:
                        async for answer in answers:
                            if isinstance(answer, Complete) and last:
                                await self._end_implicit()
                            yield answer

    async def _parsed(self, text: str) -> tuple[Parsed, ...]:
        """The statements of a text; a long one is read without anybody else waiting for it."""
        if len(text) < aside.CHARACTERS_MIN:
            return parsed(text)
        with self._interruptible():
            return await aside.run(self._scope.interrupts, lambda: parsed(text))

    async def _statement(self, item: Parsed, arguments: Arguments) -> AsyncGenerator[Answer, None]:
        """One statement; what it changed in the reported settings is told before its `Complete`."""
        scope = self._scope
        execution.begin_statement(scope, item.statement)
        run = cast(AsyncGenerator[Answer, None], execution.execute(scope, item.statement, arguments))
        async with contextlib.aclosing(run) as answers:
            async for answer in answers:
                if isinstance(answer, Complete):
                    if isinstance(item.statement, Commit | Rollback | RollbackTo):
                        await self._prepared.close_portals(keep=self._running)
                    for change in scope.settings.changes():
                        yield change
                if isinstance(answer, Notice) and self._silenced(answer):
                    continue
                yield answer

    def _interruptible(self) -> contextlib.AbstractContextManager[None]:
        return self._scope.interrupts.statement(milliseconds(self._scope.settings["statement_timeout"]))

    def _silenced(self, notice: Notice) -> bool:
        return notice.severity in _SILENCED.get(self._scope.settings["client_min_messages"], ())

    async def _end_implicit(self) -> None:
        """Commits what was not begun by BEGIN; nothing can stop it any more."""
        scope = self._scope
        if scope.block.explicit or not scope.block.active:
            return
        await self._prepared.close_portals(keep=self._running)
        scope.interrupts.deafen()
        await scope.block.commit()

    # --- extended query -----------------------------------------------------------------------------

    async def prepare(self, name: str, text: str, parameter_oids: Sequence[int]) -> None:
        """Parse. An empty name is the unnamed statement; an OID of 0 is to be inferred."""
        self._scope.block.several = False
        async with self._guarded():
            self._prepared.drop_statement("") if not name else self._prepared.require_free(name)
            statements = await self._parsed(text)
            if len(statements) > 1:
                raise SqlError("42601", "cannot insert multiple commands into a prepared statement")
            item = statements[0] if statements else None
            declared = tuple(parameter_oids)
            description = StatementDescription(declared)
            if item is not None:
                description = await self._described(item, declared)
            self._prepared.add(
                PreparedStatement(name, text, item, declared, description.parameter_oids, description.columns)
            )

    async def _described(self, item: Parsed, declared: tuple[int, ...]) -> StatementDescription:
        if isinstance(item.statement, execution.ENDS_BLOCKS):
            return StatementDescription(())
        scope = self._scope
        execution.begin_statement(scope, item.statement)
        with self._interruptible():
            return await describing.describe(scope, item.statement, declared)

    async def describe_statement(self, name: str) -> StatementDescription:
        """Describe of a statement; nothing is executed."""
        async with self._guarded():
            found = self._prepared.statement(name)
            return StatementDescription(found.parameter_oids, found.columns)

    async def bind(self, portal: str, statement: str, parameters: Sequence[object]) -> None:
        """Bind. A `str` is a parameter in text form and is cast by SQL; other values are as decoded."""
        async with self._guarded():
            found = self._prepared.statement(statement)
            if len(parameters) != len(found.parameter_oids):
                raise SqlError(
                    "08P01",
                    f"bind message supplies {len(parameters)} parameters, but prepared statement "
                    f'"{statement}" requires {len(found.parameter_oids)}',
                )
            if self._scope.block.failed and not _may_run_in_failed_block(found):
                raise SqlError(
                    "25P02",
                    "current transaction is aborted, commands ignored until end of transaction block",
                )
            await self._prepared.open(Portal(portal, found, tuple(parameters), found.columns))

    async def describe_portal(self, portal: str) -> tuple[ResultColumn, ...] | None:
        """Describe of a portal; None when it returns no rows."""
        async with self._guarded():
            found = self._prepared.portal(portal)
            item = found.statement.parsed
            if item is not None and found.answers is None and describing.depends_on_values(item):
                execution.begin_statement(self._scope, item.statement)
                arguments = Arguments(found.statement.parameter_oids, found.values)
                with self._interruptible():
                    found.columns = await describing.columns(self._scope, item.statement, arguments)
            return found.columns

    async def run(self, portal: str, row_limit: int) -> AsyncIterator[Answer]:
        """Execute. At most `row_limit` rows (0: all), then `Suspended`; again goes on."""
        async with self._guarded():
            found = self._prepared.portal(portal)
            item = found.statement.parsed
            if item is None:
                yield EmptyQuery()
                return
            if found.finished:
                message = f'portal "{portal}" cannot be run anymore'
                raise SqlError("55000", message)
            if found.answers is None:
                arguments = Arguments(found.statement.parameter_oids, found.values)
                found.answers = self._statement(item, arguments)
            self._running = found
            try:
                with self._interruptible():
                    async for answer in _limited(found, row_limit):
                        if isinstance(answer, RowsBegin):
                            _require_same_result(found.columns, answer.columns)
                        yield answer
            finally:
                self._running = None

    async def close_statement(self, name: str) -> None:
        """Close of a statement, known or not."""
        self._prepared.drop_statement(name)

    async def close_portal(self, name: str) -> None:
        """Close of a portal, known or not."""
        async with self._guarded():
            await self._prepared.close_portal(name)

    async def sync(self) -> None:
        """Sync: ends the implicit transaction, which may fail to commit."""
        async with self._guarded():
            await self._end_implicit()

    # --- COPY ---------------------------------------------------------------------------------------

    async def copy_data(self, rows: pa.RecordBatch) -> None:
        """Rows of a COPY FROM, as text columns in the order of `CopyIn.columns`."""
        async with self._guarded():
            await self._receiver().rows(rows)

    async def copy_end(self, failure: str | None) -> None:
        """CopyDone (None) or CopyFail; the iteration of answers then goes on."""
        async with self._guarded():
            self._receiver().end(failure)

    def _receiver(self) -> CopyReceiver:
        receiver = self._scope.receiver
        if receiver is None:
            raise SqlError("08P01", "COPY data came without a COPY FROM STDIN")
        return receiver

    # --- errors and the end -------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _guarded(self) -> AsyncIterator[None]:
        """Whatever comes up leaves as an `SqlError`, the transaction ended or its block failed."""
        try:
            yield
        except Exception as error:
            told = as_sql_error(error)
            if isinstance(error, StatementCancelled):
                told.message = self._scope.interrupts.reason
            await self.failed()
            raise told from error

    async def failed(self) -> None:
        """The server met an error of its own: what an error of ours would have undone is undone."""
        self._scope.receiver = None
        await self._prepared.close_portals(keep=self._running)
        with contextlib.suppress(Exception):
            await self._scope.block.fail()

    def cancel(self) -> None:
        """Interrupts the statement under way, if there is one; from the event loop, at any time."""
        self._scope.interrupts.request()

    async def close(self) -> None:
        """Rolls back what is open and lets everything go. Called once."""
        await self._prepared.close_portals()
        with contextlib.suppress(Exception):
            await self._scope.block.rollback()
        self._prepared.drop_statements()
        self._scope.plans.clear()
        self._scope.tenant.leave()


def _may_run_in_failed_block(statement: PreparedStatement) -> bool:
    return statement.parsed is None or isinstance(statement.parsed.statement, execution.ENDS_BLOCKS)


def _require_same_result(described: tuple[ResultColumn, ...] | None, found: tuple[ResultColumn, ...]) -> None:
    """The client goes by what it was told when it prepared: a definition may have changed since."""
    told = [(column.name, column.type_oid) for column in described or ()]
    if told != [(column.name, column.type_oid) for column in found]:
        raise SqlError("0A000", "cached plan must not change result type")


async def _limited(portal: Portal, row_limit: int) -> AsyncIterator[Answer]:
    """The portal's answers up to `row_limit` rows of this run; rows read beyond it wait in the portal."""
    assert portal.answers is not None
    left, given = row_limit or None, 0
    while True:
        batch, portal.rest = portal.rest, None
        if batch is None:
            answer = await anext(portal.answers)
            if not isinstance(answer, Batch):
                if isinstance(answer, Complete):
                    await portal.close()
                    if answer.tag.startswith("SELECT "):
                        answer = Complete(f"SELECT {given}")
                yield answer
                if portal.finished:
                    return
                continue
            batch = answer.rows
        if left is not None and batch.num_rows > left:
            portal.rest = batch.slice(left)
            batch = batch.slice(0, left)
        yield Batch(batch)
        given += batch.num_rows
        if left is not None:
            left -= batch.num_rows
            if left == 0:
                yield Suspended()
                return
