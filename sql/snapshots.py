"""CREATE SNAPSHOT and DROP SNAPSHOT.

A snapshot is a row of the lasting part of the catalog. One without AS OF is committed with the timestamp
0, which the commit replaces by its own: after every acknowledged commit and before every later one.
Names are tried before timestamps (`sql.query.find_snapshot`), so a name that reads as one is refused.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pyarrow as pa
from sqlglot import exp

from engine.catalog import Drop, Put, Snapshot
from engine.extent import WHOLE_TENANT, Extent
from engine.ids import Timestamp
from sql import build, extents, moments, query
from sql.answers import Answer, Complete, Notice, StatementDescription
from sql.dml import Written, answers
from sql.errors import SqlError
from sql.scope import NO_ARGUMENTS, Arguments, Scope
from sql.statement import CreateSnapshot, DropSnapshot, Name

RELATION = Name("mo_snapshots", "mo_catalog")
WORDS_FOR_MOMENTS = frozenset({"now", "today", "tomorrow", "yesterday", "epoch", "infinity", "-infinity"})
"""What PostgreSQL reads as a timestamp beside digits."""


# --- CREATE -----------------------------------------------------------------------------------------


async def create(scope: Scope, statement: CreateSnapshot, arguments: Arguments) -> AsyncIterator[Answer]:
    scope.require_no_block("CREATE SNAPSHOT")
    name = None
    if statement.name is not None:
        name = await query.snapshot_name(scope, statement.name, arguments)
        await _check_name(scope, name)
    transaction = scope.transaction
    await scope.lock_name("snapshot")
    transaction.start_statement()
    known = scope.catalog.snapshots
    if name is not None and any(s.name == name for s in known.values()):
        message = f'snapshot "{name}" already exists'
        if not statement.if_not_exists:
            raise SqlError("42710", message)
        yield Notice("NOTICE", f"{message}, skipping", "42710")
        yield Complete("CREATE SNAPSHOT")
        return
    at = Timestamp(0)
    if statement.as_of is not None:
        at = await _retroactive(scope, statement.as_of, arguments)
    extent = await _extent(scope, statement, at)
    expires = await _expiry(scope, statement.retain) if statement.retain is not None else None
    body = Snapshot(
        id=transaction.new_id(),
        timestamp=at,
        name=name,
        level=statement.level,
        created_by=scope.principal.role,
        comment=statement.comment,
        expires_at=expires,
        objects=extent.objects,
        **extents.place(scope.tenant.history.at(at) if at else scope.catalog, extent),
    )
    transaction.edit(Put(body))
    scope.interrupts.deafen()
    committed = await scope.block.commit()
    assert committed is not None, "a snapshot was written"
    ts = at or committed
    label = f'snapshot "{name}"' if name is not None else "snapshot"
    yield Notice("NOTICE", f"{label} at {moments.shown(ts, scope.settings['TimeZone'])}")
    written = Written(1)
    if statement.returning is not None:
        written = await _select(scope, statement.returning, _at(ts), arguments)
    async for answer in answers(written, "CREATE SNAPSHOT"):
        yield answer


async def _extent(scope: Scope, statement: CreateSnapshot, at: Timestamp) -> Extent:
    """What it covers, by the names of its moment; what is now is locked, to be so still at the commit."""
    if statement.covers is None:
        return WHOLE_TENANT
    if at:
        return extents.resolve(scope, scope.tenant.history.at(at), statement.level, [statement.covers], at)
    while True:
        version = scope.catalog.version
        extent = extents.resolve(scope, scope.catalog, statement.level, [statement.covers], None)
        await extents.hold(scope, extent)
        if scope.catalog.version is version:
            return extent


async def _check_name(scope: Scope, name: str) -> None:
    if not name or len(name.encode()) > 63:
        raise SqlError("42602", f'invalid snapshot name "{name}"', detail="A name has 1 to 63 bytes.")
    if name.lower().strip() in WORDS_FOR_MOMENTS or await query.as_timestamp(scope, name) is not None:
        raise SqlError(
            "42602",
            f'invalid snapshot name "{name}"',
            detail="It reads as a timestamp.",
            hint="Names are tried before timestamps, so a name must not look like one.",
        )


async def _retroactive(scope: Scope, expression: exp.Expr, arguments: Arguments) -> Timestamp:
    ts = await query.evaluate(scope, expression, arguments)
    await scope.interrupts.wait(scope.tenant.settle(ts))
    found = scope.catalog.snapshots.get(ts)
    if found is not None:
        label = f'snapshot "{found.name}"' if found.name is not None else "a snapshot"
        raise SqlError("42710", f"{label} already exists at {moments.shown(ts, scope.settings['TimeZone'])}")
    return ts


async def _expiry(scope: Scope, retain: str) -> Timestamp:
    interval = build.cast(exp.Literal.string(retain), "interval")
    now = scope.tenant.now()
    here = build.cast(exp.Literal.string(moments.shown(now, "UTC")), "timestamptz")
    ts = await query.evaluate(scope, exp.Add(this=here, expression=interval), NO_ARGUMENTS)
    if ts <= now:
        raise SqlError("22023", f"retain must be positive: {retain}")
    return ts


# --- DROP -------------------------------------------------------------------------------------------


async def drop(scope: Scope, statement: DropSnapshot, arguments: Arguments) -> AsyncIterator[Answer]:
    transaction = scope.transaction
    await scope.lock_name("snapshot")
    transaction.start_statement()
    if statement.names:
        names = [await query.snapshot_name(scope, name, arguments) for name in statement.names]
        doomed, notices = _named(scope, names, statement.if_exists)
        for notice in notices:
            yield notice
    else:
        doomed = await _filtered(scope, statement.filter, arguments)
    written = Written(len(doomed))
    if statement.returning is not None:
        condition = exp.In(
            this=build.column("timestamp"), expressions=[_literal(s.timestamp) for s in doomed]
        )
        where = condition if doomed else exp.false()
        written = await _select(scope, statement.returning, where, arguments)
    transaction.edit(*(Drop("snapshot", snapshot.id) for snapshot in doomed))
    verb = "DELETE" if statement.from_delete else "DROP SNAPSHOT"
    async for answer in answers(written, f"{verb} {len(doomed)}"):
        yield answer


def _named(scope: Scope, names: Sequence[str], if_exists: bool) -> tuple[list[Snapshot], list[Notice]]:
    by_name = {s.name: s for s in scope.catalog.snapshots.values() if s.name is not None}
    doomed, notices = [], []
    for name in dict.fromkeys(names):
        if name in by_name:
            doomed.append(by_name[name])
        elif if_exists:
            notices.append(Notice("NOTICE", f'snapshot "{name}" does not exist, skipping'))
        else:
            raise SqlError("42704", f'snapshot "{name}" does not exist')
    return doomed, notices


async def _filtered(scope: Scope, condition: exp.Expr | None, arguments: Arguments) -> list[Snapshot]:
    where = None if condition is None else condition.copy()
    tree = build.select([build.column("timestamp")], build.table(RELATION), where=where)
    ready = await query.plan(scope, tree, arguments, owner=tree)
    async with scope.reader() as reader:
        rows = await query.table(scope, reader, ready, arguments)
    stamps = {scalar.value for scalar in rows.column(0).cast(pa.timestamp("us", tz="UTC"))}
    return [snapshot for ts, snapshot in scope.catalog.snapshots.items() if ts in stamps]


# --- RETURNING --------------------------------------------------------------------------------------


def _literal(ts: Timestamp) -> exp.Expr:
    return build.cast(exp.Literal.string(moments.shown(ts, "UTC")), "timestamptz")


def _at(ts: Timestamp) -> exp.Expr:
    return exp.EQ(this=build.column("timestamp"), expression=_literal(ts))


async def _select(scope: Scope, items: Sequence[exp.Expr], where: exp.Expr, arguments: Arguments) -> Written:
    scope.block.enter()
    tree = build.select([item.copy() for item in items], build.table(RELATION), where=where)
    ready = await query.plan(scope, tree, arguments, owner=tree)
    columns = await query.describe(scope, ready)
    async with scope.reader() as reader:
        rows = await query.table(scope, reader, ready, arguments)
    return Written(rows.num_rows, rows, columns)


async def describe(
    scope: Scope, statement: CreateSnapshot | DropSnapshot, arguments: Arguments
) -> StatementDescription:
    """The parameters of the names, the moment, the filter and RETURNING, and the columns of the last."""
    items = [] if statement.returning is None else [item.copy() for item in statement.returning]
    where: exp.Expr | None = exp.false()
    if isinstance(statement, CreateSnapshot):
        oids = await query.moment_oids(scope, statement.as_of, arguments)
        names: Sequence[str | exp.Parameter | None] = [statement.name]
    else:
        oids, names = arguments.oids, statement.names
        where = statement.filter.copy() if statement.filter is not None else where
    for name in names:
        if isinstance(name, exp.Parameter):
            named = await query.moment_oids(scope, name, Arguments(oids, None), "text")
            oids = query.merge_oids(oids, named)
    tree = build.select(items or [build.column("timestamp")], build.table(RELATION), where=where)
    ready = await query.plan(scope, tree, Arguments(oids, None), owner=tree)
    oids = query.merge_oids(oids, ready.plan.parameter_oids)
    return StatementDescription(oids, await query.describe(scope, ready) if items else None)
