"""Sessions without sockets: a cluster on a memory store, and answers as lines of text."""

from __future__ import annotations

import contextlib
import struct
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from engine.clock import Clock
from engine.cluster import Cluster
from engine.duck import Ducks
from engine.stores.base import Store
from engine.stores.memory import MemoryStore
from server.rows import encode_rows
from sql.answers import (
    Answer,
    Batch,
    Complete,
    CopyIn,
    CopyOut,
    EmptyQuery,
    Notice,
    ParameterChanged,
    ResultColumn,
    RowsBegin,
    Suspended,
)
from sql.errors import SqlError
from sql.passwords import make_verifier
from sql.principal import Principal
from sql.session import Session, open_session
from sql.system.functions import MACROS

TENANT = "acme"


@contextlib.asynccontextmanager
async def running_cluster(clock: Clock | None = None, store: Store | None = None) -> AsyncIterator[Cluster]:
    """A cluster with the tenants `sys` and `acme`, each with a role `admin`."""
    with tempfile.TemporaryDirectory(prefix="rewinddb-session-") as folder:
        cluster = Cluster(store or MemoryStore(), cache_dir=Path(folder), clock=clock, ducks=Ducks(MACROS))
        verifier = make_verifier("secret", iterations=1)
        await cluster.start(lambda: verifier)
        await cluster.create_tenant(TENANT, "admin", verifier)
        try:
            yield cluster
        finally:
            await cluster.close()


class Client:
    """A session and what it says, as text."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.settings = session.reported_parameters()

    @staticmethod
    async def connect(
        cluster: Cluster,
        tenant: str = TENANT,
        role: str = "admin",
        database: str = "postgres",
        options: Mapping[str, str] | None = None,
    ) -> Client:
        principal = Principal(tenant, role, admin=True)
        return Client(await open_session(cluster, principal, database, options or {}))

    async def lines(self, text: str, copied: str | None = None) -> list[str]:
        """All answers of a simple query; `copied` are the lines for a COPY FROM STDIN."""
        return await render(self.session.simple(text), self, copied)

    async def rows(self, text: str) -> list[tuple[str | None, ...]]:
        """The rows of the last result, as text."""
        found: list[tuple[str | None, ...]] = []
        columns: tuple[ResultColumn, ...] = ()
        async for answer in self.session.simple(text):
            match answer:
                case RowsBegin(columns):
                    found = []
                case Batch(batch):
                    found += rows_as_text(batch, columns, self.settings)
        return found

    async def value(self, text: str) -> str | None:
        rows = await self.rows(text)
        return rows[0][0]

    async def error(self, text: str) -> SqlError:
        try:
            shown = await self.lines(text)
        except SqlError as error:
            return error
        raise AssertionError(f"{text!r} was expected to fail; it answered {shown}")


def rows_as_text(
    batch: pa.RecordBatch, columns: Sequence[ResultColumn], settings: Mapping[str, str]
) -> list[tuple[str | None, ...]]:
    """DataRow messages read back."""
    data = bytes(encode_rows(batch, columns, (), settings))
    rows, at = [], 0
    while at < len(data):
        (length, count) = struct.unpack_from("!IH", data, at + 1)
        position, row = at + 7, []
        for _ in range(count):
            (size,) = struct.unpack_from("!i", data, position)
            position += 4
            row.append(None if size < 0 else data[position : position + size].decode())
            position += max(size, 0)
        rows.append(tuple(row))
        at += 1 + length
    return rows


async def render(answers: AsyncIterator[Answer], client: Client, copied: str | None = None) -> list[str]:
    lines: list[str] = []
    columns: tuple[ResultColumn, ...] = ()
    async for answer in answers:
        match answer:
            case RowsBegin(columns):
                lines.append(" | ".join(column.name for column in columns))
            case CopyOut(columns):
                pass
            case Batch(batch):
                for row in rows_as_text(batch, columns, client.settings):
                    lines.append(" | ".join("∅" if value is None else value for value in row))
            case CopyIn(wanted):
                await _copy(client.session, wanted, copied or "")
            case Notice():
                lines.append(f"{answer.severity}: {answer.message}")
                if answer.detail is not None:
                    lines += [f"DETAIL: {line}" for line in answer.detail.splitlines()]
            case Complete(tag):
                lines.append(tag)
            case Suspended():
                lines.append("(suspended)")
            case EmptyQuery():
                lines.append("(empty)")
            case ParameterChanged(name, value):
                client.settings[name] = value
    return lines


async def _copy(session: Session, columns: Sequence[ResultColumn], text: str) -> None:
    rows = [line.split("\t") for line in text.splitlines()]
    fields = [[None if value == "\\N" else value for value in row] for row in rows]
    arrays = [pa.array([row[i] for row in fields], pa.string()) for i in range(len(columns))]
    await session.copy_data(pa.RecordBatch.from_arrays(arrays, names=[column.name for column in columns]))
    await session.copy_end(None)


def shown_error(error: SqlError) -> list[str]:
    lines = [f"{error.severity}: {error.sqlstate} {error.message}"]
    if error.detail:
        lines += [f"DETAIL: {line}" for line in error.detail.splitlines()]
    if error.hint:
        lines += [f"HINT: {line}" for line in error.hint.splitlines()]
    return lines
