"""DuckDB: the only module that imports it. One in-memory instance per open tenant.

The instance is the second wall around a tenant. After set-up its configuration is locked: no external
access but this tenant's own cache folder, no extension loading, no Python variable standing in for a
table, no setting but TimeZone. (The first wall is `sql.plan`: only SQL rendered from our own syntax
tree, over allow-listed names, ever gets here.)

A `Cursor` is one connection to the instance, used by one statement at a time. Work runs in a thread,
since DuckDB releases the interpreter's lock; a cancelled task interrupts its query and waits for the
thread, so that a cursor is never used by two at once. Threads are the server's, not the tenant's: 200 open
tenants would keep 800 of them, each with memory of its own. Failures come out as `QueryFailed`,
`StatementCancelled` or `OutOfMemory`; the DuckDB exception classes do not leave this module.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from engine.cache import SPILL
from engine.errors import EngineError, OutOfMemory, QueryFailed, StatementCancelled, TenantClosed
from engine.few import FEW_ROWS, Inexact, Known, Shape, Statements, Type
from engine.threads import Threads, nothing
from engine.together import until_over

T = TypeVar("T")
Parameters = Sequence[object] | Mapping[str, object]
"""Values for `?` and `$1` by place, or for `$name` by name."""

BATCH_ROWS = 65_536
IDLE_CURSORS_MAX = 8
THREADS_MAX = 64
"""At work for one tenant; more than it may have connections, so that no statement waits for another's end."""
SERVER_THREADS_MAX = 128
"""For statements, of all tenants: more than there may be connections. Made when they are needed."""
COMMIT_THREADS_MAX = 32
"""For commits, which wait for no statement; a tenant has one at work at a time."""


class Stream:
    """A result being read: `types` are (name, DuckDB type) per column; iterate for record batches.

    Made in the cursor's thread, where the first batches are read too, and the end when the first is not
    full: a small result costs one trip to the thread."""

    def __init__(
        self,
        types: Sequence[Type],
        schema: pa.Schema,
        first: Sequence[pa.RecordBatch],
        rest: Callable[[], Awaitable[pa.RecordBatch | None]] | None = None,
    ) -> None:
        """`rest` gives a batch more, in the end None; there is no rest when it is None itself."""
        self.types = types
        self.schema = schema
        self._first = list(first)
        self._rest = rest

    async def __aiter__(self) -> AsyncIterator[pa.RecordBatch]:
        while self._first:
            yield self._first.pop(0)
        while self._rest is not None and (batch := await self._rest()) is not None:
            yield batch


class Cursor:
    """One connection to a tenant's instance."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        pool: ThreadPoolExecutor,
        turns: asyncio.Semaphore,
        statements: Statements,
    ) -> None:
        """Works in a thread of `pool` while it has one of `turns`."""
        self._connection = connection
        self._pool = pool
        self._turns = turns
        self._statements = statements
        self._registered: list[str] = []
        self._streaming: pa.RecordBatchReader | None = None
        self.timezone = "UTC"
        self.at_work = False
        self.ended_by: EngineError | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """`work()` in a thread. When the task is cancelled, the query is interrupted first."""
        async with self._turns:
            future = asyncio.get_running_loop().run_in_executor(self._pool, self._guarded, work)
            try:
                return await asyncio.shield(future)
            except asyncio.CancelledError:
                self.interrupt()
                await until_over([future])
                future.exception()
                raise

    def _guarded(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except (duckdb.Error, pa.ArrowException, OSError, MemoryError) as error:
            raise self._translated(error) from error

    def _translated(self, error: Exception) -> EngineError:
        text = str(error)
        if isinstance(error, duckdb.InterruptException) or "INTERRUPT" in text[:40].upper():
            if self.ended_by is not None:
                return self.ended_by
            return StatementCancelled("canceling statement due to user request")
        if "max_temp_directory_size" in text:
            return OutOfMemory(
                "this statement needs more room on disk than a tenant may have",
                hint="Make the statement smaller, or give the server more --cache-bytes.",
            )
        refused = "failed: MemoryError" in text
        if refused or isinstance(error, duckdb.OutOfMemoryException | MemoryError):
            return OutOfMemory(
                "the tenant's memory limit was reached by this statement",
                hint="Raise the server's memory limit per tenant, or make the statement smaller.",
            )
        if isinstance(error, duckdb.ConnectionException):
            return TenantClosed("the tenant was closed meanwhile", hint="Connect again.")
        return QueryFailed(type(error).__name__, text)

    async def execute(self, sql: str, parameters: Parameters = ()) -> None:
        """Run a statement of the engine's own and drop its result."""
        await self.run(lambda: self.execute_now(sql, parameters))

    def execute_now(self, sql: str, parameters: Parameters = ()) -> None:
        """The same, inside a function given to `run`. What has parameters is parsed once."""
        self._connection.execute(self._statement(sql) if parameters else sql, _given(parameters))

    async def script(self, statements: Sequence[str]) -> None:
        """Several statements in one DuckDB transaction, in one trip to the thread."""

        def work() -> None:
            self._connection.execute("BEGIN")
            try:
                for statement in statements:
                    self._connection.execute(statement)
                self._connection.execute("COMMIT")
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise

        await self.run(work)

    # --- queries ------------------------------------------------------------------------------------

    def _parse(self, sql: str) -> duckdb.Statement:
        [statement] = self._connection.extract_statements(sql)
        return statement

    def _known(self, sql: str) -> Known:
        return self._statements.known(sql, self.timezone)

    def _statement(self, sql: str) -> Any:
        return self._known(sql).statement(self._parse)

    def _relation(self, sql: str, parameters: Parameters) -> duckdb.DuckDBPyRelation:
        return self._connection.sql(self._statement(sql), params=_given(parameters))

    async def table(self, sql: str, parameters: Parameters = ()) -> pa.Table:
        def work() -> pa.Table:
            few = self._few_now(sql, parameters)
            if few is not None:
                return pa.Table.from_batches([few[0]])
            relation = self._relation(sql, parameters)
            rows = relation.to_arrow_table()
            self._known(sql).had(Shape(_types(relation), rows.schema), rows.num_rows)
            return rows

        return await self.run(work)

    async def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        """As Python values."""

        def work() -> list[tuple[Any, ...]]:
            return self._connection.execute(self._statement(sql), _given(parameters)).fetchall()

        return await self.run(work)

    async def stream(self, sql: str, parameters: Parameters = ()) -> Stream:
        def work() -> Stream:
            few = self._few_now(sql, parameters)
            return (
                self._stream_now(sql, parameters) if few is None else Stream(few[1], few[0].schema, few[:1])
            )

        return await self.run(work)

    def _few_now(self, sql: str, parameters: Parameters) -> tuple[pa.RecordBatch, Sequence[Type]] | None:
        """The result without Arrow, when it is known to be small and still is."""
        known = self._known(sql)
        few = known.few(self._parse)
        if few is None:
            return None
        statement, shape = few
        result = self._connection.execute(statement, _given(parameters))
        rows = result.fetchmany(FEW_ROWS + 1)
        try:
            return shape.batch(rows, [str(column[1]) for column in result.description]), shape.types
        except Inexact:
            known.inexact()
            self._connection.abort()
            return None

    def _stream_now(self, sql: str, parameters: Parameters) -> Stream:
        relation = self._relation(sql, parameters)
        self._streaming = reader = relation.to_arrow_reader(BATCH_ROWS)
        first: list[pa.RecordBatch] = []
        while len(first) < 2 and (batch := self._next()) is not None:
            first.append(batch)
            if batch.num_rows == BATCH_ROWS:
                break
        types = _types(relation)
        self._known(sql).had(Shape(types, reader.schema), sum(batch.num_rows for batch in first))
        rest = None if self._streaming is None else lambda: self.run(self._next)
        return Stream(types, reader.schema, first, rest)

    def _next(self) -> pa.RecordBatch | None:
        """The next batch of the stream; at its end the cursor is free again."""
        if self._streaming is None:
            return None
        try:
            return self._streaming.read_next_batch()
        except StopIteration:
            self._streaming = None
            return None

    async def describe(self, sql: str, parameters: Parameters = ()) -> tuple[Type, ...]:
        """(name, DuckDB type) of each result column of a query, without executing it."""
        return await self.run(lambda: _types(self._relation(sql, parameters)))

    async def register(self, name: str, rows: pa.Table) -> None:
        """Make an Arrow table readable as `name` on this cursor until it is given back."""
        await self.run(lambda: self._connection.register(name, rows))
        self._registered.append(name)

    @contextmanager
    def registered_now(self, rows: pa.Table) -> Iterator[str]:
        """Inside a function given to `run`: `rows` readable under the name it yields."""
        self._connection.register("rows_now", rows)
        try:
            yield "rows_now"
        finally:
            self._connection.unregister("rows_now")

    async def set_timezone(self, name: str) -> None:
        if name != self.timezone:
            quoted = name.replace("'", "''")
            await self.execute(f"SET TimeZone = '{quoted}'")
            self.timezone = name

    def interrupt(self) -> None:
        """Stop the running query, if any: it raises `StatementCancelled`."""
        self._connection.interrupt()

    def end(self, reason: EngineError) -> None:
        """Stop the running query: it raises `reason`."""
        self.ended_by = reason
        self.interrupt()

    def _clean(self) -> None:
        """A result that was not read to its end is closed: it would keep the connection busy."""
        if self._streaming is not None:
            self._streaming.close()
            self._streaming = None
        for name in self._registered:
            self._connection.unregister(name)
        self._registered.clear()

    async def clean(self) -> None:
        if self._registered or self._streaming is not None:
            await self.run(self._clean)

    def close(self) -> None:
        self._connection.close()


def _types(relation: duckdb.DuckDBPyRelation) -> tuple[Type, ...]:
    return tuple((name, str(type_)) for name, type_ in zip(relation.columns, relation.types, strict=True))


def _given(parameters: Parameters) -> list[object] | dict[str, object] | None:
    """Parameters as DuckDB takes them: by place, or by name."""
    if not parameters:
        return None
    return dict(parameters) if isinstance(parameters, Mapping) else list(parameters)


SETTINGS: tuple[tuple[str, str], ...] = (
    ("integer_division", "true"),
    ("default_null_order", "'nulls_last_on_asc_first_on_desc'"),
    ("arrow_large_buffer_size", "false"),
    ("preserve_insertion_order", "true"),
)
"""What the rendered SQL relies on (`sql.render`)."""


class Duck:
    """A tenant's DuckDB instance. `folder` holds cached objects and is all it can reach."""

    def __init__(
        self,
        folder: Path,
        pool: ThreadPoolExecutor,
        commit_pool: ThreadPoolExecutor,
        *,
        memory_bytes_max: int,
        spill_bytes_max: int,
        threads: int,
        setup_sql: Sequence[str],
    ) -> None:
        self._pool = pool
        self._turns = asyncio.Semaphore(THREADS_MAX)
        self._statements = Statements()
        self._idle: list[Cursor] = []
        self._busy: dict[Cursor, None] = {}
        """Those at work, the longest first."""
        self._closed = False
        folder.mkdir(parents=True, exist_ok=True)
        spill = folder.parent / f"{folder.name}{SPILL}"
        self._connection = duckdb.connect(
            ":memory:",
            config={
                "threads": str(threads),
                "async_threads": "1",
                # What is freed goes back to the system after a while; otherwise only when there is more.
                "allocator_background_threads": "true",
                "memory_limit": f"{memory_bytes_max}B",
                "temp_directory": str(spill),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
            },
        )
        for name, value in SETTINGS:
            self._connection.execute(f"SET GLOBAL {name} = {value}")
        # Not in the configuration above: DuckDB 2.0 shows it then, and spills what it likes.
        self._connection.execute(f"SET GLOBAL max_temp_directory_size = '{spill_bytes_max}B'")
        self._connection.execute("SET TimeZone = 'UTC'")
        for statement in setup_sql:
            self._connection.execute(statement)
        quoted = str(folder).replace("'", "''")
        self._connection.execute(f"SET allowed_directories = ['{quoted}/']")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET allowed_configs = ['TimeZone']")
        self._connection.execute("SET lock_configuration = true")
        self.writer = Cursor(self._connection.cursor(), commit_pool, asyncio.Semaphore(1), self._statements)
        """For commits, one at a time."""

    def _new_cursor(self) -> Cursor:
        return Cursor(self._connection.cursor(), self._pool, self._turns, self._statements)

    def cursor(self) -> Cursor:
        """A cursor to use and give back with `release`."""
        cursor = self._idle.pop() if self._idle else self._new_cursor()
        cursor.at_work = True
        self._busy[cursor] = None
        return cursor

    async def release(self, cursor: Cursor) -> None:
        """Take a cursor back; one that may be in a bad state is closed instead of reused."""
        self._busy.pop(cursor, None)
        cursor.at_work, cursor.ended_by = False, None
        try:
            await cursor.clean()
        except EngineError:
            cursor.close()
            return
        if len(self._idle) < IDLE_CURSORS_MAX and not self._closed:
            self._idle.append(cursor)
        else:
            cursor.close()

    def at_work(self) -> list[Cursor]:
        """The cursors that are in use, longest first."""
        return list(self._busy)

    def bytes_at_work(self) -> int:
        """What statements have in DuckDB's buffers besides tables; 0 when it cannot be told. Any thread."""
        try:
            found = self._connection.execute(
                "SELECT sum(memory_usage_bytes)::BIGINT FROM duckdb_memory() WHERE tag <> 'IN_MEMORY_TABLE'"
            ).fetchone()
        except (duckdb.Error, MemoryError):
            return 0
        return int(found[0]) if found is not None else 0

    def close(self) -> None:
        """Statements still at work are interrupted; their cursors close when they come to an end."""
        self._closed = True
        for cursor in self._busy:
            cursor.interrupt()
        for cursor in (*self._idle, self.writer):
            cursor.close()
        self._idle.clear()
        self._connection.close()


class Ducks:
    """Opens the instances of one server, which share its threads. A tenant has at most `THREADS_MAX` at work,
    so that its long statements stop nobody else's; commits have threads of their own. They are the only
    way that DuckDB's work leaves the event loop: a test brings a `pool` for all of it and decides what runs
    when. `make_room` is called before threads and instances are made, which must not be short of memory
    (`engine.threads`)."""

    make_room: Callable[[], object] = staticmethod(nothing)

    def __init__(self, setup_sql: Sequence[str] = (), pool: ThreadPoolExecutor | None = None) -> None:
        self._setup_sql = tuple(setup_sql)
        self._pool = pool or Threads(SERVER_THREADS_MAX, "duck", lambda: self.make_room())
        self._commit_pool = pool or Threads(COMMIT_THREADS_MAX, "duck-commit", lambda: self.make_room())

    def open(self, folder: Path, *, memory_bytes_max: int, spill_bytes_max: int, threads: int) -> Duck:
        """An instance that can reach `folder` and nothing else; what it spills to disk is beside it."""
        self.make_room()
        try:
            return Duck(
                folder,
                self._pool,
                self._commit_pool,
                memory_bytes_max=memory_bytes_max,
                spill_bytes_max=spill_bytes_max,
                threads=threads,
                setup_sql=self._setup_sql,
            )
        except (duckdb.OutOfMemoryException, MemoryError, RuntimeError) as error:
            raise OutOfMemory(
                "the server has no memory left to open the tenant", hint="Try again when less is going on."
            ) from error

    def close(self) -> None:
        """After all instances."""
        for pool in (self._pool, self._commit_pool):
            pool.shutdown()
