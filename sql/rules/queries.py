"""Queries of every shape: what is a SELECT goes to `sql.rules.select`, set operations are here."""

from __future__ import annotations

from sqlglot import exp

from sql.bound import Bound
from sql.errors import SqlError
from sql.resolve import Scope
from sql.rules import coercion
from sql.rules.common import common_tables
from sql.rules.ordering import limit_sql, ordered_item
from sql.rules.planned import Planned
from sql.rules.planner import Planner
from sql.rules.select import Select

_SETS: dict[type[exp.Expr], str] = {exp.Union: "UNION", exp.Except: "EXCEPT", exp.Intersect: "INTERSECT"}


def plan_body(planner: Planner, node: exp.Expr, scope: Scope) -> Planned:
    """Any query, in a scope of its own."""
    match node:
        case exp.Subquery():
            return plan_body(planner, node.this, scope)
        case exp.Select():
            return _isolated(planner, node, scope)
        case exp.SetOperation():
            return _set_operation(planner, node, scope)
    raise planner.error("0A000", f"{type(node).__name__} is not supported as a query", node)


def _isolated(planner: Planner, node: exp.Select, scope: Scope) -> Planned:
    """What a SELECT counts and collects about its grouping is its own."""
    saved = (
        planner.in_aggregate,
        planner.aggregates_seen,
        planner.windows_seen,
        planner.seen,
        planner.grouped,
    )
    planner.in_aggregate, planner.aggregates_seen, planner.windows_seen = 0, 0, 0
    planner.seen, planner.grouped = [], frozenset()
    try:
        return Select(planner, node, scope).plan()
    finally:
        (
            planner.in_aggregate,
            planner.aggregates_seen,
            planner.windows_seen,
            planner.seen,
            planner.grouped,
        ) = saved


# --- set operations ---------------------------------------------------------------------------------


def _set_operation(planner: Planner, node: exp.SetOperation, scope: Scope) -> Planned:
    with_ = common_tables(planner, node.args.get("with_"), scope)
    chain: list[exp.Expr] = [node]
    while isinstance(chain[-1].this, exp.SetOperation) and _is_bare(chain[-1].this):
        chain.append(chain[-1].this)
    planned = planner.subquery(chain[-1].this, scope)
    for link in reversed(chain):
        planned = _combined(planner, link, planned, planner.subquery(link.expression, scope))
    planned.head = with_
    planned.tail = _set_order(planner, node, planned) + limit_sql(planner, node, scope)
    return planned


def _is_bare(node: exp.Expr) -> bool:
    return not any(node.args.get(key) for key in ("order", "limit", "offset", "with_"))


def _combined(planner: Planner, node: exp.Expr, left: Planned, right: Planned) -> Planned:
    word = _SETS[type(node)]
    if len(left.columns) != len(right.columns):
        message = f"each {word} query must have the same number of columns"
        error = planner.error("42601", message, node)
        error.position = next((b.at for _, b in right.columns), None) or error.position
        raise error
    columns = []
    for (name, one), (_, other) in zip(left.columns, right.columns, strict=True):
        try:
            both_unknown = one.type is None and other.type is None
            type_ = None if both_unknown else coercion.common_type([one, other], word)
        except SqlError as error:
            error.position = error.position or planner.position(node)
            raise
        scale = None if one.scale is None or other.scale is None else max(one.scale, other.scale)
        columns.append((name, Bound("NULL", type_, scale=scale)))
    full = word if node.args.get("distinct") else f"{word} ALL"
    return Planned(planner, columns, names=left.names, sides=(full, left, right))


def _set_order(planner: Planner, node: exp.Expr, planned: Planned) -> str:
    order = node.args.get("order")
    if order is None:
        return ""
    titles = [name for name, _ in planned.columns]
    items = []
    for item in order.expressions:
        target = item.this
        if isinstance(target, exp.Literal) and target.this.isdigit() and not target.args.get("is_string"):
            position = int(target.this[:10])
            if not 1 <= position <= len(titles):
                message = f"ORDER BY position {target.this} is not in select list"
                raise planner.error("42P10", message, target)
        elif isinstance(target, exp.Column) and not target.table and target.name in titles:
            position = titles.index(target.name) + 1
        elif isinstance(target, exp.Column):
            raise planner.error("42703", f'column "{target.name}" does not exist', target)
        else:
            hint = "Add the expression/function to every SELECT, or move the UNION into a FROM clause."
            message = "invalid UNION/INTERSECT/EXCEPT ORDER BY clause"
            raise planner.error("0A000", message, target, hint)
        items.append(ordered_item(item, str(position)))
    return f" ORDER BY {', '.join(items)}"
