"""OVER: a named window or one that is written out."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from sql.bound import INT8
from sql.resolve import Scope
from sql.rules.ordering import ordered_items
from sql.rules.planner import Planner


def over_sql(planner: Planner, over: exp.Expr, scope: Scope) -> str:
    if isinstance(over, exp.Identifier):
        definition = _named(planner, over, scope)
        return f" OVER ({definition_sql(planner, definition, scope)})"
    return f" OVER ({definition_sql(planner, over, scope)})"


def _named(planner: Planner, name: exp.Identifier, scope: Scope) -> exp.Expr:
    found = scope.windows.get(name.this)
    if found is None:
        raise planner.error("42704", f'window "{name.this}" does not exist', name)
    return found


def definition_sql(planner: Planner, window: exp.Expr, scope: Scope) -> str:
    """The definition with what it takes over from the window it names."""
    partition, order, spec = (window.args.get(key) for key in ("partition_by", "order", "spec"))
    base = window.args.get("alias")
    if base is not None:
        inherited = _named(planner, base, scope)
        if partition:
            raise planner.error(
                "42P20", f'cannot override PARTITION BY clause of window "{base.this}"', window
            )
        if inherited.args.get("spec") is not None:
            raise planner.error(
                "42P20", f'cannot copy window "{base.this}" because it has a frame clause', window
            )
        partition, inherited_order = _inherited(planner, inherited, scope)
        if order is not None and inherited_order is not None:
            raise planner.error("42P20", f'cannot override ORDER BY clause of window "{base.this}"', window)
        order = order or inherited_order
    parts = []
    if partition:
        items = [planner.text(planner.expression(item, scope)).sql for item in partition]
        parts.append(f"PARTITION BY {', '.join(items)}")
    if order is not None:
        items = ordered_items(planner, order, scope)
        if items:
            parts.append(f"ORDER BY {', '.join(items)}")
    if spec is not None:
        parts.append(_frame(planner, spec, scope))
    return " ".join(parts)


def _inherited(planner: Planner, window: exp.Expr, scope: Scope) -> tuple[Any, Any]:
    partition, order = window.args.get("partition_by"), window.args.get("order")
    base = window.args.get("alias")
    if base is None:
        return partition, order
    outer_partition, outer_order = _inherited(planner, _named(planner, base, scope), scope)
    return partition or outer_partition, order or outer_order


def _frame(planner: Planner, spec: exp.Expr, scope: Scope) -> str:
    start = _bound(planner, spec, "start", scope)
    end = _bound(planner, spec, "end", scope)
    exclude = f" EXCLUDE {spec.args['exclude']}" if spec.args.get("exclude") else ""
    return f"{spec.args['kind']} BETWEEN {start} AND {end}{exclude}"


def _bound(planner: Planner, spec: exp.Expr, key: str, scope: Scope) -> str:
    value, side = spec.args[key], spec.args.get(f"{key}_side")
    if isinstance(value, str):
        return f"{value} {side}" if side else value
    bound = planner.expression(value, scope)
    if bound.type is None:
        bound = planner.settle(bound, INT8)
    return f"{bound.sql} {side}"
