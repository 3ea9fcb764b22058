"""Ordered-set aggregates: percentile_cont, percentile_disc and mode, WITHIN GROUP (ORDER BY …)."""

from __future__ import annotations

from sqlglot import exp

from sql.bound import FLOAT8, Bound, array_of, plain
from sql.resolve import Scope
from sql.rules.ordering import ordered_item
from sql.rules.planner import Planner

AGGREGATES = frozenset(["percentile_cont", "percentile_disc", "mode"])


def within_group(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    name, within = node.this, node.args.get("within")
    if name not in AGGREGATES:
        raise planner.error("0A000", f"WITHIN GROUP for {name} is not supported", node)
    if within is None:
        message = f"WITHIN GROUP is required for ordered-set aggregate {name}"
        raise planner.error("42809", message, node)
    if node.args.get("over") is not None:
        raise planner.error("0A000", f"OVER is not supported for ordered-set aggregate {name}", node)
    if len(within.expressions) != 1 or len(node.expressions) != (0 if name == "mode" else 1):
        raise planner.error("42883", f"function {name} takes one fraction and one ORDER BY item", node)
    fraction = None if name == "mode" else planner.expression(node.expressions[0], scope)
    planner.aggregates_seen += 1
    planner.in_aggregate += 1
    item = within.expressions[0]
    value = planner.expression(item.this, scope)
    value = planner.settle(value, FLOAT8) if name == "percentile_cont" else planner.text(value)
    assert value.type is not None
    result = plain(value.type)
    sql = value.sql
    if name == "percentile_cont" and result.pg.category == "N":
        sql, result = planner.coerce(value, FLOAT8), FLOAT8
    suffix = ""
    if node.args.get("filter") is not None:
        suffix = f" FILTER (WHERE {planner.condition(node.args['filter'], scope, 'FILTER')})"
    planner.in_aggregate -= 1
    if fraction is None:
        return Bound(f"mode({sql} ORDER BY {sql}){suffix}", result, scale=value.scale)
    if fraction.type is not None and fraction.type.pg.is_array:
        result, fractions = array_of(result), fraction.sql
    else:
        fractions = planner.coerce(fraction, FLOAT8)
    order = ordered_item(item, sql)
    return Bound(f"{name}({fractions}) WITHIN GROUP (ORDER BY {order}){suffix}", result, scale=value.scale)
