"""round() and trunc() to a number of decimals.

DuckDB wants the number constant, and makes it part of the result's type. Where it is not (a column, a
parameter), the value goes through a double, and the result keeps sixteen decimals.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from sql.bound import NUMERIC, Bound
from sql.functions import choose, signatures_of
from sql.resolve import Scope
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
    double = f"{node.this}(CAST({sqls[0]} AS DOUBLE), {sqls[1]})"
    return Bound(f"CAST({double} AS DECIMAL(38,{SCALE_MAX}))", NUMERIC, scale=SCALE_MAX)


FUNCTIONS: dict[str, Callable[[Planner, exp.Anonymous, Scope], Bound]] = {
    "round": _rounded,
    "trunc": _rounded,
}
