"""The closed set of things an expression can be, each with the rule that makes DuckDB SQL of it.

A rule takes the planner, the node and the scope, and gives a `sql.bound.Bound`. A node without a rule is
refused (0A000), so whatever sqlglot or the grammar may learn reaches DuckDB only through this table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlglot import exp

from sql.bound import Bound
from sql.resolve import Scope
from sql.rules import arrays, calls, casts, columns, comparisons, conditionals, constants, logic, operators
from sql.rules.planner import Planner

Rule = Callable[[Planner, Any, Scope], Bound]

RULES: dict[type[exp.Expr], Rule] = {
    exp.Literal: lambda planner, node, scope: constants.literal(node),
    exp.Null: lambda planner, node, scope: constants.null(node),
    exp.Boolean: lambda planner, node, scope: constants.boolean(node),
    exp.Column: columns.column,
    exp.Parameter: casts.parameter,
    exp.Anonymous: calls.call,
    exp.Cast: casts.cast,
    exp.Collate: casts.collate,
    exp.Dot: casts.field,
    exp.Subquery: casts.subquery,
    exp.Var: casts.default,
    exp.Paren: logic.parenthesised,
    exp.And: logic.connect,
    exp.Or: logic.connect,
    exp.Not: logic.negate,
    exp.Is: comparisons.is_,
    exp.In: comparisons.membership,
    exp.Between: comparisons.between,
    exp.Like: comparisons.like,
    exp.ILike: comparisons.like,
    exp.SimilarTo: comparisons.similar,
    exp.Escape: comparisons.escape,
    exp.Exists: conditionals.exists,
    exp.Case: conditionals.case,
    exp.Array: arrays.array,
    exp.Bracket: arrays.subscript,
    exp.Tuple: arrays.row,
    exp.Neg: operators.negative,
    exp.BitwiseNot: operators.inverted,
    exp.DPipe: operators.concatenate,
    exp.Operator: operators.operator,
    **dict.fromkeys((exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Pow), operators.arithmetic),
    **dict.fromkeys(
        (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ),
        comparisons.comparison,
    ),
}
