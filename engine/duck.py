"""DuckDB: the only module that imports it. One in-memory instance per open tenant.

The instance is the second wall around a tenant. After set-up its configuration is locked: no external
access but this tenant's own cache folder, no extension loading, no Python variable standing in for a
table, no setting but TimeZone. (The first wall is `sql.plan`: only SQL rendered from our own syntax
tree, over allow-listed names, ever gets here.)

A `Cursor` is one connection to the instance, used by one statement at a time. Work runs in a thread of
the pool, since DuckDB releases the interpreter's lock; a cancelled task interrupts its query and waits
for the thread, so that a cursor is never used by two at once. Failures come out as `QueryFailed`,
`StatementCancelled` or `OutOfMemory`; the DuckDB exception classes do not leave this module.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from engine.cache import SPILL
from engine.errors import EngineError, OutOfMemory, QueryFailed, StatementCancelled
from engine.together import until_over

T = TypeVar("T")

BATCH_ROWS = 65_536
IDLE_CURSORS_MAX = 8
THREADS_MAX = 32


class Stream:
    """A result being read: `types` are (name, DuckDB type) per column; iterate for record batches.

    Made in the cursor's thread, where it reads the first batch too, and the end when that batch is not
    full: a small result costs one trip to the thread."""

    def __init__(self, cursor: Cursor, types: list[tuple[str, str]], reader: pa.RecordBatchReader) -> None:
        self.types = types
        self.schema: pa.Schema = reader.schema
        self._cursor = cursor
        self._reader = reader
        self._ended = False
        self._first = self._next()
        if self._first is not None and self._first.num_rows < BATCH_ROWS:
            self._second = self._next()
        else:
            self._second = None

    def __aiter__(self) -> AsyncIterator[pa.RecordBatch]:
        return self._batches()

    async def _batches(self) -> AsyncIterator[pa.RecordBatch]:
        for batch in (self._first, self._second):
            if batch is not None:
                yield batch
        self._first = self._second = None
        while not self._ended and (batch := await self._cursor.run(self._next)) is not None:
            yield batch

    def _next(self) -> pa.RecordBatch | None:
        try:
            return self._reader.read_next_batch()
        except StopIteration:
            self._ended = True
            return None


class Cursor:
    """One connection to a tenant's instance."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, pool: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._pool = pool
        self._registered: list[str] = []
        self._streaming: pa.RecordBatchReader | None = None
        self.timezone = "UTC"
        self.at_work = False
        self.ended_by: EngineError | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """`work()` in a thread. When the task is cancelled, the query is interrupted first."""
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._pool, self._guarded, work)
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
        if isinstance(error, duckdb.OutOfMemoryException | MemoryError):
            return OutOfMemory(
                "the tenant's memory limit was reached by this statement",
                hint="Raise the server's memory limit per tenant, or make the statement smaller.",
            )
        return QueryFailed(type(error).__name__, text)

    async def execute(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """Run a statement of the engine's own and drop its result."""
        await self.run(lambda: self.execute_now(sql, parameters))

    def execute_now(self, sql: str, parameters: Sequence[object] = ()) -> None:
        """The same, inside a function given to `run`."""
        if parameters:
            self._connection.execute(sql, list(parameters))
        else:
            self._connection.execute(sql)

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

    def _relation(self, sql: str, parameters: Sequence[object]) -> duckdb.DuckDBPyRelation:
        return self._connection.sql(sql, params=list(parameters)) if parameters else self._connection.sql(sql)

    async def table(self, sql: str, parameters: Sequence[object] = ()) -> pa.Table:
        return await self.run(lambda: self._relation(sql, parameters).to_arrow_table())

    async def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return await self.run(lambda: self._connection.execute(sql, list(parameters)).fetchall())

    async def stream(self, sql: str, parameters: Sequence[object] = ()) -> Stream:
        def work() -> Stream:
            relation = self._relation(sql, parameters)
            self._streaming = relation.to_arrow_reader(BATCH_ROWS)
            return Stream(self, _types(relation), self._streaming)

        return await self.run(work)

    async def describe(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[str, str]]:
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


def _types(relation: duckdb.DuckDBPyRelation) -> list[tuple[str, str]]:
    return [(name, str(type_)) for name, type_ in zip(relation.columns, relation.types, strict=True)]


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
        *,
        memory_bytes_max: int,
        threads: int,
        setup_sql: Sequence[str],
    ) -> None:
        self._pool = pool
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
                "memory_limit": f"{memory_bytes_max}B",
                "temp_directory": str(spill),
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "python_enable_replacements": "false",
            },
        )
        for name, value in SETTINGS:
            self._connection.execute(f"SET GLOBAL {name} = {value}")
        self._connection.execute("SET TimeZone = 'UTC'")
        for statement in setup_sql:
            self._connection.execute(statement)
        quoted = str(folder).replace("'", "''")
        self._connection.execute(f"SET allowed_directories = ['{quoted}/']")
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET allowed_configs = ['TimeZone']")
        self._connection.execute("SET lock_configuration = true")
        self.writer = self._new_cursor()

    def _new_cursor(self) -> Cursor:
        return Cursor(self._connection.cursor(), self._pool)

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
    """Opens the instances of one server. They share its `pool` of threads, which is the only way that
    DuckDB's work leaves the event loop: a test brings one of its own and decides what runs when."""

    def __init__(self, setup_sql: Sequence[str] = (), pool: ThreadPoolExecutor | None = None) -> None:
        self._setup_sql = tuple(setup_sql)
        self._pool = pool or ThreadPoolExecutor(THREADS_MAX, thread_name_prefix="duck")

    def open(self, folder: Path, *, memory_bytes_max: int, threads: int) -> Duck:
        """An instance that can reach `folder` and nothing else."""
        return Duck(
            folder,
            self._pool,
            memory_bytes_max=memory_bytes_max,
            threads=threads,
            setup_sql=self._setup_sql,
        )

    def close(self) -> None:
        """After all instances."""
        self._pool.shutdown()
