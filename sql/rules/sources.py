"""FROM: tables, views, WITH queries, subqueries, functions and how they are joined."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlglot import exp

from sql.resolve import Column, Scope, Source
from sql.rules.comparisons import compare
from sql.rules.conditionals import unified
from sql.rules.joined import Joined, alias_of, inside, renamed, source_of
from sql.rules.planner import Planner
from sql.rules.table_functions import function
from sql.rules.tables import table
from sql.types import Declared

if TYPE_CHECKING:
    from sql.rules.planned import Planned


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


def _single(planner: Planner, node: exp.Expr, scope: Scope, left: Joined | None) -> Joined:
    match node:
        case exp.Table() if isinstance(node.this, exp.Anonymous):
            return function(planner, node, inside(scope, left))
        case exp.Table():
            return table(planner, node, scope)
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
        inner = inside(scope, _both(left, right))
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
    source = Source(alias.name, "", renamed(planner, node, inner.visible))
    return Joined(inner.sql, [source], source.columns)


# --- subqueries, values, functions ------------------------------------------------------------------


def _lateral(planner: Planner, node: exp.Lateral, scope: Scope, left: Joined | None) -> Joined:
    item = node.this
    if isinstance(item, exp.Subquery):
        found = _subquery(planner, item, inside(scope, left))
        found.sql = f"LATERAL {found.sql}"
        return found
    return function(planner, item, inside(scope, left))


def _subquery(planner: Planner, node: exp.Subquery, scope: Scope) -> Joined:
    planned = planner.subquery(node.this, scope)
    return derived(planner, node, planned)


def derived(planner: Planner, node: exp.Expr, planned: Planned) -> Joined:
    sql = planned.sql(None)
    name = alias_of(node) or ""
    alias = planner.alias(name)
    source = Source(name, alias, planned.source_columns(alias))
    joined = source_of(planner, node, f"({sql})", source)
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
