"""Queries: from a tree to a plan that is ready to run, and from that to batches.

`plan` gives a `Ready`: DuckDB SQL whose markers still stand where relations go. It is kept in the
session's plan cache when it holds no value of one moment. Running it binds each marker to what the
statement's reader says the table is at its moment, so that one plan serves many reads.

``SNAPSHOT 'x'`` tries names before timestamps, and a timestamp must be a snapshot's; AS OF with an
expression reads any moment that is kept.

A DuckDB statement must be given exactly the parameters it uses, so a `Ready` numbers them anew.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import pyarrow as pa
from sqlglot import exp

from engine.catalog import Snapshot
from engine.errors import QueryFailed
from engine.ids import CatalogId, Timestamp
from engine.reader import Reader
from engine.tenant import Tenant
from sql import aside, build, coverage, lives, moments, parse
from sql.answers import ResultColumn
from sql.errors import SqlError
from sql.lexer import IDENTIFIER_BYTES_MAX
from sql.plan import Moment, Plan, plan_query
from sql.plan import moments as moments_of
from sql.render import decode_identifier
from sql.resolve import has_parameter, moment_of
from sql.scope import NO_ARGUMENTS, Arguments, Past, Scope
from sql.statement import Name
from sql.system import SystemContext
from sql.types import of_duckdb

AS_OF = "FOR SYSTEM_TIME AS OF"
"""How the stored text of a view says it."""

Rows: TypeAlias = pa.Table | str
"""Rows for a marker: held in memory, or DuckDB SQL of a relation."""

_PARAMETER = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\d+)")


@dataclass(slots=True)
class Ready:
    """A plan whose parameters are numbered as DuckDB wants them: `used` are ours, in its order."""

    plan: Plan
    sql: str
    used: tuple[int, ...]
    columns: tuple[ResultColumn, ...] | None = None
    """Known once the plan has been described or run."""

    def values(self, arguments: Arguments) -> list[object]:
        if arguments.values is None:
            return [None] * len(self.used)
        given = len(arguments.values)
        for number in self.used:
            if number > given:
                raise SqlError("42P02", f"there is no parameter ${number}")
        return [arguments.values[number - 1] for number in self.used]


def make_ready(plan: Plan) -> Ready:
    used: list[int] = []

    def renumber(match: re.Match[str]) -> str:
        if match[1] is None:
            return match[0]
        number = int(match[1])
        if number not in used:
            used.append(number)
        return f"$p{used.index(number) + 1}"

    sql = _PARAMETER.sub(renumber, plan.sql)
    return Ready(plan, sql, tuple(used))


def cache_key(scope: Scope, arguments: Arguments, stage: str) -> Hashable:
    """All that a plan depends on beside the statement it is kept with."""
    return (stage, scope.catalog.version, scope.database_name, scope.settings["search_path"], arguments.oids)


def merge_oids(known: Sequence[int], inferred: Sequence[int]) -> tuple[int, ...]:
    """Parameter types as known so far, completed by what one more plan inferred."""
    length = max(len(known), len(inferred))
    pairs = zip(
        (*known, *(0,) * (length - len(known))), (*inferred, *(0,) * (length - len(inferred))), strict=True
    )
    return tuple(first or second for first, second in pairs)


async def plan(
    scope: Scope, tree: exp.Query, arguments: Arguments, *, owner: object, stage: str = ""
) -> Ready:
    """The plan of `tree` in the scope as it is now. `owner` and `stage` name it in the plan cache."""
    key = cache_key(scope, arguments, stage)
    found = scope.plans.get(owner, key)
    if isinstance(found, Ready):
        return found
    past = await resolve_moments(scope, tree, arguments)
    context = scope.context(arguments, past)

    def planned() -> Ready:
        return make_ready(plan_query(tree, context))

    ready = await aside.run(scope.interrupts, planned, rows=len(parse.values_rows(tree) or ()))
    if ready.plan.cacheable:
        scope.plans.put(owner, key, ready)
    return ready


def _views_into_the_past(scope: Scope, tree: exp.Query) -> list[exp.Query]:
    """The queries of the views that `tree` may read and that have an AS OF of their own."""
    views = scope.catalog.views
    if not any(AS_OF in view.query for view in views.values()):
        return []
    named = {node.name for node in tree.find_all(exp.Table)}
    waiting = [view.id for view in views.values() if view.name in named]
    reached: dict[CatalogId, exp.Query] = {}
    while waiting:
        id = waiting.pop()
        if id in views and id not in reached:
            reached[id] = parse.parse_query(views[id].query)
            waiting += views[id].depends
    return list(reached.values())


async def resolve_moments(scope: Scope, tree: exp.Query, arguments: Arguments) -> Past:
    """Each AS OF of the text with its timestamp and the catalog of that time."""
    found = {}

    def moments_wanted() -> set[Moment]:
        return {
            moment for query in (tree, *_views_into_the_past(scope, tree)) for moment in moments_of(query)
        }

    rows = len(parse.values_rows(tree) or ())
    wanted = await aside.run(scope.interrupts, moments_wanted, rows=rows)
    for moment in wanted:
        if arguments.values is None and has_parameter(moment):
            ts = lives.newest_with(scope.tenant, scope.names, _tables_at(tree, moment))
            snapshot = None
        else:
            ts, snapshot = await resolve(scope, moment, arguments)
        found[moment] = (ts, coverage.catalog_at(scope.tenant, ts, snapshot))
    return found


def _tables_at(tree: exp.Expr, moment: Moment) -> list[Name]:
    tables = [version.parent for version in tree.find_all(exp.Version) if moment_of(version) == moment]
    return [Name(t.name, t.db or None, t.catalog or None) for t in tables if isinstance(t, exp.Table)]


# --- which moment -----------------------------------------------------------------------------------


async def resolve(scope: Scope, moment: Moment, arguments: Arguments) -> tuple[Timestamp, Snapshot | None]:
    """The timestamp that an AS OF means, and the snapshot it names; from here on what it shows will never
    change."""
    snapshot = None
    if moment.snapshot is not None:
        name = await snapshot_name(scope, moment.snapshot, arguments)
        snapshot = await find_snapshot(scope, scope.tenant, name)
        ts = snapshot.timestamp
    else:
        assert moment.timestamp is not None
        ts = await evaluate(scope, moment.timestamp, arguments)
    await scope.interrupts.wait(scope.tenant.settle(ts))
    return ts, snapshot


async def evaluate(scope: Scope, expression: exp.Expr, arguments: Arguments) -> Timestamp:
    """The value of a stable timestamptz expression."""
    column = expression.find(exp.Column)
    if column is not None:
        hint = "A snapshot is named by SNAPSHOT name." if _is_name(expression) else None
        raise SqlError("42P10", "a moment cannot depend on a table's columns", hint=hint)
    ready = await _plan_moment(scope, expression, arguments)
    async with scope.reader() as reader:
        rows = await table(scope, reader, ready, arguments)
    if rows.num_rows != 1:
        raise SqlError("21000", "a moment must be one value")
    return moments.not_null(timestamp_value(rows.column(0)))


def _is_name(expression: exp.Expr) -> bool:
    return isinstance(expression, exp.Column) and not expression.table


async def _plan_moment(
    scope: Scope, expression: exp.Expr, arguments: Arguments, type_: str = "timestamptz"
) -> Ready:
    tree = build.select([build.alias(build.cast(expression.copy(), type_), "moment")])
    return await plan(scope, tree, arguments, owner=expression, stage=f"moment as {type_}")


async def moment_oids(
    scope: Scope, expression: exp.Expr | None, arguments: Arguments, type_: str = "timestamptz"
) -> tuple[int, ...]:
    """The parameter types of a statement whose moment is `expression`; of `type_`, if it is a parameter."""
    if expression is None:
        return arguments.oids
    ready = await _plan_moment(scope, expression, arguments, type_)
    return merge_oids(arguments.oids, ready.plan.parameter_oids)


async def snapshot_name(scope: Scope, given: str | exp.Parameter, arguments: Arguments) -> str:
    """What comes after SNAPSHOT: a name, a timestamp as text, or a parameter's value."""
    if isinstance(given, str):
        return given
    found = await value(scope, given, "text", arguments)
    if not isinstance(found, str):
        raise SqlError("22004", "the name of the snapshot is null")
    return found


async def find_snapshot(scope: Scope, tenant: Tenant, text: str) -> Snapshot:
    """The snapshot of that name, else the one at that timestamp. 42704."""
    catalog = tenant.catalog
    name = text.encode()[:IDENTIFIER_BYTES_MAX].decode(errors="ignore")
    for snapshot in catalog.snapshots.values():
        if snapshot.name == name:
            return snapshot
    ts = await as_timestamp(scope, text)
    if ts is None:
        raise SqlError("42704", f'snapshot "{text}" does not exist')
    found = catalog.snapshots.get(ts)
    if found is None:
        raise SqlError(
            "42704",
            f"there is no snapshot at {moments.shown(ts, scope.settings['TimeZone'])}",
            hint="FOR SYSTEM_TIME AS OF and TO TIMESTAMP take any moment that is kept.",
        )
    return found


async def as_timestamp(scope: Scope, text: str) -> Timestamp | None:
    """The timestamp that a text reads as, in the session's time zone."""
    literal = build.cast(exp.Literal.string(text), "timestamptz")
    tree = build.select([build.alias(literal, "moment")])
    try:
        ready = await plan(scope, tree, NO_ARGUMENTS, owner=tree)
        async with scope.reader() as reader:
            rows = await table(scope, reader, ready, NO_ARGUMENTS)
    except (QueryFailed, SqlError):
        return None
    return timestamp_value(rows.column(0))


# --- running ----------------------------------------------------------------------------------------


async def bind(scope: Scope, reader: Reader, plan: Plan, sql: str, rows: Mapping[str, Rows]) -> str:
    """`sql` with every marker replaced: tables at their moments, system relations, `rows` of our own.
    What the past's tables are made of is held first, then their moments are asked for once more: a moment
    that is readable still was so when its objects were taken."""
    relations: dict[str, str] = {}
    for name, ours in rows.items():
        relations[name] = ours if isinstance(ours, str) else reader.register(ours)
    for use in plan.relations:
        relations[use.marker] = await reader.relation(use.table, use.at)
    for system in plan.system:
        catalog = scope.catalog if system.at is None else scope.tenant.history.at(system.at)
        work = system.relation.begin(catalog, system_context(scope))
        rows_of = await aside.run(scope.interrupts, work) if system.relation.long else work()
        relations[system.marker] = reader.register(rows_of)
    past = {use.at for use in plan.relations} | {use.at for use in plan.system}
    for ts in past:
        if ts is not None:
            await scope.interrupts.wait(scope.tenant.settle(ts))
    if not relations:
        return sql
    pattern = "|".join(re.escape(marker) for marker in sorted(relations, key=len, reverse=True))
    return re.sub(pattern, lambda match: relations[match[0]], sql)


def system_context(scope: Scope) -> SystemContext:
    return SystemContext(
        database=scope.database_name,
        role=scope.principal.role,
        tenant=scope.tenant,
        search_path=scope.search_path,
        settings=scope.settings.effective,
        process_id=scope.process_id,
    )


async def table(
    scope: Scope,
    reader: Reader,
    ready: Ready,
    arguments: Arguments,
    rows: Mapping[str, Rows] | None = None,
    wrap: str = "{}",
) -> pa.Table:
    """All rows of a plan at once; `wrap` is DuckDB SQL around it."""
    sql = await bind(scope, reader, ready.plan, ready.sql, rows or {})
    return await reader.table(wrap.format(sql) if wrap != "{}" else sql, ready.values(arguments))


def result_columns(plan: Plan, types: Sequence[tuple[str, str]]) -> tuple[ResultColumn, ...]:
    """What RowDescription tells, from the plan where it knows and from DuckDB where it does not."""
    if plan.outputs == ():
        return ()
    outputs = plan.outputs or (None,) * len(types)
    columns = []
    for output, (name, duckdb_type) in zip(outputs, types, strict=True):
        if output is None or output.declared is None:
            pg = of_duckdb(duckdb_type)
            modifier = -1
        else:
            pg, modifier = output.declared.pg, output.declared.modifier
        columns.append(
            ResultColumn(
                decode_identifier(name) if output is None else output.name,
                pg.oid,
                pg.size,
                modifier,
                output.table_id if output else 0,
                output.column_number if output else 0,
            )
        )
    return tuple(columns)


async def describe(
    scope: Scope, ready: Ready, rows: Mapping[str, Rows] | None = None
) -> tuple[ResultColumn, ...]:
    """The columns of a plan; nothing is executed."""
    if ready.columns is None:
        async with scope.reader() as reader:
            sql = await bind(scope, reader, ready.plan, ready.sql, rows or {})
            types = await reader.describe(sql, [None] * len(ready.used))
        ready.columns = result_columns(ready.plan, types)
    return ready.columns


async def value(scope: Scope, expression: exp.Expr, type_: str, arguments: Arguments) -> object:
    """The value of one expression without a table, cast to a PostgreSQL type; as text where Python has
    nothing to hold it in (infinite moments)."""
    tree = build.select([build.alias(build.cast(expression.copy(), type_), "value")])
    ready = await plan(scope, tree, arguments, owner=tree)
    async with scope.reader() as reader:
        rows = await table(scope, reader, ready, arguments)
    try:
        return rows.column(0)[0].as_py()
    except OverflowError:
        return await value(scope, build.cast(expression.copy(), type_), "text", arguments)


def timestamp_value(rows: pa.ChunkedArray) -> Timestamp | None:
    """The only value of a timestamptz column as microseconds since the epoch."""
    scalar = rows[0].cast(pa.timestamp("us", tz="UTC"))
    return Timestamp(scalar.value) if scalar.is_valid else None
