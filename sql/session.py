"""A session: text and parameters in, answers out. The whole of what `server` knows of `sql`.

Calls are async, their arguments and results plain data, so that a session can live in another
process. A session serves one connection, one call at a time; only `cancel` may come in between.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal

import pyarrow as pa

from engine.cluster import Cluster
from sql.answers import Answer, ResultColumn, SqlError, StatementDescription
from sql.principal import Principal

TransactionStatus = Literal["I", "T", "E"]


async def open_session(
    cluster: Cluster, principal: Principal, database: str, options: Mapping[str, str]
) -> Session:
    """A session of `principal` in `database`; `options` are the startup message's settings."""
    return Session(cluster, principal, database, options)


class Session:
    def __init__(
        self, cluster: Cluster, principal: Principal, database: str, options: Mapping[str, str]
    ) -> None:
        self.principal = principal
        self._options = options

    @property
    def transaction_status(self) -> TransactionStatus:
        return "I"

    def reported_parameters(self) -> dict[str, str]:
        """What ParameterStatus tells a client when it connects."""
        return {"server_version": "15.0", "server_encoding": "UTF8", "client_encoding": "UTF8"}

    async def simple(self, text: str) -> AsyncIterator[Answer]:
        """Runs the statements of a simple Query message."""
        raise SqlError("0A000", "statements are not supported yet")
        yield  # pragma: no cover

    async def prepare(self, name: str, text: str, parameter_oids: Sequence[int]) -> None:
        """Parse. An empty name is the unnamed statement; an OID of 0 is to be inferred."""
        raise SqlError("0A000", "statements are not supported yet")

    async def describe_statement(self, name: str) -> StatementDescription:
        """Describe of a statement; nothing is executed."""
        raise SqlError("0A000", "statements are not supported yet")

    async def bind(self, portal: str, statement: str, parameters: Sequence[object]) -> None:
        """Bind. A `str` is a parameter in text form and is cast by SQL; other values are as decoded."""
        raise SqlError("0A000", "statements are not supported yet")

    async def describe_portal(self, portal: str) -> tuple[ResultColumn, ...] | None:
        """Describe of a portal; None when it returns no rows."""
        raise SqlError("0A000", "statements are not supported yet")

    async def run(self, portal: str, row_limit: int) -> AsyncIterator[Answer]:
        """Execute. At most `row_limit` rows (0: all), then `Suspended`; again goes on."""
        raise SqlError("0A000", "statements are not supported yet")
        yield  # pragma: no cover

    async def close_statement(self, name: str) -> None:
        """Close of a statement, known or not."""

    async def close_portal(self, name: str) -> None:
        """Close of a portal, known or not."""

    async def sync(self) -> None:
        """Sync: ends the implicit transaction, which may fail to commit."""

    async def failed(self) -> None:
        """The server met an error of its own: what an error of ours would have undone is undone."""

    async def copy_data(self, rows: pa.RecordBatch) -> None:
        """Rows of a COPY FROM, as text columns in the order of `CopyIn.columns`."""

    async def copy_end(self, failure: str | None) -> None:
        """CopyDone (None) or CopyFail; the iteration of answers then goes on."""

    def cancel(self) -> None:
        """Interrupts the statement under way, if there is one; from the event loop, at any time."""

    async def close(self) -> None:
        """Rolls back what is open and lets everything go."""
