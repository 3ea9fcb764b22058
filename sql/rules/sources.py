"""FROM: tables, views, WITH queries, subqueries, functions and how they are joined."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlglot import exp

from engine.catalog import Catalog, Table, View
from engine.catalog import Sequence as SequenceBody
from engine.ids import Timestamp
from sql.bound import BOOL, INT8, TEXT, ColumnOrigin, plain, type_named
from sql.errors import SqlError
from sql.functions import signatures_of
from sql.resolve import Column, Common, Names, Scope, Source, find_relation, moment_of
from sql.rules import json_rows
from sql.rules.comparisons import compare
from sql.rules.conditionals import unified
from sql.rules.planner import Planner
from sql.system import SystemRelation
from sql.types import Declared

if TYPE_CHECKING:
    from sql.rules.planned import Planned

VIEW_DEPTH_MAX = 32
_RESULT_NAMES = dict.fromkeys(
    (
        "json_array_elements",
        "jsonb_array_elements",
        "json_array_elements_text",
        "jsonb_array_elements_text",
    ),
    "value",
)
"""Set-returning functions whose result has a name of its own in PostgreSQL, whatever their alias."""


@dataclass(slots=True)
class Joined:
    """A part of FROM: its text, its sources, and the columns found in it without qualification."""

    sql: str
    sources: list[Source] = field(default_factory=list)
    visible: list[Column] = field(default_factory=list)


def from_item(planner: Planner, node: exp.Expr, scope: Scope, left: Joined | None = None) -> Joined:
    """An item with the joins written after it. `left` is what LATERAL may refer to."""
    found = _single(planner, node, scope, left)
    for join in node.args.get("joins") or ():
        reach = _both(left, found) if left is not None else found
        right = from_item(planner, join.this, scope, reach)
        found = _join(planner, join, scope, found, right)
    return found


def _both(first: Joined, second: Joined) -> Joined:
    return Joined("", [*first.sources, *second.sources], [*first.visible, *second.visible])


def _inside(scope: Scope, reach: Joined | None) -> Scope:
    """A scope whose expressions may name what is in `reach`."""
    inner = scope.child()
    inner.aggregates = False
    if reach is not None:
        inner.sources, inner.visible = reach.sources, reach.visible
    return inner


def _single(planner: Planner, node: exp.Expr, scope: Scope, left: Joined | None) -> Joined:
    match node:
        case exp.Table() if isinstance(node.this, exp.Anonymous):
            return _function(planner, node, _inside(scope, left))
        case exp.Table():
            return _table(planner, node, scope)
        case exp.Lateral():
            return _lateral(planner, node, scope, left)
        case exp.Values():
            return _values(planner, node, scope)
        case exp.Subquery() if node.args.get("join"):
            return _aliased_join(planner, node, scope, left)
        case exp.Subquery():
            return _subquery(planner, node, scope.child())
    raise planner.error("0A000", f"{type(node).__name__} in FROM is not supported", node)


# --- joins ------------------------------------------------------------------------------------------


def _join(planner: Planner, join: exp.Join, scope: Scope, left: Joined, right: Joined) -> Joined:
    _distinct_names(planner, join, left, right)
    sources = [*left.sources, *right.sources]
    kind, side, method = (join.args.get(key) for key in ("kind", "side", "method"))
    if kind is None or kind == "CROSS":
        return Joined(f"{left.sql} CROSS JOIN {_side(right)}", sources, [*left.visible, *right.visible])
    names = [name.this for name in join.args.get("using") or ()]
    if method == "NATURAL":
        others = {column.name for column in right.visible}
        names = [column.name for column in left.visible if column.name in others]
    word = f"{side} JOIN" if side else "JOIN"
    if names:
        return _merged(planner, join, left, right, names, word)
    if method == "NATURAL":
        condition = "true"
    else:
        inner = _inside(scope, _both(left, right))
        condition = planner.condition(join.args["on"], inner, "JOIN/ON")
    sql = f"{left.sql} {word} {_side(right)} ON {condition}"
    return Joined(sql, sources, [*left.visible, *right.visible])


def _side(right: Joined) -> str:
    """A join of its own on the right stands in parentheses."""
    return f"({right.sql})" if len(right.sources) > 1 or " JOIN " in right.sql.split("(", 1)[0] else right.sql


def _distinct_names(planner: Planner, join: exp.Join, left: Joined, right: Joined) -> None:
    for one in left.sources:
        for other in right.sources:
            if (
                one.name == other.name
                and one.name
                and (one.schema == other.schema or None in (one.schema, other.schema))
            ):
                message = f'table name "{one.name}" specified more than once'
                raise planner.error("42712", message, join.this)


def _merged(
    planner: Planner, join: exp.Join, left: Joined, right: Joined, names: list[str], word: str
) -> Joined:
    """USING and NATURAL: each pair of columns becomes one, which comes first."""
    conditions, merged = [], []
    for name in names:
        first, second = (
            _one_of(planner, join, left, name, "left"),
            _one_of(planner, join, right, name, "right"),
        )
        conditions.append(compare(planner, "=", first.bound(), second.bound()))
        sqls, type_, scale = unified(planner, [first.bound(), second.bound()], "JOIN/USING")
        if word.startswith("FULL"):
            merged.append(Column(name, type_, f"coalesce({', '.join(sqls)})", None, scale))
        else:
            side, sql = (second, sqls[1]) if word.startswith("RIGHT") else (first, sqls[0])
            if sql != side.sql and word == "JOIN" and sqls[1] == second.sql:
                side, sql = second, sqls[1]
            merged.append(side if sql == side.sql else Column(name, type_, sql, None, scale))
    rest = [c for c in [*left.visible, *right.visible] if c.name not in names]
    sql = f"{left.sql} {word} {_side(right)} ON {' AND '.join(conditions)}"
    return Joined(sql, [*left.sources, *right.sources], [*merged, *rest])


def _one_of(planner: Planner, join: exp.Join, side: Joined, name: str, which: str) -> Column:
    found = [column for column in side.visible if column.name == name]
    if not found:
        message = f'column "{name}" specified in USING clause does not exist in {which} table'
        raise planner.error("42703", message, join)
    if len(found) > 1:
        message = f'common column name "{name}" appears more than once in {which} table'
        raise planner.error("42702", message, join)
    return found[0]


def _aliased_join(planner: Planner, node: exp.Subquery, scope: Scope, left: Joined | None) -> Joined:
    inner = from_item(planner, node.this, scope, left)
    inner.sql = f"({inner.sql})"
    alias = node.args.get("alias")
    if alias is None:
        return inner
    source = Source(alias.name, "", _renamed(planner, node, inner.visible))
    return Joined(inner.sql, [source], source.columns)


def _renamed(planner: Planner, node: exp.Expr, columns: list[Column]) -> list[Column]:
    """`columns` with the names that the alias lists; it may list fewer."""
    alias = node.args.get("alias")
    listed = alias.args.get("columns") or () if alias is not None else ()
    names = [item.this for item in listed if isinstance(item, exp.Identifier)]
    if len(names) > len(columns):
        counts = f"{len(columns)} columns available but {len(names)} columns specified"
        raise planner.error("42P10", f'table "{_alias_of(node)}" has {counts}', node)
    renamed = [Column(n, c.type, c.sql, c.origin, c.scale) for n, c in zip(names, columns, strict=False)]
    return [*renamed, *columns[len(names) :]]


def _source(planner: Planner, node: exp.Expr, sql: str, source: Source) -> Joined:
    source.columns = _renamed(planner, node, source.columns)
    return Joined(f"{sql} AS {source.alias}", [source], source.columns)


def _alias_of(node: exp.Expr) -> str | None:
    alias = node.args.get("alias")
    return alias.name if alias is not None and alias.this is not None else None


# --- tables -----------------------------------------------------------------------------------------


def _table(planner: Planner, node: exp.Table, scope: Scope) -> Joined:
    rows = node.meta_get("rows")
    if rows is not None:
        return _rows(planner, node, rows)
    name, schema, database = node.name, node.db or None, node.catalog or None
    if schema is None:
        common = scope.find_common(name)
        if common is not None:
            return _common(planner, node, common)
    at = _moment(planner, node, scope)
    catalog = planner.context.catalog if at is None else at[1]
    relation = find_relation(catalog, planner.names, database, schema, name)
    shown = _alias_of(node) or name
    ts = None if at is None else at[0]
    match relation:
        case None:
            dotted = ".".join(part for part in (database, schema, name) if part)
            raise planner.error("42P01", f'relation "{dotted}" does not exist', node)
        case Table():
            return _stored(planner, node, relation, shown, _schema_name(catalog, relation), ts)
        case View():
            return _view(planner, node, relation, shown, at, catalog)
        case SequenceBody():
            return _sequence(planner, node, relation, catalog, shown)
    return _system(planner, node, relation, shown, ts)


def _moment(planner: Planner, node: exp.Table, scope: Scope) -> tuple[Timestamp, Catalog] | None:
    version = node.args.get("version")
    if version is None:
        return scope.at
    planner.cacheable = False
    found = planner.context.past.get(moment_of(version))
    if found is None:
        raise planner.error("0A000", "AS OF inside a view is not supported", node)
    return found


def _schema_name(catalog: Catalog, relation: Table | View) -> str | None:
    body = catalog.get("schema", relation.schema)
    return getattr(body, "name", None)


def _stored(
    planner: Planner, node: exp.Table, table: Table, name: str, schema: str | None, ts: Timestamp | None
) -> Joined:
    alias = planner.alias(name)
    columns = _table_columns(table, alias)
    source = Source(name, alias, columns, None if _alias_of(node) else schema)
    if table.primary_key is not None:
        source.keys.append(frozenset(f"{alias}.c{column}" for column in table.primary_key.columns))
    if node.meta_get("target"):
        source.hidden.append(Column("_row_id", INT8, f"{alias}._row_id"))
    return _source(planner, node, planner.use_table(table, ts), source)


def _table_columns(table: Table, alias: str) -> list[Column]:
    return [
        Column(column.name, type_named(column.type), f"{alias}.c{column.id}", ColumnOrigin(table.id, number))
        for number, column in enumerate(table.columns, 1)
    ]


def _rows(planner: Planner, node: exp.Table, marker: str) -> Joined:
    """Rows that the session holds: it knows what the marker stands for."""
    name = _alias_of(node) or node.name
    alias = planner.alias(name)
    columns = [Column(c.name, type_named(c.type), f"{alias}.c{c.id}") for c in node.meta["columns"]]
    source = Source(name, alias, columns)
    if node.meta_get("target"):
        source.hidden.append(Column("_row_id", INT8, f"{alias}._row_id"))
    return _source(planner, node, marker, source)


def _common(planner: Planner, node: exp.Table, common: Common) -> Joined:
    if node.args.get("version") is not None:
        raise planner.error("0A000", "FOR SYSTEM_TIME of a WITH query is not supported", node)
    name = _alias_of(node) or node.name
    alias = planner.alias(name)
    columns = [
        Column(n, type_, f"{alias}.{quoted}", None, scale) for n, type_, quoted, scale in common.columns
    ]
    return _source(planner, node, common.alias, Source(name, alias, columns))


@lru_cache(maxsize=1024)
def _system_types(relation: SystemRelation) -> tuple[tuple[str, Declared], ...]:
    return tuple((name, type_named(type_)) for name, type_ in relation.columns)


def _system(
    planner: Planner, node: exp.Table, relation: SystemRelation, name: str, ts: Timestamp | None
) -> Joined:
    alias = planner.alias(name)
    columns = [Column(n, type_, f'{alias}."{n}"') for n, type_ in _system_types(relation)]
    source = Source(name, alias, columns, None if _alias_of(node) else relation.schema)
    return _source(planner, node, planner.use_system(relation, ts), source)


def _sequence(
    planner: Planner, node: exp.Table, sequence: SequenceBody, catalog: Catalog, name: str
) -> Joined:
    """``SELECT * FROM sequence``: where it stands."""
    planner.cacheable = False
    alias = planner.alias(name)
    last = catalog.positions.get(sequence.id)
    value = sequence.start if last is None else last
    called = "false" if last is None else "true"
    sql = f"(SELECT {value} AS v, 0 AS l, {called} AS c)"
    columns = [
        Column("last_value", INT8, f"CAST({alias}.v AS BIGINT)"),
        Column("log_cnt", INT8, f"CAST({alias}.l AS BIGINT)"),
        Column("is_called", BOOL, f"{alias}.c"),
    ]
    return _source(planner, node, sql, Source(name, alias, columns))


# --- views ------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _view_query(text: str) -> exp.Expr:
    from sql.parse import parse_query
    from sql.system.functions import rewrite

    return rewrite(parse_query(text))


def _view(
    planner: Planner,
    node: exp.Table,
    view: View,
    name: str,
    at: tuple[Timestamp, Catalog] | None,
    catalog: Catalog,
) -> Joined:
    """The view's query in place of it, its names resolved by its own text, at the moment it is read."""
    if planner.view_depth >= VIEW_DEPTH_MAX:
        raise planner.error("54001", "views are nested too deeply", node)
    schema = catalog.get("schema", view.schema)
    database = catalog.get("database", getattr(schema, "database", view.schema))
    names = planner.names
    planner.names = Names(getattr(database, "name", names.database), (), names.tenant)
    planner.view_depth += 1
    try:
        planned = planner.subquery(_view_query(view.query), Scope(at=at))
        sql = planned.sql(None)
    except SqlError as error:
        error.position = None
        raise
    finally:
        planner.view_depth -= 1
        planner.names = names
    alias = planner.alias(name)
    columns = planned.source_columns(alias)
    titles = [column.name for column in view.columns]
    columns = [
        Column(titles[i] if i < len(titles) else c.name, c.type, c.sql, None, c.scale)
        for i, c in enumerate(columns)
    ]
    source = Source(name, alias, columns, None if _alias_of(node) else getattr(schema, "name", None))
    joined = _source(planner, node, f"({sql})", source)
    joined.sql = joined.sql if not planned.names else f"({sql}) AS {alias}({', '.join(planned.names)})"
    return joined


# --- subqueries, values, functions ------------------------------------------------------------------


def _lateral(planner: Planner, node: exp.Lateral, scope: Scope, left: Joined | None) -> Joined:
    item = node.this
    if isinstance(item, exp.Subquery):
        found = _subquery(planner, item, _inside(scope, left))
        found.sql = f"LATERAL {found.sql}"
        return found
    return _function(planner, item, _inside(scope, left))


def _subquery(planner: Planner, node: exp.Subquery, scope: Scope) -> Joined:
    planned = planner.subquery(node.this, scope)
    return derived(planner, node, planned)


def derived(planner: Planner, node: exp.Expr, planned: Planned) -> Joined:
    sql = planned.sql(None)
    name = _alias_of(node) or ""
    alias = planner.alias(name)
    source = Source(name, alias, planned.source_columns(alias))
    joined = _source(planner, node, f"({sql})", source)
    joined.sql = f"({sql}) AS {alias}({', '.join(planned.names)})"
    return joined


def _values(planner: Planner, node: exp.Values, scope: Scope) -> Joined:
    inner = scope.child()
    inner.aggregates = False
    rows = [[planner.expression(item, inner) for item in row.expressions] for row in node.expressions]
    columns: list[list[str]] = []
    types: list[Declared] = []
    scales: list[int | None] = []
    for position in range(len(rows[0])):
        sqls, type_, scale = unified(planner, [row[position] for row in rows], "VALUES")
        columns.append(sqls)
        types.append(type_)
        scales.append(scale)
    text = ", ".join(f"({', '.join(column[i] for column in columns)})" for i in range(len(rows)))
    alias = planner.alias("values")
    names = [f"column{number}" for number in range(1, len(types) + 1)]
    source = Source(
        node.args["alias"].name,
        alias,
        [
            Column(name, type_, f'{alias}."{name}"', None, scale)
            for name, type_, scale in zip(names, types, scales, strict=True)
        ],
    )
    listed = ", ".join(f'"{name}"' for name in names)
    return Joined(f"(VALUES {text}) AS {alias}({listed})", [source], source.columns)


def _function(planner: Planner, node: exp.Table, scope: Scope) -> Joined:
    """A function in FROM; what returns no set is a table of one row."""
    call = node.this
    if call.this == "unnest" and len(call.expressions) > 1:
        return _unnest_together(planner, node, call, scope)
    if call.this in json_rows.FUNCTIONS and call.args.get("schema") in (None, "pg_catalog"):
        name = _alias_of(node) or call.this
        sql, source = json_rows.rows(planner, node, scope, name)
        return _source(planner, node, sql, source)
    alias_node = node.args.get("alias")
    listed = alias_node.args.get("columns") or () if alias_node is not None else ()
    if any(isinstance(column, exp.ColumnDef) for column in listed):
        message = 'a column definition list is only allowed for functions returning "record"'
        raise planner.error("42601", message, node)
    name = _alias_of(node) or call.this
    alias = planner.alias(name)
    candidates = signatures_of(call.this)
    if candidates and candidates[0].kind == "set":
        return _set(planner, node, call, scope, name, alias)
    bound = planner.text(planner.expression(call, scope))
    if planner.aggregates_seen and candidates and candidates[0].kind == "aggregate":
        raise planner.error("42803", "aggregate functions are not allowed in functions in FROM", node)
    assert bound.type is not None
    columns = [Column(name, plain(bound.type), f'{alias}."v"', None, bound.scale)]
    sql = f'(SELECT {bound.sql} AS "v"{_ordinal(node)})'
    return _with_ordinality(planner, node, sql, Source(name, alias, columns, scalar=True))


def _set(
    planner: Planner, node: exp.Table, call: exp.Anonymous, scope: Scope, name: str, alias: str
) -> Joined:
    from sql.rules.calls import set_items

    items, type_ = set_items(planner, call, scope)
    column = f'{alias}."v"'
    if items.startswith("generate_series(") and not scope.sources:
        ordinality = " WITH ORDINALITY" if node.args.get("ordinality") else ""
        value = f"CAST({column} AS {type_.duckdb})" if type_.pg.category == "N" else column
        source = Source(name, alias, [Column(name, type_, value)], scalar=True)
        joined = _with_ordinality(planner, node, f"{items}{ordinality}", source)
        listed = '"v", "n"' if ordinality else '"v"'
        joined.sql = f"{items}{ordinality} AS {alias}({listed})"
        return joined
    if items.startswith("generate_series("):
        items = f"CAST({items} AS {type_.duckdb}[])" if type_.pg.category == "N" else items
    numbers = f', unnest(range(1, len({items}) + 1)) AS "n"' if node.args.get("ordinality") else ""
    sql = f'LATERAL (SELECT unnest({items}) AS "v"{numbers})'
    title = _RESULT_NAMES.get(call.this, name)
    source = Source(name, alias, [Column(title, type_, column)], scalar=True)
    return _with_ordinality(planner, node, sql, source)


def _ordinal(node: exp.Table) -> str:
    return ', 1 AS "n"' if node.args.get("ordinality") else ""


def _with_ordinality(planner: Planner, node: exp.Table, sql: str, source: Source) -> Joined:
    if node.args.get("ordinality"):
        source.columns.append(Column("ordinality", INT8, f'CAST({source.alias}."n" AS BIGINT)'))
    return _source(planner, node, sql, source)


def _unnest_together(planner: Planner, node: exp.Table, call: exp.Anonymous, scope: Scope) -> Joined:
    """``unnest(a, b)``: side by side, the shorter ones filled with nulls."""
    from sql.bound import element_of

    name = _alias_of(node) or "unnest"
    alias = planner.alias(name)
    items, columns, lengths = [], [], []
    for number, argument in enumerate(call.expressions, 1):
        bound = planner.expression(argument, scope)
        if bound.type is None or bound.type.pg.category != "A":
            raise planner.error("42883", f"function unnest({TEXT.text}) does not exist", argument)
        items.append(f'unnest({bound.sql}) AS "v{number}"')
        lengths.append(f"len({bound.sql})")
        columns.append(Column("unnest", element_of(bound.type), f'{alias}."v{number}"'))
    if node.args.get("ordinality"):
        items.append(f'unnest(range(1, greatest({", ".join(lengths)}) + 1)) AS "n"')
    return _with_ordinality(
        planner, node, f"LATERAL (SELECT {', '.join(items)})", Source(name, alias, columns)
    )
