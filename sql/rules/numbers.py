"""round() and trunc() to a number of decimals; mod() and div() by the operators they stand for.

DuckDB wants the number of decimals constant, and makes it part of the result's type. Where it is not (a
column, a parameter), a macro has a branch for each, and the result keeps sixteen decimals.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from sql.bound import NUMERIC, Bound
from sql.functions import choose, signatures_of
from sql.resolve import Scope
from sql.rules.operators import combine
from sql.rules.planner import Planner

SCALE_MAX = 16


def _rounded(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    given = [planner.expression(argument, scope) for argument in node.expressions]
    choice = choose(node.this, given, signatures_of(node.this))
    sqls = [
        bound.sql if wanted is None else planner.coerce(bound, wanted)
        for bound, wanted in zip(given, choice.arguments, strict=True)
    ]
    if len(sqls) == 1:
        scale = 0 if choice.result.pg.name == "numeric" else None
        return Bound(choice.signature.render(sqls), choice.result, scale=scale)
    digits = sqls[1].removeprefix("(-").removesuffix(")")
    if digits.isdigit():
        scale = 0 if sqls[1].startswith("(-") else min(int(digits[:4]), SCALE_MAX)
        return Bound(choice.signature.render(sqls), NUMERIC, scale=scale)
    return Bound(f"rewinddb_{node.this}({sqls[0]}, {sqls[1]})", NUMERIC, scale=SCALE_MAX)


def _divided(planner: Planner, node: exp.Anonymous, scope: Scope) -> Bound:
    given = [planner.expression(argument, scope) for argument in node.expressions]
    choice = choose(node.this, given, signatures_of(node.this))
    wanted = [type_ or NUMERIC for type_ in choice.arguments]
    sqls = [planner.coerce(bound, type_) for bound, type_ in zip(given, wanted, strict=True)]
    if choice.result.pg.name != "numeric":
        return Bound(choice.signature.render(sqls), choice.result)
    left, right = (
        Bound(sql, NUMERIC, scale=bound.scale if bound.type is not None else None)
        if bound.type is None or bound.type.pg.name == "numeric"
        else Bound(sql, NUMERIC, scale=0)
        for sql, bound in zip(sqls, given, strict=True)
    )
    rest = combine(planner, "%", left, right)
    if node.this == "mod":
        return rest
    whole = combine(planner, "/", combine(planner, "-", left, rest), right)
    return Bound(f"trunc({whole.sql})", NUMERIC, scale=0)


FUNCTIONS: dict[str, Callable[[Planner, exp.Anonymous, Scope], Bound]] = {
    "round": _rounded,
    "trunc": _rounded,
    "mod": _divided,
    "div": _divided,
}
