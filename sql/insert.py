"""INSERT: the source as a plan, defaults and sequences filled in, ON CONFLICT.

The source becomes one query that gives every column of the table: what the statement gives, else the
column's default. Values from sequences are put in afterwards, since only the engine may draw them.

ON CONFLICT looks for rows with equal keys as of the statement's read timestamp. A row that another
transaction commits meanwhile is met by the engine's key check, and the statement runs again with a
fresh timestamp (READ COMMITTED), where it is found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
from sqlglot import exp

from engine.catalog import Column, Table
from engine.catalog import Sequence as SequenceBody
from engine.errors import KeyViolated, QueryFailed
from sql import aside, assignment, build, conflict, dml, names, parse, plain_rows, query, sequences
from sql.answers import StatementDescription
from sql.dml import WRITTEN, Returning, Written
from sql.errors import SqlError
from sql.query import Ready
from sql.repeating import Repeating
from sql.scope import Arguments, Scope
from sql.statement import Insert
from sql.types import by_oid

FIELDS = build.marker("fields")
"""The marker of the fields of plain constants."""


@dataclass(frozen=True, slots=True)
class _Fill:
    """A column whose values come from a sequence: in every row, or in the rows at `positions`."""

    column: Column
    sequence: SequenceBody
    positions: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class InsertPlan:
    table: Table
    alias: str
    source: Ready
    sql: str
    """Gives a column ``c<id>`` for each of the table's."""
    fills: tuple[_Fill, ...]
    returning: Returning | None
    conflict: conflict.ConflictPlan | None
    parameter_oids: tuple[int, ...]
    repeating: Repeating | None = None
    """For a row of constants and parameters."""
    plain: pa.Table | None = None
    """The fields of a long list of plain constants, which `sql` reads (`sql.plain_rows`)."""


# --- planning ---------------------------------------------------------------------------------------


async def plan(
    scope: Scope, statement: Insert, arguments: Arguments, *, as_query: bool = False
) -> InsertPlan:
    """`as_query`: also a list of plain constants."""
    key = query.cache_key(scope, arguments, "insert")
    found = scope.plans.get(statement, key)
    if isinstance(found, InsertPlan):
        return found
    table = names.table(scope, statement.table, "insert into")
    alias = statement.alias or table.name
    given = _given_columns(table, statement)
    plain = None if as_query else await _plain(scope, table, statement, given)
    if plain is not None:
        tree, fills, volatile = _over_fields(table), plain[1], True
    else:
        tree, fills, volatile = await _source(scope, table, statement, given, arguments)
    source = await query.plan(scope, tree, arguments, owner=tree)
    oids = query.merge_oids(arguments.oids, source.plan.parameter_oids)
    arguments = Arguments(oids, arguments.values)
    conflict_plan = await conflict.plan(scope, table, alias, statement, arguments)
    if conflict_plan is not None:
        oids = query.merge_oids(oids, conflict_plan.parameter_oids)
    returning = None
    if statement.returning is not None:
        arguments = Arguments(oids, arguments.values)
        returning = await dml.plan_returning(scope, statement.returning, table, alias, arguments)
        oids = query.merge_oids(oids, returning.ready.plan.parameter_oids)
    as_text = () if plain is None else [column.id for column in table.columns]
    sql = assignment.fitted(table.columns, source.sql, as_text=as_text)
    repeating = _repeating(table, statement, tree, source.plan.parameter_oids)
    rows = None if plain is None else plain[0]
    planned = InsertPlan(table, alias, source, sql, fills, returning, conflict_plan, oids, repeating, rows)
    readies = [
        source,
        returning.ready if returning else None,
        conflict_plan.update if conflict_plan else None,
    ]
    if not volatile and all(ready is None or ready.plan.cacheable for ready in readies):
        scope.plans.put(statement, key, planned)
    return planned


def _repeating(table: Table, statement: Insert, tree: exp.Select, oids: Sequence[int]) -> Repeating | None:
    one_row = tree.args.get("from_") is None and tree.args.get("with_") is None
    if one_row and Repeating.may(table.columns, tree.expressions, oids):
        return Repeating(table.columns, tree.expressions, oids)
    return None


def _given_columns(table: Table, statement: Insert) -> tuple[Column, ...] | None:
    """The columns named in the statement; None when it names none."""
    if statement.columns is None:
        return None
    columns = tuple(dml.column_named(table, name) for name in statement.columns)
    for position, column in enumerate(columns):
        if column in columns[:position]:
            raise SqlError("42701", f'column "{column.name}" specified more than once')
    return columns


async def _source(
    scope: Scope, table: Table, statement: Insert, given: tuple[Column, ...] | None, arguments: Arguments
) -> tuple[exp.Select, tuple[_Fill, ...], bool]:
    """A query that gives all columns, what to fill in after it, and whether it holds values of one run."""
    if statement.source is None:
        return (*_from_cells(scope, table, statement, (), [[]], arguments), False)
    given_rows = parse.values_rows(statement.source)
    cells = None if given_rows is None else [list(row.expressions) for row in given_rows]
    volatile = bool(sequences.calls_in(statement.source))
    if cells is None:
        return (*await _from_query(scope, table, statement, given, arguments), volatile)
    columns = _matched(table, given, len(cells[0]))

    def fitted() -> tuple[exp.Select, tuple[_Fill, ...]]:
        return _from_cells(scope, table, statement, columns, cells, arguments)

    tree, fills = await aside.run(scope.interrupts, fitted, rows=len(cells))
    if volatile:
        rewritten, later = await sequences.rewrite(scope, tree, arguments)
        assert isinstance(rewritten, exp.Select)
        assert not later, "a list of VALUES has no rows of a table"
        tree = rewritten
    await _check_cell_types(scope, columns, cells, statement, arguments)
    return tree, fills, volatile


def _matched(table: Table, given: tuple[Column, ...] | None, count: int) -> tuple[Column, ...]:
    """The columns that `count` values go to."""
    columns = given if given is not None else table.columns[:count]
    if count > len(columns):
        raise SqlError("42601", "INSERT has more expressions than target columns")
    if count < len(columns):
        raise SqlError("42601", "INSERT has more target columns than expressions")
    return columns


def _takes_sequence(statement: Insert, column: Column) -> bool:
    """OVERRIDING USER VALUE: what is given for an identity column is not used."""
    return statement.overriding == "user" and column.identity is not None


def _require_default(statement: Insert, column: Column) -> None:
    if column.identity == "always" and statement.overriding is None:
        raise SqlError(
            "428C9",
            f'cannot insert a non-DEFAULT value into column "{column.name}"',
            detail=f'Column "{column.name}" is an identity column defined as GENERATED ALWAYS.',
            hint="Use OVERRIDING SYSTEM VALUE to override.",
        )


def _from_cells(
    scope: Scope,
    table: Table,
    statement: Insert,
    columns: Sequence[Column],
    cells: list[list[exp.Expr]],
    arguments: Arguments,
) -> tuple[exp.Select, tuple[_Fill, ...]]:
    """VALUES: one row is a SELECT without FROM, several are VALUES with every cell of its column's type."""
    defaults = {column.id: dml.default_of(scope, column) for column in table.columns}
    position_of = {column.id: position for position, column in enumerate(columns)}
    fills: list[_Fill] = []
    rows: list[list[exp.Expr]] = [[] for _ in cells]
    for column in table.columns:
        default, position = defaults[column.id], position_of.get(column.id)
        missing = []
        for number, (row, given) in enumerate(zip(rows, cells, strict=True)):
            cell = None if position is None else given[position]
            if cell is None or assignment.is_default(cell) or _takes_sequence(statement, column):
                missing.append(number)
                row.append(default.expression.copy())
            else:
                _require_default(statement, column)
                fit = assignment.typed if len(cells) == 1 else assignment.as_column
                row.append(fit(cell.copy(), column))
        if missing and default.sequence is not None:
            everywhere = len(missing) == len(cells)
            fills.append(_Fill(column, default.sequence, None if everywhere else tuple(missing)))
    labels = [f"v{position}" for position in range(len(table.columns))]
    if len(rows) == 1:
        items = [build.alias(cell, label) for cell, label in zip(rows[0], labels, strict=True)]
        return build.select(items, with_=statement.with_), tuple(fills)
    tuples = [exp.Tuple(expressions=row) for row in rows]
    values = exp.Values(expressions=tuples, alias=build.table_alias("given"))
    columns_of_values = [build.column(f"column{number}", "given") for number in range(1, len(labels) + 1)]
    return build.select(columns_of_values, values, with_=statement.with_), tuple(fills)


async def _plain(
    scope: Scope, table: Table, statement: Insert, given: tuple[Column, ...] | None
) -> tuple[pa.Table, tuple[_Fill, ...]] | None:
    """A long list of plain constants as fields, and what to fill in; None when it is anything else."""
    rows = parse.values_rows(statement.source)
    if rows is None or len(rows) < plain_rows.ROWS_MIN or statement.with_ is not None:
        return None
    columns = _matched(table, given, len(rows[0].expressions))

    def read() -> tuple[pa.Table, tuple[_Fill, ...]] | None:
        position_of = {column.id: position for position, column in enumerate(columns)}
        fills: list[_Fill] = []
        arrays = []
        for column in table.columns:
            default, position = dml.default_of(scope, column), position_of.get(column.id)
            if position is None or _takes_sequence(statement, column):
                cells, missing = [default.expression] * len(rows), list(range(len(rows)))
            else:
                cells = [row.expressions[position] for row in rows]
                missing = [number for number, cell in enumerate(cells) if assignment.is_default(cell)]
                if len(missing) < len(cells):
                    _require_default(statement, column)
            for number in missing:
                cells[number] = default.expression
            fields = plain_rows.fields(column, cells)
            if fields is None:
                return None
            arrays.append(fields)
            if missing and default.sequence is not None:
                everywhere = len(missing) == len(cells)
                fills.append(_Fill(column, default.sequence, None if everywhere else tuple(missing)))
        numbers = pa.array(range(len(rows)), pa.int64())
        names_ = [*(f"c{column.id}" for column in table.columns), build.ROW_ID]
        return pa.Table.from_arrays([*arrays, numbers], names=names_), tuple(fills)

    return await aside.run(scope.interrupts, read, rows=len(rows))


def _over_fields(table: Table) -> exp.Select:
    as_text = [replace(column, type="text", storage_type="VARCHAR") for column in table.columns]
    items: list[exp.Expr] = [build.column(column.name, table.name) for column in table.columns]
    return build.select(items, build.rows_table(FIELDS, as_text, table.name))


async def _check_cell_types(
    scope: Scope,
    columns: Sequence[Column],
    cells: list[list[exp.Expr]],
    statement: Insert,
    arguments: Arguments,
) -> None:
    """42804 for a cell whose type PostgreSQL would not assign. Constants are told apart without asking
    DuckDB, so that a long VALUES list stays cheap."""

    def found() -> list[tuple[Column, exp.Expr]]:
        return [
            (column, cell)
            for row in cells
            for column, cell in zip(columns, row, strict=True)
            if not _plainly_fits(column, cell) and not sequences.calls_in(cell)
        ]

    doubtful = await aside.run(scope.interrupts, found, rows=len(cells))
    if not doubtful:
        return
    items = [build.alias(cell.copy(), f"v{i}") for i, (_, cell) in enumerate(doubtful)]
    tree = build.select(items, with_=statement.with_)
    described = await query.describe(scope, await query.plan(scope, tree, arguments, owner=tree))
    for (column, _), given in zip(doubtful, described, strict=True):
        assignment.check_type(column, by_oid(given.type_oid))


def _plainly_fits(column: Column, cell: exp.Expr) -> bool:
    if assignment.is_untyped(cell) or assignment.is_default(cell):
        return True
    number = cell.this if isinstance(cell, exp.Neg) else cell
    if isinstance(number, exp.Literal):
        return column.type.startswith(
            ("integer", "bigint", "smallint", "numeric", "real", "double", "text", "char")
        )
    return isinstance(cell, exp.Boolean) and column.type == "boolean"


async def _from_query(
    scope: Scope, table: Table, statement: Insert, given: tuple[Column, ...] | None, arguments: Arguments
) -> tuple[exp.Select, tuple[_Fill, ...]]:
    """INSERT … SELECT: the query as a subquery, beside it the defaults of the other columns."""
    assert statement.source is not None
    inner = statement.source.copy()
    drawn: list[_Fill] = []
    if sequences.calls_in(inner):
        inner, later = await sequences.rewrite(scope, inner, arguments)
        columns = _matched(table, given, len(inner.expressions))
        for item in later:
            if item.function == "setval":
                raise SqlError("0A000", "setval() in INSERT … SELECT is not supported")
            drawn.append(_Fill(columns[item.position], item.sequence, None))
    if statement.with_ is not None:
        inner = _with_outer(inner, statement.with_)
    ready = await query.plan(scope, inner, arguments, owner=inner)
    described = await query.describe(scope, ready)
    columns = _matched(table, given, len(described))
    for index, (column, found) in enumerate(zip(columns, described, strict=True)):
        if not _is_untyped_output(inner, index):
            assignment.check_type(column, by_oid(found.type_oid))
    labels = [f"v{position}" for position in range(len(columns))]
    position_of = {column.id: position for position, column in enumerate(columns)}
    items: list[exp.Expr] = []
    fills = drawn
    for column in table.columns:
        position = position_of.get(column.id)
        if position is not None and not _takes_sequence(statement, column):
            _require_default(statement, column)
            items.append(build.column(labels[position], "given"))
            continue
        default = dml.default_of(scope, column)
        items.append(build.alias(default.expression, f"d{len(items)}"))
        if default.sequence is not None:
            fills.append(_Fill(column, default.sequence, None))
    return build.select(items, build.subquery(inner, "given", labels)), tuple(fills)


def _with_outer(inner: exp.Query, with_: exp.With) -> exp.Query:
    """The statement's own WITH, put before the query's."""
    own = inner.args.get("with_")
    merged = with_.copy()
    if own is not None:
        merged.set("expressions", [*merged.expressions, *own.expressions])
        merged.set("recursive", merged.args.get("recursive") or own.args.get("recursive"))
    inner.set("with_", merged)
    return inner


def _is_untyped_output(tree: exp.Query, position: int) -> bool:
    if not isinstance(tree, exp.Select) or any(item.is_star for item in tree.expressions):
        return False
    item = tree.expressions[position]
    return assignment.is_untyped(item.this if isinstance(item, exp.Alias) else item)


# --- running ----------------------------------------------------------------------------------------


async def describe(scope: Scope, statement: Insert, arguments: Arguments) -> StatementDescription:
    planned = await plan(scope, statement, arguments)
    columns = None
    if planned.returning is not None:
        columns = await dml.describe_returning(scope, planned.returning)
    return StatementDescription(planned.parameter_oids, columns)


async def run(scope: Scope, statement: Insert, arguments: Arguments) -> Written:
    """INSERT, once: `dml.writing` calls it again when what it read has changed."""
    planned = await plan(scope, statement, arguments)
    arguments = Arguments(planned.parameter_oids, arguments.values)
    rows = await new_rows(scope, statement, planned, arguments)
    await dml.check_rows(scope, planned.table, rows, owner=planned.table)
    try:
        written = await _write(scope, planned, rows, arguments)
    except KeyViolated as error:
        if planned.conflict is None or not conflict.worth_another_try(scope):
            raise
        raise conflict.committed_meanwhile(error) from error
    if planned.returning is None:
        return Written(written.num_rows)
    found, columns = await dml.returned(scope, planned.returning, arguments, {WRITTEN: written})
    return Written(written.num_rows, found, columns)


async def new_rows(scope: Scope, statement: Insert, planned: InsertPlan, arguments: Arguments) -> pa.Table:
    """The rows to insert, complete."""
    repeating, zone = planned.repeating, scope.settings["TimeZone"]
    rows = None if repeating is None else repeating.row(arguments.values, zone)
    if planned.plain is not None:
        async with scope.reader() as reader:
            sql = await query.bind(scope, reader, planned.source.plan, planned.sql, {FIELDS: planned.plain})
            try:
                rows = assignment.only(planned.table.columns, await reader.table(sql))
            except QueryFailed:
                rows = None
        if rows is None:
            planned = await plan(scope, statement, arguments, as_query=True)
    if rows is None:
        ready = planned.source
        async with scope.reader() as reader:
            sql = await query.bind(scope, reader, ready.plan, planned.sql, {})
            rows = assignment.only(planned.table.columns, await reader.table(sql, ready.values(arguments)))
        if repeating is not None:
            repeating.remember(rows, zone)
    for fill in planned.fills:
        rows = dml.with_sequence_values(scope, rows, fill.column, fill.sequence, fill.positions)
    return rows


async def _write(scope: Scope, planned: InsertPlan, rows: pa.Table, arguments: Arguments) -> pa.Table:
    """Inserts, or does what ON CONFLICT says; the rows as they are now."""
    if planned.conflict is None:
        return await scope.interrupts.wait(scope.transaction.insert(planned.table, rows))
    return await conflict.write(scope, planned.conflict, planned.table, rows, arguments)
