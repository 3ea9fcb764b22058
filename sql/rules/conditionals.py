"""CASE, COALESCE and their kin: several values, one type."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from sql.bound import BOOL, INT4, TEXT, Bound, plain
from sql.errors import SqlError
from sql.resolve import Scope
from sql.rules import coercion
from sql.rules.comparisons import comparable, compare
from sql.rules.planner import Planner
from sql.types import Declared


def case(planner: Planner, node: exp.Case, scope: Scope) -> Bound:
    operand = None if node.this is None else planner.expression(node.this, scope)
    conditions, values = [], []
    for branch in node.args["ifs"]:
        if operand is None:
            conditions.append(planner.condition(branch.this, scope, "CASE/WHEN"))
        else:
            conditions.append(compare(planner, "=", operand, planner.expression(branch.this, scope)))
        values.append(planner.expression(branch.args["true"], scope))
    default = node.args.get("default")
    if default is not None:
        values.append(planner.expression(default, scope))
    if default is not None:
        values.insert(0, values.pop())
    sqls, common, scale = unified(planner, values, "CASE")
    results = sqls if default is None else sqls[1:]
    parts = [f"WHEN {when} THEN {then}" for when, then in zip(conditions, results, strict=True)]
    if default is not None:
        parts.append(f"ELSE {sqls[0]}")
    return Bound(f"(CASE {' '.join(parts)} END)", common, scale=scale)


def unified(planner: Planner, values: list[Bound], what: str) -> tuple[list[str], Declared, int | None]:
    """All values as their common type, and the decimals it has if it is numeric."""
    common = coercion.common_type(values, what)
    sqls = [planner.coerce(value, common) for value in values]
    scale = None
    if common.pg.name == "numeric":
        scales = [0 if v.integer else v.scale for v in values if v.type is not None]
        scale = None if None in scales else max((s for s in scales if s is not None), default=None)
    return sqls, common, scale


def _first(name: str, what: str) -> Callable[[Planner, exp.Anonymous, Scope], Bound]:
    def rule(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
        values = [planner.expression(argument, scope) for argument in node.expressions]
        if not values:
            raise SqlError("42601", 'syntax error at or near ")"', position=planner.position(node))
        sqls, common, scale = unified(planner, values, what)
        return Bound(f"{name}({', '.join(sqls)})", common, scale=scale)

    return rule


def _nullif(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    if len(node.expressions) != 2:
        raise planner.error("42601", "NULLIF takes two arguments", node)
    left, right = (planner.expression(argument, scope) for argument in node.expressions)
    first, second = comparable(planner, "=", left, right)
    result = plain(left.type) if left.type is not None else plain(right.type or TEXT)
    value = left.sql if left.type is not None else first
    return Bound(f"(CASE WHEN {first} = {second} THEN NULL ELSE {value} END)", result, scale=left.scale)


def _grouping(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    planner.aggregates_seen += 1
    planner.in_aggregate += 1
    items = [planner.expression(argument, scope).sql for argument in node.expressions]
    planner.in_aggregate -= 1
    return Bound(f"CAST(grouping({', '.join(items)}) AS INTEGER)", INT4)


def exists(planner: Planner, node: exp.Exists, scope: Scope) -> Bound:
    return Bound(f"EXISTS ({planner.subquery(node.this, scope).sql(None)})", BOOL)


FUNCTIONS = {
    "coalesce": _first("coalesce", "COALESCE"),
    "greatest": _first("greatest", "GREATEST"),
    "least": _first("least", "LEAST"),
    "nullif": _nullif,
    "grouping": _grouping,
}
