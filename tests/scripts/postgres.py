"""PostgreSQL as a `System` of the golden scripts, by libpq's simple protocol, so that texts compare."""

from __future__ import annotations

import asyncio
import itertools

import psycopg
from psycopg import pq

from sql.errors import SqlError

_NUMBERS = itertools.count(1)


class Postgres:
    """A database of its own for one script."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._database = f"script_{next(_NUMBERS)}"
        self._open: list[PostgresSession] = []

    async def create(self) -> None:
        await asyncio.to_thread(self._administer, f"CREATE DATABASE {self._database}")

    async def drop(self) -> None:
        for session in self._open:
            session.close()
        await asyncio.to_thread(self._administer, f"DROP DATABASE {self._database} WITH (FORCE)")

    def _administer(self, text: str) -> None:
        with psycopg.connect(self._dsn, autocommit=True) as connection:
            connection.execute(text)

    async def connect(self, **options: str) -> PostgresSession:
        dsn = psycopg.conninfo.make_conninfo(self._dsn, dbname=options.get("database", self._database))
        session = PostgresSession(await asyncio.to_thread(pq.PGconn.connect, dsn.encode()))
        self._open.append(session)
        return session


class PostgresSession:
    def __init__(self, connection: pq.PGconn) -> None:
        self._connection = connection
        self._notices: list[str] = []
        connection.notice_handler = self._notice

    def close(self) -> None:
        """A statement that still waits is cancelled first; its thread then lets the connection go."""
        self._connection.get_cancel().cancel()
        self._connection.finish()

    def _notice(self, result: pq.abc.PGresult) -> None:
        self._notices.append(f"{_field(result, 'SEVERITY')}: {_field(result, 'MESSAGE_PRIMARY')}")
        detail = _field(result, "MESSAGE_DETAIL")
        self._notices += [f"DETAIL: {line}" for line in detail.splitlines()]

    async def value(self, text: str) -> str | None:
        lines = await self.lines(text)
        return lines[1]

    async def lines(self, text: str, copied: str | None = None) -> list[str]:
        self._connection.send_query(text.encode())
        lines: list[str] = []
        failure: SqlError | None = None
        while (result := await self._result()) is not None:
            lines += self._notices
            self._notices.clear()
            match result.status:
                case pq.ExecStatus.TUPLES_OK:
                    lines += _rows(result)
                case pq.ExecStatus.COPY_IN:
                    self._connection.put_copy_data(((copied or "") + "\n").encode())
                    self._connection.put_copy_end()
                    continue
                case pq.ExecStatus.COPY_OUT:
                    lines += self._copied()
                    continue
                case pq.ExecStatus.EMPTY_QUERY:
                    lines.append("(empty)")
                    continue
                case pq.ExecStatus.FATAL_ERROR:
                    failure = _error(result)
                    continue
            lines.append((result.command_status or b"").decode())
        if failure is not None:
            raise failure
        return lines

    async def _result(self) -> pq.abc.PGresult | None:
        """The next result; libpq's own waiting would hold up every other session of the script."""
        loop = asyncio.get_running_loop()
        while self._connection.is_busy():
            readable = asyncio.Event()
            loop.add_reader(self._connection.socket, readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(self._connection.socket)
            self._connection.consume_input()
        return self._connection.get_result()

    def _copied(self) -> list[str]:
        lines = []
        while True:
            size, data = self._connection.get_copy_data(0)
            if size <= 0:
                return lines
            row = bytes(data).decode().removesuffix("\n").split("\t")
            lines.append(" | ".join("∅" if value == "\\N" else value for value in row))


def _rows(result: pq.abc.PGresult) -> list[str]:
    names = [(result.fname(i) or b"").decode() for i in range(result.nfields)]
    lines = [" | ".join(names)]
    for row in range(result.ntuples):
        values = [result.get_value(row, column) for column in range(result.nfields)]
        lines.append(" | ".join("∅" if value is None else value.decode() for value in values))
    return lines


def _field(result: pq.abc.PGresult, name: str) -> str:
    return (result.error_field(pq.DiagnosticField[name]) or b"").decode()


def _error(result: pq.abc.PGresult) -> SqlError:
    return SqlError(
        _field(result, "SQLSTATE"),
        _field(result, "MESSAGE_PRIMARY"),
        detail=_field(result, "MESSAGE_DETAIL") or None,
        hint=_field(result, "MESSAGE_HINT") or None,
        severity=_field(result, "SEVERITY"),
    )
