"""One session's talk: a client's messages become calls of `sql.session`, its answers become messages.

It knows no sockets: a `Client` brings the next message and takes what is said. Rules:

- Every message is answered by the protocol's own scheme; `wire.protocol` refuses anything else.
- What a session raises is a `SqlError` and becomes an ErrorResponse. Anything else that comes up is a
  bug: it goes to the log with its traceback, and the client hears XX000 and can go on.
- After any error the session is told (`failed`), so that a bad parameter or bad COPY bytes undo what
  an error of a statement would have undone.
- Large batches are encoded and parsed in threads, in bounded pieces; between two pieces the client
  must have taken what it was sent. So a slow reader stops the query and not the server.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Generic, Protocol, Self, TypeVar, assert_never, cast

import pyarrow as pa

from server import parameters
from server.copying import CopyReader, CopyWriter
from server.few import ResultEncoder
from server.link import Disconnected
from server.wire import backend, frontend
from server.wire.errors import ProtocolError
from server.wire.states import State
from sql import answers
from sql.errors import SqlError
from sql.failures import as_sql_error
from sql.session import Session

ROWS_AT_ONCE = 1 << 14
"""Rows that are encoded in one piece."""
COPY_BYTES = 1 << 20
"""COPY's bytes are gathered up to this before they are parsed."""
INLINE_BYTES = 1 << 15
"""Work on less than this is done on the event loop; a thread would cost more than it gives."""

Result = TypeVar("Result")
Item = TypeVar("Item")
Sender = Callable[[pa.RecordBatch], Awaitable[None]]


class Client(Protocol):
    """The connection as the conversation sees it."""

    @property
    def state(self) -> State: ...

    def say(self, message: backend.Message) -> None: ...

    async def flush(self) -> None:
        """Sends what was said and waits until the client has taken most of it."""
        ...

    async def next_message(self) -> frontend.Message: ...


class SessionEnded(Exception):
    """A fatal error was said; the connection is to be closed."""


@dataclass(slots=True)
class _Portal:
    """What Bind said of a portal's result. Its rows may come in several runs; `send` is made in the first."""

    formats: tuple[int, ...]
    send: Sender | None = None


class Conversation:
    def __init__(self, session: Session, client: Client) -> None:
        self._session = session
        self._client = client
        self._portals: dict[str, _Portal] = {}
        self._settings = session.reported_parameters()

    async def answer(self, message: frontend.Message) -> None:
        """Everything that `message` asks for, errors included."""
        try:
            await self._dispatch(message)
        except SqlError as error:
            await self._fail(error)
        except ProtocolError as error:
            if error.fatal:
                raise
            await self.refuse(error)
        except (Disconnected, SessionEnded):
            raise
        except Exception as error:
            await self._fail(as_sql_error(error))

    async def refuse(self, error: ProtocolError) -> None:
        """Answers a message that could not be read, but whose frame was whole."""
        await self._fail(SqlError(error.sqlstate, error.message))

    async def _dispatch(self, message: frontend.Message) -> None:
        session, say = self._session, self._client.say
        match message:
            case frontend.Query():
                await self._query(message.text)
            case frontend.Parse():
                await session.prepare(message.statement, message.text, message.parameter_oids)
                say(backend.ParseComplete())
            case frontend.Bind():
                await self._bind(message)
            case frontend.Describe():
                await self._describe(message)
            case frontend.Execute():
                await self._execute(message)
            case frontend.Close():
                await self._close(message)
            case frontend.Flush():
                await self._client.flush()
            case frontend.Sync():
                await session.sync()
                self._ready()
            case frontend.FunctionCall():
                raise SqlError("0A000", "the function call protocol is not supported")
            case _:
                raise AssertionError(f"{type(message).__name__} outside its place")

    async def _fail(self, error: SqlError) -> None:
        await self._session.failed()
        response = backend.ErrorResponse(
            error.severity,
            error.sqlstate,
            error.message,
            error.detail,
            error.hint,
            error.position,
            error.schema,
            error.table,
            error.column,
            error.constraint,
        )
        self._client.say(response)
        if response.ends_session:
            raise SessionEnded
        if self._client.state in (State.FAILED, State.SYNC):
            self._ready()

    def _ready(self) -> None:
        status = self._session.transaction_status
        if status == "I":
            self._portals.clear()
        self._client.say(backend.ReadyForQuery(status))

    # --- simple and extended --------------------------------------------------------------------------

    async def _query(self, text: str) -> None:
        async with aclosing(cast(AsyncGenerator[answers.Answer, None], self._session.simple(text))) as given:
            await self._relay(given, None)
        self._ready()

    async def _bind(self, message: frontend.Bind) -> None:
        description = await self._session.describe_statement(message.statement)
        wanted, given = len(description.parameter_oids), len(message.parameters)
        if wanted != given:
            text = (
                f"bind message supplies {given} parameters, "
                f'but prepared statement "{message.statement}" requires {wanted}'
            )
            raise SqlError("08P01", text)
        formats = _each(message.parameter_formats, given)
        values = [
            None if raw is None else parameters.decode(oid, code, raw)
            for oid, code, raw in zip(description.parameter_oids, formats, message.parameters, strict=True)
        ]
        columns = len(description.columns or ())
        if len(message.result_formats) not in (0, 1, columns):
            count = len(message.result_formats)
            text = f"bind message has {count} result formats but query has {columns} columns"
            raise SqlError("08P01", text)
        await self._session.bind(message.portal, message.statement, values)
        self._portals[message.portal] = _Portal(message.result_formats)
        self._client.say(backend.BindComplete())

    async def _describe(self, message: frontend.Describe) -> None:
        formats: tuple[int, ...] = ()
        if message.kind == "statement":
            description = await self._session.describe_statement(message.name)
            self._client.say(backend.ParameterDescription(description.parameter_oids))
            columns = description.columns
        else:
            columns = await self._session.describe_portal(message.name)
            formats = self._portal(message.name).formats
        self._client.say(backend.NoData() if columns is None else _row_description(columns, formats))

    async def _execute(self, message: frontend.Execute) -> None:
        running = self._session.run(message.portal, message.row_limit)
        async with aclosing(cast(AsyncGenerator[answers.Answer, None], running)) as given:
            await self._relay(given, self._portal(message.portal))

    async def _close(self, message: frontend.Close) -> None:
        if message.kind == "statement":
            await self._session.close_statement(message.name)
        else:
            await self._session.close_portal(message.name)
            self._portals.pop(message.name, None)
        self._client.say(backend.CloseComplete())

    # --- answers --------------------------------------------------------------------------------------

    def _portal(self, name: str) -> _Portal:
        return self._portals.get(name) or _Portal(())

    async def _relay(self, given: AsyncGenerator[answers.Answer, None], portal: _Portal | None) -> None:
        """Says what the session answers. `portal` is None for a simple query, which is told its columns
        as they come and gets text."""
        client = self._client
        send = None if portal is None else portal.send
        async for answer in given:
            match answer:
                case answers.RowsBegin():
                    if portal is None:
                        client.say(_row_description(answer.columns, ()))
                        send = self._row_sender(answer.columns, ())
                    else:
                        send = portal.send = self._row_sender(answer.columns, portal.formats)
                case answers.CopyOut():
                    client.say(backend.CopyOutResponse(len(answer.columns)))
                    send = self._copy_sender(answer)
                case answers.Batch():
                    assert send is not None
                    await send(answer.rows)
                case answers.CopyIn():
                    await self._copy_in(answer)
                case answers.Notice():
                    client.say(_notice(answer))
                    await client.flush()
                case answers.ParameterChanged():
                    self._settings[answer.name] = answer.value
                    client.say(backend.ParameterStatus(answer.name, answer.value))
                case answers.Complete():
                    if client.state in (State.COPY_OUT_SIMPLE, State.COPY_OUT_EXTENDED):
                        client.say(backend.CopyDone())
                    client.say(backend.CommandComplete(answer.tag))
                case answers.Suspended():
                    client.say(backend.PortalSuspended())
                case answers.EmptyQuery():
                    client.say(backend.EmptyQueryResponse())
                case _:
                    assert_never(answer)

    def _row_sender(self, columns: tuple[answers.ResultColumn, ...], formats: tuple[int, ...]) -> Sender:
        encoder = ResultEncoder(columns, formats, self._settings)
        unsent = 0

        async def send(batch: pa.RecordBatch) -> None:
            nonlocal unsent
            for piece in _pieces(batch):
                frames = await _work(piece.nbytes, encoder.encode, piece)
                self._client.say(backend.DataRows(frames))
                unsent += len(frames)
                if unsent > INLINE_BYTES:  # a small result goes with what is said after it
                    await self._client.flush()
                    unsent = 0

        return send

    def _copy_sender(self, answer: answers.CopyOut) -> Sender:
        writer = CopyWriter(answer.columns, answer.options, self._settings)
        header = writer.header()
        if header:
            self._client.say(backend.CopyRows(backend.copy_data(header)))

        async def send(batch: pa.RecordBatch) -> None:
            for piece in _pieces(batch):
                self._client.say(backend.CopyRows(await _work(piece.nbytes, writer.messages, piece)))
                await self._client.flush()

        return send

    async def _copy_in(self, answer: answers.CopyIn) -> None:
        self._client.say(backend.CopyInResponse(len(answer.columns)))
        reader = CopyReader(answer.columns, answer.options)
        async with _Beside(self._copy_batches) as taking:
            failure = await self._copy_bytes(reader, taking)
        await self._session.copy_end(failure)

    async def _copy_bytes(self, reader: CopyReader, taking: _Beside[Sequence[pa.RecordBatch]]) -> str | None:
        """Reads to the end of COPY's data, whose rows the session takes while more are read; what CopyFail
        said."""
        gathered = bytearray()
        while True:
            message = await self._client.next_message()
            match message:
                case frontend.CopyData():
                    gathered += message.data
                    if len(gathered) >= COPY_BYTES:
                        await taking.give(await asyncio.to_thread(reader.feed, bytes(gathered)))
                        gathered.clear()
                case frontend.CopyDone():
                    await taking.give(await asyncio.to_thread(_read_rest, reader, bytes(gathered)))
                    return None
                case frontend.CopyFail():
                    return message.reason
                case _:
                    raise AssertionError(f"{type(message).__name__} within a COPY")

    async def _copy_batches(self, batches: Sequence[pa.RecordBatch]) -> None:
        for batch in batches:
            await self._session.copy_data(batch)


class _Beside(Generic[Item]):
    """One piece of work at a time beside what its owner does. Left only when it is over; a failure of it
    comes up with the next piece, or at the end."""

    def __init__(self, work: Callable[[Item], Coroutine[None, None, None]]) -> None:
        self._work = work
        self._task: asyncio.Task[None] | None = None

    async def give(self, item: Item) -> None:
        """Waits for the piece before."""
        await self._over()
        self._task = asyncio.create_task(self._work(item))

    async def _over(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            await task

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is not None and self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        else:
            await self._over()


def _read_rest(reader: CopyReader, data: bytes) -> list[pa.RecordBatch]:
    return reader.feed(data) + reader.finish()


async def _work(size: int, function: Callable[..., Result], *arguments: object) -> Result:
    if size < INLINE_BYTES:
        return function(*arguments)
    return await asyncio.to_thread(function, *arguments)


def _pieces(batch: pa.RecordBatch) -> list[pa.RecordBatch]:
    if batch.num_rows <= ROWS_AT_ONCE:
        return [batch]
    return [batch.slice(start, ROWS_AT_ONCE) for start in range(0, batch.num_rows, ROWS_AT_ONCE)]


def _each(formats: tuple[int, ...], count: int) -> tuple[int, ...]:
    """A format for each of `count` values: none given means text, one given means it for all."""
    if len(formats) == count:
        return formats
    return (formats[0] if formats else 0,) * count


def _row_description(
    columns: tuple[answers.ResultColumn, ...], formats: tuple[int, ...]
) -> backend.RowDescription:
    return backend.RowDescription(
        tuple(
            backend.Field(
                column.name,
                column.table_id,
                column.column_number,
                column.type_oid,
                column.type_size,
                column.type_modifier,
                code,
            )
            for column, code in zip(columns, _each(formats, len(columns)), strict=True)
        )
    )


def _notice(notice: answers.Notice) -> backend.NoticeResponse:
    return backend.NoticeResponse(
        notice.severity, notice.sqlstate, notice.message, notice.detail, notice.hint
    )
