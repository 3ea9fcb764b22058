"""Written casts, COLLATE, parameters and scalar subqueries."""

from __future__ import annotations

import re

from sqlglot import exp

from sql.bound import INTERVAL, TEXT, Bound, title
from sql.errors import SqlError
from sql.resolve import Scope
from sql.rules import coercion
from sql.rules.intervals import interval_literal
from sql.rules.literals import bad_interval
from sql.rules.planner import Planner
from sql.types import declared

_INTERVAL = re.compile(r"interval ([a-z ]+)(?:\(\d\))?\Z")
_COLLATIONS = frozenset(["C", "POSIX", "default", "ucs_basic", "C.UTF-8", "C.utf8"])


def cast(planner: Planner, node: exp.Cast, scope: Scope) -> Bound:
    fields = _INTERVAL.match(node.args["to"].args["kind"])
    if fields is not None and isinstance(node.this, exp.Literal) and node.this.args.get("is_string"):
        sql = interval_literal(node.this.this, fields[1])
        if sql is None:
            error = bad_interval(node.this.this)
            error.position = planner.position(node.this)
            raise error
        return Bound(sql, INTERVAL)
    try:
        wanted = declared(node.args["to"].args["kind"])
    except SqlError as error:
        error.position = planner.position(node.args["to"])
        raise
    inner = node.this.unnest()
    if isinstance(inner, exp.Array) and not inner.expressions and wanted.pg.is_array:
        return Bound(f"CAST([] AS {wanted.duckdb})", wanted)
    bound = planner.expression(node.this, scope)
    return coercion.cast(bound, wanted, planner.parameters)


def collate(planner: Planner, node: exp.Collate, scope: Scope) -> Bound:
    """Text is compared by its bytes; other orders are refused."""
    name = node.expression.this
    if name not in _COLLATIONS:
        raise planner.error("0A000", f'collation "{name}" is not supported', node)
    bound = planner.text(planner.expression(node.this, scope))
    assert bound.type is not None
    if bound.type.pg.category != "S":
        raise planner.error("42804", f"collations are not supported by type {title(bound.type)}", node)
    return Bound(bound.sql, bound.type)


def parameter(planner: Planner, node: exp.Parameter, scope: Scope) -> Bound:
    return planner.parameters.use(int(node.this.this))


def subquery(planner: Planner, node: exp.Subquery, scope: Scope) -> Bound:
    planned = planner.subquery(node, scope)
    if len(planned.columns) != 1:
        raise planner.error("42601", "subquery must return only one column", node)
    bound = planned.columns[0][1]
    type_ = bound.type or TEXT
    return Bound(f"({planned.sql([type_])})", type_, scale=bound.scale)


def field(planner: Planner, node: exp.Dot, scope: Scope) -> Bound:
    raise planner.error("0A000", "selecting a field of a composite value is not supported", node)


def default(planner: Planner, node: exp.Var, scope: Scope) -> Bound:
    raise planner.error("42601", "DEFAULT is not allowed in this context", node)
