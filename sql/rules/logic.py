"""AND, OR, NOT and parentheses."""

from __future__ import annotations

from sqlglot import exp

from sql.bound import BOOL, Bound
from sql.resolve import Scope
from sql.rules.comparisons import is_
from sql.rules.planner import Planner


def connect(planner: Planner, node: exp.Binary, scope: Scope) -> Bound:
    """A chain of one connective, however long, without recursion."""
    kind = type(node)
    word = "AND" if kind is exp.And else "OR"
    operands: list[exp.Expr] = []
    rest: exp.Expr = node
    while isinstance(rest, kind):
        operands.append(rest.expression)
        rest = rest.this
    operands.append(rest)
    parts = [planner.condition(operand, scope, word) for operand in reversed(operands)]
    return Bound("(" + f" {word} ".join(parts) + ")", BOOL)


def negate(planner: Planner, node: exp.Not, scope: Scope) -> Bound:
    if isinstance(node.this, exp.Is):
        return is_(planner, node.this, scope, negated=True)
    return Bound(f"(NOT {planner.condition(node.this, scope, 'NOT')})", BOOL)


def parenthesised(planner: Planner, node: exp.Paren, scope: Scope) -> Bound:
    return planner.expression(node.this, scope)
