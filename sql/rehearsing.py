"""EXPLAIN RESTORE (and UNDO RESTORE, UNDROP): what it would do to each table.

Rights, names, moments and what must hold afterwards are asked for as by the restore itself. Without ANALYZE
nothing is read or written: the numbers are what refs tell (`engine.forecast`), of rows at most so many. With
ANALYZE everything is done but the commit, the rows of then and now are compared value by value, and what was
written is left to be collected.

Nobody is disturbed: no lock is taken, so what others commit meanwhile may make the restore another one.
The uncommitted writes of the session's own transaction count as what is there now.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import astuple, replace

import pyarrow as pa

from engine.catalog import Catalog, Check, Column, Key, Table
from engine.forecast import Forecast, forecast, rows_now
from engine.ids import CatalogId
from engine.outcome import Present, names
from engine.progress import Progress
from engine.reader import Reader
from engine.refs import Ref
from engine.restore import Prepared, edits
from sql import extents, restoring, undoing, verifying
from sql import names as naming
from sql.answers import Answer, Batch, Complete, ResultColumn, RowsBegin
from sql.restoring import Work
from sql.scope import Arguments, Scope
from sql.statement import Explain, Restore, UndoRestore, Undrop
from sql.types import by_name

_TEXT, _COUNT = by_name("text"), by_name("int8")
_NAMES = ("database", "schema", "table", "action")
_COUNTS = (
    "objects_shared",
    "objects_rewritten",
    "rows_rewritten",
    "bytes_rewritten",
    "rows_gained",
    "rows_lost",
)
COLUMNS = (
    *(ResultColumn(name, _TEXT.oid, _TEXT.size) for name in _NAMES),
    *(ResultColumn(name, _COUNT.oid, _COUNT.size) for name in _COUNTS),
    ResultColumn("definition", _TEXT.oid, _TEXT.size),
)
Rehearsed = Restore | UndoRestore | Undrop
Row = tuple[str | int | None, ...]


async def execute(
    scope: Scope, statement: Explain, rehearsed: Rehearsed, arguments: Arguments
) -> AsyncIterator[Answer]:
    scope.require_writable("RESTORE")
    match rehearsed:
        case Restore():
            work = await restoring.of_restore(scope, rehearsed, arguments)
        case UndoRestore():
            work = await undoing.of_undo(scope, rehearsed)
        case Undrop():
            work = await restoring.of_undrop(scope, rehearsed)
    rehearsal = _Rehearsal(work)
    rows = await (rehearsal.analyzed() if statement.analyze else rehearsal.estimated())
    arrays = [
        pa.array([row[place] for row in rows], pa.int64() if column.name in _COUNTS else pa.string())
        for place, column in enumerate(COLUMNS)
    ]
    yield RowsBegin(COLUMNS)
    yield Batch(pa.RecordBatch.from_arrays(arrays, names=[column.name for column in COLUMNS]))
    yield Complete("EXPLAIN")


class _Rehearsal:
    """`current` is what a table of the moment would be put in the place of; beside what is there, nothing."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._past = work.target.history.at(work.ts)
        self._bodies = work.extent.covered(self._past)
        self._tables = [body for body in self._bodies.values() if isinstance(body, Table)]
        self._written: list[Ref] = []
        self._look()

    def _look(self) -> None:
        """At what is there now."""
        scope, target = self._work.scope, self._work.target
        if target is scope.tenant:
            scope.transaction.start_statement()
            self._now = Present(target.state, scope.catalog, scope.transaction.workspace)
        else:
            self._now = Present(target.state, target.catalog)

    async def estimated(self) -> list[Row]:
        work = self._work
        await self._check(self._prepared())
        rows = []
        for table in self._tables:
            counts = forecast(self._now, table, self._current(table), work.ts, work.method)
            rows.append(self._row(table, await self._with_own(table, counts)))
        for table in self._ended():
            rows.append(self._dropped(table, rows_now(self._now, table)))
        return rows

    async def _with_own(self, table: Table, counts: Forecast) -> Forecast:
        """What the session's transaction has written goes, what it has deleted comes."""
        current, own = self._current(table), self._now.own
        if current is None or own is None:
            return counts
        inserted, dead = await own.rows_of(current.storage)
        return replace(
            counts,
            rows_gained=counts.rows_gained + (0 if dead is None else len(dead)),
            rows_lost=counts.rows_lost + sum(rows.num_rows for rows in inserted),
        )

    async def analyzed(self) -> list[Row]:
        work = self._work
        if work.method == "logical":
            await verifying.require_checks(work.scope, work.target, work.ts, work.extent)
        try:
            prepared = await work.scope.interrupts.wait(self._prepare())
            self._look()
            await self._check(prepared)
            async with self._reader() as reader:
                return await self._compared(reader, prepared)
        finally:
            work.target.objects.in_flight.difference_update(ref.key for ref in self._written)

    async def _prepare(self) -> Prepared:
        """Whatever is cancelled by then, what was written is known."""
        work = self._work
        role = work.scope.principal.role
        prepared = await work.target.upkeep.prepare(work.ts, work.method, work.extent, role, Progress())
        self._written += prepared.refs
        return prepared

    async def _compared(self, reader: Reader, prepared: Prepared) -> list[Row]:
        rows = []
        for table, line in zip(self._tables, prepared.tables, strict=True):
            known = self._work.target.state.storage(table.storage).refs
            storage = prepared.storages[table.id]
            new = [ref for ref in prepared.refs if ref.storage == storage and ref.key not in known]
            gained, lost = await self._difference(reader, table)
            counts = Forecast(
                line.objects_shared,
                line.objects_rewritten,
                sum(ref.rows for ref in new),
                line.bytes_rewritten,
                gained,
                lost,
            )
            rows.append(self._row(table, counts))
        for table in self._ended():
            [(count,)] = await reader.rows(f"SELECT count(*) FROM {await reader.relation(table)} AS now")
            rows.append(self._dropped(table, count))
        return rows

    async def _difference(self, reader: Reader, table: Table) -> tuple[int, int]:
        """How many rows there were and are not now, and the other way round, by the values of the columns
        that there are in both."""
        before = await reader.relation(table, self._work.ts)
        current = self._current(table)
        if current is None:
            [(count,)] = await reader.rows(f"SELECT count(*) FROM {before} AS before")
            return count, 0
        if self._now.action(table, self._work.ts) == "unchanged":
            return 0, 0
        types = {column.id: column.storage_type for column in current.columns}
        both = [f"c{c.id}" for c in table.columns if types.get(c.id) == c.storage_type]
        items = ", ".join(both) or "0"
        [(gained, lost)] = await reader.rows(
            f"WITH before AS (SELECT {items} FROM {before} AS b), "
            f"now AS (SELECT {items} FROM {await reader.relation(current)} AS n) "
            "SELECT (SELECT count(*) FROM (SELECT * FROM before EXCEPT ALL SELECT * FROM now)), "
            "(SELECT count(*) FROM (SELECT * FROM now EXCEPT ALL SELECT * FROM before))"
        )
        return gained, lost

    @contextlib.asynccontextmanager
    async def _reader(self) -> AsyncIterator[Reader]:
        scope, target = self._work.scope, self._work.target
        if target is scope.tenant:
            async with scope.reader() as reader:
                yield reader
            return
        reading = target.begin(read_only=True)
        try:
            async with reading.reader() as reader:
                with scope.interrupts.reading(reader):
                    yield reader
        finally:
            await reading.rollback()

    # --- what must hold -------------------------------------------------------------------------

    def _prepared(self) -> Prepared:
        """With what the catalog's edits need, and no objects."""
        work = self._work
        storages = {table.id: table.storage for table in self._tables}
        progress = Progress(moment=work.ts, method=work.method)
        return Prepared(progress, self._past, work.extent, self._bodies, storages, (), ())

    async def _check(self, prepared: Prepared) -> None:
        """Raises what the restore would."""
        work, scope = self._work, self._work.scope
        if work.check is not None:
            work.check()
        if work.to is not None:
            naming.require_free(scope.catalog, naming.home(scope, work.to), work.to.name)
            return
        made = edits(self._now.catalog, prepared, None)
        if work.extent.level == "tenant":
            return
        savepoint = scope.transaction.savepoint()
        try:
            before = scope.catalog
            scope.transaction.edit(*made)
            await extents.check_after(scope, before, self._past, work.extent)
        finally:
            scope.transaction.rollback_to(savepoint)

    # --- rows -----------------------------------------------------------------------------------

    def _current(self, table: Table) -> Table | None:
        return None if self._work.to is not None else self._now.catalog.tables.get(table.id)

    def _ended(self) -> list[Table]:
        """The tables that did not exist at the moment."""
        if self._work.to is not None:
            return []
        covered = self._work.extent.covered(self._now.catalog).values()
        return [
            body for body in covered if isinstance(body, Table) and (body.kind, body.id) not in self._bodies
        ]

    def _row(self, table: Table, counts: Forecast) -> Row:
        work = self._work
        if work.to is not None:
            where = naming.home(work.scope, work.to)
            made = replace(table, schema=where.id, name=work.to.name)
            return (*names(work.scope.catalog, made), "created", *astuple(counts), None)
        current = self._current(table)
        action = self._now.action(table, work.ts)
        if action == "unchanged":
            counts = replace(counts, rows_gained=0, rows_lost=0)
        changes = changed(self._now.catalog, current, self._past, table) if current is not None else []
        return (*names(self._past, table), action, *astuple(counts), "; ".join(changes) or None)

    def _dropped(self, table: Table, rows: int) -> Row:
        return (*names(self._now.catalog, table), "dropped", 0, 0, 0, 0, 0, rows, None)


def changed(now: Catalog, current: Table, past: Catalog, then: Table) -> list[str]:
    """What ALTER TABLE would have to do to make a table what it was, in words."""
    found = []
    here, there = names(now, current), names(past, then)
    if here != there:
        found.append(f"rename {'.'.join(here)} to {'.'.join(there)}")
    present = {column.id: column for column in current.columns}
    wanted = {column.id: column for column in then.columns}
    for id, column in wanted.items():
        if id not in present:
            found.append(f"add column {column.name} {column.type}")
        elif present[id] != column:
            found += _changed_column(present[id], column)
    found += [f"drop column {column.name}" for id, column in present.items() if id not in wanted]
    has, had = _constraints(current), _constraints(then)
    found += [f"add constraint {body.name}" for id, body in had.items() if has.get(id) != body]
    found += [f"drop constraint {body.name}" for id, body in has.items() if had.get(id) != body]
    return found


def _constraints(table: Table) -> dict[CatalogId, Key | Check]:
    constraints: tuple[Key | Check, ...] = (*table.keys, *table.checks)
    return {body.id: body for body in constraints}


def _changed_column(now: Column, then: Column) -> Iterable[str]:
    if now.name != then.name:
        yield f"rename column {now.name} to {then.name}"
    if now.type != then.type:
        yield f"column {then.name} type {then.type}"
    if now.not_null != then.not_null:
        yield f"column {then.name} {'set' if then.not_null else 'drop'} not null"
    if (now.default, now.identity) != (then.default, then.identity):
        yield f"column {then.name} " + (
            f"default {then.default}" if then.default is not None else "drop default"
        )
